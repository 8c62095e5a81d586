// Keys that a second press takes back: a shaking hand, or a vehicle on a bad road, presses twice and means once. Pure.

/** A second press of the same key within this is the same press; nobody reads an answer and takes it back so quickly. */
export const shakeMs = 600;

export class Presses {
  private key = '';
  private atMs = 0;

  /** Notes a press, and says whether it was the one before it, shaken. Pressing on and on stays one press. */
  shaken(key: string, atMs: number): boolean {
    const same = key === this.key && atMs - this.atMs < shakeMs;
    this.key = key;
    this.atMs = atMs;
    return same;
  }
}
