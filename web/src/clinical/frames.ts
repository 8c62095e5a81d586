// One clock for all canvases of a page: 30 pictures a second at most.
import { steadyNow } from '../live/clock';

const frameMs = 1000 / 30;
const drawers = new Set<(nowMs: number) => void>();
let pending = 0;
let last = 0;

function beat(): void {
  pending = drawers.size > 0 ? requestAnimationFrame(beat) : 0;
  const now = steadyNow();
  if (now - last < frameMs - 2) return;
  last = now;
  for (const draw of drawers) draw(now);
}

/** Calls f for each picture; the answer ends it. */
export function everyFrame(f: (nowMs: number) => void): () => void {
  drawers.add(f);
  if (pending === 0) pending = requestAnimationFrame(beat);
  return () => drawers.delete(f);
}
