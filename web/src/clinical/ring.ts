// The newest samples of one source by their counters, so that a gap is known as one and back-fill finds its place (DLV-004). Pure.
import type { WaveFrame } from '../wire/frame';

/** Bits of a sample's state. */
export const have = 1;
export const filled = 2;
export const paced = 4;

export class Ring {
  private readonly samples: Int16Array[];
  private readonly state: Uint8Array;
  private readonly off: Uint16Array;
  /** Counter after the newest sample, and of the oldest that is still kept. */
  newest: number;
  oldest: number;

  constructor(
    leads: number,
    private readonly size: number,
    start: number,
  ) {
    this.samples = Array.from({ length: leads }, () => new Int16Array(size));
    this.state = new Uint8Array(size);
    this.off = new Uint16Array(size);
    this.newest = this.oldest = start;
  }

  put(frame: WaveFrame): void {
    const n = frame.samples[0]?.length ?? 0;
    const end = frame.counter + n;
    if (end > this.newest) {
      // What lies between is missing: the places held older samples.
      if (end - this.newest >= this.size) this.state.fill(0);
      else for (let c = this.newest; c < end; c++) this.state[c % this.size] = 0;
      this.newest = end;
      this.oldest = Math.max(this.oldest, end - this.size);
    }
    // What came before the first frame may still come by back-fill.
    if (frame.counter < this.oldest && end > this.newest - this.size)
      this.oldest = Math.max(0, frame.counter, this.newest - this.size);
    let mask = 0;
    for (const [lead, isOff] of frame.off.entries()) if (isOff) mask |= 1 << lead;
    const word = have | (frame.source === 'backfilled' ? filled : 0);
    for (let i = Math.max(0, this.oldest - frame.counter); i < n; i++) {
      const at = (frame.counter + i) % this.size;
      this.state[at] = word | (frame.pacer && i === 0 ? paced : 0);
      this.off[at] = mask;
      for (const [lead, run] of this.samples.entries()) run[at] = frame.samples[lead]?.[i] ?? 0;
    }
  }

  /** State bits of a sample; 0 when it is missing. */
  at(counter: number): number {
    return counter < this.oldest || counter >= this.newest ? 0 : (this.state[counter % this.size] ?? 0);
  }

  value(lead: number, counter: number): number {
    return this.samples[lead]?.[counter % this.size] ?? 0;
  }

  isOff(lead: number, counter: number): boolean {
    return ((this.off[counter % this.size] ?? 0) & (1 << lead)) !== 0;
  }
}
