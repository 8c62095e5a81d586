// What the console shows, from what the feed holds and the server's clock. Pure.
import { ageS, positionAge } from '../../live/age';
import { initials } from '../../text/pinyin';
import { span } from '../../text/time';
import type { Key } from '../../text/zh';
import {
  nodes,
  type Alarm,
  type CentreState,
  type Health,
  type Incident,
  type Mission,
  type Node,
  type Order,
  type Place,
  type Pos,
  type Ranked,
  type Reason,
  type Recommendation,
  type Stand,
  type Unit,
} from '../../wire/entity';

export interface Counts {
  open: number;
  running: number;
  ready: number;
  units: number;
}

export function counts(state: CentreState): Counts {
  const incidents = [...state.incidents.values()];
  const units = [...state.units.values()];
  return {
    open: incidents.filter((i) => i.state === 'open').length,
    running: incidents.filter((i) => !over(i) && i.state !== 'open').length,
    ready: units.filter(isReady).length,
    units: units.length,
  };
}

export function isReady(unit: Unit): boolean {
  return unit.duty === 'on_duty' && (unit.state === 'available' || unit.state === 'at_station');
}

/** The unit that stands chosen before anybody chose: the first, unless nobody knows how soon it can be there. Then a person picks one. */
export function best(rec: Recommendation | undefined): string {
  const first = rec?.units?.[0];
  return first?.eta_s === undefined ? '' : first.unit;
}

/** What of a unit's time is what, in seconds: parts that are not there are not said. Answers of before had the road alone. */
export function timeParts(item: Ranked): { code: 'mobilise' | 'remaining' | 'drive'; s: string }[] {
  const of = (code: string, arg: string): string | undefined => item.reasons?.find((r) => r.code === code)?.args?.[arg];
  const out: { code: 'mobilise' | 'remaining' | 'drive'; s: string }[] = [];
  const remaining = of('remaining', 'remaining_s');
  const mobilise = of('mobilise', 'mobilise_s');
  const drive = of('travel', 'drive_s');
  if (remaining !== undefined) out.push({ code: 'remaining', s: remaining });
  if (mobilise !== undefined) out.push({ code: 'mobilise', s: mobilise });
  if (drive !== undefined) out.push({ code: 'drive', s: drive });
  return out;
}

/** What stands on a unit's line at once: what it is put back by, and where it is. The rest is its basis, on demand. */
export function plainReasons(item: Ranked): Reason[] {
  return (item.reasons ?? []).filter((r) => {
    if (['travel', 'mobilise', 'remaining'].includes(r.code)) return false;
    return r.code !== 'coverage' || Number(r.args?.handicap_s ?? 0) > 0;
  });
}

export function over(incident: Incident): boolean {
  return incident.state === 'closed' || incident.state === 'cancelled';
}

/** 待派 amber after 60 s, red after 120 s (DESIGN §12). */
export function waiting(incident: Incident, nowMs: number): 'calm' | 'amber' | 'red' {
  if (incident.state !== 'open') return 'calm';
  const age = ageS(incident.opened, nowMs);
  return age > 120 ? 'red' : age > 60 ? 'amber' : 'calm';
}

export interface IncidentRow {
  incident: Incident;
  ageS: number;
  waiting: 'calm' | 'amber' | 'red';
  plates: string;
}

/** Closed incidents stay listed below the open ones, the newest few. */
const closedShown = 10;

/** Waiting ones first, by priority, then oldest; running ones newest first; then the last closed. Ties by id. */
export function incidentRows(state: CentreState, nowMs: number): IncidentRow[] {
  const tie = (a: Incident, b: Incident): number => (a.id < b.id ? -1 : 1);
  const all = [...state.incidents.values()];
  const open = all
    .filter((i) => i.state === 'open')
    .sort((a, b) =>
      a.priority < b.priority
        ? -1
        : a.priority > b.priority
          ? 1
          : Date.parse(a.opened) - Date.parse(b.opened) || tie(a, b),
    );
  const running = all.filter((i) => !over(i) && i.state !== 'open').sort((a, b) => b.number - a.number || tie(a, b));
  const closed = all
    .filter(over)
    .sort((a, b) => b.number - a.number || tie(a, b))
    .slice(0, closedShown);
  return [...open, ...running, ...closed].map((incident) => ({
    incident,
    // The clock of a closed incident stands still.
    ageS: ageS(incident.opened, incident.closed ? Date.parse(incident.closed) : nowMs),
    waiting: waiting(incident, nowMs),
    plates: missionsOf(state, incident.id)
      .map((m) => state.units.get(m.unit)?.plate ?? m.unit)
      .join(' '),
  }));
}

export function missionsOf(state: CentreState, incident: string): Mission[] {
  return [...state.missions.values()]
    .filter((m) => m.incident === incident)
    .sort((a, b) => Number(Boolean(a.ended)) - Number(Boolean(b.ended)) || (a.id < b.id ? -1 : 1));
}

export interface OrderTime {
  name: 'queued' | 'delivered' | 'seen' | 'accepted';
  at: string | undefined;
  /** Seconds since it was queued. */
  afterS: number | undefined;
  by: string | undefined;
}

/** The four times of an order (DLV-005). */
export function orderTimes(order: Order): OrderTime[] {
  const after = (at: string | undefined): number | undefined => (at ? ageS(order.queued, Date.parse(at)) : undefined);
  return [
    { name: 'queued', at: order.queued, afterS: 0, by: undefined },
    { name: 'delivered', at: order.delivered, afterS: after(order.delivered), by: undefined },
    { name: 'seen', at: order.seen, afterS: after(order.seen), by: order.seen_by },
    { name: 'accepted', at: order.accepted, afterS: after(order.accepted), by: order.accepted_by },
  ];
}

/** Arrivals that positions saw and nobody has confirmed, newest of each node. A unit that is past a node needs no proposal of it. */
export function proposals(mission: Mission): Stand[] {
  if (mission.ended) return [];
  const set = new Set((mission.nodes ?? []).map((n) => n.node));
  const far = Math.max(-1, ...(mission.nodes ?? []).map((n) => nodes.indexOf(n.node)));
  return nodes.flatMap((node, i) =>
    i < far || set.has(node) ? [] : (mission.stands ?? []).filter((s) => s.node === node).slice(-1),
  );
}

/** By how much a key was touched before (negative) or after the arrival that positions saw, where that is more than a minute. */
export function keyAgainstStand(mission: Mission, node: Node): { at: string; s: number } | undefined {
  const set = mission.nodes?.find((n) => n.node === node);
  const stand = mission.stands?.filter((s) => s.node === node).at(-1);
  if (!set || !stand) return undefined;
  const s = (Date.parse(set.at) - Date.parse(stand.at)) / 1000;
  return Math.abs(s) > 60 + (stand.uncertain_s ?? 0) ? { at: stand.at, s } : undefined;
}

export type UnitLook = 'standby' | 'road' | 'accepted' | 'enroute' | 'scene' | 'transport' | 'hospital' | 'out';

/** Shape of each look: colour, shape and word always go together (UI §10.2). */
export const shapes: Record<UnitLook, string> = {
  standby: '●',
  road: '◯',
  accepted: '◆',
  enroute: '▲',
  scene: '■',
  transport: '▶',
  hospital: 'H',
  out: '✕',
};

export function unitLook(unit: Pick<Unit, 'duty' | 'state'>): UnitLook {
  if (unit.duty !== 'on_duty') return 'out';
  const looks: Record<Unit['state'], UnitLook> = {
    '': 'standby',
    ordered: 'accepted',
    acknowledged: 'accepted',
    departed: 'enroute',
    at_scene: 'scene',
    contact: 'scene',
    left_scene: 'transport',
    at_hospital: 'hospital',
    handed_over: 'hospital',
    available: 'road',
    at_station: 'standby',
    recalled: 'road',
    aborted: 'road',
    refused: 'road',
  };
  return looks[unit.state];
}

export interface UnitRow {
  unit: Unit;
  look: UnitLook;
  fix: 'fresh' | 'stale' | 'lost' | 'never' | 'no_fix' | 'frozen' | 'jump';
  fixAgeS: number;
  /** Whole km/h; a dash when the receiver does not say it. */
  speed: string;
  link: 'online' | 'silent' | 'offline' | 'never';
  heardAgeS: number;
  /** Devices that are not simply fine, as kind and state. */
  trouble: { kind: string; state: string; device: string }[];
  owed: number;
  capped: boolean;
}

/** Presence may still say online when nothing has come for this long: age of data decides, not the socket. */
const silentS = 30;
export function unitRows(units: Iterable<Unit>, nowMs: number): UnitRow[] {
  return [...units]
    .sort((a, b) => (a.plate < b.plate ? -1 : a.plate > b.plate ? 1 : a.id < b.id ? -1 : 1))
    .map((unit) => {
      const heardAgeS = unit.last_heard ? ageS(unit.last_heard, nowMs) : 0;
      const age = positionAge(unit.fix?.taken, nowMs);
      const quality = unit.fix?.quality;
      return {
        unit,
        look: unitLook(unit),
        fix: age === 'fresh' && (quality === 'no_fix' || quality === 'frozen' || quality === 'jump') ? quality : age,
        fixAgeS: unit.fix ? ageS(unit.fix.taken, nowMs) : 0,
        speed: unit.fix?.speed_kmh === undefined ? '—' : String(Math.round(unit.fix.speed_kmh)),
        link: !unit.last_heard ? 'never' : !unit.online ? 'offline' : heardAgeS > silentS ? 'silent' : 'online',
        heardAgeS,
        trouble: (unit.devices ?? [])
          .filter((d) => d.state !== 'speaking' && d.state !== 'simulated')
          .map((d) => ({ kind: d.kind, state: d.state, device: d.device })),
        owed: (unit.owed ?? []).reduce((sum, lane) => sum + lane.count, 0),
        capped: (unit.owed ?? []).some((lane) => lane.capped === true),
      };
    });
}

/** Address as one line; coordinates when there is no address. */
export function placeText(place: Place | undefined): string {
  if (!place) return '';
  if (place.address) return place.address;
  return place.pos ? posText(place.pos) : '';
}

export function posText(pos: Pos): string {
  return `${pos.lat.toFixed(5)},${pos.lon.toFixed(5)}`;
}

/** Reads "39.90,116.40"; undefined when it is none on Earth. */
export function parsePos(text: string): Pos | undefined {
  const match = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return undefined;
  const lat = Number(match[1]);
  const lon = Number(match[2]);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : undefined;
}

/** The next of a list of keys, for Alt+arrow and Ctrl+arrow; stays at the ends. */
export function step<T>(list: T[], current: T | undefined, by: 1 | -1): T | undefined {
  const at = current === undefined ? -1 : list.indexOf(current);
  if (at < 0) return list[0];
  return list[Math.min(list.length - 1, Math.max(0, at + by))];
}

/** A part of the centre that is not well. */
export interface Trouble {
  part: string;
  sinceMs: number;
  unrecorded: number;
}

/** Parts that are not well, the store first. A part that does not say since when is taken from when this page first saw it. */
export function troubles(health: ReadonlyMap<string, Health>, seen: Map<string, number>, nowMs: number): Trouble[] {
  for (const part of seen.keys()) if (health.get(part)?.ok !== false) seen.delete(part);
  const rank = (part: string): number => ['store', 'spool', 'link', part].indexOf(part);
  return [...health]
    .filter(([, value]) => !value.ok)
    .map(([part, value]) => {
      if (!seen.has(part)) seen.set(part, nowMs);
      return {
        part,
        sinceMs: value.since ? Date.parse(value.since) : (seen.get(part) ?? nowMs),
        unrecorded: value.unrecorded ?? 0,
      };
    })
    .sort((a, b) => rank(a.part) - rank(b.part) || (a.part < b.part ? -1 : 1));
}

/** Signs of alarm levels, on every screen alike (UI §10.3). */
export const marks = { high: '!!!', medium: '!!', low: '!' } as const;

type Say = (key: Key, args?: Record<string, string | number>) => string;
type SayCode = (group: string, code: string) => string;

/** What it is, of which unit, for whom, from which number. */
export function alarmTitle(alarm: Alarm, state: Pick<CentreState, 'units'>, t: Say, tc: SayCode): string {
  const unit = alarm.unit ? (state.units.get(alarm.unit)?.plate ?? alarm.unit) : '';
  const who =
    alarm.who === 'self' || alarm.who === 'relative' || alarm.who === 'stranger' ? t(`alarm.who.${alarm.who}`) : '';
  const kind = alarm.kind === 'tech' && alarm.code ? tc('tech', alarm.code) : t(`alarm.kind.${alarm.kind}`);
  return [kind, unit, who, alarm.phone].filter(Boolean).join(' · ');
}

/** A place with how it became known and how exact it is; a last fix says its age (ALM-002). */
export function placeWords(place: Place | undefined, nowMs: number, t: Say): string {
  if (!place) return '';
  const words = [placeText(place)];
  if (place.accuracy_m) words.push(t('alarm.accuracy', { m: Math.round(place.accuracy_m) }));
  if (place.source === 'last_fix')
    words.push(t('alarm.fix_age', { age: place.at ? span(ageS(place.at, nowMs)) : '?' }));
  else if (place.source === 'gps' || place.source === 'cell' || place.source === 'manual' || place.source === 'address')
    words.push(t(`place.source.${place.source}`));
  return words.filter(Boolean).join(' · ');
}

/** A circle is drawn on the map from this radius on (DOMAIN §3.1). */
export const circleFromM = 50;

/** A time of day as people type it (14:22, 1422, 14:22:08), as the last instant that read so in Shanghai; undefined when it is none. */
export function parseClock(text: string, nowMs: number): number | undefined {
  const match = /^\s*(\d{1,2})[:：]?(\d{2})(?:[:：]?(\d{2}))?\s*$/.exec(text);
  if (!match) return undefined;
  const [h, m, s] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (h > 23 || m > 59 || s > 59) return undefined;
  const shift = 8 * 3600_000;
  const day = Math.floor((nowMs + shift) / 86_400_000) * 86_400_000;
  const at = day + ((h * 60 + m) * 60 + s) * 1000 - shift;
  return at > nowMs + 60_000 ? at - 86_400_000 : at;
}

/** Whether a key was pressed in a field or a reason picker, which stand within lists that take keys themselves. */
export function typing(target: unknown): boolean {
  return Boolean((target as Partial<Element> | null)?.closest?.('input,select,textarea,.picker'));
}

/** What of the units is listed. */
export const unitFilters = ['all', 'ready', 'busy', 'trouble'] as const;
export type UnitFilter = (typeof unitFilters)[number];

function listed(row: UnitRow, filter: UnitFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'ready':
      return isReady(row.unit);
    case 'busy':
      return Boolean(row.unit.mission);
    case 'trouble':
      return (
        row.unit.duty === 'on_duty' &&
        (row.fix !== 'fresh' || row.link !== 'online' || row.trouble.length > 0 || row.capped)
      );
  }
}

const lookRank: UnitLook[] = ['accepted', 'enroute', 'scene', 'transport', 'hospital', 'road', 'standby', 'out'];

/** Rows that a person asked for: by a filter, by words (plate, name, station, or pinyin initials of them), in an order. */
export function filterUnits(
  rows: UnitRow[],
  filter: UnitFilter,
  word: string,
  sort: 'plate' | 'state',
  home: (row: UnitRow) => string,
): UnitRow[] {
  const asked = word.trim().toLowerCase();
  const out = rows.filter((row) => {
    if (!listed(row, filter)) return false;
    if (asked === '') return true;
    const texts = [row.unit.plate, row.unit.name, row.unit.id, home(row)];
    return texts.some((text) => text.toLowerCase().includes(asked) || initials(text).includes(asked));
  });
  if (sort === 'state') out.sort((a, b) => lookRank.indexOf(a.look) - lookRank.indexOf(b.look)); // stable: plates stay in order
  return out;
}
