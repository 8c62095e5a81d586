import { describe, expect, it } from 'vitest';
import { lineOf } from './way';

describe('the way of a unit', () => {
  it('is a line of places, lon before lat', () => {
    expect(
      lineOf({
        line: [
          [118.5, 35.4],
          [118.6, 35.5],
        ],
      }),
    ).toEqual([
      { lon: 118.5, lat: 35.4 },
      { lon: 118.6, lat: 35.5 },
    ]);
  });

  it('is nothing when the answer is none', () => {
    for (const bad of [undefined, {}, { line: 'x' }, { line: [[1]] }, { line: [[1, 'a']] }])
      expect(lineOf(bad)).toEqual([]);
  });
});
