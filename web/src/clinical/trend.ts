// The line of a number over the last half hour: its range in each step of time, holes where nothing was stored. Pure.
import type { TrendSeries } from '../wire/entity';

export interface TrendPath {
  /** Live values, and those that came late (SCR-002), as paths of an SVG. */
  live: string;
  late: string;
  low: number;
  high: number;
  /** Share of the time for which nothing is known. */
  gaps: number;
}

/** At least this much is shown of a channel, in its own unit: a steady value must not look like a storm. */
const spans: Record<string, number> = { spo2: 10, t1: 2, t2: 2 };

/** Draws a series into a box. Undefined when it holds nothing. */
export function trendPath(series: TrendSeries | undefined, width: number, height: number): TrendPath | undefined {
  if (!series) return undefined;
  const { low, high } = series;
  const known = low.flatMap((v, i) => (v === null ? [] : [v, high[i] ?? v]));
  if (known.length === 0) return undefined;
  const lo = Math.min(...known);
  const hi = Math.max(...known);
  const span = Math.max(hi - lo, spans[series.channel] ?? 30);
  const middle = (lo + hi) / 2;
  const n = low.length;
  const x = (i: number): string => (((i + 0.5) * width) / n).toFixed(1);
  const y = (v: number): string => (height / 2 - ((v - middle) / span) * (height - 2)).toFixed(1);
  const late = new Set(series.backfilled ?? []);
  const out: TrendPath = { live: '', late: '', low: lo, high: hi, gaps: 0 };
  let missing = 0;
  for (let i = 0; i < n; i++) {
    const a = low[i] ?? null;
    const b = high[i] ?? null;
    if (a === null || b === null) {
      missing++;
      continue;
    }
    const before = i > 0 && (low[i - 1] ?? null) !== null;
    const which = late.has(i) ? 'late' : 'live';
    // A lone value is a stroke of its own step, so that it can be seen; the line never crosses a hole (DLV-004).
    const from = before ? `M${x(i - 1)} ${y(((low[i - 1] ?? a) + (high[i - 1] ?? b)) / 2)}L` : 'M';
    out[which] +=
      `${from}${x(i)} ${y((a + b) / 2)}M${x(i)} ${y(a)}V${a === b ? (Number(y(b)) - 0.5).toFixed(1) : y(b)}`;
  }
  out.gaps = missing / n;
  return out;
}
