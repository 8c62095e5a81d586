// Sweep of waves on a canvas: draws only new samples, by sample counter, so that what is missing stays a gap (DLV-004).
// Pure: the pen is an interface and the time is handed in. Several sweeps may share one canvas, each in its own box.
import type { WaveFrame } from '../wire/frame';
import { place, type Box, type Cell, type Layout, type Placed } from './layout';
import { filled, have, paced, Ring } from './ring';

/** What a sweep draws with; CanvasRenderingContext2D is one. */
export interface Pen {
  strokeStyle: string | CanvasGradient | CanvasPattern;
  clearRect(x: number, y: number, w: number, h: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
}

export interface Ink {
  wave: string;
  /** Back-filled samples. */
  filled: string;
  /** A lead that is off, a pacer's mark. */
  mark: string;
  /** The calibration step. */
  step: string;
}

export interface SweepScale extends Box {
  pxPerMm: number;
  mmPerS: number;
  mmPerMv: number;
  layout: Layout;
  /** The source's leads, by channel name. */
  leads: string[];
  /** One of them alone. */
  only?: string | undefined;
  /** Device pixels a CSS pixel: the width of a column in which extremes are kept. */
  ratio: number;
  ink: Ink;
}

/** Play-out buffer aimed at: within the 1 s that DESIGN §12 allows. */
export const bufferS = 1;
/** As far as the buffer may be off before the head runs faster or slower. */
const slackS = 0.1;
/** More than this behind the newest sample: jump forward. Samples are left out, never time. */
const behindMaxS = 2;
/** The head runs at most this much faster or slower to keep the buffer. */
const slew = 0.02;
/** Erased ahead of the head, px. */
const eraseAhead = 12;
/** Samples kept: more than the slowest sweep over the widest screen shows. */
const keptS = 90;
/** Dashes of a lead that is off, px. */
const dash = 6;
/** Back-fill repaints the picture at most so often. */
const repaintMs = 500;
/** The calibration step: a box 1 mV high and this wide, in a margin of this width. */
const stepMm = 3;
export const marginMm = 5;
/** An uncalibrated wave is fitted to its row by the last seconds, looked at so often. */
const fitS = 4;
const fitEveryMs = 1000;

export interface SweepStatus {
  /** Seconds of samples waiting to be drawn. */
  bufferS: number;
  /** Seconds since the newest live sample came in; undefined before the first. */
  silentS: number | undefined;
  source: 'live' | 'backfilled';
  /** Some of what is on screen is back-filled. */
  filled: boolean;
  simulated: boolean;
  unbound: boolean;
  /** ECG without a known scale. */
  uncalibrated: boolean;
  off: boolean[];
  /** Samples missing in what is on screen. */
  missing: number;
  /** The trace leaves its field: what is seen is cut off. */
  clipped: boolean;
  pacer: boolean;
}

export class Sweep {
  private ring: Ring | undefined;
  private head = 0; // counter of the next sample to be drawn; moves by time
  private drawn = 0; // counter of the first sample not drawn
  private running = false;
  private lastMs = 0;
  private arrivedMs: number | undefined;
  private last: WaveFrame | undefined;
  private rateHz = 0;
  private drawnState = have;
  private placed: Placed = { cells: [], columns: [] };
  private dirty = false;
  private paintedMs = -Infinity;
  private clippedMs = -Infinity;
  private pacedMs = -Infinity;
  private nowMs = 0;
  private fittedMs = -Infinity;
  /** Uncalibrated: steps that fill a row, one for all leads of the source, so that they stay comparable; and each lead's middle. */
  private span = 0;
  private middles: number[] = [];
  private isFrozen = false;

  constructor(
    private readonly pen: Pen,
    private scale: SweepScale,
  ) {
    this.lay();
  }

  /** New size, speed, gain or colours: what is kept is drawn anew. */
  rescale(scale: SweepScale): void {
    this.scale = scale;
    this.lay();
    this.span = 0;
    this.fittedMs = -Infinity;
    this.repaint();
  }

  /** A new stream: its counters have nothing to do with the old ones. */
  restart(): void {
    this.ring = undefined;
    this.last = undefined;
    this.running = false;
    this.span = 0;
    this.fittedMs = -Infinity;
    if (!this.isFrozen) this.wipe(); // what is being measured stands; thawed, it is drawn anew
  }

  /** The picture stands; recording goes on underneath. */
  freeze(on: boolean): void {
    if (this.isFrozen === on) return;
    this.isFrozen = on;
    if (on) return;
    this.dirty = true;
    this.paintedMs = -Infinity;
  }

  cells(): readonly Cell[] {
    return this.placed.cells;
  }

  push(frame: WaveFrame, nowMs: number): void {
    const n = frame.samples[0]?.length ?? 0;
    if (n === 0 || frame.rateHz <= 0) return;
    const ring = this.ring;
    const begunAnew = ring && frame.source === 'live' && frame.counter + n < ring.newest - 60 * frame.rateHz;
    const other =
      this.last &&
      (this.last.samples.length !== frame.samples.length ||
        this.rateHz !== frame.rateHz ||
        this.last.lsbUv !== frame.lsbUv);
    if (begunAnew || other) this.restart();
    if (!this.ring) {
      this.ring = new Ring(frame.samples.length, Math.ceil(keptS * frame.rateHz), frame.counter);
      this.head = this.drawn = frame.counter;
      this.lastMs = nowMs;
      this.rateHz = frame.rateHz;
    }
    if (frame.source === 'live') this.arrivedMs = nowMs;
    this.last = frame;
    this.ring.put(frame);
    // It belongs where the sweep has been: it closes the gap there.
    if (this.running && frame.counter < this.drawn && frame.counter + n > this.drawn - this.widest()) this.dirty = true;
  }

  /** Draws what is due by nowMs. */
  draw(nowMs: number): void {
    const ring = this.ring;
    if (!ring) return;
    this.nowMs = nowMs;
    const elapsed = Math.max(0, (nowMs - this.lastMs) / 1000);
    this.lastMs = nowMs;
    const waiting = (ring.newest - this.head) / this.rateHz;
    if (!this.running) {
      if (waiting < bufferS) return;
      this.running = true;
      if (waiting > bufferS + slackS) this.jump();
    } else if (waiting > behindMaxS && elapsed < behindMaxS) {
      this.jump();
    } else {
      const pace = waiting > bufferS + slackS ? 1 + slew : waiting < bufferS - slackS ? 1 - slew : 1;
      this.head += elapsed * this.rateHz * pace;
    }
    if (this.head >= ring.newest) {
      this.head = ring.newest; // nothing left: the picture stands still until the buffer is full again
      this.running = false;
    }
    const end = Math.floor(this.head);
    if (this.isFrozen) return;
    this.fit(end);
    if (end - this.drawn >= this.widest() || (this.dirty && nowMs - this.paintedMs >= repaintMs)) {
      this.drawn = end;
      this.repaint();
    } else if (end > this.drawn) {
      this.run(this.drawn, end, true);
      this.drawn = end;
    }
  }

  status(nowMs: number): SweepStatus {
    const { ring, last } = this;
    let missing = 0;
    let some = false;
    if (ring) {
      for (let c = Math.max(ring.oldest, this.drawn - this.widest()); c < this.drawn; c++) {
        const state = ring.at(c);
        if (state === 0) missing++;
        else some ||= (state & filled) !== 0;
      }
    }
    return {
      bufferS: ring ? Math.max(0, (ring.newest - this.head) / this.rateHz) : 0,
      silentS: this.arrivedMs === undefined ? undefined : Math.max(0, (nowMs - this.arrivedMs) / 1000),
      source: this.drawnState & filled ? 'backfilled' : 'live',
      filled: some,
      simulated: last?.simulated ?? false,
      unbound: last?.unbound ?? false,
      uncalibrated: last !== undefined && last.kind === 'ecg' && last.lsbUv === 0,
      off: last?.off ?? [],
      missing,
      clipped: nowMs - this.clippedMs < 3000,
      pacer: nowMs - this.pacedMs < 3000,
    };
  }

  /** Frames are dropped, never time: the newest are drawn, and what was left out is drawn with them while it is on screen. */
  private jump(): void {
    if (this.ring) this.head = this.ring.newest - bufferS * this.rateHz;
    this.dirty = true;
    this.paintedMs = -Infinity;
  }

  private lay(): void {
    const { scale } = this;
    const margin = scale.mmPerMv > 0 ? marginMm * scale.pxPerMm : 0;
    this.placed = place(scale.layout, scale.leads, scale, margin, scale.only);
  }

  private pxPerSample(): number {
    return (this.scale.pxPerMm * this.scale.mmPerS) / this.rateHz;
  }

  /** Samples that a column of this width shows. */
  private across(column: Box): number {
    return Math.max(1, Math.floor((column.width - eraseAhead) / this.pxPerSample()));
  }

  private widest(): number {
    return this.placed.columns.reduce((most, column) => Math.max(most, this.across(column)), 1);
  }

  private wipe(): void {
    const { left, top, width, height } = this.scale;
    this.pen.clearRect(left, top, width, height);
  }

  /** Draws all that belongs on screen from what is kept. */
  private repaint(): void {
    this.wipe();
    this.dirty = false;
    this.paintedMs = this.nowMs;
    if (!this.ring) return;
    if (this.span === 0) this.measure(this.drawn);
    this.steps();
    this.run(Math.max(this.ring.oldest, this.drawn - this.widest()), this.drawn, false);
  }

  /** 1 mV at the left edge of each row, where the scale is known. */
  private steps(): void {
    const { scale, pen, last } = this;
    if (!last || last.kind !== 'ecg' || last.lsbUv === 0) return;
    const rise = scale.mmPerMv * scale.pxPerMm;
    const wide = stepMm * scale.pxPerMm;
    const edge = ((marginMm - stepMm) / 2) * scale.pxPerMm;
    pen.strokeStyle = scale.ink.step;
    pen.beginPath();
    for (const cell of this.placed.cells) {
      if (!cell.step) continue;
      const x = scale.left + edge;
      pen.moveTo(x - edge, cell.y);
      pen.lineTo(x, cell.y);
      pen.lineTo(x, cell.y - rise);
      pen.lineTo(x + wide, cell.y - rise);
      pen.lineTo(x + wide, cell.y);
      pen.lineTo(x + wide + edge, cell.y);
    }
    pen.stroke();
  }

  private run(from: number, to: number, wipe: boolean): void {
    const { ring, pen, scale } = this;
    if (!ring || to <= from) return;
    if (this.paintedMs === -Infinity) {
      this.paintedMs = this.nowMs;
      this.steps();
    }
    const perSample = this.pxPerSample();
    if (wipe) for (const column of this.placed.columns) this.erase(column, from, to, perSample);
    let states = 0;
    let offs = false;
    const leads = this.last?.samples.length ?? 0;
    for (let c = from; c < to; c++) {
      const state = ring.at(c);
      states |= state === 0 ? 0 : state & filled ? filled : have;
      if (state & paced) states |= paced;
      if (state !== 0) {
        this.drawnState = state;
        for (let lead = 0; lead < leads && !offs; lead++) offs = ring.isOff(lead, c);
      }
    }
    const pass = (ink: string, stroke: () => void): void => {
      pen.strokeStyle = ink;
      pen.beginPath();
      stroke();
      pen.stroke();
    };
    const traces = (bit: number): void => {
      for (const cell of this.placed.cells) this.trace(cell, from, to, perSample, bit);
    };
    if (states & have) pass(scale.ink.wave, () => traces(0));
    if (states & filled) pass(scale.ink.filled, () => traces(filled));
    if (offs) pass(scale.ink.mark, () => this.dashes(from, to, perSample));
    if (states & paced) {
      this.pacedMs = this.nowMs;
      pass(scale.ink.mark, () => this.pacerMarks(from, to, perSample));
    }
  }

  /** One lead from `from` to `to`: every sample, or where many share a column of the screen its first, lowest, highest and last. */
  private trace(cell: Cell, from: number, to: number, perSample: number, bit: number): void {
    const { ring, pen, last } = this;
    const column = this.placed.columns[cell.column];
    if (!ring || !column || !last) return;
    const first = Math.max(from - 1, to - this.across(column));
    const calibrated = last.kind === 'ecg' && last.lsbUv > 0;
    const gain = calibrated
      ? (last.lsbUv * this.scale.mmPerMv * this.scale.pxPerMm) / 1000
      : (cell.height * 0.86) / Math.max(1, this.span);
    const middle = calibrated ? 0 : (this.middles[cell.lead] ?? 0);
    // Half a stroke inside, so that wiping the column takes all of it.
    const top = column.top + 1;
    const bottom = column.top + column.height - 1;
    const columnPx = 1 / this.scale.ratio;
    let up = true; // pen is up: the sample before is missing or the sweep wrapped
    let bin = -1;
    let n = 0;
    let x = 0;
    let open = 0;
    let close = 0;
    let lowest = 0;
    let highest = 0;
    let lowAt = 0;
    let highAt = 0;
    let before = -1;
    const flush = (): void => {
      if (n === 0) return;
      if (up) pen.moveTo(x, open);
      else pen.lineTo(x, open);
      up = false;
      if (n > 2) {
        pen.lineTo(x, lowAt < highAt ? lowest : highest);
        pen.lineTo(x, lowAt < highAt ? highest : lowest);
      }
      if (n > 1) pen.lineTo(x, close);
      n = 0;
    };
    for (let c = first; c < to; c++) {
      const state = ring.at(c);
      const dx = (c * perSample) % column.width;
      if (dx < before) {
        flush(); // never a line across the screen
        up = true;
        bin = -1;
      }
      before = dx;
      if (state === 0 || ring.isOff(cell.lead, c)) {
        flush();
        up = true;
        bin = -1;
        continue;
      }
      if ((state & filled) !== bit) {
        // The other ink's: the pen goes along lifted, so that the two meet.
        flush();
        up = true;
        bin = -1;
        if (ring.at(c + 1) === 0 || c + 1 >= to || (ring.at(c + 1) & filled) !== bit) continue;
      }
      let y = cell.y - (ring.value(cell.lead, c) - middle) * gain;
      if (y < top || y > bottom) {
        y = Math.min(Math.max(y, top), bottom);
        if (calibrated) this.clippedMs = this.nowMs;
      }
      const at = Math.floor(dx / columnPx);
      if (at !== bin) {
        flush();
        bin = at;
        x = cell.x + dx;
        open = lowest = highest = y;
        lowAt = highAt = c;
      } else {
        if (y > lowest) {
          lowest = y;
          lowAt = c;
        }
        if (y < highest) {
          highest = y;
          highAt = c;
        }
      }
      close = y;
      n++;
    }
    flush();
  }

  /** CLN-005: a lead that is off is a dashed flat line, whatever its samples say. */
  private dashes(from: number, to: number, perSample: number): void {
    const { ring, pen } = this;
    if (!ring) return;
    for (const cell of this.placed.cells) {
      const column = this.placed.columns[cell.column];
      if (!column) continue;
      let up = true;
      let before = -1;
      for (let c = Math.max(from - 1, to - this.across(column)); c < to; c++) {
        const dx = (c * perSample) % column.width;
        const on = ring.at(c) !== 0 && ring.isOff(cell.lead, c) && Math.floor(dx / dash) % 2 === 0 && dx >= before;
        before = dx;
        if (!on) up = true;
        else if (up) {
          pen.moveTo(cell.x + dx, cell.y);
          up = false;
        } else pen.lineTo(cell.x + dx, cell.y);
      }
    }
  }

  /** A stroke at the top of the column at the frame in which the device said that a pacer fired: exact to the frame, not to the sample. */
  private pacerMarks(from: number, to: number, perSample: number): void {
    const { ring, pen } = this;
    if (!ring) return;
    for (const column of this.placed.columns) {
      for (let c = Math.max(from, to - this.across(column)); c < to; c++) {
        if ((ring.at(c) & paced) === 0) continue;
        const x = column.left + ((c * perSample) % column.width);
        pen.moveTo(x, column.top + 2);
        pen.lineTo(x, column.top + 14);
      }
    }
  }

  private erase(column: Box, from: number, to: number, perSample: number): void {
    const start = (from * perSample) % column.width;
    const length = Math.min((to - from) * perSample + eraseAhead, column.width);
    this.pen.clearRect(column.left + start, column.top, Math.min(length, column.width - start), column.height);
    if (start + length > column.width) {
      this.pen.clearRect(column.left, column.top, start + length - column.width, column.height);
    }
  }

  /** Fits an uncalibrated source to its rows. One scale for all its leads; a new one redraws the picture, so that no two scales mix. */
  private fit(end: number): void {
    if (this.nowMs - this.fittedMs < fitEveryMs && this.span > 0) return;
    this.fittedMs = this.nowMs;
    if (this.measure(end)) this.repaint();
  }

  /** Says whether the scale is another one now. */
  private measure(end: number): boolean {
    const { ring, last } = this;
    if (!ring || !last || (last.kind === 'ecg' && last.lsbUv > 0)) return false;
    const stride = Math.max(1, Math.floor(this.rateHz / 250));
    const from = Math.max(ring.oldest, end - fitS * this.rateHz);
    let need = 1;
    const middles: number[] = [];
    for (let lead = 0; lead < last.samples.length; lead++) {
      let lo = Infinity;
      let hi = -Infinity;
      for (let c = Math.floor(from); c < ring.newest; c += stride) {
        if (ring.at(c) === 0 || ring.isOff(lead, c)) continue;
        const v = ring.value(lead, c);
        if (v < lo) lo = v;
        if (v > hi) hi = v;
      }
      middles.push(hi >= lo ? (lo + hi) / 2 : (this.middles[lead] ?? 0));
      if (hi >= lo) need = Math.max(need, hi - lo);
    }
    const wandered = middles.some((m, i) => Math.abs(m - (this.middles[i] ?? m)) > this.span * 0.3);
    if (this.span > 0 && need <= this.span && need >= this.span * 0.45 && !wandered) return false;
    const first = this.span === 0;
    this.span = first || need > this.span || need < this.span * 0.45 ? need * 1.15 : this.span;
    this.middles = middles;
    return true;
  }
}
