// The choice of a hospital as the desk sees it: words for times, what is asked about the patient, and when a choice wants its reason. Pure.
import type { Mission } from '../../wire/entity';
import type { HospitalRanking, RankedHospital } from '../../wire/hospital';

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
