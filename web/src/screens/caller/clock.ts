// The clocks of the caller's page. Its timers run on a clock that does not step when the phone's is set: a phone whose clock goes back
// must not stop sending, asking and warning (ALM-003, SCR-006). Times on screen come from the centre's clock (TIM-001).
import { ServerClock, SteadyClock } from '../../live/clock';

/** Old web views have no performance.timeOrigin, the oldest no performance.now: the wall clock stands in. */
const hasMonotonic = typeof performance !== 'undefined' && typeof performance.now === 'function';
const lead = hasMonotonic ? Date.now() - performance.now() : 0;
const page = new SteadyClock(Date.now, () => (hasMonotonic ? lead + performance.now() : Date.now()));
export const steady = (): number => page.now();

const centre = new ServerClock(steady, () => page.addedMs());
let addedThen = 0;

/** One asking of the centre's clock: when it left (steady ms) and what came back (µs). */
export function measured(sentMs: number, serverUs: number): void {
  centre.sample(sentMs, serverUs, steady());
  addedThen = page.addedMs();
}

/** The phone slept, or its clock was set forward, after the last measurement. */
export function leapt(): boolean {
  return page.addedMs() !== addedThen;
}

/** This page's clock minus the centre's, ms; undefined until measured. */
export function offsetMs(): number | undefined {
  const offset = centre.offsetMs();
  return offset === undefined ? undefined : -offset;
}

/** The centre's time, ms since 1970; the phone's own until it was asked. */
export const serverNow = (): number => centre.now();

/** The phone's own clock minus the centre's, seconds; 0 until measured. */
export function skewS(): number {
  return offsetMs() === undefined ? 0 : (Date.now() - centre.now()) / 1000;
}
