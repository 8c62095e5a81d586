// Focus is sacred (UI §10.6): while a list is under the pointer or holds the focus its rows keep their places. What is new stands at the end
// and is counted; what is gone keeps its row until the list is left.
import { shallowRef, watch, type ShallowRef } from 'vue';

export interface Calm {
  order: string[];
  /** How many new ones would stand elsewhere: "2 new ↑". */
  fresh: number;
}

/** Pure: base is the order when the list was touched, shown the one on screen. */
export function calm(base: string[], shown: string[], wanted: string[], held: boolean): Calm {
  if (!held) return { order: wanted, fresh: 0 };
  const had = new Set(shown);
  const order = [...shown, ...wanted.filter((id) => !had.has(id))];
  const old = new Set(base);
  const fresh = order.filter((id, at) => !old.has(id) && wanted.includes(id) && wanted.indexOf(id) !== at).length;
  return { order, fresh };
}

export interface CalmList {
  order: ShallowRef<string[]>;
  fresh: ShallowRef<number>;
  /** Bind to pointerenter, focusin and to pointerleave, focusout of the list. */
  enter: (by: 'pointer' | 'focus') => void;
  leave: (by: 'pointer' | 'focus') => void;
  /** Lets all rows go to their places now. */
  settle: () => void;
}

export function useCalm(wanted: () => string[]): CalmList {
  const order = shallowRef<string[]>([]);
  const fresh = shallowRef(0);
  const by = shallowRef<string[]>([]);
  let base: string[] = [];
  const settle = (): void => {
    order.value = base = wanted();
    fresh.value = 0;
  };
  watch(
    wanted,
    (now) => {
      const next = calm(base, order.value, now, by.value.length > 0);
      order.value = next.order;
      fresh.value = next.fresh;
      if (by.value.length === 0) base = next.order;
    },
    { immediate: true },
  );
  return {
    order,
    fresh,
    enter: (what) => {
      if (by.value.length === 0) base = order.value;
      if (!by.value.includes(what)) by.value = [...by.value, what];
    },
    leave: (what) => {
      by.value = by.value.filter((w) => w !== what);
      if (by.value.length === 0) settle();
    },
    settle,
  };
}
