// How old a value may be before it says so, and before it is gone (SCR-001).
import type { Reading } from '../wire/entity';

export type Shown =
  /** Newer than its channel's limit: shown plain. */
  | { is: 'fresh'; value: number; doubtful: boolean }
  /** Older than the limit: shown with its age. */
  | { is: 'stale'; value: number; ageS: number; doubtful: boolean }
  /** Too old: absent, never its last number. */
  | { is: 'gone'; ageS: number }
  /** No number, and why: the quality's name (CLN-005: a probe that is off is not a zero). */
  | { is: 'absent'; why: string; ageS: number }
  /** Nothing was ever heard. */
  | { is: 'never' };

export function ageS(iso: string, nowMs: number): number {
  return Math.max(0, (nowMs - Date.parse(iso)) / 1000);
}

export function shownReading(reading: Reading | undefined, nowMs: number): Shown {
  if (!reading || reading.quality === 'never_seen') return { is: 'never' };
  const age = ageS(reading.taken, nowMs);
  if (age > reading.gone_s) return { is: 'gone', ageS: age };
  const doubtful = reading.quality === 'questioned';
  if (reading.value === undefined || reading.value === null || (reading.quality !== 'good' && !doubtful)) {
    return { is: 'absent', why: reading.quality, ageS: age };
  }
  return age > reading.stale_s || reading.source === 'backfilled'
    ? { is: 'stale', value: reading.value, ageS: age, doubtful }
    : { is: 'fresh', value: reading.value, doubtful };
}

/** Positions: stale over 30 s, lost over 120 s (DESIGN §12). */
export function positionAge(iso: string | undefined, nowMs: number): 'fresh' | 'stale' | 'lost' | 'never' {
  if (!iso) return 'never';
  const age = ageS(iso, nowMs);
  return age > 120 ? 'lost' : age > 30 ? 'stale' : 'fresh';
}
