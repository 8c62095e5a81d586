// The server's clock as this page knows it: all ages and times on screen come from it, never from the PC's own (TIM-001).

/** Samples kept; at one each 2 s the best of the last 20 s wins, so that a step of either clock heals in that time. */
const samplesMax = 10;

/** The wall clock running away from the monotonic one by more than this between two looks was asleep, or was set. */
const jumpMs = 1_000;

/**
 * A clock that does not step with the wall clock: the monotonic clock on the wall time of its start. Monotonic clocks of tablets
 * stand still while they sleep, so the time that the wall clock gained at once is added. Whether it slept or its clock was set
 * forward cannot be told: what was added stands in doubt until the server's clock is measured again.
 */
export class SteadyClock {
  private lead: number;
  private added = 0;

  constructor(
    private readonly wall: () => number = Date.now,
    private readonly monotonic: () => number = () => performance.timeOrigin + performance.now(),
  ) {
    this.lead = wall() - monotonic();
  }

  /** Milliseconds since 1970. */
  now(): number {
    const monotonic = this.monotonic();
    const lead = this.wall() - monotonic;
    if (lead - this.lead > jumpMs) this.added += lead - this.lead;
    this.lead = lead;
    return monotonic + this.added;
  }

  /** All that was ever added, ms. */
  addedMs(): number {
    return this.added;
  }
}

const pageClock = new SteadyClock();
export function steadyNow(): number {
  return pageClock.now();
}

export class ServerClock {
  private samples: { offset: number; rtt: number }[] = [];
  /** What the steady clock had added when the newest sample was taken. */
  private addedThen = 0;

  constructor(
    private readonly steady: () => number = steadyNow,
    private readonly addedMs: () => number = () => pageClock.addedMs(),
  ) {}

  /** One round trip: when the ping left (steady ms), what the server's clock said (µs), when the answer came (steady ms). */
  sample(sentMs: number, serverUs: number, receivedMs: number): void {
    const rtt = receivedMs - sentMs;
    if (!(rtt >= 0)) return;
    const offset = serverUs / 1000 - (sentMs + receivedMs) / 2;
    if (this.addedMs() !== this.addedThen) this.samples = []; // the page slept: what was measured before is in doubt
    this.addedThen = this.addedMs();
    const best = this.best();
    // A server clock that stepped disagrees with the best sample by more than both round trips allow: start over.
    if (best && Math.abs(offset - best.offset) > (rtt + best.rtt) / 2 + 50) this.samples = [];
    this.samples.push({ offset, rtt });
    if (this.samples.length > samplesMax) this.samples.shift();
  }

  /** A one-way word of the server's clock: only used until there is a round trip. */
  hint(serverUs: number): void {
    if (this.samples.length === 0) {
      const now = this.steady();
      this.addedThen = this.addedMs();
      this.samples.push({ offset: serverUs / 1000 - now, rtt: 1000 });
    }
  }

  /** Server time now, milliseconds since 1970. */
  now(): number {
    return this.steady() + (this.best()?.offset ?? 0);
  }

  /** Server clock minus the page's own, ms; undefined until measured. */
  offsetMs(): number | undefined {
    return this.best()?.offset;
  }

  /** How far off now() may be, ms; undefined until measured. */
  uncertaintyMs(): number | undefined {
    const best = this.best();
    return best && best.rtt / 2 + this.addedMs() - this.addedThen;
  }

  private best(): { offset: number; rtt: number } | undefined {
    let best: { offset: number; rtt: number } | undefined;
    for (const sample of this.samples) if (!best || sample.rtt <= best.rtt) best = sample;
    return best;
  }
}
