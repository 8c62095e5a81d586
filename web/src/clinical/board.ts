// What a hospital says of itself, as far as it may be believed now: the same rule as the centre's (SCR-001). Pure.
import { ageS } from '../live/age';
import type { BoardLine, BoardState, HospitalBoard } from '../wire/hospital';

/** Parts that every hospital has a line for; its centres come behind. */
export const boardParts = ['whole', 'ct', 'cath_lab', 'stretchers'] as const;
/** A line with an expected end is believed until then, but no longer than this (internal/match). */
const untilMostS = 24 * 3600;

export interface Part {
  part: string;
  /** Unknown: never said, or too old to be believed; then `was` is what it was. */
  state: BoardState | 'unknown';
  was: BoardState | undefined;
  line: BoardLine | undefined;
  ageS: number | undefined;
  /** Old enough that its age must be shown. */
  stale: boolean;
}

export function partOf(board: HospitalBoard | undefined, part: string, nowMs: number): Part {
  const line = board?.lines?.find((l) => l.part === part);
  if (!board || !line)
    return { part, state: 'unknown', was: undefined, line: undefined, ageS: undefined, stale: false };
  const age = ageS(line.said, nowMs);
  const timed = line.until !== undefined && line.state !== 'open';
  const believed = timed
    ? nowMs < Date.parse(line.until ?? '') && age <= untilMostS
    : age <= (board.gone_s ?? Number.POSITIVE_INFINITY);
  return {
    part,
    state: believed ? line.state : 'unknown',
    was: believed ? undefined : line.state,
    line,
    ageS: age,
    stale: age > (board.stale_s ?? Number.POSITIVE_INFINITY),
  };
}

/** All parts of a hospital, its centres among them, in the order in which they are shown. */
export function partsOf(board: HospitalBoard | undefined, centres: string[], nowMs: number): Part[] {
  return [...boardParts, ...centres].map((part) => partOf(board, part, nowMs));
}

/** Parts that are not open: what a glance must show. */
export function troubles(parts: Part[]): Part[] {
  return parts.filter((p) => p.part !== 'whole' && (p.state === 'busy' || p.state === 'closed'));
}
