// What moves on the map, and what must not be overlooked there: a pure core that draws a scene on a 2-D context. Colour and shape and
// label say the same (UI §10.2); what is old looks old (SCR-001).
import type { Alarm, Hospital, Incident, Pos, Station, Unit } from '../wire/entity';
import { drawDraft, drawGround, groundTokens, noGround, type Ground } from './ground';

export type UnitMark = 'standby' | 'road' | 'accepted' | 'enroute' | 'scene' | 'transport' | 'hospital' | 'off';
export type Freshness = 'fresh' | 'stale' | 'lost';
export type Kind = 'unit' | 'incident' | 'alarm' | 'hospital' | 'station' | 'aed';

/** A position older than this is dimmed; older than the second it is hollow and says so. */
export const staleMs = 30_000;
export const lostMs = 120_000;
/** A glide between two fixes never takes longer than this: nothing is shown where nothing was measured. */
export const glideMaxMs = 2_000;
/** Further than this is a jump, not a drive: shown at once. */
const jumpDeg = 0.012;
const pickPx = 20;

export interface Aed {
  id: string;
  name: string;
  pos: Pos;
  where?: string | undefined;
  floor?: string | undefined;
  hours?: string | undefined;
}

/** Which mark a unit has: its duty first, then the newest node of its mission. */
export function unitMark(unit: Pick<Unit, 'duty' | 'state' | 'mission'>): UnitMark {
  if (!unit.mission && unit.duty !== 'on_duty') return 'off';
  switch (unit.state) {
    case 'ordered':
    case 'acknowledged':
      return 'accepted';
    case 'departed':
      return 'enroute';
    case 'at_scene':
    case 'contact':
      return 'scene';
    case 'left_scene':
      return 'transport';
    case 'at_hospital':
    case 'handed_over':
      return 'hospital';
    case 'available':
      return 'road';
    default:
      return 'standby';
  }
}

export function freshness(takenMs: number, nowMs: number): Freshness {
  const age = nowMs - takenMs;
  return age > lostMs ? 'lost' : age > staleMs ? 'stale' : 'fresh';
}

interface Track {
  from: Pos;
  to: Pos;
  start: number;
  span: number;
  taken: number;
}

/**
 * Where units are drawn between two fixes: on the straight way from where they were drawn to the newest fix, reached within the time
 * that lay between the fixes, and never beyond it.
 */
export class Glide {
  private readonly tracks = new Map<string, Track>();

  /** Takes a fix; steady is a clock of the page that only moves forward. */
  take(id: string, pos: Pos, takenMs: number, steady: number): void {
    const old = this.tracks.get(id);
    if (old && old.taken === takenMs) return;
    if (!old || Math.hypot(pos.lat - old.to.lat, pos.lon - old.to.lon) > jumpDeg) {
      this.tracks.set(id, { from: pos, to: pos, start: steady, span: 0, taken: takenMs });
      return;
    }
    const span = Math.min(glideMaxMs, Math.max(0, takenMs - old.taken));
    this.tracks.set(id, { from: this.at(id, steady) ?? pos, to: pos, start: steady, span, taken: takenMs });
  }

  at(id: string, steady: number): Pos | undefined {
    const track = this.tracks.get(id);
    if (!track) return undefined;
    const share = track.span > 0 ? Math.min(1, Math.max(0, (steady - track.start) / track.span)) : 1;
    return {
      lat: track.from.lat + (track.to.lat - track.from.lat) * share,
      lon: track.from.lon + (track.to.lon - track.from.lon) * share,
    };
  }

  /** Whether anything still moves: else there is nothing to draw anew. */
  moving(steady: number): boolean {
    for (const t of this.tracks.values()) if (t.span > 0 && steady - t.start < t.span) return true;
    return false;
  }

  keep(ids: Set<string>): void {
    for (const id of this.tracks.keys()) if (!ids.has(id)) this.tracks.delete(id);
  }
}

/** Labels that would lie on each other are left out: what is taken first stays. */
export class LabelGrid {
  private readonly taken = new Set<number>();
  constructor(
    private readonly cellW = 70,
    private readonly cellH = 18,
  ) {}

  /** Whether a label of this size fits with its top left corner there; it is taken if so. */
  fits(x: number, y: number, width: number, height: number): boolean {
    const cells: number[] = [];
    for (let cx = Math.floor(x / this.cellW); cx <= Math.floor((x + width) / this.cellW); cx++) {
      for (let cy = Math.floor(y / this.cellH); cy <= Math.floor((y + height) / this.cellH); cy++) {
        const key = cx * 10_000 + cy;
        if (this.taken.has(key)) return false;
        cells.push(key);
      }
    }
    for (const key of cells) this.taken.add(key);
    return true;
  }
}

/** A place on the screen, in CSS pixels. */
export type Project = (pos: Pos) => { x: number; y: number };

export interface View {
  project: Project;
  zoom: number;
  width: number;
  height: number;
}

export interface Item {
  kind: Kind;
  id: string;
  pos: Pos;
  label: string;
  /** Units only. */
  mark?: UnitMark;
  course?: number | undefined;
  fresh?: Freshness;
  /** 0 emergency of the crew: a badge over the mark. */
  sos?: boolean;
  doubted?: boolean;
  /** Incidents: the letter; alarms: whether they still sound. */
  priority?: string;
  loud?: boolean;
  /** Radius of uncertainty, metres. */
  accuracyM?: number;
}

export interface Selection {
  unit?: string | undefined;
  incident?: string | undefined;
  alarm?: string | undefined;
  hospital?: string | undefined;
}

export interface Palette {
  [token: string]: string;
}

/** The tokens that the overlay is drawn with. */
export const tokens = [
  'text',
  'bg',
  'panel',
  'focus',
  'high',
  'high-ink',
  'medium',
  'medium-ink',
  'accent',
  'off',
  'level-a',
  'level-b',
  'level-c',
  'level-d',
  'level-ink',
  'map-halo',
  'map-hospital',
  'map-station',
  'map-aed',
  'unit-standby',
  'unit-accepted',
  'unit-enroute',
  'unit-scene',
  'unit-transport',
  'unit-hospital',
  'unit-off',
  ...groundTokens,
] as const;

export interface Words {
  lost: string;
}

/** The part of a canvas context that is used: a test gives its own. */
export type Ctx = Pick<
  CanvasRenderingContext2D,
  | 'save'
  | 'restore'
  | 'translate'
  | 'rotate'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'closePath'
  | 'arc'
  | 'rect'
  | 'fill'
  | 'stroke'
  | 'fillText'
  | 'strokeText'
  | 'measureText'
  | 'setLineDash'
  | 'clearRect'
> & {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: string;
  textBaseline: string;
  lineJoin: string;
};

const markToken: Record<UnitMark, string> = {
  standby: 'unit-standby',
  road: 'unit-standby',
  accepted: 'unit-accepted',
  enroute: 'unit-enroute',
  scene: 'unit-scene',
  transport: 'unit-transport',
  hospital: 'unit-hospital',
  off: 'unit-off',
};

/** What is on the map, from the feed's entities. Least important first: what is drawn last is on top. */
export function items(
  input: {
    units: Iterable<Unit>;
    incidents: Iterable<Incident>;
    alarms: Iterable<Alarm>;
    hospitals: Iterable<Hospital>;
    stations: Iterable<Station>;
    aeds: Iterable<Aed>;
  },
  nowMs: number,
  lang: 'zh' | 'en',
): Item[] {
  const out: Item[] = [];
  const named = (x: { name: string; name_en?: string | undefined }): string => (lang === 'en' && x.name_en) || x.name;
  for (const a of input.aeds) out.push({ kind: 'aed', id: a.id, pos: a.pos, label: a.name });
  for (const s of input.stations) out.push({ kind: 'station', id: s.id, pos: s.pos, label: named(s) });
  for (const h of input.hospitals) out.push({ kind: 'hospital', id: h.id, pos: h.pos, label: named(h) });
  const open = [...input.alarms].filter((a) => a.state !== 'handled');
  const sos = new Set(open.filter((a) => a.kind === 'crew_sos').map((a) => a.unit));
  const home = new Map([...input.stations].map((s) => [s.id, s.pos]));
  for (const u of input.units) {
    const at = u.fix?.pos ?? home.get(u.station);
    if (!at) continue;
    const taken = u.fix ? Date.parse(u.fix.taken) : 0;
    out.push({
      kind: 'unit',
      id: u.id,
      pos: at,
      label: u.plate,
      mark: unitMark(u),
      // A course is noise below walking speed; of an unknown speed nobody can say that it is not.
      course: (u.fix?.speed_kmh ?? 0) >= 3 ? u.fix?.course_deg : undefined,
      fresh: u.fix ? freshness(taken, nowMs) : 'lost',
      sos: sos.has(u.id),
      doubted: u.fix !== undefined && u.fix.quality !== 'good',
    });
  }
  const rank = { D: 0, C: 1, B: 2, A: 3 } as Record<string, number>;
  const incidents = [...input.incidents].filter((i) => i.state !== 'closed' && i.state !== 'cancelled' && i.place.pos);
  incidents.sort((a, b) => (rank[a.priority] ?? 0) - (rank[b.priority] ?? 0) || a.id.localeCompare(b.id));
  for (const i of incidents) {
    if (!i.place.pos) continue;
    out.push({
      kind: 'incident',
      id: i.id,
      pos: i.place.pos,
      label: `#${i.number}`,
      priority: i.priority,
      loud: i.state === 'open',
    });
  }
  for (const a of open) {
    if (!a.place?.pos || a.kind === 'tech') continue;
    out.push({
      kind: 'alarm',
      id: a.id,
      pos: a.place.pos,
      label: '',
      loud: a.state === 'stored' || a.sounding,
      accuracyM: a.place.accuracy_m ?? 0,
    });
  }
  return out;
}

function shape(ctx: Ctx, mark: UnitMark, r: number, course: number | undefined): void {
  ctx.beginPath();
  switch (mark) {
    case 'standby':
    case 'road':
      ctx.arc(0, 0, r, 0, Math.PI * 2);
      break;
    case 'accepted':
      ctx.moveTo(0, -r * 1.25);
      ctx.lineTo(r * 1.25, 0);
      ctx.lineTo(0, r * 1.25);
      ctx.lineTo(-r * 1.25, 0);
      ctx.closePath();
      break;
    case 'enroute':
    case 'transport': {
      ctx.save();
      ctx.rotate(((course ?? (mark === 'transport' ? 90 : 0)) * Math.PI) / 180);
      ctx.beginPath();
      ctx.moveTo(0, -r * 1.45);
      ctx.lineTo(r, r);
      if (mark === 'transport') ctx.lineTo(0, r * 0.45);
      ctx.lineTo(-r, r);
      ctx.closePath();
      ctx.restore();
      break;
    }
    case 'scene':
    case 'hospital':
      ctx.rect(-r, -r, r * 2, r * 2);
      break;
    case 'off':
      ctx.moveTo(-r, -r);
      ctx.lineTo(r, r);
      ctx.moveTo(r, -r);
      ctx.lineTo(-r, r);
      break;
  }
}

function drawUnit(ctx: Ctx, item: Item, p: Palette, chosen: boolean): void {
  const mark = item.mark ?? 'standby';
  const fill = p[markToken[mark]] ?? '';
  const r = chosen ? 11 : 9;
  if (item.fresh === 'stale') ctx.globalAlpha = 0.4;
  if (chosen) {
    ctx.beginPath();
    ctx.arc(0, 0, r + 8, 0, Math.PI * 2);
    ctx.lineWidth = 3;
    ctx.strokeStyle = p.focus;
    ctx.stroke();
  }
  const hollow = item.fresh === 'lost';
  shape(ctx, mark, r, item.course);
  ctx.lineWidth = mark === 'off' ? 7 : 5;
  ctx.strokeStyle = p['map-halo'];
  ctx.stroke();
  ctx.lineWidth = 2.5;
  ctx.strokeStyle = fill;
  if (hollow) ctx.setLineDash([3, 3]);
  if (mark === 'off' || mark === 'road' || hollow) {
    if (mark === 'road' || hollow) {
      ctx.fillStyle = p['map-halo'];
      if (mark !== 'off') ctx.fill();
    }
    ctx.stroke();
  } else {
    ctx.fillStyle = fill;
    ctx.fill();
  }
  ctx.setLineDash([]);
  if (mark === 'road' && item.course !== undefined) arrow(ctx, item.course, r, fill);
  if (mark === 'hospital') {
    ctx.fillStyle = hollow ? fill : p['map-halo'];
    text(ctx, 'H', 0, 0.5, 13, 'center');
  }
  if (item.doubted && !hollow) {
    ctx.fillStyle = p.text;
    text(ctx, '?', r + 4, -r, 13, 'center');
  }
  ctx.globalAlpha = 1;
  if (item.sos) badge(ctx, r, '!!!', p.high ?? '', p['high-ink'] ?? '');
}

function arrow(ctx: Ctx, course: number, r: number, colour: string): void {
  ctx.save();
  ctx.rotate((course * Math.PI) / 180);
  ctx.beginPath();
  ctx.moveTo(0, -r - 6);
  ctx.lineTo(4, -r + 1);
  ctx.lineTo(-4, -r + 1);
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.restore();
}

function badge(ctx: Ctx, r: number, what: string, fill: string, ink: string): void {
  ctx.beginPath();
  ctx.rect(-15, -r - 24, 30, 18);
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.fillStyle = ink;
  text(ctx, what, 0, -r - 15, 13, 'center');
}

function text(ctx: Ctx, what: string, x: number, y: number, px: number, align: 'center' | 'left'): void {
  ctx.font = `600 ${px}px sans-serif`;
  ctx.textAlign = align;
  ctx.textBaseline = 'middle';
  ctx.fillText(what, x, y);
}

function drawIncident(ctx: Ctx, item: Item, p: Palette, chosen: boolean, flash: boolean): void {
  const fill = p[`level-${(item.priority ?? 'd').toLowerCase()}`] ?? '';
  const r = chosen ? 15 : 13;
  ctx.beginPath(); // a drop: its tip is the place
  ctx.arc(0, -r * 1.5, r, Math.PI * 0.85, Math.PI * 2.15);
  ctx.lineTo(0, 0);
  ctx.closePath();
  ctx.lineJoin = 'round';
  ctx.lineWidth = chosen ? 7 : 4;
  ctx.strokeStyle = chosen ? p.focus : item.loud && flash ? p.text : p['map-halo'];
  ctx.stroke();
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.fillStyle = p['level-ink'];
  text(ctx, item.priority ?? '', 0, -r * 1.5, 15, 'center');
}

function drawAlarm(ctx: Ctx, item: Item, p: Palette, metresPerPx: number, flash: boolean): void {
  const ring = Math.min(160, (item.accuracyM ?? 0) / metresPerPx);
  if (ring > 16) {
    ctx.beginPath();
    ctx.arc(0, 0, ring, 0, Math.PI * 2);
    ctx.lineWidth = 2;
    ctx.strokeStyle = p.high;
    ctx.setLineDash([6, 5]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.beginPath();
  ctx.moveTo(0, -17);
  ctx.lineTo(16, 11);
  ctx.lineTo(-16, 11);
  ctx.closePath();
  ctx.lineJoin = 'round';
  ctx.lineWidth = item.loud && flash ? 8 : 5;
  ctx.strokeStyle = item.loud && flash ? p.text : p['map-halo'];
  ctx.stroke();
  ctx.fillStyle = p.high;
  ctx.fill();
  ctx.fillStyle = p['high-ink'];
  text(ctx, '!', 0, 2, 17, 'center');
}

function drawFixed(ctx: Ctx, item: Item, p: Palette, small: boolean): void {
  const r = small ? 5 : 9;
  ctx.beginPath();
  if (item.kind === 'aed') {
    const q = small ? 3 : 6;
    ctx.moveTo(0, -q * 1.2);
    ctx.lineTo(q * 1.2, 0);
    ctx.lineTo(0, q * 1.2);
    ctx.lineTo(-q * 1.2, 0);
    ctx.closePath();
  } else ctx.rect(-r, -r, r * 2, r * 2);
  ctx.lineWidth = 3;
  ctx.strokeStyle = p['map-halo'];
  ctx.stroke();
  ctx.fillStyle = p[item.kind === 'hospital' ? 'map-hospital' : item.kind === 'aed' ? 'map-aed' : 'map-station'];
  ctx.fill();
  if (small || item.kind === 'aed') return;
  ctx.fillStyle = p['map-halo'];
  if (item.kind === 'hospital') text(ctx, 'H', 0, 0.5, 13, 'center');
  else {
    ctx.beginPath(); // a roof: the station
    ctx.moveTo(-6, 1);
    ctx.lineTo(0, -6);
    ctx.lineTo(6, 1);
    ctx.lineTo(6, 6);
    ctx.lineTo(-6, 6);
    ctx.closePath();
    ctx.fill();
  }
}

/** Labels of vehicles only where they can be read; those of what is chosen always. */
const labelZoom = 12;
const fixedLabelZoom = 12.5;
const aedZoom = 13;

export interface Drawn {
  /** Items with where they were drawn, topmost last; for picking and for tests. */
  at: { item: Item; x: number; y: number }[];
  labels: number;
}

/** A way by road: a light core on a dark edge, so that it is seen on any road by day and by night. */
function drawWay(ctx: Ctx, way: readonly Pos[], view: View, p: Palette): void {
  if (way.length < 2) return;
  ctx.save();
  ctx.lineJoin = 'round';
  for (const [ink, width] of [
    [p['map-halo'], 8],
    [p.accent, 4],
  ] as const) {
    ctx.beginPath();
    way.forEach((pos, i) => {
      const { x, y } = view.project(pos);
      if (i === 0) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    });
    ctx.strokeStyle = ink ?? '';
    ctx.lineWidth = width;
    ctx.stroke();
  }
  ctx.restore();
}

/** Draws a scene and says what stands where. */
export function drawScene(
  ctx: Ctx,
  list: readonly Item[],
  view: View,
  p: Palette,
  words: Words,
  selection: Selection,
  hover: string | undefined,
  flash: boolean,
  /** The way of the chosen unit, below everything else. */
  way: readonly Pos[] = [],
  ground: Ground = noGround,
): Drawn {
  ctx.clearRect(0, 0, view.width, view.height);
  drawGround(ctx, ground, view, p);
  drawWay(ctx, way, view, p);
  const metresPerPx = 78_271.5 * Math.cos((35 * Math.PI) / 180) * 2 ** -view.zoom;
  const chosenId = (item: Item): boolean =>
    (item.kind === 'unit' && item.id === selection.unit) ||
    (item.kind === 'incident' && item.id === selection.incident) ||
    (item.kind === 'alarm' && item.id === selection.alarm) ||
    (item.kind === 'hospital' && item.id === selection.hospital);
  const shown: Drawn['at'] = [];
  for (const item of list) {
    if (item.kind === 'aed' && view.zoom < aedZoom) continue;
    const { x, y } = view.project(item.pos);
    if (x < -60 || y < -60 || x > view.width + 60 || y > view.height + 60) continue;
    shown.push({ item, x, y });
  }
  const grid = new LabelGrid();
  const top = shown.filter((s) => chosenId(s.item) || s.item.id === hover);
  const rest = shown.filter((s) => !top.includes(s));
  for (const { item, x, y } of [...rest, ...top]) {
    const chosen = chosenId(item);
    ctx.save();
    ctx.translate(Math.round(x), Math.round(y));
    switch (item.kind) {
      case 'unit':
        drawUnit(ctx, item, p, chosen);
        break;
      case 'incident':
        drawIncident(ctx, item, p, chosen, flash);
        break;
      case 'alarm':
        drawAlarm(ctx, item, p, metresPerPx, flash);
        break;
      default:
        drawFixed(ctx, item, p, view.zoom < 10.5 && !chosen);
    }
    ctx.restore();
  }
  // Labels in order of importance: what is chosen, incidents, units, then what stands still.
  let labels = 0;
  const weight: Record<Kind, number> = { alarm: 0, incident: 1, unit: 2, hospital: 3, station: 4, aed: 5 };
  const queue = [...top.map((s) => ({ ...s, force: true })), ...rest.map((s) => ({ ...s, force: false }))];
  queue.sort((a, b) => Number(b.force) - Number(a.force) || weight[a.item.kind] - weight[b.item.kind]);
  for (const { item, x, y, force } of queue) {
    const from =
      item.kind === 'unit' ? labelZoom : item.kind === 'incident' ? 10 : item.kind === 'aed' ? 15.5 : fixedLabelZoom;
    if (!force && view.zoom < from) continue;
    const what = item.kind === 'unit' && item.fresh === 'lost' ? `${item.label} ${words.lost}` : item.label;
    if (!what) continue;
    ctx.font = `${item.kind === 'unit' || item.kind === 'incident' ? 600 : 500} 13px sans-serif`;
    const width = ctx.measureText(what).width;
    const left = item.kind === 'incident' ? x + 17 : x - width / 2;
    const below = item.kind === 'incident' ? y - 28 : y + 13;
    if (!grid.fits(left, below, width, 16) && !force) continue;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'top';
    ctx.lineJoin = 'round';
    ctx.globalAlpha = item.fresh === 'stale' ? 0.7 : 1;
    ctx.lineWidth = 3;
    ctx.strokeStyle = p['map-halo'];
    ctx.strokeText(what, left, below);
    ctx.fillStyle = p.text;
    ctx.fillText(what, left, below);
    ctx.globalAlpha = 1;
    labels++;
  }
  drawDraft(ctx, ground, view, p);
  return { at: [...rest, ...top], labels };
}

/** What is under the pointer: the nearest within reach, the more important one of two. */
export function pick(drawn: Drawn, x: number, y: number): Item | undefined {
  const weight: Record<Kind, number> = { alarm: 6, incident: 6, unit: 8, hospital: 0, station: 0, aed: -4 };
  let best: Item | undefined;
  let least = Infinity;
  for (const { item, x: ix, y: iy } of drawn.at) {
    const middle = item.kind === 'incident' ? iy - 18 : iy; // a drop is above its place
    const d = Math.hypot(ix - x, middle - y);
    if (d <= pickPx && d - weight[item.kind] < least) {
      least = d - weight[item.kind];
      best = item;
    }
  }
  return best;
}
