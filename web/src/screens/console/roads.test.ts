import { describe, expect, it } from 'vitest';
import type { Closure } from '../../wire/entity';
import { parseCommand } from './command';
import {
  addPoint,
  againBody,
  bodyOf,
  clickOf,
  closedMarks,
  closureRows,
  coming,
  draftTimes,
  drawnKey,
  isPreview,
  metricOf,
  newDraft,
  isReach,
  reachMarks,
  reachMiss,
  reachPath,
  roadsState,
  sendable,
  whenOf,
  whole,
} from './roads';

const t0 = Date.parse('2026-11-28T04:00:00Z'); // 12:00 in Beijing
const at = (s: number): string => new Date(t0 + s * 1000).toISOString();
const a = { lat: 35.4, lon: 118.5 };
const b = { lat: 35.41, lon: 118.5 };
function closure(id: string, more: Partial<Closure> = {}): Closure {
  return { id, reason: '施工', line: [a, b], from: at(0), by: '王芳', drawn: at(0), state: 'in_force', ...more };
}

describe('drawing a closure', () => {
  it('takes no click on the map that is the place of a call', () => {
    expect([clickOf(true, true), clickOf(true, false)]).toEqual(['call', 'call']);
    expect([clickOf(false, true), clickOf(false, false)]).toEqual(['road', undefined]);
  });
  it('is whole when there is enough to say what it hits', () => {
    const line = newDraft('line');
    expect(whole(line)).toBe(false);
    addPoint(line, a);
    expect(whole(line)).toBe(false);
    addPoint(line, b);
    expect(whole(line)).toBe(true);
    const point = newDraft('point');
    addPoint(point, a);
    addPoint(point, b);
    expect(point.points).toEqual([b]);
    const area = { ...newDraft('area'), points: [a, b] };
    expect(whole(area)).toBe(false);
    const names = { ...newDraft('names'), road: '建国路', cross: ['东街', ' '] as [string, string] };
    expect(whole(names)).toBe(false);
    expect(whole({ ...names, cross: ['东街', '西街'] })).toBe(true);
  });
  it('sends what was drawn, with times still to come', () => {
    const d = { ...newDraft('line'), points: [a, b], reason: ' 事故 ', oneWay: true, until: '14:30' };
    expect(bodyOf(d, t0)).toEqual({ reason: '事故', line: [a, b], one_way: true, until: '2026-11-28T06:30:00.000Z' });
    expect(bodyOf({ ...d, kind: 'area', level: 'ground', until: '' }, t0)).toEqual({
      reason: '事故',
      line: [a, b],
      area: true,
      level: 'ground',
    });
    // From 22:00 until 06:00 is the night that comes.
    expect(coming('08:00', t0)).toBe(Date.parse('2026-11-29T00:00:00Z'));
    const night = bodyOf({ ...d, from: '22:00', until: '06:00' }, t0);
    expect([night.from, night.until]).toEqual(['2026-11-28T14:00:00.000Z', '2026-11-28T22:00:00.000Z']);
    const names = {
      ...newDraft('names'),
      road: '建国路 ',
      cross: ['东街', '西街'] as [string, string],
      reason: '积水',
    };
    expect(bodyOf(names, t0)).toEqual({ reason: '积水', road: '建国路', cross: ['东街', '西街'] });
  });
  it('says which time cannot be read', () => {
    const wrong = (more: object): string => draftTimes({ ...newDraft('line'), ...more }, t0).wrong;
    expect(wrong({ from: '25:00' })).toBe('from');
    expect(wrong({ until: 'noon' })).toBe('until');
    expect(wrong({ until: '1430' })).toBe('');
  });
  it('takes a start that has just passed as now, and no end that has passed', () => {
    const times = (from: string, until: string, nowMs = t0) => draftTimes({ ...newDraft('line'), from, until }, nowMs);
    expect(times('11:59', '')).toEqual({ from: undefined, wrong: '' });
    expect(bodyOf({ ...newDraft('line'), from: '11:59' }, t0)).not.toHaveProperty('from');
    expect(times('06:00', '').from).toBe(Date.parse('2026-11-28T22:00:00Z')); // long past: tomorrow's
    expect(times('12:01', '').from).toBe(t0 + 60_000);
    expect([times('', '11:59').wrong, times('11:00', '11:30').wrong]).toEqual(['passed', 'passed']);
    expect(times('11:30', '12:30')).toEqual({ from: undefined, until: t0 + 30 * 60_000, wrong: '' });
    // Over midnight: 23:50 at ten past is now; from 22:00 until 06:00, of the night that has begun, ends this morning.
    const night = Date.parse('2026-11-28T16:10:00Z');
    expect(times('23:50', '', night)).toEqual({ from: undefined, wrong: '' });
    expect(times('22:00', '06:00', night)).toEqual({ until: Date.parse('2026-11-28T22:00:00Z'), wrong: '' });
  });
  it('names the day of a time that is not today', () => {
    expect(whenOf('2026-11-28T06:30:00Z', '2026-11-28')).toBe('14:30');
    expect(whenOf('2026-11-28T21:47:00Z', '2026-11-28')).toBe('11-29 05:47');
  });
  it('is sent only when exactly it was shown, and once more where it hits nothing', () => {
    const d = { ...newDraft('line'), points: [a, b] };
    const hit = { line: [a, b], roads: [{ metres: 10, ways: 2 }] };
    const of = drawnKey(d);
    expect(sendable(d, undefined)).toBe('no');
    expect(sendable(d, { of, preview: hit })).toBe('yes');
    expect(sendable({ ...d, points: [a, b, a] }, { of, preview: hit })).toBe('no');
    expect(sendable({ ...d, oneWay: true }, { of, preview: hit })).toBe('no');
    expect(sendable({ ...d, reason: '积水', from: '13:00' }, { of, preview: hit })).toBe('yes');
    const none = (problem?: string) => sendable(d, { of, preview: { line: [], roads: [], problem } });
    expect([none(), none('no_hit'), none('no_roads')]).toEqual(['once_more', 'once_more', 'yes']);
    expect([none('refused'), none('not_found')]).toEqual(['no', 'no']);
    expect(sendable(d, { of })).toBe('yes'); // a centre that does not answer keeps no road open
    expect(sendable(newDraft('line'), { of: drawnKey(newDraft('line')) })).toBe('no');
  });
  it('reads what the centre would close, and nothing else', () => {
    expect(isPreview({ line: [a], roads: [{ name: '建国路', metres: 120, ways: 2, lines: [[a, b]] }] })).toBe(true);
    expect(isPreview({ line: [a], roads: [{ metres: 'far' }] })).toBe(false);
  });
});

describe('the list of closures', () => {
  it('has those that stand first', () => {
    const rows = closureRows([
      closure('c1', { state: 'lifted', ended: at(50) }),
      closure('c2', { drawn: at(10) }),
      closure('c3', { drawn: at(20) }),
      closure('c4', { state: 'expired', ended: at(60) }),
    ]);
    expect(rows.map((c) => c.id)).toEqual(['c3', 'c2', 'c4', 'c1']);
  });
  it('says that travel times know of one only when they do', () => {
    expect(metricOf(closure('c'))).toBe('working');
    expect(metricOf(closure('c', { applied: at(1) }))).toBe('applied');
    expect(metricOf(closure('c', { state: 'awaited' }))).toBe('awaited');
    expect(metricOf(closure('c', { problem: 'no_hit', applied: at(1) }))).toBe('no_hit');
    expect(metricOf(closure('c', { problem: 'failed' }))).toBe('failed');
    expect(metricOf(closure('c', { problem: 'something newer' }))).toBe('working');
  });
  it('draws what stands: the stretches, and where none was hit what was drawn', () => {
    const marks = closedMarks([
      closure('c2', { roads: [{ metres: 10, ways: 2, lines: [[a, b]] }] }),
      closure('c1', { problem: 'no_hit' }),
      closure('c3', { state: 'lifted', ended: at(1) }),
    ]);
    expect(marks.map((m) => [m.id, m.lines.length, m.border?.length ?? 0])).toEqual([
      ['c1', 0, 2],
      ['c2', 1, 0],
    ]);
  });
  it('closes again as it was, without an end that has passed', () => {
    expect(againBody(closure('c', { one_way: true, until: at(-1) }), t0)).toEqual({
      reason: '施工',
      line: [a, b],
      one_way: true,
    });
    expect(againBody(closure('c', { until: at(60) }), t0).until).toBe(at(60));
  });
  it('names what the travel times are made of', () => {
    const now = { loaded: true, version: 3, free: true, mission: 0, normal: 0, closed: 0, closures: 0 };
    expect([roadsState(undefined), roadsState(now), roadsState({ ...now, free: false })]).toEqual([
      'none',
      'free',
      'live',
    ]);
  });
});

describe('the area within reach', () => {
  it('is drawn as it came: rings and holes, the nearest band first', () => {
    const ring: [number, number][] = [
      [118, 35],
      [118.1, 35],
      [118.1, 35.1],
      [118, 35],
    ];
    const value = {
      at: at(0),
      version: 2,
      from: [{ id: 'u01', pos: a }],
      bands: [
        { minutes: 4, km2: 1.5, polygons: [[ring, ring]] },
        { minutes: 8, km2: 3, polygons: [] },
      ],
    };
    expect(isReach(value)).toBe(true);
    const marks = reachMarks(value);
    expect(marks.map((m) => [m.minutes, m.polygons.length])).toEqual([
      [4, 1],
      [8, 0],
    ]);
    expect(marks[0]?.polygons[0]).toHaveLength(2);
    expect(marks[0]?.polygons[0]?.[0]?.[1]).toEqual({ lon: 118.1, lat: 35 });
    expect(isReach({ ...value, bands: [{ minutes: 4, km2: 1, polygons: [[['x', 1]]] }] })).toBe(false);
    expect(reachMarks(undefined)).toEqual([]);
  });
  it('is asked for by one, or by all', () => {
    expect(reachPath({ unit: 'u 1' })).toBe('/api/v1/reach?unit=u%201');
    expect(reachPath({ station: 'st' })).toBe('/api/v1/reach?station=st');
    expect(reachPath({ all: true })).toBe('/api/v1/reach');
    expect([reachMiss('nobody'), reachMiss('something newer')]).toEqual(['nobody', 'failed']);
  });
});

describe('the command line', () => {
  const state = {
    incidents: new Map(),
    units: new Map([['u01', { id: 'u01', plate: '鲁Q·120A1', name: 'u01', station: 'st' }]]),
    hospitals: new Map(),
    stations: new Map([['st', { id: 'st', name: '中心急救站' }]]),
  } as never;
  it('shows who is reached, by all or from one', () => {
    expect(parseCommand('r', state)).toMatchObject({ is: 'ready', act: { do: 'reach', of: { all: true } } });
    expect(parseCommand('r 120A1', state)).toMatchObject({ is: 'ready', act: { do: 'reach', of: { unit: 'u01' } } });
    expect(parseCommand('r 中心', state)).toMatchObject({ is: 'ready', act: { do: 'reach', of: { station: 'st' } } });
  });
  it('closes a road between two crossings', () => {
    const p = parseCommand('f 建国路 东街 西街 道路 施工', state);
    expect(p).toMatchObject({
      is: 'ready',
      act: { do: 'close_road', road: '建国路', cross: ['东街', '西街'], reason: '道路 施工' },
    });
    expect(parseCommand('f 建国路 东街 西街', state).is).toBe('part'); // not without a reason
  });
});
