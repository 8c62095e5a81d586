// Which rows of a long list are drawn: as many as are in sight, and never more than a bound (UI §3: every live list is virtual). Pure.
export interface RowWindow {
  first: number;
  /** One past the last. */
  end: number;
}
/** Whatever the height of the screen: more rows than this cost more than they show. */
export const rowsMax = 60;

export function rowWindow(count: number, rowPx: number, scrollPx: number, viewPx: number): RowWindow {
  const fit = Math.min(rowsMax, Math.max(1, Math.floor(viewPx / rowPx)));
  const first = Math.min(Math.max(0, count - fit), Math.max(0, Math.round(scrollPx / rowPx)));
  return { first, end: Math.min(count, first + fit) };
}

/** Where the list must be scrolled so that a row is in sight; the present place when it is. */
export function scrollTo(row: number, rowPx: number, scrollPx: number, viewPx: number): number {
  const fit = Math.max(1, Math.floor(viewPx / rowPx));
  const first = Math.round(scrollPx / rowPx);
  if (row < first) return row * rowPx;
  if (row >= first + fit) return (row - fit + 1) * rowPx;
  return scrollPx;
}
