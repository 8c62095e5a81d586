import { describe, expect, test } from 'vitest';
import type { Mission } from '../../wire/entity';
import type { HospitalChoice } from '../../wire/hospital';
import { clearlyLaterS, linesOf, minutes, questionsOf, wantsReason } from './pick';

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
