import { describe, expect, test } from 'vitest';
import { cornersOf, hits, query, roughly, stale, taken, type PlaceHit } from './places';
import { newSheet, placeOf } from './sheets';

const hit: PlaceHit = {
  name: '建国路93号',
  kind: 'house',
  pos: { lat: 35.4, lon: 118.5 },
  match: 'exact',
  by: 'name',
  house: '93',
};
const near = (name: string): string => `（定位在${name}附近）`;
const between = (posts: string): string => `（定位按 ${posts} 之间推算）`;

describe('what taking a place writes', () => {
  test('address and position, from the address; building and unit stay', () => {
    const sheet = { ...newSheet('1'), ...taken('建国路93号2单元', { ...hit, rest: '2单元' }, near, between) };
    expect(placeOf(sheet)).toEqual({ address: '建国路93号2单元', pos: hit.pos, source: 'address' });
  });
  test('GEO-002 a number that is not known stays as it was said, and the position says what it is of', () => {
    const sheet = {
      ...newSheet('1'),
      ...taken(' 建国路97号 ', { ...hit, match: 'inside', asked: '97' }, near, between),
    };
    expect(sheet.address).toBe('建国路97号（定位在建国路93号附近）');
    expect(roughly({ ...hit, asked: '97' })).toBe('near');
    expect(roughly({ ...hit, kind: 'road', house: undefined, asked: '97' })).toBe('middle');
    expect(roughly({ ...hit, kind: 'crossing' })).toBeUndefined();
  });
  test('GEO-002 a kilometre between two posts says between which', () => {
    const post: PlaceHit = { ...hit, name: '京沪高速 K612+300', kind: 'post', house: undefined, match: 'inside' };
    const found = { ...post, asked: 'K612+300', between: 'K612–K613', rest: '南行' };
    expect(hits([found])).toBe(true);
    expect(taken('京沪高速K612+300 南行', found, near, between).address).toBe(
      '京沪高速K612+300 南行（定位按 K612–K613 之间推算）',
    );
    expect(roughly(found)).toBe('near');
  });
  test('a road is shown whole', () => {
    const road = { ...hit, kind: 'road' as const, box: [118.1, 35.2, 118.3, 35.4] };
    expect(hits([road])).toBe(true);
    expect(cornersOf(road)).toEqual([
      { lat: 35.2, lon: 118.1 },
      { lat: 35.4, lon: 118.3 },
    ]);
    expect(cornersOf(hit)).toBeUndefined();
    expect(cornersOf({ ...hit, box: [1, 2] })).toBeUndefined();
  });
  test('an address that is typed anew does not go with the old position unsaid', () => {
    const sheet = { ...newSheet('1'), ...taken('jgl93', hit, near, between) };
    expect(stale(sheet)).toBe('');
    sheet.address += ' 3 楼';
    expect(stale(sheet)).toBe('');
    sheet.address = '人民路 5 号';
    expect(stale(sheet)).toBe('建国路93号');
    sheet.position = '35.50000,118.60000'; // a person's own
    expect(stale(sheet)).toBe('');
  });
});

test('what is asked, and what is believed of the answer', () => {
  expect(query('建国路&1', { lat: 35, lon: 118 })).toBe(
    '/api/v1/places?q=%E5%BB%BA%E5%9B%BD%E8%B7%AF%261&n=8&lat=35&lon=118',
  );
  expect(query('a', undefined)).toBe('/api/v1/places?q=a&n=8');
  expect(hits([hit])).toBe(true);
  for (const bad of [undefined, {}, [{ ...hit, pos: undefined }], [{ ...hit, kind: 'star' }], [{ ...hit, name: 1 }]])
    expect(hits(bad)).toBe(false);
});
