import { describe, expect, it } from 'vitest';
import { centreChecks, type CentreState, type Notice } from '../../wire/entity';
import type { VitalAlarm } from '../../clinical/limits';
import type { Hospital, PathwayCase } from '../../wire/entity';
import {
  asked,
  boardSound,
  chosen,
  heardS,
  inbound,
  notesOf,
  onDuty,
  paused,
  pauseMs,
  photosOf,
  readingsOf,
  shiftMs,
  slotsOf,
  steady,
  tilesFor,
  withdrawals,
} from './model';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const iso = (s: number): string => new Date(t0 + s * 1000).toISOString();
function empty(): CentreState {
  return Object.fromEntries(Object.keys(centreChecks).map((k) => [k, new Map()])) as unknown as CentreState;
}
function notice(id: string, more: Partial<Notice> = {}): Notice {
  return { id, mission: `m-${id}`, hospital: 'h1', state: 'delivered', sent: iso(0), escalated: 0, ...more };
}

describe('inbound', () => {
  it('unanswered first, then by arrival; an arrival in the past is overdue, not zero', () => {
    const state = empty();
    for (const n of [
      notice('a', { state: 'accepted', eta: iso(100) }),
      notice('b', { eta: iso(900) }),
      notice('c', { state: 'accepted', eta: iso(-60) }),
      notice('d', { state: 'withdrawn', withdrawn: iso(5) }),
    ])
      state.notices.set(n.id, n);
    const list = inbound(state, t0);
    expect(list.map((i) => [i.notice.id, i.etaS])).toEqual([
      ['b', 900],
      ['c', -60],
      ['a', 100],
    ]);
  });

  it('SCR-004 one that was redirected stays as one line and not as a patient', () => {
    const state = empty();
    state.notices.set('d', notice('d', { state: 'withdrawn', withdrawn: iso(5) }));
    expect(inbound(state, t0)).toEqual([]);
    expect(withdrawals(state).map((n) => n.id)).toEqual(['d']);
  });

  it('CLN-004 notes of the crew are shown with and without a patient, those of another mission never', () => {
    const state = empty();
    state.missions.set('m-a', {
      id: 'm-a',
      incident: 'i',
      unit: 'u',
      state: 'left_scene',
      order: 'o',
      patients: ['p1'],
    });
    state.patients.set('p1', { id: 'p1' });
    state.notices.set('a', notice('a'));
    const note = (id: string, s: number, more: object) => ({ id, unit: 'u', text: id, by: '王', at: iso(s), ...more });
    for (const n of [
      note('of-patient', 1, { patient: 'p1', mission: 'm-a' }),
      note('of-mission', 2, { mission: 'm-a' }),
      note('of-unit', 3, {}),
      note('other-mission', 4, { mission: 'm-b' }),
      note('other-patient', 5, { patient: 'p2' }),
    ])
      state.notes.set(n.id, n);
    const [item] = inbound(state, t0);
    expect(item && notesOf(state, item).map((n) => n.id)).toEqual(['of-unit', 'of-mission', 'of-patient']);
  });

  it('CLN-006 numbers and waves of no patient are not shown here', () => {
    const state = empty();
    const base = {
      unit: 'u',
      device: 'm',
      channel: 'hr',
      quality: 'good',
      taken: iso(0),
      source: 'live' as const,
      stale_s: 3,
      gone_s: 10,
    };
    state.readings.set('1', { ...base, patient: 'p1', value: 70 });
    state.readings.set('2', { ...base, value: 99 });
    const slot = { unit: 'u', device: 'm', stream: 's', kind: 1, leads: ['ecg_ii'], rate_hz: 100, lsb_uv: 5 };
    state.slots.set('1', { ...slot, slot: 1, patient: 'p1' });
    state.slots.set('2', { ...slot, slot: 2 });
    const patients = [{ id: 'p1' }];
    expect(readingsOf(state, patients).map((r) => r.value)).toEqual([70]);
    expect(slotsOf(state, patients).map((s) => s.slot)).toEqual([1]);
  });
});

function alarm(patient: string, level: 'high' | 'medium', more: Partial<VitalAlarm> = {}): VitalAlarm {
  return {
    key: `${patient}/m/hr`,
    patient,
    channel: 'hr',
    level,
    side: 'low',
    limit: 40,
    value: 38,
    sinceMs: t0,
    state: 'active',
    simulated: false,
    ...more,
  };
}

describe('how sick, and why', () => {
  function town(): CentreState {
    const state = empty();
    for (const [id, more] of [
      ['a', { state: 'accepted', eta: iso(300), patients: ['pa'], priority: 'C' }],
      ['b', { state: 'accepted', eta: iso(900), patients: ['pb'], priority: 'A', pathway: 'chest_pain' }],
      ['c', { state: 'accepted', patients: ['pc'], priority: 'B' }],
      ['d', { state: 'accepted', patients: ['pd'] }],
    ] as const) {
      state.notices.set(id, notice(id, { ...more, patients: [...more.patients] }));
      state.patients.set(`p${id}`, { id: `p${id}` });
    }
    return state;
  }
  const ids = (alarms: VitalAlarm[], sort: 'eta' | 'severity'): string[] =>
    inbound(town(), t0, alarms, sort).map((i) => i.notice.id);

  it('by arrival: soonest first, who is not known to arrive by how sick', () => {
    expect(ids([], 'eta')).toEqual(['a', 'b', 'c', 'd']);
    expect(ids([alarm('pd', 'high')], 'eta')).toEqual(['a', 'b', 'd', 'c']);
  });
  it('by severity: critical first, then by arrival', () => {
    expect(ids([], 'severity')).toEqual(['b', 'c', 'a', 'd']);
    expect(ids([alarm('pa', 'high')], 'severity')).toEqual(['a', 'b', 'c', 'd']);
  });
  it('each says why: priority, pathway, a value beyond its limit, a target that runs out', () => {
    const state = town();
    const of: PathwayCase = {
      mission: 'm-b',
      pathway: 'chest_pain',
      at: iso(0),
      lead: 'fmc',
      since: iso(-400),
      steps: [{ key: 'first_ecg', state: 'near', target_s: 600, remaining_s: 200 }],
    };
    state.cases.set('m-b', of);
    const b = inbound(state, t0 + 50_000, [alarm('pb', 'medium')]).find((i) => i.notice.id === 'b');
    expect(b?.severity).toBe('critical');
    expect(b?.why.map((w) => w.is)).toEqual(['alarm', 'priority', 'pathway', 'step']);
    expect(b?.why.at(-1)).toMatchObject({ step: 'first_ecg', left: 150 });
  });
  it('an alarm that is over makes nobody critical', () => {
    const list = inbound(town(), t0, [alarm('pd', 'high', { state: 'cleared' })]);
    expect(list.find((i) => i.notice.id === 'd')?.severity).toBe('other');
  });
  it('nothing moves under the pointer; who is new comes last, and the list says that it waits', () => {
    const sorted = inbound(town(), t0);
    expect(steady(sorted, undefined).waits).toBe(false);
    const held = steady(sorted, ['d', 'b', 'a']);
    expect(held.list.map((i) => i.notice.id)).toEqual(['d', 'b', 'a', 'c']);
    expect(held.waits).toBe(true);
    expect(steady(sorted, ['a', 'b', 'c', 'd']).waits).toBe(false);
  });
  it('SCR-001 the newest live number says how old the picture is; back-fill does not count', () => {
    const r = (s: number, source: 'live' | 'backfilled') => ({
      unit: 'u',
      device: 'm',
      channel: 'hr',
      quality: 'good',
      taken: iso(s),
      source,
      stale_s: 3,
      gone_s: 10,
    });
    expect(heardS([r(-20, 'live'), r(-5, 'live'), r(-1, 'backfilled')], t0)).toBe(5);
    expect(heardS([], t0)).toBeUndefined();
  });
  it('SCR-004 photos of these patients and of no others', () => {
    const state = town();
    const photo = (id: string, patient?: string) => ({
      id,
      mime: 'image/jpeg' as const,
      size: 1,
      width: 1,
      height: 1,
      from: 'crew' as const,
      patient,
      taken: iso(0),
      received: iso(0),
    });
    for (const p of [photo('x', 'pa'), photo('y', 'pb'), photo('z')]) state.photos.set(p.id, p);
    const [a] = inbound(state, t0);
    expect(a && photosOf(state, a).map((p) => p.id)).toEqual(['x']);
  });
});

describe('CLN-004 who was asked', () => {
  const hospital: Hospital = { id: 'h1', name: 'h', pos: { lat: 0, lon: 0 }, persons: ['甲', '乙'] };
  it('the first at once, the next after 60 s, and after the list the desk', () => {
    const n = notice('a', { state: 'seen' });
    expect(asked(n, hospital, t0 + 20_000)).toEqual({ names: ['甲'], nextS: 40, exhausted: false });
    const second = { ...n, escalated: 1, escalated_at: iso(61) };
    expect(asked(second, hospital, t0 + 70_000)).toEqual({ names: ['甲', '乙'], nextS: 51, exhausted: false });
    expect(asked({ ...n, escalated: 2, escalated_at: iso(121) }, hospital, t0 + 130_000)).toMatchObject({
      nextS: undefined,
      exhausted: true,
    });
    expect(asked({ ...n, state: 'accepted' }, hospital, t0)).toMatchObject({ nextS: undefined, exhausted: false });
  });
});

describe('what stands side by side', () => {
  it('as many as come, in steps of 1, 2, 4, 6, 8; or as many as was asked for', () => {
    expect([0, 1, 2, 3, 4, 5, 7, 9].map((n) => tilesFor('auto', n))).toEqual([1, 1, 2, 4, 4, 6, 8, 8]);
    expect(tilesFor(2, 7)).toBe(2);
  });
  it('the one that was put first, then the order of the list', () => {
    const state = empty();
    for (const id of ['a', 'b', 'c']) state.notices.set(id, notice(id));
    const list = inbound(state, t0);
    expect(chosen(list, 'c', 2).map((i) => i.notice.id)).toEqual(['c', 'a']);
    expect(chosen(list, 'gone', 2).map((i) => i.notice.id)).toEqual(['a', 'b']);
  });
});

describe('the sound of the board', () => {
  it('CLN-004 a notice sounds until it is answered; seen is no answer; gone on to the next person it sounds oftener', () => {
    expect(boardSound([notice('a', { state: 'seen' })], [])).toBe('notice');
    expect(boardSound([notice('a'), notice('b', { escalated: 1 })], [])).toBe('notice_again');
    expect(boardSound([notice('a', { state: 'accepted' }), notice('b', { state: 'withdrawn' })], [])).toBeUndefined();
  });
  it('a critical value comes before a notice, a warning after it; acknowledged is silent', () => {
    expect(boardSound([notice('a')], [alarm('p', 'high')])).toBe('high');
    expect(boardSound([notice('a')], [alarm('p', 'medium')])).toBe('notice');
    expect(boardSound([], [alarm('p', 'medium')])).toBe('medium');
    expect(boardSound([], [alarm('p', 'high', { state: 'acknowledged' })])).toBeUndefined();
  });
  it('paused for two minutes at most, and something worse breaks it', () => {
    const pause = { untilMs: t0 + pauseMs, sound: 'notice' as const, known: new Set<string>() };
    expect(paused(pause, 'notice', [], t0 + 119_000)).toBe(true);
    expect(paused(pause, 'medium', [], t0)).toBe(true);
    expect(paused(pause, 'notice', [], t0 + 120_000)).toBe(false);
    expect(paused(pause, 'notice_again', [], t0)).toBe(false);
    expect(paused(pause, 'high', ['p/m/hr/1'], t0)).toBe(false);
    const second = { ...pause, sound: 'high' as const, known: new Set(['p/m/hr/1']) };
    expect(paused(second, 'high', ['p/m/hr/1'], t0)).toBe(true);
    expect(paused(second, 'high', ['p/m/hr/1', 'q/m/hr/2'], t0)).toBe(false);
    expect(paused(undefined, 'high', [], t0)).toBe(false);
  });
});

describe('who is on duty', () => {
  it('stands for one shift, then is asked again; what is no duty is none', () => {
    const raw = JSON.stringify({ by: '李医生', at: t0 });
    expect(onDuty(raw, t0 + shiftMs - 1)?.by).toBe('李医生');
    expect(onDuty(raw, t0 + shiftMs)).toBeUndefined();
    for (const bad of [undefined, '', '{', '{}', '{"by":" ","at":1}', '{"by":"x"}'])
      expect(onDuty(bad, t0)).toBeUndefined();
    expect(onDuty(JSON.stringify({ by: 'x', at: t0 + 3600_000 }), t0)).toBeUndefined();
  });
});
