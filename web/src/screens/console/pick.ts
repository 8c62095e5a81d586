// The choice of a hospital as the desk sees it: words for times, what is asked about the patient, and when a choice wants its reason. Pure.
import { partOf } from '../../clinical/board';
import type { Hospital, Mission } from '../../wire/entity';
import type { HospitalBoard, HospitalRanking, RankedHospital } from '../../wire/hospital';

/** A choice that treats later than the best by more than this is asked for its reason, afterwards (internal/match). */
export const clearlyLaterS = 300;

/** Which questions a pathway's rule asks of the patient. */
export function questionsOf(pathway: string | undefined): ('lvo' | 'severe' | 'unstable')[] {
  if (pathway === 'stroke') return ['lvo', 'unstable'];
  return pathway === 'trauma' || pathway === 'maternal' || pathway === 'newborn' ? ['severe', 'unstable'] : [];
}

/** Whether the choice is asked for its reason: clearly later than the best, or against what was recommended, and none was given. */
export function wantsReason(mission: Mission): boolean {
  const c = mission.choice;
  if (!c || c.reason || mission.ended) return false;
  return (c.slower_s ?? 0) > clearlyLaterS || (c.against ?? '') !== '';
}

/** All of a ranking in the order of the list: the recommended, then those that were left out. */
export function linesOf(ranking: HospitalRanking | undefined): RankedHospital[] {
  return ranking ? [...ranking.hospitals, ...(ranking.left_out ?? [])] : [];
}

export function minutes(s: number): number {
  return Math.max(0, Math.round(s / 60));
}

/** Where no ranking answered: every hospital by name with what it says of itself, so that one can be told all the same. */
export function byName(
  hospitals: Iterable<Hospital>,
  boards: ReadonlyMap<string, HospitalBoard>,
  name: (h: Hospital) => string,
  nowMs: number,
): RankedHospital[] {
  return [...hospitals]
    .sort((a, b) => name(a).localeCompare(name(b), 'zh') || (a.id < b.id ? -1 : 1))
    .map((h) => {
      const whole = partOf(boards.get(h.id), 'whole', nowMs);
      return { hospital: h.id, board: whole.state === 'unknown' ? '' : whole.state, board_age_s: whole.ageS };
    });
}

/** The lines in the order that is on screen, those that are new last. Waits: not the order that they should have. */
export function steadyLines(lines: RankedHospital[], held: string[]): { list: RankedHospital[]; waits: boolean } {
  const place = (l: RankedHospital): number => {
    const at = held.indexOf(l.hospital);
    return at < 0 ? held.length : at;
  };
  const list = [...lines].sort((a, b) => place(a) - place(b));
  return { list, waits: list.some((l, i) => l !== lines[i]) };
}

/**
 * Which hospital stands chosen after an answer. A person's choice stands, and no other is put in its place; what the list chose stands as
 * long as it is recommended, so that no other hospital comes under a finger that is about to send.
 */
export function chosenAfter(
  chosen: string,
  byHand: boolean,
  ranking: HospitalRanking,
  destination: string | undefined,
): string {
  if (byHand) return linesOf(ranking).some((l) => l.hospital === chosen) ? chosen : '';
  if (chosen && chosen === destination) return chosen;
  if (ranking.hospitals.some((l) => l.hospital === chosen)) return chosen;
  return destination ?? ranking.hospitals[0]?.hospital ?? '';
}

/** Whether a key is the list's own: pressed on it or on one of its rows, not on a button or in a field that stands inside. */
export function listKey(target: EventTarget | null, list: EventTarget | null): boolean {
  return target !== null && (target === list || (target as Element).getAttribute?.('role') === 'radio');
}
