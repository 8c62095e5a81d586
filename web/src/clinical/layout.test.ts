import { describe, expect, it } from 'vitest';
import { spread } from './calipers';
import { fitting, leadName, place, sorted } from './layout';

const twelve = ['i', 'ii', 'iii', 'avr', 'avl', 'avf', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6'].map((l) => `ecg_${l}`);
const box = { left: 0, top: 0, width: 1200, height: 600 };

describe('where leads stand', () => {
  it('the order is I II III aVR aVL aVF V1-V6 whatever the source sends', () => {
    const shuffled = [...twelve].reverse();
    expect(sorted(shuffled).map((i) => leadName(shuffled[i] ?? ''))).toEqual(
      'I II III aVR aVL aVF V1 V2 V3 V4 V5 V6'.split(' '),
    );
    expect(sorted(['ecg_x', 'ecg_ii'])).toEqual([1, 0]);
    expect(leadName('pleth')).toBeUndefined();
  });

  it('6x2: limb leads left, chest leads right', () => {
    const { cells, columns } = place('6x2', twelve, box);
    expect(columns).toHaveLength(2);
    expect(cells[5]).toMatchObject({ lead: 5, x: 0, y: 550, width: 600, height: 100, column: 0 });
    expect(cells[6]).toMatchObject({ lead: 6, x: 600, y: 50, column: 1 });
  });

  it('3x4 has a rhythm strip of II across the whole width', () => {
    const { cells, columns } = place('3x4', twelve, box);
    expect(cells).toHaveLength(13);
    expect(columns).toHaveLength(5);
    expect(cells[4]).toMatchObject({ lead: 4, x: 300, y: 225, column: 1 });
    expect(cells[12]).toMatchObject({ lead: 1, x: 0, y: 525, width: 1200, column: 4 });
  });

  it('12x1 is one column, with room for the calibration step at its left', () => {
    const { cells } = place('12x1', twelve, box, 20);
    expect(cells).toHaveLength(12);
    expect(cells.every((c) => c.x === 20 && c.width === 1180 && c.step)).toBe(true);
  });

  it('with few leads no column stands empty', () => {
    expect(fitting('6x2', 1)).toBe('12x1');
    expect(fitting('3x4', 3)).toBe('12x1');
    expect(fitting('3x4', 5)).toBe('6x2');
    expect(fitting('3x4', 7)).toBe('3x4');
    const seven = [...twelve.slice(0, 6), 'ecg_v'];
    expect(place('6x2', seven, box).cells.map((c) => c.column)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(place('12x1', [], box).cells).toEqual([]);
  });

  it('one lead alone, when the source has it', () => {
    expect(place('6x2', twelve, box, 0, 'ecg_ii').cells).toMatchObject([{ lead: 1, width: 1200, height: 600 }]);
  });
});

describe('calipers', () => {
  it('tell ms, mV and beats a minute; no mV where the source is not calibrated', () => {
    expect(spread(-100, 40, 4, 25, 10)).toEqual({ ms: 1000, mv: 1, perMinute: 60 });
    expect(spread(100, 40, 4, 25, undefined).mv).toBeUndefined();
    expect(spread(2, 0, 4, 25, 10).perMinute).toBeUndefined();
    expect(spread(0, 0, 4, 25, 10).perMinute).toBeUndefined();
  });
});
