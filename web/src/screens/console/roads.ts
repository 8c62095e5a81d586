// Closed roads as the console has them: what is being drawn, what is sent of it, and the rows of the list. Pure.
import type { ClosedMark, ReachMark } from '../../map/ground';
import { day, minute } from '../../text/time';
import { list, maybe, number, shape, text, time, type Check } from '../../wire/check';
import { closedRoad, type ClosedRoad, type Closure, type Pos, type RoadsNow } from '../../wire/entity';
import { parseClock } from './model';

export type DraftKind = 'line' | 'point' | 'area' | 'names';
/** A closure that is being drawn. Nothing is closed before it is sent. */
export interface Draft {
  kind: DraftKind;
  points: Pos[];
  road: string;
  cross: [string, string];
  reason: string;
  oneWay: boolean;
  level: '' | 'ground' | 'above' | 'below';
  /** Beijing times "HH:MM", or empty: now, and until it is lifted. */
  from: string;
  until: string;
}

export function newDraft(kind: DraftKind): Draft {
  return {
    kind,
    points: [],
    road: '',
    cross: ['', ''],
    reason: '',
    oneWay: false,
    level: '',
    from: '',
    until: '',
  };
}

/** More than anybody clicks; the centre refuses more (docs/limits.md). */
export const pointsMax = 500;

/** Takes a place that was clicked on the map. */
export function addPoint(draft: Draft, pos: Pos): void {
  if (draft.kind === 'point') draft.points = [pos];
  else if (draft.kind !== 'names' && draft.points.length < pointsMax) draft.points = [...draft.points, pos];
}

/** Whose a click on the map is: the place of a call comes before a drawing that is under way. */
export function clickOf(picking: boolean, drawing: boolean): 'call' | 'road' | undefined {
  if (picking) return 'call';
  return drawing ? 'road' : undefined;
}

/** Whether there is enough of a line, a border or names for the centre to say what it hits. */
export function whole(draft: Draft): boolean {
  switch (draft.kind) {
    case 'point':
      return draft.points.length === 1;
    case 'line':
      return draft.points.length > 1;
    case 'area':
      return draft.points.length > 2;
    case 'names':
      return [draft.road, ...draft.cross].every((name) => name.trim() !== '');
  }
}

const dayMs = 86_400_000;
/** What passed within so long has just happened: a start of then means at once, an end of then is a mistake. Before that it is tomorrow's. */
export const justPastMs = 3 * 3600_000;

/** The next instant that reads so in Shanghai. */
export function coming(clock: string, nowMs: number): number | undefined {
  const at = parseClock(clock, nowMs);
  if (at === undefined) return undefined;
  return at > nowMs ? at : at + dayMs;
}
function justPast(at: number, nowMs: number): boolean {
  return at - dayMs >= nowMs - justPastMs;
}

/** The times of a draft: none is now, and until it is lifted. Wrong: a time that cannot be read, or an end that has passed. */
export interface DraftTimes {
  from?: number | undefined;
  until?: number | undefined;
  wrong: '' | 'from' | 'until' | 'passed';
}
export function draftTimes(draft: Draft, nowMs: number): DraftTimes {
  let from: number | undefined;
  if (draft.from.trim() !== '') {
    from = coming(draft.from, nowMs);
    if (from === undefined) return { wrong: 'from' };
    if (justPast(from, nowMs)) from = undefined;
  }
  if (draft.until.trim() === '') return { from, wrong: '' };
  const until = coming(draft.until, from ?? nowMs);
  if (until === undefined) return { from, wrong: 'until' };
  if (from === undefined && justPast(until, nowMs)) return { wrong: 'passed' };
  return { from, until, wrong: '' };
}

/** 14:22, with its day where that is not today (2026-11-28). */
export function whenOf(at: string, today: string): string {
  const of = day(Date.parse(at));
  return of === today ? minute(at) : `${of.slice(5)} ${minute(at)}`;
}

/** What a draft would close depends on this alone: while it is the same a preview is of it. */
export function drawnKey(d: Draft): string {
  return JSON.stringify([d.kind, d.points, d.road, d.cross, d.oneWay, d.level]);
}
/** What was shown of a draft; no preview: the centre did not say. */
export interface Seen {
  of: string;
  preview?: Preview | undefined;
}
/** Whether a draft may be sent: not before it was shown what it closes, and not by one key where it closes nothing. */
export function sendable(draft: Draft, seen: Seen | undefined): 'yes' | 'once_more' | 'no' {
  if (!whole(draft) || seen?.of !== drawnKey(draft)) return 'no';
  if (!seen.preview || seen.preview.problem === 'no_roads') return 'yes';
  if (seen.preview.roads.length > 0) return 'yes';
  return missOf(seen.preview) === 'no_hit' ? 'once_more' : 'no';
}

/** What is drawn, for a question or for closing it. */
export function bodyOf(draft: Draft, nowMs: number): Record<string, unknown> {
  const { from, until } = draftTimes(draft, nowMs);
  return {
    reason: draft.reason.trim(),
    ...(draft.kind === 'names'
      ? { road: draft.road.trim(), cross: draft.cross.map((name) => name.trim()) }
      : { line: draft.points }),
    ...(draft.kind === 'area' ? { area: true } : {}),
    ...(draft.oneWay && draft.kind !== 'area' && draft.kind !== 'point' ? { one_way: true } : {}),
    ...(draft.level ? { level: draft.level } : {}),
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

/** The body that closes the roads of an ended closure again, from now on. */
export function againBody(closure: Closure, nowMs: number): Record<string, unknown> {
  return {
    reason: closure.reason,
    line: closure.line,
    ...(closure.area ? { area: true } : {}),
    ...(closure.one_way ? { one_way: true } : {}),
    ...(closure.level ? { level: closure.level } : {}),
    ...(closure.until && Date.parse(closure.until) > nowMs ? { until: closure.until } : {}),
  };
}

export interface Preview {
  line: Pos[];
  roads: ClosedRoad[];
  problem?: string | undefined;
  detail?: string | undefined;
}
const pos = shape<Pos>({
  lat: (v): v is number => typeof v === 'number',
  lon: (v): v is number => typeof v === 'number',
});
export const isPreview = shape<Preview>({
  line: list(pos),
  roads: list(closedRoad),
  problem: maybe(text),
  detail: maybe(text),
});

/** What a preview that hits nothing says. */
export function missOf(preview: Preview): 'no_roads' | 'no_hit' | 'not_found' | 'refused' {
  switch (preview.problem) {
    case 'no_roads':
    case 'not_found':
    case 'refused':
      return preview.problem;
    default:
      return 'no_hit';
  }
}

/** Those that stand first, the newest first; then those that ended, the newest first. */
export function closureRows(all: Iterable<Closure>): Closure[] {
  return [...all].sort(
    (a, b) =>
      Number(Boolean(a.ended)) - Number(Boolean(b.ended)) ||
      Date.parse(b.ended ?? b.drawn) - Date.parse(a.ended ?? a.drawn) ||
      (a.id < b.id ? -1 : 1),
  );
}

/** How it stands with the travel times: known to them, on its way, or why not. */
export function metricOf(closure: Closure): 'applied' | 'working' | 'awaited' | 'no_roads' | 'no_hit' | 'failed' {
  switch (closure.problem) {
    case 'no_roads':
    case 'no_hit':
    case 'failed':
      return closure.problem;
    case undefined:
    case '':
      break;
    default:
      return 'working';
  }
  if (closure.state === 'awaited') return 'awaited';
  return closure.applied ? 'applied' : 'working';
}

/** The marks of the map: what stands, with what it hits; where it hits nothing, what was drawn. */
export function closedMarks(all: Iterable<Closure>): ClosedMark[] {
  const out: ClosedMark[] = [];
  for (const c of all) {
    if (c.ended) continue;
    const lines = (c.roads ?? []).flatMap((road) => road.lines ?? []);
    out.push({
      id: c.id,
      lines,
      border: c.area || lines.length === 0 ? c.line : undefined,
      area: c.area === true,
      awaited: c.state === 'awaited',
    });
  }
  return out.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Which line of words says what the travel times are made of. */
export function roadsState(now: RoadsNow | undefined): 'none' | 'free' | 'live' {
  if (!now?.loaded) return 'none';
  return now.free ? 'free' : 'live';
}

/** From whom the area within reach is asked: a unit, a station, or all free units. */
export type ReachOf = { unit: string } | { station: string } | { all: true };
export interface Reach {
  at: string;
  version: number;
  from: { id: string }[];
  bands: { minutes: number; km2: number; polygons: [number, number][][][] }[];
  problem?: string | undefined;
}
const lonLat: Check<[number, number]> = (v): v is [number, number] =>
  Array.isArray(v) && v.length === 2 && v.every((x) => typeof x === 'number');
export const isReach = shape<Reach>({
  at: time,
  version: number,
  from: list(shape<{ id: string }>({ id: text })),
  bands: list(shape<Reach['bands'][number]>({ minutes: number, km2: number, polygons: list(list(list(lonLat))) })),
  problem: maybe(text),
});
export function reachPath(of: ReachOf): string {
  if ('unit' in of) return `/api/v1/reach?unit=${encodeURIComponent(of.unit)}`;
  if ('station' in of) return `/api/v1/reach?station=${encodeURIComponent(of.station)}`;
  return '/api/v1/reach';
}
export function reachMarks(reach: Reach | undefined): ReachMark[] {
  return (reach?.bands ?? []).map((band) => ({
    minutes: band.minutes,
    polygons: band.polygons.map((rings) => rings.map((ring) => ring.map(([lon, lat]) => ({ lat, lon })))),
  }));
}
/** Which words say why there is no area. */
export function reachMiss(problem: string): 'no_roads' | 'off_roads' | 'nobody' | 'no_position' | 'failed' {
  switch (problem) {
    case 'no_roads':
    case 'off_roads':
    case 'nobody':
    case 'no_position':
      return problem;
    default:
      return 'failed';
  }
}
