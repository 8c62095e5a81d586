// Where this tablet is fixed, and what follows from it. Pure.
import { ageS } from '../../live/age';
import type { Fix } from '../../wire/entity';

export type Seat = 'driver' | 'cabin';

/** The address says it, or what was chosen once on this tablet; undefined while nobody has chosen. */
export function seatOf(search: string, remembered: string | undefined): Seat | undefined {
  for (const word of [new URLSearchParams(search).get('seat'), remembered])
    if (word === 'driver' || word === 'cabin') return word;
  return undefined;
}

/** Nobody types at the wheel above this speed (UI §10.7). */
export const lockKmh = 10;
/** A receiver in a tunnel falls silent while the vehicle goes on: what it said last is believed this long. */
const believedS = 60;

/** A speed is shown no longer than this. */
const speedS = 10;
/** The speed in whole km/h, or undefined when nobody knows it: no position, an old one, or a receiver that does not say it. */
export function speedNow(fix: Fix | undefined, nowMs: number): number | undefined {
  return fix?.speed_kmh === undefined || ageS(fix.taken, nowMs) > speedS ? undefined : Math.round(fix.speed_kmh);
}

/** Typing is locked on the driver's screen only: the cabin's never. Without a position or a speed nobody knows, and it is not locked. */
export function typingLocked(seat: Seat, fix: Fix | undefined, nowMs: number): boolean {
  return (
    seat === 'driver' && fix?.speed_kmh !== undefined && fix.speed_kmh > lockKmh && ageS(fix.taken, nowMs) <= believedS
  );
}
