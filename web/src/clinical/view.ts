// How waves are shown on this screen: layout, speed and gain, kept on the machine.
import { shallowReactive, watch } from 'vue';
import { keep, kept } from '../ui/keep';
import { layouts, type Layout } from './layout';

export const speeds = [12.5, 25, 50];
export const gains = [5, 10, 20];

export interface WaveView {
  layout: Layout;
  mmPerS: number;
  mmPerMv: number;
}
/** 25 mm/s and 10 mm/mV, six rows of two: as UI §10.4 has it. */
export const usual: WaveView = { layout: '6x2', mmPerS: 25, mmPerMv: 10 };

function oneOf<T>(list: readonly T[], value: unknown, otherwise: T): T {
  return list.find((v) => v === value) ?? otherwise;
}

export function keptView(name: string): WaveView {
  let was: Partial<WaveView> = {};
  try {
    was = JSON.parse(kept(name) ?? '{}') as Partial<WaveView>;
  } catch {
    // not ours: the usual view
  }
  const view = shallowReactive<WaveView>({
    layout: oneOf(layouts, was.layout, usual.layout),
    mmPerS: oneOf(speeds, was.mmPerS, usual.mmPerS),
    mmPerMv: oneOf(gains, was.mmPerMv, usual.mmPerMv),
  });
  watch(view, (now) => keep(name, JSON.stringify(now)));
  return view;
}

export function next<T>(list: readonly T[], value: T): T {
  return list[(list.indexOf(value) + 1) % list.length] ?? value;
}
