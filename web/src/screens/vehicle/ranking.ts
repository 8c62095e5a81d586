// The centre's ranking as the crew chooses from it, or the list by distance where there is none: what is shown says which it is. Pure.
import type { HospitalRanking, RankedHospital } from '../../wire/hospital';
import type { Choice } from './near';

/** Asked anew so often while the sheet is open; older than this it is no ranking any more, for the vehicle drives. */
export const againMs = 15_000;
export const goneMs = 60_000;

export interface Held {
  ranking: HospitalRanking;
  /** Of which mission: the next patient is another one. */
  mission: string;
  /** For which pathway it was asked: "" for the mission's own. */
  pathway: string;
  atMs: number;
}
export interface Row extends Choice {
  /** The centre's line; without one the row is by distance. */
  line: RankedHospital | undefined;
  /** The centre says that it cannot take this patient now. */
  out: boolean;
}

/** The ranking while it counts: of this mission, for this pathway, and not too old. */
export function valid(
  held: Held | undefined,
  mission: string | undefined,
  pathway: string,
  nowMs: number,
): HospitalRanking | undefined {
  if (!held || held.mission !== mission || held.pathway !== pathway) return undefined;
  return nowMs - held.atMs <= goneMs ? held.ranking : undefined;
}

/** In the centre's order where it said one; hospitals that it does not know of come behind, by distance. */
export function rows(ranking: HospitalRanking | undefined, near: Choice[]): Row[] {
  if (!ranking) return near.map((c) => ({ ...c, line: undefined, out: false }));
  const by = new Map(near.map((c) => [c.hospital.id, c]));
  const told: Row[] = [];
  const add = (line: RankedHospital, out: boolean): void => {
    const c = by.get(line.hospital);
    if (!c) return;
    by.delete(line.hospital);
    told.push({ ...c, able: c.able || (!out && ranking.pathway !== undefined && ranking.pathway !== ''), line, out });
  };
  for (const line of ranking.hospitals) add(line, false);
  for (const line of ranking.left_out ?? []) add(line, true);
  return [...told, ...[...by.values()].map((c) => ({ ...c, line: undefined, out: false }))];
}

/** Which questions a pathway's rule asks of the crew. */
export function questions(pathway: string): ('lvo' | 'severe' | 'unstable')[] {
  if (pathway === 'stroke') return ['lvo', 'unstable'];
  return pathway === 'trauma' || pathway === 'maternal' || pathway === 'newborn' ? ['severe', 'unstable'] : [];
}

/** How long ago the patient was last well, as the crew says it with one touch: hours. */
export const wellAgo = [0.5, 1, 2, 3, 4.5, 6] as const;
