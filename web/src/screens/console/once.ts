// One act at a time, and none for a moment after it: rows move when an act is done, and a second click of the same hand would meet the
// button of another row.
import { readonly, ref, type Ref } from 'vue';

/** Longer than the second click of a double click; shorter than a second decision. */
export const restMs = 1_000;

export interface Once {
  /** While an act is under way and for the moment after it. */
  busy: Readonly<Ref<boolean>>;
  /** Runs an act, or nothing while another is under way. */
  run: <T>(act: () => Promise<T>) => Promise<T | undefined>;
}

export function oneAtATime(): Once {
  const busy = ref(false);
  return {
    busy: readonly(busy),
    run: async (act) => {
      if (busy.value) return undefined;
      busy.value = true;
      try {
        return await act();
      } finally {
        setTimeout(() => (busy.value = false), restMs);
      }
    },
  };
}
