// Positions are WGS-84 everywhere; a base map in GCJ-02 gets them converted here, at its edge, once (GEO-001). The same formula and the
// same outline as internal/geo; testdata/geo/gcj02.json holds both to each other.
import type { Pos } from '../wire/entity';

export type Datum = 'wgs84' | 'gcj02';

const major = 6378245.0;
const ecc2 = 0.006693421622965943;
const marginDeg = 0.3;
const inverseSteps = 5;

// Longitude and latitude in degrees: a coarse line around the area where public maps are shifted.
// prettier-ignore
const outline: readonly (readonly [number, number])[] = [
  [73.2, 40.6], [73.0, 38.3], [74.2, 36.8], [75.6, 35.6], [77.6, 34.9], [78.0, 33.2], [77.9, 30.8], [79.6, 30.2],
  [80.8, 29.9], [82.0, 29.9], [83.3, 29.2], [84.9, 28.5], [85.5, 28.2], [86.8, 27.8], [88.7, 27.2], [89.3, 27.9],
  [91.3, 27.6], [92.0, 26.6], [94.5, 26.9], [97.0, 27.4], [97.4, 26.6], [97.3, 24.4], [97.35, 23.7], [98.6, 23.6],
  [98.5, 21.9], [99.8, 21.6], [100.9, 21.2], [102.0, 21.0], [102.3, 22.1], [103.9, 22.3], [105.3, 23.0], [106.4, 22.6],
  [106.5, 21.6], [107.9, 21.3], [108.2, 20.2], [107.9, 18.0], [109.8, 17.5], [112.0, 19.0], [114.5, 21.8], [117.3, 22.8],
  [119.6, 24.6], [120.9, 26.6], [123.0, 29.5], [123.1, 31.5], [121.8, 33.4], [120.7, 35.0], [123.2, 36.9], [122.6, 38.4],
  [124.0, 39.4], [124.6, 40.0], [126.2, 40.9], [126.9, 41.4], [128.2, 41.3], [128.6, 41.8], [129.8, 42.2], [130.5, 42.2],
  [130.9, 42.7], [131.4, 43.3], [131.5, 44.8], [133.3, 45.0], [134.1, 46.3], [134.6, 47.3], [135.3, 48.5], [134.0, 48.6],
  [131.3, 47.9], [131.1, 49.0], [128.0, 49.9], [127.7, 50.6], [126.9, 51.8], [126.0, 53.0], [123.4, 53.8], [120.7, 53.7],
  [119.8, 52.7], [120.4, 51.9], [118.9, 50.4], [117.4, 49.8], [116.4, 50.1], [115.3, 48.1], [116.0, 47.6], [117.3, 47.4],
  [118.3, 47.8], [119.2, 47.3], [118.3, 46.95], [116.2, 46.5], [115.4, 45.6], [113.6, 45.0], [111.6, 45.3], [111.2, 44.5],
  [111.5, 43.8], [109.5, 42.6], [107.3, 42.6], [104.9, 41.85], [102.0, 42.4], [100.0, 42.9], [96.4, 42.95], [95.4, 44.5],
  [93.4, 45.2], [91.0, 45.4], [91.3, 46.6], [90.2, 47.9], [88.2, 48.9], [86.8, 49.4], [85.4, 48.6], [85.0, 47.4],
  [82.7, 47.5], [82.1, 45.4], [79.7, 45.1], [80.1, 43.1], [79.9, 42.2], [76.6, 41.2], [74.5, 41.0],
];

function shifted(lat: number, lon: number): boolean {
  if (!(lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271)) return false;
  let inside = false;
  for (let i = 0; i < outline.length; i++) {
    const [ax, ay] = outline[i] ?? [0, 0];
    const [bx, by] = outline[(i + 1) % outline.length] ?? [0, 0];
    if (ay > lat !== by > lat && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) inside = !inside;
  }
  if (inside) return true;
  return outline.some(([ax, ay], i) => {
    const [bx, by] = outline[(i + 1) % outline.length] ?? [0, 0];
    const dx = bx - ax;
    const dy = by - ay;
    const t = Math.min(1, Math.max(0, ((lon - ax) * dx + (lat - ay) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(lon - ax - t * dx, lat - ay - t * dy) < marginDeg;
  });
}

function offset(lat: number, lon: number): [number, number] {
  const { PI, sin, cos, sqrt, abs } = Math;
  const x = lon - 105;
  const y = lat - 35;
  const common = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  const root = sqrt(abs(x));
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    common +
    ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 +
    ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    common +
    ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 +
    ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const s = sin((lat * PI) / 180);
  const w = 1 - ecc2 * s * s;
  return [
    (north * w * sqrt(w) * 180) / (PI * major * (1 - ecc2)),
    (east * sqrt(w) * 180) / (PI * major * cos((lat * PI) / 180)),
  ];
}

/** Where a WGS-84 place is drawn on a map in GCJ-02. */
export function toGCJ02(p: Pos): Pos {
  if (!shifted(p.lat, p.lon)) return p;
  const [dLat, dLon] = offset(p.lat, p.lon);
  return { lat: p.lat + dLat, lon: p.lon + dLon };
}

/** The WGS-84 place that a point of a map in GCJ-02 stands for. */
export function fromGCJ02(g: Pos): Pos {
  let p = g;
  for (let i = 0; i < inverseSteps; i++) {
    const [dLat, dLon] = offset(p.lat, p.lon);
    p = { lat: g.lat - dLat, lon: g.lon - dLon };
  }
  return shifted(p.lat, p.lon) ? p : g;
}

export function toTiles(p: Pos, datum: Datum): Pos {
  return datum === 'gcj02' ? toGCJ02(p) : p;
}

export function fromTiles(p: Pos, datum: Datum): Pos {
  return datum === 'gcj02' ? fromGCJ02(p) : p;
}
