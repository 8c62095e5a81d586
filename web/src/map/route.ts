// The way by road of one mission's unit: asked for while it is on its way, and again as it moves. A way that could not be had, or is of
// another mission, is not shown: an old line would say what nobody knows.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import { get } from '../live/api';
import { routeStep } from '../wire/entity';
import type { Pos } from '../wire/entity';
import type { Way, WayStep } from './sketch';

/** As often as an arrival is foretold anew at most (within 15 s). */
export const routeEveryMs = 10_000;
export const noWay: Way = { line: [], steps: [] };

/** Pure: the way of an answer, or none. */
export function wayOf(value: unknown): Way {
  const { line, steps } = (value ?? {}) as { line?: unknown; steps?: unknown };
  if (!Array.isArray(line)) return noWay;
  const points: Pos[] = [];
  for (const p of line as unknown[]) {
    if (!Array.isArray(p) || typeof p[0] !== 'number' || typeof p[1] !== 'number') return noWay;
    points.push({ lon: p[0], lat: p[1] });
  }
  const known: WayStep[] = Array.isArray(steps) && steps.every((s) => routeStep(s)) ? (steps as WayStep[]) : [];
  return { line: points, steps: known };
}

export interface RouteOptions {
  /** A hospital names itself and is told of its own patients only (SCR-004). */
  hospital?: string;
  /** Counts the centre's travel times: newer ones may know of another way. */
  times?: () => number;
}

/** Follows the way of a mission; '' follows none. */
export function useRoute(
  mission: () => string,
  { hospital = '', times = () => 0 }: RouteOptions = {},
): ShallowRef<Way> {
  const way = shallowRef(noWay);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;
  async function ask(id: string): Promise<void> {
    const answer = await get(
      `/api/v1/missions/${encodeURIComponent(id)}/route${hospital ? `?hospital=${encodeURIComponent(hospital)}` : ''}`,
    );
    if (gone || mission() !== id) return;
    way.value = answer.is === 'done' ? wayOf(answer.value) : noWay;
    clearTimeout(timer);
    timer = setTimeout(() => void ask(id), routeEveryMs);
  }
  watch(
    mission,
    (id) => {
      clearTimeout(timer);
      way.value = noWay;
      if (id) void ask(id);
    },
    { immediate: true },
  );
  watch(times, () => {
    if (!mission()) return;
    clearTimeout(timer);
    void ask(mission());
  });
  onScopeDispose(() => {
    gone = true; // an answer may still be on its way
    clearTimeout(timer);
  });
  return way;
}
