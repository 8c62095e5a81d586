// A map without a map: where the base map is switched off, missing, or the machine draws no WebGL, positions are still shown true to
// each other on an empty ground, north up, and can be moved and enlarged.
import type { Pos } from '../wire/entity';

const size = 512;

function world(p: Pos): { x: number; y: number } {
  const s = Math.sin((Math.min(85, Math.max(-85, p.lat)) * Math.PI) / 180);
  return { x: p.lon / 360 + 0.5, y: 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI) };
}

export class PlainView {
  width = 1;
  height = 1;
  constructor(
    public centre: Pos,
    public zoom: number,
  ) {}

  private get scale(): number {
    return size * 2 ** this.zoom;
  }

  readonly project = (pos: Pos): { x: number; y: number } => {
    const c = world(this.centre);
    const p = world(pos);
    return { x: (p.x - c.x) * this.scale + this.width / 2, y: (p.y - c.y) * this.scale + this.height / 2 };
  };

  unproject(x: number, y: number): Pos {
    const c = world(this.centre);
    const wx = c.x + (x - this.width / 2) / this.scale;
    const wy = c.y + (y - this.height / 2) / this.scale;
    return { lon: (wx - 0.5) * 360, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * wy))) * 180) / Math.PI };
  }

  move(dx: number, dy: number): void {
    this.centre = this.unproject(this.width / 2 - dx, this.height / 2 - dy);
  }

  /** Enlarges around a point of the screen, which stays where it is. */
  enlarge(by: number, x = this.width / 2, y = this.height / 2): void {
    const held = this.unproject(x, y);
    this.zoom = Math.min(18, Math.max(5, this.zoom + by));
    const now = this.project(held);
    this.move(x - now.x, y - now.y);
  }
}

/** The centre and zoom that show all of these. */
export function around(list: readonly Pos[], width: number, height: number): { centre: Pos; zoom: number } | undefined {
  if (list.length === 0) return undefined;
  const lats = list.map((p) => p.lat);
  const lons = list.map((p) => p.lon);
  const low = { lat: Math.min(...lats), lon: Math.min(...lons) };
  const high = { lat: Math.max(...lats), lon: Math.max(...lons) };
  const a = world(low);
  const b = world(high);
  const span = Math.max((b.x - a.x) / Math.max(1, width - 120), (a.y - b.y) / Math.max(1, height - 120), 1e-9);
  return {
    centre: { lat: (low.lat + high.lat) / 2, lon: (low.lon + high.lon) / 2 },
    zoom: Math.min(14, Math.max(5, Math.log2(1 / (span * size)))),
  };
}
