import { describe, expect, it } from 'vitest';
import { noWay, wayOf } from './route';

describe('the way of a unit', () => {
  const line = [
    [118.5, 35.4],
    [118.6, 35.5],
  ];
  it('is a line of places, lon before lat, with what is done on it', () => {
    const steps = [{ turn: 'left', name: '解放路', metres: 300, seconds: 20 }];
    expect(wayOf({ line, steps })).toEqual({
      line: [
        { lon: 118.5, lat: 35.4 },
        { lon: 118.6, lat: 35.5 },
      ],
      steps,
    });
    expect(wayOf({ line, steps: [{ turn: 7 }] }).steps).toEqual([]);
  });

  it('is nothing when the answer is none', () => {
    for (const bad of [undefined, null, {}, { line: 'x' }, { line: [[1]] }, { line: [[1, 'a']] }])
      expect(wayOf(bad)).toBe(noWay);
  });
});
