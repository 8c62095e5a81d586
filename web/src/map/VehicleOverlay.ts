// The canvas over the map: draws the scene when the map was drawn, when data came, and at 10 Hz while something glides and the page is
// looked at. It decides nothing; overlay.ts does.
import type { Pos } from '../wire/entity';
import { noGround, type Ground } from './ground';
import {
  drawScene,
  Glide,
  pick,
  type Drawn,
  type Item,
  type Palette,
  type Selection,
  type View,
  type Words,
} from './overlay';

const frameMs = 100;
/** What moves less than this is not drawn anew for it. */
const seenPx = 0.5;

export class VehicleOverlay {
  private readonly glide = new Glide();
  private readonly ctx: CanvasRenderingContext2D | null;
  private list: Item[] = [];
  private drawn: Drawn = { at: [], labels: 0 };
  private selection: Selection = {};
  private hover: string | undefined;
  private wanted = false;
  private timer = 0;
  private blink = false;
  private way: readonly Pos[] = [];
  private ground = noGround;
  /** Scenes drawn, for tests and for what it costs. */
  count = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly view: () => View | undefined,
    private palette: Palette,
    private words: Words,
    private readonly steady: () => number = () => performance.now(),
  ) {
    this.ctx = canvas.getContext('2d');
    this.timer = window.setInterval(() => this.beat(), frameMs);
  }

  /** Takes what is on the map now. taken says when a unit's fix was true. */
  take(list: Item[], taken: (id: string) => number): void {
    const now = this.steady();
    const units = new Set<string>();
    for (const item of list) {
      if (item.kind !== 'unit') continue;
      units.add(item.id);
      this.glide.take(item.id, item.pos, taken(item.id), now);
    }
    this.glide.keep(units);
    this.list = list;
    this.draw();
  }

  /** The way of the chosen unit; none by an empty list. */
  along(way: readonly Pos[]): void {
    if (way === this.way || (way.length === 0 && this.way.length === 0)) return;
    this.way = way;
    this.draw();
  }

  /** What lies on the ground: closed roads, areas within reach, what is being drawn. */
  lay(ground: Ground): void {
    if (ground === this.ground) return;
    this.ground = ground;
    this.draw();
  }

  choose(selection: Selection): void {
    this.selection = selection;
    this.draw();
  }

  dress(palette: Palette, words: Words): void {
    this.palette = palette;
    this.words = words;
    this.draw();
  }

  /** All alarms of a page flash together; flash.ts keeps the beat. */
  flash(on: boolean): void {
    if (this.blink === on) return;
    this.blink = on;
    if (this.list.some((i) => i.loud)) this.draw();
  }

  at(x: number, y: number): Item | undefined {
    return pick(this.drawn, x, y);
  }

  over(x: number, y: number): Item | undefined {
    const item = this.at(x, y);
    if (item?.id !== this.hover) {
      this.hover = item?.id;
      this.draw();
    }
    return item;
  }

  /** Asks for a drawing in the next frame; many askings are one drawing. */
  draw(): void {
    if (this.wanted) return;
    this.wanted = true;
    requestAnimationFrame(() => {
      this.wanted = false;
      this.now();
    });
  }

  /** Draws at once: with the map, in the same frame, so that both move as one. */
  now(): void {
    const view = this.view();
    if (!view || !this.ctx || view.width < 2) return;
    const ratio = window.devicePixelRatio || 1;
    const w = Math.round(view.width * ratio);
    const h = Math.round(view.height * ratio);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const steady = this.steady();
    const list = this.list.map((item) =>
      item.kind === 'unit' ? { ...item, pos: this.glide.at(item.id, steady) ?? item.pos } : item,
    );
    this.drawn = drawScene(
      this.ctx,
      list,
      view,
      this.palette,
      this.words,
      this.selection,
      this.hover,
      this.blink,
      this.way,
      this.ground,
    );
    this.count++;
  }

  private beat(): void {
    if (document.visibilityState !== 'visible') return;
    const steady = this.steady();
    if (this.glide.moving(steady - frameMs * 2) && this.seen(steady)) this.draw();
  }

  /** Whether anything has moved far enough since it was drawn to be seen: at the scale of a city a drive is a pixel in seconds. */
  private seen(steady: number): boolean {
    const view = this.view();
    if (!view) return false;
    return this.drawn.at.some(({ item, x, y }) => {
      const at = item.kind === 'unit' ? this.glide.at(item.id, steady) : undefined;
      if (!at) return false;
      const now = view.project(at);
      return Math.hypot(now.x - x, now.y - y) >= seenPx;
    });
  }

  close(): void {
    window.clearInterval(this.timer);
  }
}
