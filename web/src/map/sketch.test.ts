import { describe, expect, it } from 'vitest';
import type { Pos } from '../wire/entity';
import { ahead, along, lengthM, sketch, type Way } from './sketch';

const home: Pos = { lat: 35.4, lon: 118.5 };
/** A place so many metres east and north of home. */
const at = (east: number, north: number): Pos => ({
  lat: home.lat + north / 111_195,
  lon: home.lon + east / (111_195 * Math.cos((home.lat * Math.PI) / 180)),
});
/** 1000 m east, then 500 m north. */
const way: Way = {
  line: [at(0, 0), at(1000, 0), at(1000, 500)],
  steps: [
    { turn: 'depart', name: '滨河路', metres: 1000, seconds: 60 },
    { turn: 'left', name: '解放路', metres: 500, seconds: 40 },
    { turn: 'arrive', metres: 0, seconds: 0 },
  ],
};

describe('a way', () => {
  it('has a length, and a place on it', () => {
    expect(lengthM(way.line)).toBeCloseTo(1500, 0);
    expect(along(way.line, at(400, 20))).toMatchObject({ m: expect.closeTo(400, 0), offM: expect.closeTo(20, 0) });
    expect(along(way.line, at(1030, 200))).toMatchObject({ m: expect.closeTo(1200, 0), offM: expect.closeTo(30, 0) });
    expect(along([home], home)).toBeUndefined();
  });
  it('says what is next and how far it is', () => {
    expect(ahead(way, at(400, 5))).toMatchObject({ turn: 'left', name: '解放路', inM: expect.closeTo(600, 0) });
    expect(ahead(way, at(400, 5))?.leftM).toBeCloseTo(1100, 0);
    expect(ahead(way, at(1000, 100))).toMatchObject({ turn: 'arrive', inM: expect.closeTo(400, 0) });
  });
  it('says nothing of the next turn off the way, and without a position', () => {
    expect(ahead(way, at(400, 90))).toBeUndefined();
    expect(ahead(way, undefined)).toBeUndefined();
  });
});

describe('the sketch of a way', () => {
  const points = (text: string): number[][] => text.split(' ').map((p) => p.split(',').map(Number));
  it('stands north up inside its box, driven and ahead parted at the vehicle', () => {
    const s = sketch(way, at(400, 5), 600, 300)!;
    for (const [x, y] of [...points(s.done), ...points(s.ahead)]) {
      expect(x).toBeGreaterThanOrEqual(27.9);
      expect(x).toBeLessThanOrEqual(572.1);
      expect(y).toBeGreaterThanOrEqual(27.9);
      expect(y).toBeLessThanOrEqual(272.1);
    }
    const first = points(s.done)[0]!;
    const last = points(s.ahead).at(-1)!;
    expect(last[0]).toBeGreaterThan(first[0]!);
    expect(last[1]).toBeLessThan(first[1]!); // north is up
    expect(points(s.done).at(-1)).toEqual(points(s.ahead)[0]);
    expect(s.names.map((n) => n.name)).toEqual(['滨河路', '解放路']);
  });
  it('has a round scale of the right length', () => {
    const s = sketch(way, undefined, 600, 300)!;
    const [a, b] = [points(s.ahead)[0]!, points(s.ahead).at(-2)!];
    expect(s.scale.px / s.scale.m).toBeCloseTo((b[0]! - a[0]!) / 1000, 2);
    expect(s.scale.px).toBeLessThanOrEqual(200);
  });
  it('is nothing without a line or a box', () => {
    expect(sketch({ line: [home], steps: [] }, home, 600, 300)).toBeUndefined();
    expect(sketch(way, home, 0, 300)).toBeUndefined();
  });
});
