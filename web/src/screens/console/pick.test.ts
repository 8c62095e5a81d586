// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import type { Mission } from '../../wire/entity';
import type { HospitalChoice, HospitalRanking } from '../../wire/hospital';
import {
  byName,
  chosenAfter,
  clearlyLaterS,
  linesOf,
  listKey,
  minutes,
  questionsOf,
  steadyLines,
  wantsReason,
} from './pick';

function mission(choice: Partial<HospitalChoice> | undefined, more: Partial<Mission> = {}): Mission {
  const base: Mission = { id: 'm', incident: 'i', unit: 'u', state: 'contact', order: 'o', ...more };
  return choice ? { ...base, choice: { ranking: 'r', hospital: 'h', ...choice } } : base;
}

describe('DSP-002 a reason is asked after the choice, and only when it is clearly later or against the ranking', () => {
  test.each([
    ['nothing was chosen', mission(undefined), false],
    ['the first', mission({}), false],
    ['a little later', mission({ slower_s: clearlyLaterS }), false],
    ['clearly later', mission({ slower_s: clearlyLaterS + 1 }), true],
    ['left out', mission({ against: 'board_closed' }), true],
    ['the reason is there', mission({ slower_s: 900, reason: '患方要求' }), false],
    ['the mission is over', mission({ slower_s: 900 }, { ended: '2026-11-02T03:00:00Z' }), false],
  ])('%s', (_, m, asks) => expect(wantsReason(m)).toBe(asks));
});

test('CLN-001 each pathway asks what its rule needs', () => {
  expect(questionsOf('stroke')).toEqual(['lvo', 'unstable']);
  expect(questionsOf('trauma')).toEqual(['severe', 'unstable']);
  expect(questionsOf('chest_pain')).toEqual([]);
  expect(questionsOf(undefined)).toEqual([]);
});

test('those that were left out stand behind the recommended', () => {
  const ranking = {
    id: 'r',
    at: '2026-11-02T03:00:00Z',
    method: 'roads',
    hospitals: [{ hospital: 'a' }],
    left_out: [{ hospital: 'b' }],
  };
  expect(linesOf(ranking).map((l) => l.hospital)).toEqual(['a', 'b']);
  expect(linesOf(undefined)).toEqual([]);
  expect(minutes(89)).toBe(1);
  expect(minutes(-5)).toBe(0);
});

function ranked(hospitals: string[], out: string[] = []): HospitalRanking {
  const line = (hospital: string) => ({ hospital });
  return {
    id: 'r',
    at: '2026-11-02T03:00:00Z',
    method: 'roads',
    hospitals: hospitals.map(line),
    left_out: out.map(line),
  };
}

describe('DSP-002 an answer that comes anew chooses nothing under a finger', () => {
  test.each([
    ['the first answer chooses its first', '', false, ranked(['a', 'b']), undefined, 'a'],
    ['or where the patient goes already', '', false, ranked(['a', 'b']), 'b', 'b'],
    ['another is first now', 'a', false, ranked(['b', 'a']), undefined, 'a'],
    ['it is not recommended any more', 'a', false, ranked(['b'], ['a']), undefined, 'b'],
    ['the destination is left out, and stays what it is', 'a', false, ranked(['b'], ['a']), 'a', 'a'],
    ['a person chose one that is left out', 'a', true, ranked(['b'], ['a']), undefined, 'a'],
    ['what a person chose is gone: nobody chooses for them', 'a', true, ranked(['b']), undefined, ''],
    ['nothing is recommended', '', false, ranked([], ['a']), undefined, ''],
  ] as const)('%s', (_, chosen, byHand, ranking, destination, is) =>
    expect(chosenAfter(chosen, byHand, ranking, destination)).toBe(is),
  );
});

test('while the list is held its rows keep their places, the new come last, and it says that the order waits', () => {
  const now = linesOf(ranked(['b', 'new', 'a'], ['c']));
  const held = steadyLines(now, ['a', 'gone', 'b', 'c']);
  expect(held.list.map((l) => l.hospital)).toEqual(['a', 'b', 'c', 'new']);
  expect(held.waits).toBe(true);
  expect(steadyLines(now, ['b', 'new', 'a', 'c'])).toEqual({ list: now, waits: false });
});

test('without a ranking every hospital is there by name, with what it says of itself', () => {
  const h = (id: string, name: string) => ({ id, name, pos: { lat: 0, lon: 0 } });
  const nowMs = Date.parse('2026-11-02T03:00:00Z');
  const said = { state: 'closed' as const, by: '陈医生', since: '2026-11-02T02:59:00Z', said: '2026-11-02T02:59:00Z' };
  const boards = new Map([
    ['h1', { hospital: 'h1', stale_s: 3600, gone_s: 7200, lines: [{ part: 'whole', ...said }] }],
  ]);
  const all = byName([h('h2', 'B'), h('h1', 'C'), h('h3', 'A')], boards, (x) => x.name, nowMs);
  expect(all.map((l) => l.hospital)).toEqual(['h3', 'h2', 'h1']);
  expect(all.map((l) => l.board)).toEqual(['', '', 'closed']);
  expect(all[2]?.board_age_s).toBe(60);
});

test('DSP-002 Enter and digits are the list’s own on it and on its rows; a button or a field inside keeps its keys', () => {
  const list = document.createElement('div');
  list.innerHTML = '<button role="radio"></button><button class="state"></button><form><input /></form>';
  const hit = (at: string): boolean => listKey(list.querySelector(at), list);
  expect(listKey(list, list)).toBe(true);
  expect(hit('[role=radio]')).toBe(true);
  expect(hit('.state')).toBe(false);
  expect(hit('input')).toBe(false);
  expect(listKey(null, null)).toBe(false);
});
