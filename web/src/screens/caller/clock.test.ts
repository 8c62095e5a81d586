// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

async function at(wallMs: number) {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  vi.setSystemTime(wallMs);
  return import('./clock');
}
const t0 = Date.parse('2026-11-21T04:00:00Z');

describe('clocks of the phone', () => {
  it('ALM-003 SCR-006 its timers go on when the clock is set back', async () => {
    const { steady } = await at(t0);
    const before = steady();
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(t0 - 600_000);
    expect(steady() - before).toBeCloseTo(1_000, -1);
    vi.advanceTimersByTime(4_000);
    expect(steady() - before).toBeCloseTo(5_000, -1);
  });
  it("TIM-001 the centre's time holds when the clock is set, and the offset that is said follows the phone", async () => {
    const { measured, offsetMs, serverNow, skewS, steady } = await at(t0 + 3_600_000);
    expect(offsetMs()).toBeUndefined();
    expect(skewS()).toBe(0);
    measured(steady(), t0 * 1000);
    expect(serverNow()).toBeCloseTo(t0, -1);
    expect(skewS()).toBeCloseTo(3_600, 0);
    vi.setSystemTime(t0);
    expect(serverNow()).toBeCloseTo(t0, -1);
    expect(skewS()).toBeCloseTo(0, 0);
  });
  it('a leap forward may have been sleep: it is believed, and asked for at once', async () => {
    const { leapt, measured, serverNow, steady } = await at(t0);
    measured(steady(), t0 * 1000);
    expect(leapt()).toBe(false);
    vi.setSystemTime(t0 + 120_000);
    expect(serverNow()).toBeCloseTo(t0 + 120_000, -1);
    expect(leapt()).toBe(true);
    measured(steady(), (t0 + 120_000) * 1000);
    expect(leapt()).toBe(false);
  });
});
