import { describe, expect, test } from 'vitest';
import type { BoardLine, HospitalBoard } from '../wire/hospital';
import { partOf, partsOf, troubles } from './board';

const said = '2026-11-02T03:00:00Z';
const t0 = Date.parse(said);
const h = 3600_000;
function board(...lines: Partial<BoardLine>[]): HospitalBoard {
  return {
    hospital: 'h1',
    stale_s: 3600,
    gone_s: 4 * 3600,
    lines: lines.map((l) => ({ part: 'whole', state: 'closed', by: '张', since: said, said, ...l })),
  };
}

describe('SCR-001 what a hospital said is shown with its age, and is unknown when it is too old', () => {
  test.each([
    ['new', {}, 60_000, 'closed', false],
    ['an hour old', {}, h + 1000, 'closed', true],
    ['four hours old', {}, 4 * h + 1000, 'unknown', true],
    ['open and four hours old', { state: 'open' }, 4 * h + 1000, 'unknown', true],
    ['until an hour to come', { until: '2026-11-02T09:00:00Z' }, 5 * h, 'closed', true],
    ['until an hour that is past', { until: '2026-11-02T03:30:00Z' }, h / 2, 'unknown', false],
    ['until next week', { until: '2026-11-09T03:00:00Z' }, 24 * h + 1000, 'unknown', true],
  ] as const)('%s', (_, line, after, state, stale) => {
    const part = partOf(board(line as Partial<BoardLine>), 'whole', t0 + after);
    expect(part.state).toBe(state);
    expect(part.stale).toBe(stale);
    expect(part.was).toBe(state === 'unknown' ? ('state' in line ? line.state : 'closed') : undefined);
  });
  test('nothing was ever said', () => {
    expect(partOf(undefined, 'whole', t0)).toMatchObject({ state: 'unknown', was: undefined, ageS: undefined });
    expect(partOf(board({ part: 'ct' }), 'whole', t0).state).toBe('unknown');
  });
});

test('every part has its line, and a glance shows what is not open', () => {
  const parts = partsOf(board({ state: 'open' }, { part: 'ct' }, { part: 'stroke', state: 'busy' }), ['stroke'], t0);
  expect(parts.map((p) => `${p.part}:${p.state}`)).toEqual([
    'whole:open',
    'ct:closed',
    'cath_lab:unknown',
    'stretchers:unknown',
    'stroke:busy',
  ]);
  expect(troubles(parts).map((p) => p.part)).toEqual(['ct', 'stroke']);
});
