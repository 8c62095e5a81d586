import { describe, expect, test } from 'vitest';
import type { HospitalRanking } from '../../wire/hospital';
import type { Choice } from './near';
import { goneMs, questions, rows, valid } from './ranking';

const near = (id: string, m: number): Choice => ({
  hospital: { id, name: id, pos: { lat: 0, lon: 0 } },
  m,
  able: false,
});
const ranking: HospitalRanking = {
  id: 'r',
  at: '2026-11-02T03:00:00Z',
  method: 'roads',
  pathway: 'stroke',
  hospitals: [
    { hospital: 'far', treat_s: 3000 },
    { hospital: 'near', treat_s: 3600 },
  ],
  left_out: [{ hospital: 'shut', out: [{ code: 'board_closed' }] }],
};

describe('the ranking counts while it is new, of this mission and for this pathway; else the list is by distance', () => {
  const held = { ranking, mission: 'm1', pathway: 'stroke', atMs: 1000 };
  test.each([
    ['new', held, 'm1', 'stroke', 1000 + goneMs, true],
    ['too old', held, 'm1', 'stroke', 1001 + goneMs, false],
    ['another pathway', held, 'm1', 'trauma', 1000, false],
    ['another mission', held, 'm2', 'stroke', 1000, false],
    ['no mission', held, undefined, 'stroke', 1000, false],
    ['none', undefined, 'm1', 'stroke', 1000, false],
  ] as const)('%s', (_, h, mission, pathway, now, counts) =>
    expect(valid(h, mission, pathway, now) !== undefined).toBe(counts),
  );
});

test('in the order of the centre; what it does not know of comes behind, and what it left out is marked', () => {
  const all = [near('near', 100), near('shut', 200), near('new', 300), near('far', 900)];
  expect(rows(ranking, all).map((r) => `${r.hospital.id}${r.out ? '!' : ''}${r.line ? '' : '?'}`)).toEqual([
    'far',
    'near',
    'shut!',
    'new?',
  ]);
  expect(rows(ranking, all).map((r) => r.able)).toEqual([true, true, false, false]);
  expect(rows(undefined, all).map((r) => r.hospital.id)).toEqual(['near', 'shut', 'new', 'far']);
  expect(rows(undefined, all).some((r) => r.line)).toBe(false);
});

test('CLN-001 the crew is asked what the rule needs', () => {
  expect(questions('stroke')).toEqual(['lvo', 'unstable']);
  expect(questions('newborn')).toEqual(['severe', 'unstable']);
  expect(questions('')).toEqual([]);
});
