// What lies on the ground of the map, below everything that moves: areas within reach, closed roads, and what a person is drawing.
import type { Pos } from '../wire/entity';
import type { Ctx, Palette, View } from './overlay';

/** One closed stretch of road, or the border of a closed area. */
export interface ClosedMark {
  id: string;
  lines: readonly (readonly Pos[])[];
  /** The border of an area, or what was drawn where no road was hit. */
  border?: readonly Pos[] | undefined;
  area: boolean;
  /** Its time has not come: thin and dotted. */
  awaited: boolean;
}
/** Where somebody arrives within so many minutes: polygons, each an outer ring and its holes. */
export interface ReachMark {
  minutes: number;
  polygons: readonly (readonly (readonly Pos[])[])[];
}
export interface Ground {
  closed: readonly ClosedMark[];
  drawing: { line: readonly Pos[]; area: boolean; arrow: boolean } | undefined;
  reach: readonly ReachMark[];
}
export const noGround: Ground = { closed: [], drawing: undefined, reach: [] };

/** The tokens that the ground is drawn with, beside those of the overlay. */
export const groundTokens = ['map-closed', 'map-reach-1', 'map-reach-2', 'map-reach-3', 'map-draft'] as const;

/** The colour of the n-th band of reach, the nearest first; more than three share the last. */
export const reachToken = (n: number): (typeof groundTokens)[number] =>
  (['map-reach-1', 'map-reach-2', 'map-reach-3'] as const)[Math.min(n, 2)] ?? 'map-reach-3';

function trace(ctx: Ctx, line: readonly Pos[], view: View): void {
  line.forEach((pos, i) => {
    const { x, y } = view.project(pos);
    if (i === 0) ctx.moveTo(x, y);
    else ctx.lineTo(x, y);
  });
}

/** Areas within reach: each band from the farthest to the nearest, a quiet fill and a clear edge. Holes stay holes. */
function drawReach(ctx: Ctx, reach: readonly ReachMark[], view: View, p: Palette): void {
  [...reach]
    .map((mark, n) => ({ mark, n }))
    .reverse()
    .forEach(({ mark, n }) => {
      ctx.beginPath();
      for (const polygon of mark.polygons)
        for (const ring of polygon) {
          trace(ctx, ring, view);
          ctx.closePath();
        }
      const ink = p[reachToken(n)] ?? '';
      ctx.globalAlpha = 0.16;
      ctx.fillStyle = ink;
      ctx.fill('evenodd');
      ctx.globalAlpha = 1;
      ctx.lineWidth = 2;
      ctx.strokeStyle = ink;
      ctx.setLineDash([[], [10, 5], [3, 5]][Math.min(n, 2)] ?? []); // told apart without colour, too
      ctx.stroke();
      ctx.setLineDash([]);
    });
}

/** The sign "no entry", where a stretch has its middle. */
function sign(ctx: Ctx, at: { x: number; y: number }, p: Palette): void {
  ctx.beginPath();
  ctx.arc(at.x, at.y, 9, 0, Math.PI * 2);
  ctx.fillStyle = p['map-closed'];
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = p['map-halo'];
  ctx.stroke();
  ctx.beginPath();
  ctx.rect(at.x - 6, at.y - 2, 12, 4);
  ctx.fillStyle = p['map-halo'];
  ctx.fill();
}

function drawClosed(ctx: Ctx, mark: ClosedMark, view: View, p: Palette): void {
  const stroke = (dash: number[], width: number, ink: string | undefined): void => {
    ctx.setLineDash(dash);
    ctx.lineWidth = width;
    ctx.strokeStyle = ink ?? '';
    ctx.stroke();
  };
  if (mark.border) {
    ctx.beginPath();
    trace(ctx, mark.border, view);
    if (mark.area) ctx.closePath();
    stroke([4, 6], 2, p['map-closed']);
  }
  for (const line of mark.lines) {
    ctx.beginPath();
    trace(ctx, line, view);
    stroke([], mark.awaited ? 5 : 9, p['map-halo']);
    stroke(mark.awaited ? [2, 6] : [9, 5], mark.awaited ? 3 : 6, p['map-closed']);
  }
  ctx.setLineDash([]);
}

/** The middle of the longest line: where a sign stands. */
export function middle(lines: readonly (readonly Pos[])[], view: View): { x: number; y: number } | undefined {
  let best: { x: number; y: number } | undefined;
  let longest = -1;
  for (const line of lines) {
    const points = line.map((pos) => view.project(pos));
    const length = points.reduce((sum, pt, i) => {
      const before = points[i - 1];
      return before ? sum + Math.hypot(pt.x - before.x, pt.y - before.y) : sum;
    }, 0);
    if (length <= longest) continue;
    longest = length;
    let rest = length / 2;
    best = points[0];
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      if (!a || !b) break;
      const d = Math.hypot(b.x - a.x, b.y - a.y);
      if (d >= rest) {
        const f = d > 0 ? rest / d : 0;
        best = { x: a.x + (b.x - a.x) * f, y: a.y + (b.y - a.y) * f };
        break;
      }
      rest -= d;
    }
  }
  return best;
}

/** Draws areas within reach and closed roads; the way of a unit comes above them. */
export function drawGround(ctx: Ctx, ground: Ground, view: View, p: Palette): void {
  ctx.save();
  ctx.lineJoin = 'round';
  drawReach(ctx, ground.reach, view, p);
  for (const mark of ground.closed) drawClosed(ctx, mark, view, p);
  if (view.zoom >= 11)
    for (const mark of ground.closed) {
      const at = middle(mark.lines, view);
      if (at && !mark.awaited) sign(ctx, at, p);
    }
  ctx.restore();
}

/** Draws what a person is drawing, above all else. */
export function drawDraft(ctx: Ctx, ground: Ground, view: View, p: Palette): void {
  const draft = ground.drawing;
  if (!draft || draft.line.length === 0) return;
  ctx.save();
  ctx.lineJoin = 'round';
  ctx.beginPath();
  trace(ctx, draft.line, view);
  if (draft.area && draft.line.length > 2) ctx.closePath();
  ctx.lineWidth = 6;
  ctx.strokeStyle = p['map-halo'];
  ctx.stroke();
  ctx.lineWidth = 3;
  ctx.strokeStyle = p['map-draft'];
  ctx.stroke();
  for (const pos of draft.line) {
    const { x, y } = view.project(pos);
    ctx.beginPath();
    ctx.arc(x, y, 5, 0, Math.PI * 2);
    ctx.fillStyle = p['map-draft'];
    ctx.fill();
    ctx.lineWidth = 2;
    ctx.strokeStyle = p['map-halo'];
    ctx.stroke();
  }
  if (draft.arrow && draft.line.length > 1) arrowHead(ctx, draft.line, view, p);
  ctx.restore();
}

function arrowHead(ctx: Ctx, line: readonly Pos[], view: View, p: Palette): void {
  const [from, to] = [line.at(-2), line.at(-1)];
  if (!from || !to) return;
  const [a, b] = [view.project(from), view.project(to)];
  ctx.save();
  ctx.translate(b.x, b.y);
  ctx.rotate(Math.atan2(b.y - a.y, b.x - a.x));
  ctx.beginPath();
  ctx.moveTo(20, 0);
  ctx.lineTo(4, 9);
  ctx.lineTo(4, -9);
  ctx.closePath();
  ctx.fillStyle = p['map-draft'];
  ctx.fill();
  ctx.restore();
}
