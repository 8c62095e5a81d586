// The way by road of one mission's unit: asked for while it is on its way, and again as it moves. A way that could not be had, or is of
// another mission, is not shown: an old line would say what nobody knows.
import { onBeforeUnmount, shallowRef, watch, type ShallowRef } from 'vue';
import { get } from '../../live/api';
import type { Pos } from '../../wire/entity';

/** As often as an arrival is foretold anew at most (issue: within 15 s). */
export const wayEveryMs = 10_000;

/** Pure: the line of an answer, or nothing. */
export function lineOf(value: unknown): Pos[] {
  const line = (value as { line?: unknown } | undefined)?.line;
  if (!Array.isArray(line)) return [];
  const out: Pos[] = [];
  for (const p of line as unknown[]) {
    if (!Array.isArray(p) || typeof p[0] !== 'number' || typeof p[1] !== 'number') return [];
    out.push({ lon: p[0], lat: p[1] });
  }
  return out;
}

/** times counts the centre's travel times: newer ones may know of another way. */
export function useWay(mission: () => string, times: () => number = () => 0): ShallowRef<readonly Pos[]> {
  const way = shallowRef<readonly Pos[]>([]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function ask(id: string): Promise<void> {
    const answer = await get(`/api/v1/missions/${id}/route`);
    if (mission() !== id) return;
    way.value = answer.is === 'done' ? lineOf(answer.value) : [];
    clearTimeout(timer);
    timer = setTimeout(() => void ask(id), wayEveryMs);
  }
  watch(
    mission,
    (id) => {
      clearTimeout(timer);
      way.value = [];
      if (id) void ask(id);
    },
    { immediate: true },
  );
  watch(times, () => {
    if (!mission()) return;
    clearTimeout(timer);
    void ask(mission());
  });
  onBeforeUnmount(() => clearTimeout(timer));
  return way;
}
