// Hospitals as the crew chooses among them: what they can do, and how far they are. Pure.
import type { Fix, Hospital, Pos, TerminalWay } from '../../wire/entity';
import { ageS, positionAge } from '../../live/age';

const earthM = 6_371_008.8;
const rad = Math.PI / 180;

/** Great-circle distance, metres. */
export function distanceM(a: Pos, b: Pos): number {
  const lat = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2;
  const lon = Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * earthM * Math.asin(Math.sqrt(lat + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * lon));
}

/** 850 m, 3.2 km, 41 km: as exact as a straight line deserves. */
export function far(m: number): string {
  if (m < 1000) return `${Math.round(m / 10) * 10} m`;
  return m < 20_000 ? `${(m / 1000).toFixed(1)} km` : `${Math.round(m / 1000)} km`;
}

/** Until there are roads: streets are longer than the straight line, and this is how fast a crew gets through. Said beside the figure. */
const detour = 1.4;
const kmh = 40;
export function roughMinutes(m: number): number {
  return Math.max(1, Math.round(((m * detour) / 1000 / kmh) * 60));
}

/** Where the vehicle is, for distances; undefined when that is not known any more. */
export function whereNow(fix: Fix | undefined, nowMs: number): Pos | undefined {
  return fix && positionAge(fix.taken, nowMs) !== 'lost' && (fix.pos.lat !== 0 || fix.pos.lon !== 0)
    ? fix.pos
    : undefined;
}

/** What the centre foretold of an arrival is believed this long: after that nobody knows whether it still holds (SCR-001). */
export const foretoldS = 120;
/** The way of a mission whose arrival can still be told. */
export function foretold(
  way: TerminalWay | undefined,
  mission: string | undefined,
  nowMs: number,
): TerminalWay | undefined {
  if (!way || way.mission !== mission || ageS(way.heard, nowMs) > foretoldS || Date.parse(way.eta_to) < nowMs)
    return undefined;
  return way;
}

export interface Choice {
  hospital: Hospital;
  m: number | undefined;
  /** It has the centre that the pathway asks for. */
  able: boolean;
}

/** Those with the centre that is needed first, then the nearest; without a position by id, so that rows never dance. */
export function choices(hospitals: Iterable<Hospital>, pathway: string, at: Pos | undefined): Choice[] {
  return [...hospitals]
    .map((hospital) => ({
      hospital,
      m: at && distanceM(at, hospital.pos),
      able: pathway !== '' && (hospital.centres ?? []).includes(pathway),
    }))
    .sort(
      (a, b) => Number(b.able) - Number(a.able) || (a.m ?? 0) - (b.m ?? 0) || (a.hospital.id < b.hospital.id ? -1 : 1),
    );
}
