import { describe, expect, it } from 'vitest';
import type { WaveFrame } from '../wire/frame';
import { bufferS, marginMm, Sweep, type Pen, type SweepScale } from './sweep';

const rate = 100;
const ink = { wave: 'wave', filled: 'filled', mark: 'mark', step: 'step' };
// 1 px a sample: 4 px a mm, 25 mm/s.
const scale: SweepScale = {
  left: 0,
  top: 0,
  width: 420,
  height: 100,
  pxPerMm: 4,
  mmPerS: 25,
  mmPerMv: 10,
  layout: '12x1',
  leads: ['ecg_ii'],
  ratio: 1,
  ink,
};
/** The margin of the calibration step. */
const left = marginMm * 4;

interface Line {
  ink: string;
  points: { x: number; y: number }[];
}
class FakePen implements Pen {
  strokeStyle = '';
  lines: Line[] = [];
  /** What can be seen: lines since the last time their place was wiped whole. */
  clearRect(x: number, y: number, w: number, h: number): void {
    this.cleared.push([x, y, w, h]);
    if (w >= 400) this.lines = [];
  }
  cleared: number[][] = [];
  beginPath(): void {}
  moveTo(x: number, y: number): void {
    this.lines.push({ ink: String(this.strokeStyle), points: [{ x, y }] });
  }
  lineTo(x: number, y: number): void {
    this.lines.at(-1)?.points.push({ x, y });
  }
  stroke(): void {}
  of(name: string): Line[] {
    return this.lines.filter((l) => l.ink === name && l.points.length > 1);
  }
  /** Columns of the sweep that a line of this ink covers. */
  inked(name = 'wave'): Set<number> {
    const out = new Set<number>();
    for (const line of this.of(name)) {
      for (let i = 1; i < line.points.length; i++) {
        const [a, b] = [line.points[i - 1]?.x ?? 0, line.points[i]?.x ?? 0];
        for (let x = Math.round(Math.min(a, b)); x <= Math.round(Math.max(a, b)); x++) out.add(x - left);
      }
    }
    return out;
  }
  heights(name = 'wave'): number[] {
    return this.of(name).flatMap((l) => l.points.map((p) => p.y));
  }
}

function frame(counter: number, values: number[], more: Partial<WaveFrame> = {}): WaveFrame {
  return {
    slot: 1,
    seq: 0,
    t0Ms: 0,
    rateHz: rate,
    lsbUv: 10,
    pacer: false,
    gap: false,
    source: 'live',
    simulated: false,
    unbound: false,
    counter,
    kind: 'ecg',
    unit: 'millivolt',
    samples: [Int16Array.from(values)],
    off: [false],
    ...more,
  };
}
const flat = (n: number, v = 0): number[] => Array.from({ length: n }, () => v);

/** Feeds frames of 10 samples in real time from `from` to `to`, leaving out the given counters. */
function play(
  sweep: Sweep,
  from: number,
  to: number,
  skip: (counter: number) => boolean = () => false,
  start = 0,
  more: Partial<WaveFrame> = {},
): number {
  let now = start;
  for (let c = from; c < to; c += 10) {
    if (!skip(c)) sweep.push(frame(c, flat(10), more), now);
    for (let i = 0; i < 3; i++) sweep.draw((now += 100 / 3));
  }
  return now;
}
const run = (sweep: Sweep, from: number, ms: number): number => {
  let now = from;
  for (let i = 0; i < Math.round((ms * 3) / 100); i++) sweep.draw((now += 100 / 3));
  return now;
};

describe('sweep', () => {
  it('waits for its play-out buffer of 1 s before it draws, and says how much it holds', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    sweep.push(frame(0, flat(bufferS * rate - 1)), 0);
    sweep.draw(33);
    expect(pen.of('wave')).toHaveLength(0);
    expect(sweep.status(33).bufferS).toBeCloseTo(bufferS - 0.01);
    sweep.push(frame(bufferS * rate - 1, flat(10)), 40);
    run(sweep, 40, 200);
    expect(pen.of('wave').length).toBeGreaterThan(0);
  });

  it('runs 2 % faster while the buffer is too full and 2 % slower while it is too empty, never more', () => {
    for (const [burst, drift] of [
      [25, -0.02],
      [0, 0],
      [-25, 0.02],
    ] as const) {
      const sweep = new Sweep(new FakePen(), scale);
      let now = play(sweep, 0, 300);
      // From here on each frame comes so much sooner or later.
      const shifted = 300 + burst;
      for (let c = 300; c < shifted; c++) sweep.push(frame(c, [0]), now);
      if (burst < 0) now = run(sweep, now, -burst * 10);
      const next = Math.max(300, shifted);
      const before = sweep.status(now).bufferS;
      now = play(sweep, next, next + 100, undefined, now);
      expect(sweep.status(now).bufferS - before, `burst of ${burst}`).toBeCloseTo(drift, 2);
    }
  });

  it('draws to scale: 1 mV is 10 mm high, 1 s is 25 mm long', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const wave = flat(300);
    wave[50] = 100; // one sample of 1 mV at 10 µV a step: 40 px
    wave[150] = 100;
    sweep.push(frame(0, wave), 0);
    run(sweep, 0, 2500);
    expect(Math.min(...pen.heights())).toBeCloseTo(50 - 40);
    const peaks = pen.of('wave').flatMap((l) => l.points.filter((p) => p.y < 20));
    expect(new Set(peaks.map((p) => p.x - left))).toEqual(new Set([50, 150]));
  });

  it('prints the 1 mV step at the left edge where calibrated, and none where not', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    sweep.push(frame(0, flat(200)), 0);
    run(sweep, 0, 500);
    const step = pen.heights('step');
    expect(Math.max(...step) - Math.min(...step)).toBeCloseTo(40);
    const other = new FakePen();
    const raw = new Sweep(other, scale);
    raw.push(frame(0, flat(200), { lsbUv: 0 }), 0);
    run(raw, 0, 500);
    expect(other.of('step')).toHaveLength(0);
  });

  it('keeps the extremes of every column of pixels: a spike of one sample at 500 Hz is never lost', () => {
    for (const at of [401, 402, 403, 404, 405, 406, 407]) {
      const pen = new FakePen();
      const sweep = new Sweep(pen, { ...scale, mmPerS: 12.5 }); // 10 samples a pixel
      const wave = flat(1500);
      wave[at] = 100;
      wave[at + 1] = -100;
      sweep.push(frame(0, wave, { rateHz: 500 }), 0);
      run(sweep, 0, 2500);
      expect(Math.min(...pen.heights()), `sample ${at}`).toBeCloseTo(10);
      expect(Math.max(...pen.heights()), `sample ${at}`).toBeCloseTo(90);
    }
  });

  it('draws fewer points than samples when many share a column', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, { ...scale, mmPerS: 12.5 });
    sweep.push(
      frame(
        0,
        Array.from({ length: 1500 }, (_, i) => (i % 7) * 5),
        { rateHz: 500 },
      ),
      0,
    );
    run(sweep, 0, 2500);
    const points = pen.of('wave').reduce((sum, l) => sum + l.points.length, 0);
    expect(points).toBeLessThan(1000);
    expect(points).toBeGreaterThan(120);
  });

  it('DLV-004 lost samples stay a gap of their own width; nothing is drawn across', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const now = play(sweep, 0, 390, (c) => c >= 100 && c < 150);
    const inked = pen.inked();
    for (let x = 101; x < 149; x++) expect(inked.has(x), `column ${x}`).toBe(false);
    expect(inked.has(98)).toBe(true);
    expect(inked.has(152)).toBe(true);
    expect(sweep.status(now).missing).toBe(50);
  });

  it('DLV-004 back-fill closes the gap where the sweep has been, in its own ink; SCR-002 and says so', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    let now = play(sweep, 0, 390, (c) => c >= 100 && c < 150);
    expect(pen.inked('filled').size).toBe(0);
    for (let c = 100; c < 150; c += 10) sweep.push(frame(c, flat(10), { source: 'backfilled' }), now);
    now = run(sweep, now, 600);
    expect(sweep.status(now)).toMatchObject({ missing: 0, filled: true, source: 'live' });
    const again = pen.inked('filled');
    for (let x = 102; x < 148; x++) expect(again.has(x), `column ${x}`).toBe(true);
    for (let x = 102; x < 148; x++) expect(pen.inked().has(x), `live at ${x}`).toBe(false);
  });

  it('SCR-002 says when what it draws now is back-filled', () => {
    const sweep = new Sweep(new FakePen(), scale);
    sweep.push(frame(0, flat(200), { source: 'backfilled' }), 0);
    run(sweep, 0, 500);
    expect(sweep.status(500).source).toBe('backfilled');
  });

  it('never draws a line across the screen when it wraps', () => {
    const pen = new FakePen();
    const clear = pen.clearRect.bind(pen);
    pen.clearRect = (x, y, w, h) => clear(x, y, Math.min(w, 399), h);
    play(new Sweep(pen, scale), 0, 1500);
    expect(pen.lines.length).toBeGreaterThan(100);
    for (const { points } of pen.of('wave')) {
      for (let i = 1; i < points.length; i++)
        expect(Math.abs((points[i]?.x ?? 0) - (points[i - 1]?.x ?? 0))).toBeLessThan(3);
    }
  });

  it('wipes a bar ahead of the head, also around the edge', () => {
    const pen = new FakePen();
    play(new Sweep(pen, scale), 0, 700);
    const ends = pen.cleared.map(([x = 0, , w = 0]) => x + w);
    expect(Math.max(...ends)).toBeLessThanOrEqual(420 + 1e-6);
    expect(pen.cleared.some(([x, , w]) => x === left && (w ?? 0) > 0 && (w ?? 0) < 20)).toBe(true);
  });

  it('CLN-005 a lead that is off is a dashed line in the middle, whatever its samples say', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    sweep.push(frame(0, flat(250, 3000), { off: [true] }), 0);
    run(sweep, 0, 1500);
    expect(pen.of('wave')).toHaveLength(0);
    expect(pen.heights('mark').every((y) => y === 50)).toBe(true);
    const inked = pen.inked('mark');
    expect(inked.has(3)).toBe(true);
    expect(inked.has(9)).toBe(false);
    expect(sweep.status(1500).off).toEqual([true]);
  });

  it('stands still when nothing comes and says how long; goes on when the buffer is full again', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    let now = play(sweep, 0, 200);
    now = run(sweep, now, 4000);
    const drawn = pen.lines.length;
    sweep.draw(now + 33);
    expect(pen.lines).toHaveLength(drawn);
    expect(sweep.status(now).silentS).toBeGreaterThan(3);
    play(sweep, 200, 400, undefined, now);
    expect(pen.lines.length).toBeGreaterThan(drawn);
  });

  it('far behind it jumps to the newest second: time is never left out', () => {
    const sweep = new Sweep(new FakePen(), scale);
    sweep.push(frame(0, flat(100)), 0);
    sweep.draw(10);
    sweep.push(frame(100, flat(3000)), 20);
    sweep.draw(30);
    expect(sweep.status(30).bufferS).toBeLessThanOrEqual(bufferS + 0.1);
  });

  it('starts anew when the counters of a new stream begin again', () => {
    const sweep = new Sweep(new FakePen(), scale);
    const now = play(sweep, 100_000, 100_300);
    sweep.push(frame(0, flat(100)), now);
    expect(sweep.status(now).bufferS).toBeCloseTo(1);
  });

  it('SCR-003 says simulated and uncalibrated, and fits an uncalibrated wave to its row', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const wave = Array.from({ length: 250 }, (_, i) => 5000 + (i % 20) * 100);
    sweep.push(frame(0, wave, { lsbUv: 0, simulated: true }), 0);
    run(sweep, 0, 1500);
    expect(sweep.status(1500)).toMatchObject({ uncalibrated: true, simulated: true });
    expect(Math.min(...pen.heights())).toBeLessThan(25);
    expect(Math.max(...pen.heights())).toBeGreaterThan(75);
    expect(sweep.status(1500).clipped).toBe(false);
  });

  it('uncalibrated leads of one source share one scale: a small one stays small', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, { ...scale, leads: ['ecg_i', 'ecg_ii'] });
    const big = Array.from({ length: 250 }, (_, i) => (i % 20 === 0 ? 2000 : 0));
    const tiny = Array.from({ length: 250 }, (_, i) => (i % 20 === 0 ? 20 : 0));
    sweep.push(
      frame(0, [], { lsbUv: 0, samples: [Int16Array.from(big), Int16Array.from(tiny)], off: [false, false] }),
      0,
    );
    run(sweep, 0, 1500);
    const high = (from: number, to: number): number => {
      const ys = pen.heights().filter((y) => y >= from && y < to);
      return Math.max(...ys) - Math.min(...ys);
    };
    expect(high(0, 50)).toBeGreaterThan(30);
    expect(high(50, 100)).toBeLessThan(1);
  });

  it('says when a trace leaves its field instead of passing a flat top off as the heart', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const wave = flat(250);
    wave[120] = 400; // 4 mV
    sweep.push(frame(0, wave), 0);
    run(sweep, 0, 1000);
    expect(sweep.status(1000).clipped).toBe(true);
    expect(Math.min(...pen.heights())).toBe(1);
  });

  it('a new size while nothing comes is drawn to scale, too', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const wave = Array.from({ length: 250 }, (_, i) => 5000 + Math.round(1000 * Math.sin(i / 8)));
    sweep.push(frame(0, wave, { lsbUv: 0 }), 0);
    run(sweep, run(sweep, 0, 4000), 1000);
    sweep.rescale({ ...scale, height: 200 });
    const flatTop = pen.heights().filter((y) => y <= 1 || y >= 199);
    expect(flatTop).toHaveLength(0);
    expect(Math.min(...pen.heights())).toBeLessThan(40);
  });

  it('marks the frame in which a pacer fired', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const now = play(sweep, 0, 100);
    sweep.push(frame(100, flat(10), { pacer: true }), now);
    const end = play(sweep, 110, 260, undefined, now);
    expect(sweep.status(end).pacer).toBe(true);
    expect(pen.of('mark').flatMap((l) => l.points.map((p) => Math.round(p.x - left)))).toContain(100);
  });

  it('frozen the picture stands while recording goes on underneath; thawed it shows what came meanwhile', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    let now = play(sweep, 0, 200);
    sweep.freeze(true);
    const drawn = pen.lines.length;
    now = play(sweep, 200, 350, undefined, now);
    expect(pen.lines).toHaveLength(drawn);
    expect(sweep.status(now).bufferS).toBeGreaterThan(0.5);
    sweep.freeze(false);
    sweep.draw((now += 33));
    const inked = pen.inked();
    for (let x = 120; x < 230; x++) expect(inked.has(x), `column ${x}`).toBe(true);
  });

  it('frozen the picture stands even when the device begins a new stream underneath', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    let now = play(sweep, 0, 200);
    sweep.freeze(true);
    const inked = pen.inked().size;
    sweep.restart();
    now = play(sweep, 90_000, 90_200, undefined, now);
    expect(pen.inked().size).toBe(inked);
    sweep.freeze(false);
    sweep.draw((now += 33));
    expect(pen.inked().size).not.toBe(0);
  });

  it('a new size or gain draws anew what is kept', () => {
    const pen = new FakePen();
    const sweep = new Sweep(pen, scale);
    const wave = flat(300);
    wave[50] = 50;
    sweep.push(frame(0, wave), 0);
    run(sweep, 0, 1500);
    sweep.rescale({ ...scale, mmPerMv: 20 });
    expect(Math.min(...pen.heights())).toBeCloseTo(50 - 40);
    expect(pen.inked().has(50)).toBe(true);
  });

  it('back-fill from before the first frame finds its place; what a ring no longer holds is not invented', () => {
    const sweep = new Sweep(new FakePen(), scale);
    const now = play(sweep, 10_000, 10_300);
    sweep.push(frame(9_900, flat(100), { source: 'backfilled' }), now);
    run(sweep, now, 700);
    expect(sweep.status(now + 700).filled).toBe(true);
    sweep.push(frame(10, flat(10), { source: 'backfilled' }), now);
    expect(sweep.status(now).missing).toBe(0);
  });
});
