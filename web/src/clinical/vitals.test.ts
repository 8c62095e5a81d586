import { describe, expect, it } from 'vitest';
import type { Reading } from '../wire/entity';
import { byPatient, digits, vitals, withoutLeftovers } from './vitals';

const t0 = Date.parse('2026-11-21T04:00:00Z');
function reading(channel: string, value: number | undefined, more: Partial<Reading> = {}): Reading {
  return {
    unit: 'u1',
    patient: 'p1',
    device: 'm1',
    channel,
    value,
    quality: 'good',
    taken: new Date(t0).toISOString(),
    source: 'live',
    stale_s: 3,
    gone_s: 10,
    ...more,
  };
}

describe('vitals', () => {
  it('shows the absence of what nobody measures', () => {
    expect(vitals([], t0).map((v) => [v.name, v.shown.is])).toEqual([
      ['hr', 'never'],
      ['spo2', 'never'],
      ['nibp', 'never'],
    ]);
  });

  it('CLN-005 two devices that disagree are shown as such', () => {
    const list = [
      reading('spo2', 97),
      reading('spo2', 88, { device: 'm2' }),
      reading('hr', 70),
      reading('hr', 72, { device: 'm2' }),
    ];
    const [hr, spo2] = vitals(list, t0);
    expect(spo2?.others).toEqual([{ device: 'm2', value: 88 }]);
    expect(hr?.others).toEqual([]);
  });

  it('CLN-005 devices of two patients, or of nobody known, do not disagree', () => {
    const other = { device: 'm2', patient: 'p2' };
    const list = [reading('spo2', 97), reading('spo2', 88, other), reading('hr', 70), reading('hr', 120, other)];
    expect(vitals(list, t0).flatMap((v) => v.others)).toEqual([]);
    const unbound = [reading('hr', 70, { patient: '' }), reading('hr', 120, { device: 'm2', patient: '' })];
    expect(vitals(unbound, t0).flatMap((v) => v.others)).toEqual([]);
  });

  it('CLN-006 what a device said before it was bound goes after two minutes, and not while it is bound to nobody', () => {
    const old = reading('nibp_sys', 132, { patient: '', stale_s: 600, gone_s: 3600 });
    const now = reading('hr', 80);
    expect(withoutLeftovers([old, now], t0 + 120_000)).toEqual([old, now]);
    expect(withoutLeftovers([old, now], t0 + 121_000)).toEqual([now]);
    expect(withoutLeftovers([old], t0 + 121_000)).toEqual([old]);
    const other = reading('hr', 80, { device: 'm2' });
    expect(withoutLeftovers([old, other], t0 + 121_000)).toEqual([old, other]);
  });

  it('CLN-006 each patient has a block of its own, what is bound to nobody comes last', () => {
    const list = [reading('hr', 1, { patient: '' }), reading('hr', 2, { patient: 'p2' }), reading('hr', 3)];
    expect(byPatient(list).map(([patient, own]) => [patient, own.map((r) => r.value)])).toEqual([
      ['p1', [3]],
      ['p2', [2]],
      ['', [1]],
    ]);
  });

  it('takes the device that has a number over one whose probe is off', () => {
    const list = [reading('spo2', undefined, { quality: 'probe_off' }), reading('spo2', 95, { device: 'm2' })];
    expect(vitals(list, t0).find((v) => v.name === 'spo2')?.shown).toMatchObject({ is: 'fresh', value: 95 });
  });

  it('SCR-001 blood pressure comes with its time and its three values of one device', () => {
    const list = [
      reading('nibp_sys', 86),
      reading('nibp_dia', 52),
      reading('nibp_map', 63),
      reading('nibp_dia', 99, { device: 'm2' }),
    ];
    const nibp = vitals(list, t0).find((v) => v.name === 'nibp');
    expect(nibp).toMatchObject({
      shown: { value: 86 },
      dia: { value: 52 },
      map: { value: 63 },
      taken: new Date(t0).toISOString(),
    });
  });

  it('CLN-006 says when a number belongs to no patient', () => {
    expect(vitals([reading('hr', 70, { patient: '' })], t0)[0]?.unbound).toBe(true);
    expect(vitals([reading('hr', 70)], t0)[0]?.unbound).toBe(false);
  });

  it('prints temperature with one decimal and the rest without', () => {
    expect(digits('t1', 36.44)).toBe('36.4');
    expect(digits('hr', 71.6)).toBe('72');
  });
});
