import { beforeEach, describe, expect, it } from 'vitest';
import type { Limits, Reading } from '../wire/entity';
import { beyond, printed, VitalAlarms } from './limits';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const hr: Limits = { channel: 'hr', critical_low: 40, low: 50, high: 111, critical_high: 131, source: 's' };
const sys: Limits = { channel: 'nibp_sys', critical_low: 90, low: 110, critical_high: 220, source: 's' };
const limits = new Map([
  ['hr', hr],
  ['nibp_sys', sys],
]);
function reading(value: number | undefined, s: number, more: Partial<Reading> = {}): Reading {
  return {
    unit: 'u1',
    patient: 'p1',
    device: 'm1',
    channel: 'hr',
    value,
    quality: 'good',
    taken: new Date(t0 + s * 1000).toISOString(),
    source: 'live',
    stale_s: 3,
    gone_s: 10,
    ...more,
  };
}

describe('limits', () => {
  it('the value itself alarms, critical before warning, on its own side', () => {
    expect(beyond(40, hr)).toEqual({ level: 'high', side: 'low', limit: 40 });
    expect(beyond(41, hr)).toEqual({ level: 'medium', side: 'low', limit: 50 });
    expect(beyond(51, hr)).toBeUndefined();
    expect(beyond(110.9, hr)).toBeUndefined();
    expect(beyond(111, hr)).toEqual({ level: 'medium', side: 'high', limit: 111 });
    expect(beyond(200, hr)).toEqual({ level: 'high', side: 'high', limit: 131 });
    expect(beyond(215, sys)).toBeUndefined();
    expect(beyond(7, undefined)).toBeUndefined();
  });
  it('prints the limits at which it first alarms', () => {
    expect(printed(hr)).toEqual({ high: 111, low: 50 });
    expect(printed(sys)).toEqual({ high: 220, low: 110 });
    expect(printed(undefined)).toEqual({ high: undefined, low: undefined });
  });
});

describe('alarms of vital signs', () => {
  let alarms: VitalAlarms;
  const take = (r: Reading | Reading[], s: number, demo = true): void =>
    alarms.take(Array.isArray(r) ? r : [r], limits, demo, t0 + s * 1000);
  const states = (): string[] => alarms.list().map((a) => `${a.channel} ${a.level} ${a.state}`);
  beforeEach(() => {
    alarms = new VitalAlarms();
  });

  it('one value is doubted, a second one is believed', () => {
    take(reading(38, 0), 0);
    expect(states()).toEqual([]);
    take(reading(38, 0), 0.5); // the same value again
    expect(states()).toEqual([]);
    take(reading(38, 1), 1);
    expect(states()).toEqual(['hr high active']);
    expect(alarms.list()[0]).toMatchObject({ value: 38, limit: 40, side: 'low', patient: 'p1', sinceMs: t0 + 1000 });
  });
  it('a single spike between good values raises nothing', () => {
    for (const [i, v] of [80, 30, 80, 30, 80].entries()) take(reading(v, i), i);
    expect(states()).toEqual([]);
  });
  it('one that stands for 5 s is believed without a second', () => {
    take(reading(38, 0), 0);
    take(reading(38, 0), 5);
    expect(states()).toEqual(['hr high active']);
  });
  it('a blood pressure needs no confirmation', () => {
    take(reading(86, 0, { channel: 'nibp_sys', gone_s: 3600 }), 0);
    expect(states()).toEqual(['nibp_sys high active']);
  });
  it('acknowledged by name it stands silent until the value is well, then it is gone', () => {
    take(reading(38, 0), 0);
    take(reading(38, 1), 1);
    alarms.ack('p1/m1/hr', '李医生');
    expect(alarms.list()[0]).toMatchObject({ state: 'acknowledged', by: '李医生' });
    take(reading(37, 2), 2);
    expect(alarms.list()[0]).toMatchObject({ state: 'acknowledged', value: 37 });
    take(reading(80, 3), 3);
    expect(states()).toEqual([]);
  });
  it('a high one that nobody acknowledged is over but not forgotten; a medium one is', () => {
    take(reading(38, 0), 0);
    take(reading(38, 1), 1);
    take(reading(80, 2), 2);
    expect(states()).toEqual(['hr high cleared']);
    alarms.ack('p1/m1/hr', '李医生');
    expect(states()).toEqual([]);
    take(reading(120, 3), 3);
    take(reading(120, 4), 4);
    expect(states()).toEqual(['hr medium active']);
    take(reading(80, 5), 5);
    expect(states()).toEqual([]);
  });
  it('worse than what was acknowledged is a new alarm; better but not well is not', () => {
    take(reading(120, 0), 0);
    take(reading(120, 1), 1);
    alarms.ack('p1/m1/hr', '李');
    take(reading(140, 2), 2);
    take(reading(140, 3), 3);
    expect(states()).toEqual(['hr high active']);
    alarms.ack('p1/m1/hr', '李');
    take(reading(120, 4), 4);
    take(reading(120, 5), 5);
    expect(states()).toEqual(['hr medium acknowledged']);
  });
  it('from too fast to too slow is a new alarm', () => {
    take(reading(140, 0), 0);
    take(reading(140, 1), 1);
    alarms.ack('p1/m1/hr', '李');
    take(reading(38, 2), 2);
    take(reading(38, 3), 3);
    expect(alarms.list()).toMatchObject([{ side: 'low', state: 'active' }]);
  });
  it('CLN-005 no signal is no all-clear: the alarm stands', () => {
    take(reading(38, 0), 0);
    take(reading(38, 1), 1);
    take(reading(undefined, 2, { quality: 'probe_off' }), 2);
    take(reading(38, 1), 20);
    expect(states()).toEqual(['hr high active']);
  });
  it('SCR-003 simulated values alarm in a demonstration and nowhere else', () => {
    for (const s of [0, 1, 2]) take(reading(38, s, { simulated: true }), s, false);
    expect(states()).toEqual([]);
    for (const s of [3, 4]) take(reading(38, s, { simulated: true }), s, true);
    expect(states()).toEqual(['hr high active']);
  });
  it('SCR-002 what is back-filled raises nothing', () => {
    for (const s of [0, 1, 2]) take(reading(38, s, { source: 'backfilled' }), s);
    expect(states()).toEqual([]);
  });
  it('CLN-006 what is bound to nobody raises nothing', () => {
    for (const s of [0, 1, 2]) take(reading(38, s, { patient: '' }), s);
    expect(states()).toEqual([]);
  });
  it('SCR-004 who has left this screen does not go on alarming', () => {
    take(reading(38, 0), 0);
    take(reading(38, 1), 1);
    take([], 2);
    expect(states()).toEqual([]);
  });
  it('two devices of one patient alarm each for itself; unacknowledged and high come first', () => {
    const two = (s: number): Reading[] => [reading(120, s), reading(38, s, { device: 'm2' })];
    take(two(0), 0);
    take(two(1), 1);
    expect(states()).toEqual(['hr high active', 'hr medium active']);
    alarms.ack('p1/m2/hr', '李');
    expect(states()).toEqual(['hr medium active', 'hr high acknowledged']);
  });
});
