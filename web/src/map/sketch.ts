// A way drawn without a map: its line north up, what is left of it, and what the driver does next. Pure.
import type { Pos } from '../wire/entity';

export interface WayStep {
  turn: string;
  name?: string | undefined;
  metres: number;
  seconds: number;
}
export interface Way {
  line: readonly Pos[];
  steps: readonly WayStep[];
}

const metresPerDegree = 111_195;
/** Further from the line than this, a vehicle takes another way and nothing is said of the next turn. */
export const offWayM = 60;

interface XY {
  x: number;
  y: number;
}
/** Metres east and north of a place; over a city the Earth is flat. */
function flat(p: Pos, from: Pos): XY {
  return {
    x: (p.lon - from.lon) * metresPerDegree * Math.cos((from.lat * Math.PI) / 180),
    y: (p.lat - from.lat) * metresPerDegree,
  };
}

export interface Along {
  /** Metres from the line's beginning, and beside the line. */
  m: number;
  offM: number;
}

/** Where on a line a place is; nothing on a line of no length. */
export function along(line: readonly Pos[], at: Pos): Along | undefined {
  let best: Along | undefined;
  let before = 0;
  for (let i = 1; i < line.length; i++) {
    const a = flat(line[i - 1]!, at);
    const b = flat(line[i]!, at);
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const length = Math.hypot(dx, dy);
    const share = length === 0 ? 0 : Math.min(1, Math.max(0, -(a.x * dx + a.y * dy) / (length * length)));
    const offM = Math.hypot(a.x + share * dx, a.y + share * dy);
    if (!best || offM < best.offM) best = { m: before + share * length, offM };
    before += length;
  }
  return best;
}

export function lengthM(line: readonly Pos[]): number {
  let m = 0;
  for (let i = 1; i < line.length; i++) {
    const d = flat(line[i]!, line[i - 1]!);
    m += Math.hypot(d.x, d.y);
  }
  return m;
}

export interface Ahead {
  /** Metres by road that are left. */
  leftM: number;
  /** The next thing to do and the road that it leads to, and how far that is. */
  turn: string;
  name: string;
  inM: number;
}

/** What lies ahead of a vehicle on its way; undefined off the way, or where nobody knows. */
export function ahead(way: Way, at: Pos | undefined): Ahead | undefined {
  const where = at && along(way.line, at);
  if (!where || where.offM > offWayM) return undefined;
  const total = lengthM(way.line);
  let begins = 0;
  for (const step of way.steps) {
    if (begins > where.m && step.turn !== 'continue')
      return { leftM: total - where.m, turn: step.turn, name: step.name ?? '', inM: begins - where.m };
    begins += step.metres;
  }
  return { leftM: total - where.m, turn: 'arrive', name: '', inM: total - where.m };
}

export interface Sketch {
  /** Points of the line in the box, as SVG reads them: the way already driven, and the way ahead. */
  done: string;
  ahead: string;
  at: XY | undefined;
  end: XY;
  /** Names of the longest roads ahead, where they run. */
  names: { name: string; x: number; y: number }[];
  /** A round distance, and how long it is in the box. */
  scale: { m: number; px: number };
}

const roundM = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

function pointAt(line: readonly XY[], lengths: readonly number[], m: number): XY {
  for (let i = 1; i < line.length; i++) {
    if (m > lengths[i]! && i + 1 < line.length) continue;
    const a = line[i - 1]!;
    const b = line[i]!;
    const share = Math.min(1, Math.max(0, (m - lengths[i - 1]!) / (lengths[i]! - lengths[i - 1]! || 1)));
    return { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) };
  }
  return line[0]!;
}

/** Lays a way out in a box of so many pixels, with room for names at its edge; undefined where there is no line. */
export function sketch(way: Way, at: Pos | undefined, width: number, height: number, names = 3): Sketch | undefined {
  const origin = way.line[0];
  if (!origin || way.line.length < 2 || width <= 0 || height <= 0) return undefined;
  const edge = 28;
  const metres = way.line.map((p) => flat(p, origin));
  const here = at && flat(at, origin);
  const all = here ? [...metres, here] : metres;
  const [left, right] = [Math.min(...all.map((p) => p.x)), Math.max(...all.map((p) => p.x))];
  const [low, high] = [Math.min(...all.map((p) => p.y)), Math.max(...all.map((p) => p.y))];
  const k = Math.min((width - 2 * edge) / Math.max(right - left, 50), (height - 2 * edge) / Math.max(high - low, 50));
  const put = (p: XY): XY => ({
    x: width / 2 + (p.x - (left + right) / 2) * k,
    y: height / 2 - (p.y - (low + high) / 2) * k,
  });
  const lengths = [0];
  for (let i = 1; i < metres.length; i++)
    lengths.push(lengths[i - 1]! + Math.hypot(metres[i]!.x - metres[i - 1]!.x, metres[i]!.y - metres[i - 1]!.y));
  const where = at && along(way.line, at);
  const from = where && where.offM <= offWayM ? where.m : 0;
  const split = pointAt(metres, lengths, from);
  const text = (ps: XY[]): string => ps.map((p) => `${put(p).x.toFixed(1)},${put(p).y.toFixed(1)}`).join(' ');
  const first = lengths.findIndex((m) => m > from);
  const cut = first < 0 ? metres.length : first;
  let begins = 0;
  const roads: { name: string; m: number; mid: number }[] = [];
  for (const step of way.steps) {
    const ends = begins + step.metres;
    if (step.name && ends > from)
      roads.push({ name: step.name, m: ends - Math.max(begins, from), mid: (Math.max(begins, from) + ends) / 2 });
    begins = ends;
  }
  const longest = roads.sort((a, b) => b.m - a.m).filter((r, i, rs) => rs.findIndex((o) => o.name === r.name) === i);
  const scaleM = roundM.filter((m) => m * k <= width / 3).at(-1) ?? roundM[0]!;
  return {
    done: text([...metres.slice(0, cut), split]),
    ahead: text([split, ...metres.slice(cut)]),
    at: here && put(here),
    end: put(metres.at(-1)!),
    names: longest.slice(0, names).map((r) => ({ name: r.name, ...put(pointAt(metres, lengths, r.mid)) })),
    scale: { m: scaleM, px: scaleM * k },
  };
}
