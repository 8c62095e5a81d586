// Where each lead stands on the picture. Pure.

/** Rows x columns; 3x4 has a rhythm strip of lead II below. */
export type Layout = '12x1' | '6x2' | '3x4';
export const layouts: Layout[] = ['6x2', '3x4', '12x1'];

/** The usual order; what is not in it comes after, as the source has it. */
const order = [
  'ecg_i',
  'ecg_ii',
  'ecg_iii',
  'ecg_avr',
  'ecg_avl',
  'ecg_avf',
  'ecg_v',
  'ecg_v1',
  'ecg_v2',
  'ecg_v3',
  'ecg_v4',
  'ecg_v5',
  'ecg_v6',
];

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}
/** One lead's place: its middle, px. Cells of one column share their sweep and may reach into each other. */
export interface Cell {
  /** Index into the source's leads. */
  lead: number;
  x: number;
  y: number;
  width: number;
  height: number;
  column: number;
  /** A calibration step stands at its left edge. */
  step: boolean;
}
export interface Placed {
  cells: Cell[];
  /** Columns: each is swept and wiped as one. */
  columns: Box[];
}

/** Indices of the leads in the usual order. */
export function sorted(leads: string[]): number[] {
  const rank = (name: string): number => (order.indexOf(name) < 0 ? order.length : order.indexOf(name));
  return leads.map((_, i) => i).sort((a, b) => rank(leads[a] ?? '') - rank(leads[b] ?? '') || a - b);
}

/** A layout that the source can fill: with few leads the columns would stand empty. */
export function fitting(asked: Layout, leads: number): Layout {
  if (leads <= 3) return '12x1';
  return asked === '3x4' && leads < 6 ? '6x2' : asked;
}

/** Lays leads out in a box. stepPx is the width kept free at the left edge for the calibration step. */
export function place(asked: Layout, leads: string[], box: Box, stepPx = 0, only?: string): Placed {
  const all = sorted(leads).filter((i) => !only || leads[i] === only);
  const layout = fitting(asked, all.length);
  const strip = layout === '3x4' ? all.find((i) => leads[i] === 'ecg_ii') : undefined;
  const columns = layout === '12x1' ? 1 : layout === '6x2' ? 2 : Math.ceil(all.length / 3);
  const rows = layout === '3x4' ? 3 : Math.ceil(all.length / columns);
  const height = box.height / (rows + (strip === undefined ? 0 : 1));
  const width = (box.width - stepPx) / columns;
  const out: Placed = { cells: [], columns: [] };
  for (let c = 0; c < columns; c++) {
    out.columns.push({ left: box.left + stepPx + c * width, top: box.top, width, height: rows * height });
  }
  for (const [i, lead] of all.entries()) {
    const column = Math.floor(i / rows);
    const at = out.columns[column];
    if (!at) continue;
    const y = at.top + (i % rows) * height + height / 2;
    out.cells.push({ lead, x: at.left, y, width, height, column, step: stepPx > 0 && column === 0 });
  }
  if (strip !== undefined) {
    const below = {
      left: box.left + stepPx,
      top: box.top + rows * height,
      width: box.width - stepPx,
      height,
    };
    out.columns.push(below);
    out.cells.push({
      lead: strip,
      x: below.left,
      y: below.top + height / 2,
      width: below.width,
      height,
      column: out.columns.length - 1,
      step: stepPx > 0,
    });
  }
  return out;
}

/** As it is written on paper: ecg_avr is aVR. Undefined for what is no ECG lead. */
export function leadName(channel: string): string | undefined {
  if (!channel.startsWith('ecg_')) return undefined;
  const lead = channel.slice(4);
  return lead.startsWith('av') ? `aV${lead.slice(2).toUpperCase()}` : lead.toUpperCase();
}
