// The fold of one topic: snapshot, then numbered deltas, into maps by collection. Pure; a page hands in reactive maps.
import type { Check } from '../wire/check';
import type { Delta, Snap } from '../wire/feed';

export interface Place {
  term: number;
  seq: number;
}
type Maps = Record<string, Map<string, unknown>>;
type Checks = Record<string, Check<unknown>>;

/** What became of a delta: taken, known already, or out of order: ask to resume. */
export type Taken = 'taken' | 'known' | 'hole';

export class TopicFold {
  place: Place | undefined;
  /** Values whose shape this page does not know; they are not shown, and the page says how many. */
  rejected = 0;

  constructor(
    private readonly maps: Maps,
    private readonly checks: Checks,
  ) {}

  snap(frame: Snap): void {
    for (const [name, map] of Object.entries(this.maps)) {
      const fresh = frame.data[name] ?? {};
      for (const key of map.keys()) if (!Object.hasOwn(fresh, key)) map.delete(key);
      for (const [key, value] of Object.entries(fresh)) this.set(name, key, value);
    }
    this.place = { term: frame.term, seq: frame.seq };
  }

  delta(frame: Delta): Taken {
    if (!this.place || frame.term !== this.place.term || frame.seq > this.place.seq + 1) return 'hole';
    if (frame.seq <= this.place.seq) return 'known';
    for (const op of frame.ops ?? []) {
      if (op.v === undefined) this.maps[op.c]?.delete(op.k);
      else this.set(op.c, op.k, op.v);
    }
    this.place = { term: frame.term, seq: frame.seq };
    return 'taken';
  }

  private set(name: string, key: string, value: unknown): void {
    const map = this.maps[name];
    const check = this.checks[name];
    if (!map || !check) return; // a collection this page does not show
    if (check(value)) {
      map.set(key, value);
    } else {
      map.delete(key); // an old value must not stand in for one that could not be read
      this.rejected++;
    }
  }
}
