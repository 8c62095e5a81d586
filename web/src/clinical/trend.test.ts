import { describe, expect, it } from 'vitest';
import { trendPath } from './trend';

const series = (low: (number | null)[], more: object = {}) => ({ device: 'm', channel: 'hr', low, high: low, ...more });
/** The x of every point of a path. */
const xs = (path: string): number[] => [...path.matchAll(/[ML](-?[\d.]+) /g)].map((m) => Number(m[1]));

describe('trend', () => {
  it('is nothing when nothing was stored', () => {
    expect(trendPath(undefined, 100, 20)).toBeUndefined();
    expect(trendPath(series([null, null]), 100, 20)).toBeUndefined();
  });
  it('DLV-004 never draws across a hole', () => {
    const path = trendPath(series([70, 71, null, null, 72, 73, null, null, null, null]), 100, 20);
    expect(path?.gaps).toBeCloseTo(0.6);
    const lines = [...(path?.live ?? '').matchAll(/M([\d.]+) [\d.-]+L([\d.]+)/g)];
    expect(lines).toHaveLength(2);
    for (const [, from, to] of lines) expect(Number(to) - Number(from)).toBeCloseTo(10);
  });
  it('SCR-002 what came late has a path of its own', () => {
    const path = trendPath(series([70, 71, 72, 73], { backfilled: [1, 2] }), 100, 20);
    expect(xs(path?.late ?? '').every((x) => x >= 12.5 && x <= 62.5)).toBe(true);
    expect(path?.late).not.toBe('');
    expect(path?.live).not.toBe('');
  });
  it('a steady value is a calm line, and the range of a step is seen', () => {
    const calm = trendPath(series([70, 71, 70, 71]), 100, 20);
    const ys = [...(calm?.live ?? '').matchAll(/[ML][\d.]+ (-?[\d.]+)/g)].map((m) => Number(m[1]));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(2);
    const wide = trendPath({ device: 'm', channel: 'hr', low: [60, 60], high: [60, 140] }, 100, 20);
    expect(wide).toMatchObject({ low: 60, high: 140 });
  });
});
