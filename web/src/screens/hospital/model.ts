// What a hospital's screen shows: who is coming, how soon and how sick, from the notices that were sent to it. Pure.
import type { VitalAlarm } from '../../clinical/limits';
import { pressing } from '../../clinical/pathway';
import { ageS } from '../../live/age';
import type { SoundName } from '../../ui/sound';
import type {
  CentreState,
  Hospital,
  Mission,
  Note,
  Notice,
  PathwayCase,
  Patient,
  Reading,
  Unit,
  Photo,
  WaveSlot,
} from '../../wire/entity';

export type Severity = 'critical' | 'urgent' | 'other';
const severities: Severity[] = ['critical', 'urgent', 'other'];

/** Why somebody stands where they stand. */
export type Why =
  | { is: 'priority'; level: string }
  | { is: 'alarm'; alarm: VitalAlarm }
  | { is: 'pathway'; pathway: string }
  | { is: 'step'; step: string; left: number };

export interface Inbound {
  notice: Notice;
  mission: Mission | undefined;
  unit: Unit | undefined;
  patients: Patient[];
  of: PathwayCase | undefined;
  /** Seconds to arrival; negative when overdue; undefined when not known or arrived. */
  etaS: number | undefined;
  arrived: boolean;
  /** Seconds since it arrived. */
  sinceArrivalS: number | undefined;
  answered: boolean;
  waitedS: number;
  severity: Severity;
  why: Why[];
  alarms: VitalAlarm[];
}

export type Sort = 'eta' | 'severity';

/** Withdrawn ones are not here: see withdrawals (SCR-004). */
export function inbound(state: CentreState, nowMs: number, alarms: VitalAlarm[] = [], sort: Sort = 'eta'): Inbound[] {
  return [...state.notices.values()]
    .filter((notice) => notice.state !== 'withdrawn')
    .map((notice) => one(state, notice, nowMs, alarms))
    .sort(
      (a, b) =>
        Number(a.answered) - Number(b.answered) ||
        Number(a.arrived) - Number(b.arrived) ||
        (sort === 'eta' ? byEta(a, b) || bySeverity(a, b) : bySeverity(a, b) || byEta(a, b)) ||
        Date.parse(a.notice.sent) - Date.parse(b.notice.sent) ||
        (a.notice.id < b.notice.id ? -1 : 1),
    );
}

function one(state: CentreState, notice: Notice, nowMs: number, alarms: VitalAlarm[]): Inbound {
  const mission = state.missions.get(notice.mission);
  const door = mission?.nodes?.find((n) => n.node === 'at_hospital');
  const patients = patientsOf(state, notice, mission);
  const ids = new Set(patients.map((p) => p.id));
  const own = alarms.filter((a) => ids.has(a.patient));
  const of = state.cases.get(notice.mission);
  const { severity, why } = judged(notice, own, of, nowMs);
  return {
    notice,
    mission,
    unit: mission && state.units.get(mission.unit),
    patients,
    of,
    etaS: notice.eta && !door ? (Date.parse(notice.eta) - nowMs) / 1000 : undefined,
    arrived: door !== undefined,
    sinceArrivalS: door && ageS(door.at, nowMs),
    answered: notice.state === 'accepted' || notice.state === 'rejected',
    waitedS: ageS(notice.sent, nowMs),
    severity,
    why,
    alarms: own,
  };
}

/** Critical: the dispatcher's priority A, or a value beyond a critical limit. Urgent: priority B, a green channel, or a value beyond a limit. */
function judged(
  notice: Notice,
  alarms: VitalAlarm[],
  of: PathwayCase | undefined,
  nowMs: number,
): { severity: Severity; why: Why[] } {
  const why: Why[] = [];
  let rank = 2;
  const add = (level: number, reason: Why): void => {
    rank = Math.min(rank, level);
    why.push(reason);
  };
  for (const alarm of alarms)
    if (alarm.state !== 'cleared') add(alarm.level === 'high' ? 0 : 1, { is: 'alarm', alarm });
  if (notice.priority === 'A') add(0, { is: 'priority', level: 'A' });
  else if (notice.priority) add(notice.priority === 'B' ? 1 : 2, { is: 'priority', level: notice.priority });
  if (notice.pathway) add(1, { is: 'pathway', pathway: notice.pathway });
  const due = of && pressing(of, nowMs);
  if (due && due.left < 600) why.push({ is: 'step', step: due.step.key, left: due.left });
  return { severity: severities[rank] ?? 'other', why };
}

function byEta(a: Inbound, b: Inbound): number {
  const eta = (i: Inbound): number => i.etaS ?? Infinity;
  return eta(a) === eta(b) ? 0 : eta(a) - eta(b);
}
function bySeverity(a: Inbound, b: Inbound): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity);
}

/**
 * Nothing moves under a finger or a pointer: while held, who was there stays where they were and the new come last. Says whether the
 * order waits to change.
 */
export function steady(sorted: Inbound[], held: string[] | undefined): { list: Inbound[]; waits: boolean } {
  if (!held) return { list: sorted, waits: false };
  const place = (i: Inbound): number => {
    const at = held.indexOf(i.notice.id);
    return at < 0 ? held.length : at;
  };
  const list = [...sorted].sort((a, b) => place(a) - place(b));
  return { list, waits: list.some((item, i) => item !== sorted[i]) };
}

export function withdrawals(state: CentreState): Notice[] {
  return [...state.notices.values()]
    .filter((notice) => notice.state === 'withdrawn')
    .sort((a, b) => (a.withdrawn ?? '').localeCompare(b.withdrawn ?? '') * -1 || (a.id < b.id ? -1 : 1));
}

/** To whom a notice went: by name, how long until the next, or that the list is exhausted (CLN-004). */
export interface Asked {
  names: string[];
  /** Seconds until it goes to the next person; undefined when answered or exhausted. */
  nextS: number | undefined;
  exhausted: boolean;
}

/** Unanswered for so long a notice goes also to the next person; the server does it, the screen only says when. */
const nextAfterS = 60;

export function asked(notice: Notice, hospital: Hospital | undefined, nowMs: number): Asked {
  const persons = hospital?.persons ?? [];
  const waiting = notice.state === 'sent' || notice.state === 'delivered' || notice.state === 'seen';
  const exhausted = notice.escalated >= Math.max(persons.length, 1);
  const last = Date.parse(notice.escalated_at ?? notice.sent);
  return {
    names: persons.slice(0, notice.escalated + 1),
    nextS: waiting && !exhausted ? Math.max(0, nextAfterS - (nowMs - last) / 1000) : undefined,
    exhausted: waiting && exhausted,
  };
}

function patientsOf(state: CentreState, notice: Notice, mission: Mission | undefined): Patient[] {
  const ids = new Set([...(notice.patients ?? []), ...(mission?.patients ?? [])]);
  for (const patient of state.patients.values()) if (patient.mission === notice.mission) ids.add(patient.id);
  return [...ids].sort().flatMap((id) => state.patients.get(id) ?? []);
}

/** What the crew wrote about these patients or this mission, newest first; a note that names neither belongs to all aboard its unit. */
export function notesOf(state: CentreState, item: Inbound): Note[] {
  const ids = new Set(item.patients.map((p) => p.id));
  return [...state.notes.values()]
    .filter((note) => {
      if (note.patient) return ids.has(note.patient);
      return note.mission ? note.mission === item.notice.mission : note.unit === item.mission?.unit;
    })
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.id < b.id ? -1 : 1));
}

/** Photos of these patients, newest first (SCR-004: the server sends no others). */
export function photosOf(state: CentreState, item: Inbound): Photo[] {
  const ids = new Set(item.patients.map((p) => p.id));
  return [...state.photos.values()]
    .filter((photo) => photo.patient !== undefined && ids.has(photo.patient))
    .sort((a, b) => Date.parse(b.taken) - Date.parse(a.taken) || (a.id < b.id ? -1 : 1));
}

/** Readings and waves of the patients, never the unit's unbound ones (CLN-006). */
export function readingsOf(state: CentreState, patients: Patient[]): Reading[] {
  const ids = new Set(patients.map((p) => p.id));
  return [...state.readings.values()].filter((r) => r.patient !== undefined && ids.has(r.patient));
}

export function slotsOf(state: CentreState, patients: Patient[]): WaveSlot[] {
  const ids = new Set(patients.map((p) => p.id));
  return [...state.slots.values()]
    .filter((s) => s.patient !== undefined && ids.has(s.patient))
    .sort((a, b) => a.kind - b.kind || a.slot - b.slot);
}

/** Seconds since the newest live number of these patients; undefined when none ever came. */
export function heardS(readings: Reading[], nowMs: number): number | undefined {
  const times = readings.filter((r) => r.source === 'live').map((r) => Date.parse(r.taken));
  return times.length > 0 ? Math.max(0, (nowMs - Math.max(...times)) / 1000) : undefined;
}

export const tileCounts = [1, 2, 4, 6, 8] as const;
export type TileCount = (typeof tileCounts)[number];

/** How many stand side by side: as many as was asked for, or as many as are coming, up to eight. */
export function tilesFor(asked: TileCount | 'auto', coming: number): TileCount {
  if (asked !== 'auto') return asked;
  return tileCounts.find((n) => n >= coming) ?? 8;
}

/** Who is on screen: the one somebody put first, then in the order of the list; those who have arrived give way to those who come. */
export function chosen(list: Inbound[], pinned: string, count: number): Inbound[] {
  const first = list.find((i) => i.notice.id === pinned);
  return [...(first ? [first] : []), ...list.filter((i) => i !== first)].slice(0, count);
}

/**
 * The one sound of this screen: a critical value first, then a notice that nobody has answered and that went on to the next person, a new
 * notice, and a warning.
 */
export function boardSound(notices: Iterable<Notice>, alarms: VitalAlarm[]): SoundName | undefined {
  const active = alarms.filter((a) => a.state === 'active');
  if (active.some((a) => a.level === 'high')) return 'high';
  let waiting: SoundName | undefined;
  for (const notice of notices) {
    if (notice.state !== 'sent' && notice.state !== 'delivered' && notice.state !== 'seen') continue;
    if (notice.escalated > 0) return 'notice_again';
    waiting = 'notice';
  }
  return waiting ?? (active.length > 0 ? 'medium' : undefined);
}

/** Sound may be paused, never switched off: two minutes, and something worse than what was paused breaks it. */
export const pauseMs = 120_000;
const soundRank: SoundName[] = ['high', 'notice_again', 'notice', 'medium'];

export interface Pause {
  untilMs: number;
  /** What sounded when it was paused. */
  sound: SoundName | undefined;
  /** The alarms and notices that were known then. */
  known: Set<string>;
}

export function paused(pause: Pause | undefined, sound: SoundName | undefined, keys: string[], nowMs: number): boolean {
  if (!pause || nowMs >= pause.untilMs) return false;
  const rank = (s: SoundName | undefined): number => (s ? soundRank.indexOf(s) : soundRank.length);
  return rank(sound) >= rank(pause.sound) && !(sound === 'high' && keys.some((k) => !pause.known.has(k)));
}

/** Somebody is on duty for a shift, then the screen asks again. */
export const shiftMs = 12 * 3600_000;
export interface Duty {
  by: string;
  at: number;
}
export function onDuty(raw: string | undefined, nowMs: number): Duty | undefined {
  try {
    const duty = JSON.parse(raw ?? '') as Partial<Duty>;
    if (typeof duty.by !== 'string' || duty.by.trim() === '' || typeof duty.at !== 'number') return undefined;
    return nowMs - duty.at < shiftMs && nowMs >= duty.at - 60_000 ? { by: duty.by, at: duty.at } : undefined;
  } catch {
    return undefined;
  }
}
