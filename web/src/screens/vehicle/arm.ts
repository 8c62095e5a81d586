// What a glove must not do by accident. Pure: times are handed in.

/** A second touch this soon after the first is the same finger shaking. */
export const shakeMs = 700;
/** A key that needs two presses waits this long for the second. */
export const confirmMs = 3_000;

/** One key, two presses: the first arms it, the second within 3 s means it (UI §10.5). */
export class TwoPress {
  private armedAt: number | undefined;

  /** True when this press is the confirming one. */
  press(nowMs: number): boolean {
    const since = this.armedAt === undefined ? undefined : nowMs - this.armedAt;
    if (since !== undefined && since < shakeMs) return false;
    const confirmed = since !== undefined && since <= confirmMs;
    this.armedAt = confirmed ? undefined : nowMs;
    return confirmed;
  }

  /** Whole seconds left to confirm; 0 when it is not armed. */
  left(nowMs: number): number {
    const left = this.armedAt === undefined ? 0 : Math.ceil((this.armedAt + confirmMs - nowMs) / 1000);
    if (left <= 0) this.armedAt = undefined;
    return Math.max(0, left);
  }
}
