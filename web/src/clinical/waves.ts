// Hands each wave frame to the tiles that show its slot.
import type { WaveFrame } from '../wire/frame';

export class WaveBoard {
  private readonly takers = new Map<number, Set<(frame: WaveFrame) => void>>();

  take(frame: WaveFrame): void {
    for (const f of this.takers.get(frame.slot) ?? []) f(frame);
  }

  /** Follows a slot; the answer ends it. */
  readonly follow = (slot: number, f: (frame: WaveFrame) => void): (() => void) => {
    const set = this.takers.get(slot) ?? new Set();
    set.add(f);
    this.takers.set(slot, set);
    return () => set.delete(f);
  };
}
