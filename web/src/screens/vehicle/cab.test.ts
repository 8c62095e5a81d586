// The terminal's own rules: seats, the lock at the wheel, gloves, what is owed, hospitals, corrections, whose numbers are shown.
import { describe, expect, it } from 'vitest';
import {
  terminalChecks,
  type Fix,
  type Hospital,
  type Order,
  type Reading,
  type TerminalState,
} from '../../wire/entity';
import { confirmMs, shakeMs, TwoPress } from './arm';
import { changes } from './changes';
import { choices, distanceM, far, roughMinutes, whereNow } from './near';
import { owedActs, owedLanes, size } from './owing';
import { people, shownPerson } from './people';
import { base64, bytesMax, fit, photoBody, Shelf, sideMax, smallest, type KeptPhoto } from './photo';
import { fate } from './acts';
import { lockKmh, seatOf, speedNow, typingLocked } from './seat';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const iso = (s: number): string => new Date(t0 + s * 1000).toISOString();
function empty(): TerminalState {
  return Object.fromEntries(Object.keys(terminalChecks).map((k) => [k, new Map()])) as unknown as TerminalState;
}
function fix(speed: number | undefined, more: Partial<Fix> = {}): Fix {
  return {
    pos: { lat: 35.41, lon: 118.51 },
    quality: 'good',
    speed_kmh: speed,
    satellites: 9,
    taken: iso(0),
    source: 'live',
    ...more,
  };
}

describe('the seat', () => {
  it('is what the address says, else what was chosen once; otherwise nobody has chosen', () => {
    expect(seatOf('?seat=driver', 'cabin')).toBe('driver');
    expect(seatOf('?seat=roof', 'cabin')).toBe('cabin');
    expect(seatOf('', 'driver')).toBe('driver');
    expect(seatOf('', undefined)).toBeUndefined();
    expect(seatOf('', 'nonsense')).toBeUndefined();
  });

  it('nobody types at the wheel above 10 km/h, and the cabin is never locked', () => {
    expect(typingLocked('driver', fix(lockKmh), t0)).toBe(false);
    expect(typingLocked('driver', fix(lockKmh + 0.1), t0)).toBe(true);
    expect(typingLocked('cabin', fix(120), t0)).toBe(false);
    expect(typingLocked('driver', undefined, t0)).toBe(false);
    expect(typingLocked('driver', fix(undefined), t0)).toBe(false);
  });

  it('SCR-001 a speed that the receiver did not say is unknown, and so is an old one; a standing vehicle says 0', () => {
    expect([fix(0), fix(49.6), fix(undefined), undefined].map((f) => speedNow(f, t0 + 10_000))).toEqual([
      0,
      50,
      undefined,
      undefined,
    ]);
    expect(speedNow(fix(50), t0 + 11_000)).toBeUndefined();
  });

  it('stays locked in a tunnel, and opens when the position is a minute old', () => {
    expect(typingLocked('driver', fix(60), t0 + 60_000)).toBe(true);
    expect(typingLocked('driver', fix(60), t0 + 60_001)).toBe(false);
  });
});

describe('two presses', () => {
  it('the second within 3 s means it', () => {
    const key = new TwoPress();
    expect(key.press(t0)).toBe(false);
    expect(key.left(t0)).toBe(3);
    expect(key.left(t0 + 2_100)).toBe(1);
    expect(key.press(t0 + confirmMs)).toBe(true);
    expect(key.left(t0 + confirmMs)).toBe(0);
  });
  it('a shaking finger is one press, and too late is a first press again', () => {
    const key = new TwoPress();
    key.press(t0);
    expect(key.press(t0 + shakeMs - 1)).toBe(false);
    expect(key.press(t0 + confirmMs + 1)).toBe(false);
    expect(key.press(t0 + 2 * confirmMs)).toBe(true);
    expect(key.press(t0 + 2 * confirmMs + 1)).toBe(false); // confirmed once, not twice
  });
});

describe('what is still to be sent', () => {
  it('lane by lane, the most precious first, with count, bytes and age of the oldest', () => {
    const lanes = owedLanes(
      [
        { lane: 'wave', count: 300, bytes: 400_000, oldest: iso(-90), capped: true },
        { lane: 'photo', count: 13, bytes: 180_000, oldest: iso(-30) },
        { lane: 'urgent', count: 0, bytes: 0, oldest: iso(-900) },
        { lane: 'reading', count: 2, bytes: 90, oldest: iso(-1) },
        { lane: 'later_kind', count: 1, bytes: 1, oldest: iso(-1) },
      ],
      t0,
    );
    expect(lanes.map((l) => l.lane)).toEqual(['urgent', 'reading', 'photo', 'wave', 'later_kind']);
    expect(lanes[0]).toMatchObject({ count: 0, oldestS: undefined, capped: false });
    expect(lanes[3]).toMatchObject({ oldestS: 90, capped: true });
  });

  it('act by act: on this tablet, or in the vehicle; one that is on both is named once', () => {
    const state = empty();
    state.kept.set('n1', { kind: 'node', at: iso(5), text: 'departed' });
    state.kept.set('n0', { kind: 'note', at: iso(1), text: '' });
    const acts = owedActs(state, [
      { id: 'n1', kind: 'node', atMs: t0 + 7_000, offsetMs: 2_000, body: { node: 'departed' } },
      { id: 's1', kind: 'sos', atMs: t0, offsetMs: undefined, body: {} },
    ]);
    expect(acts.map((a) => [a.id, a.where])).toEqual([
      ['s1', 'tablet'],
      ['n0', 'vehicle'],
      ['n1', 'tablet'],
    ]);
    expect(acts[2]?.atMs).toBe(t0 + 5_000); // on the vehicle's clock
  });

  it('says sizes as people do', () => {
    expect([size(812), size(44_032), size(2_202_010)]).toEqual(['812 B', '43 KB', '2.1 MB']);
  });
});

describe('hospitals', () => {
  const at = { lat: 35.41, lon: 118.51 };
  const h = (id: string, lon: number, centres?: string[]): Hospital => ({
    id,
    name: id,
    pos: { lat: 35.41, lon },
    centres,
  });

  it('those that can do it come first, then the nearest', () => {
    const all = [h('near', 118.52), h('far', 118.7, ['stroke']), h('mid', 118.6, ['stroke', 'trauma'])];
    expect(choices(all, 'stroke', at).map((c) => c.hospital.id)).toEqual(['mid', 'far', 'near']);
    expect(choices(all, '', at).map((c) => c.hospital.id)).toEqual(['near', 'mid', 'far']);
    expect(choices(all, '', at).some((c) => c.able)).toBe(false);
    expect(choices(all, '', undefined).map((c) => [c.hospital.id, c.m])).toEqual([
      ['far', undefined],
      ['mid', undefined],
      ['near', undefined],
    ]);
  });

  it('distances are as exact as a straight line deserves', () => {
    expect(distanceM(at, { lat: 36.41, lon: 118.51 })).toBeCloseTo(111_195, -1);
    expect([far(844), far(3_240), far(41_400)]).toEqual(['840 m', '3.2 km', '41 km']);
    expect([roughMinutes(10), roughMinutes(10_000)]).toEqual([1, 21]);
  });

  it('SCR-001 a position that is lost gives no distance', () => {
    expect(whereNow(fix(0), t0 + 120_000)).toEqual(at);
    expect(whereNow(fix(0), t0 + 120_001)).toBeUndefined();
    expect(whereNow(fix(0, { pos: { lat: 0, lon: 0 } }), t0)).toBeUndefined();
  });
});

describe('a correction', () => {
  const order: Order = {
    id: 'o1',
    mission: 'm1',
    unit: 'u1',
    version: 2,
    state: 'delivered',
    text: '人民路 93 号 胸痛',
    place: { address: '人民路 93 号' },
    priority: 'A',
    complaint: '胸痛',
    queued: iso(0),
    valid_until: iso(120),
    sent: 1,
  };
  it('DLV-005 shows what was and what is, and nothing that stayed', () => {
    const earlier = { ...order, version: 1, place: { address: '人民路 39 号' }, text: '人民路 39 号 胸痛' };
    expect(changes(earlier, order)).toEqual([{ what: 'place', was: '人民路 39 号', now: '人民路 93 号' }]);
    expect(changes({ ...order, version: 1, text: '人民路 93 号' }, order)).toEqual([
      { what: 'text', was: '人民路 93 号', now: '人民路 93 号 胸痛' },
    ]);
    expect(changes({ ...order, priority: 'C' }, order)).toMatchObject([{ what: 'priority', was: 'C', now: 'A' }]);
    expect(changes(order, order)).toEqual([]);
    expect(changes(undefined, order)).toEqual([]);
  });
});

describe('whose numbers are shown', () => {
  function reading(device: string, patient: string | undefined, value: number, takenS = 0): Reading {
    return {
      unit: 'u1',
      device,
      channel: 'hr',
      value,
      quality: 'good',
      taken: iso(takenS),
      source: 'live',
      stale_s: 3,
      gone_s: 10,
      ...(patient ? { patient } : {}),
    };
  }
  function two(): TerminalState {
    const state = empty();
    for (const d of ['a', 'b'])
      state.devices.set(d, { device: d, kind: 'monitor', port: '/dev/x', state: 'speaking', since: iso(0) });
    state.bindings.set('a', { device: 'a', patient: 'p1', by: '李', at: iso(0) });
    state.patients.set('p1', { id: 'p1', name: '张国' });
    state.readings.set('a', reading('a', 'p1', 80));
    state.readings.set('b', reading('b', undefined, 120));
    return state;
  }

  it("CLN-006 a blood pressure from before the binding is nobody's for two minutes, not for an hour", () => {
    const state = two();
    state.bindings.set('b', { device: 'b', patient: 'p1', by: '李', at: iso(0) });
    state.readings.set('b', { ...reading('b', undefined, 132), channel: 'nibp_sys', stale_s: 600, gone_s: 3600 });
    expect(people(state, t0 + 120_000).map((p) => p.key)).toEqual(['p1', '']);
    expect(people(state, t0 + 121_000).map((p) => p.key)).toEqual(['p1']);
    state.bindings.delete('b'); // bound to nobody it is shown as long as any other
    expect(people(state, t0 + 121_000).find((p) => p.key === '')?.readings.length).toBe(1);
  });

  it('CLN-006 two people are never one block; what is bound to nobody stands last', () => {
    const all = people(two(), t0);
    expect(all.map((p) => [p.key, p.patient?.name, p.readings.map((r) => r.value)])).toEqual([
      ['p1', '张国', [80]],
      ['', undefined, [120]],
    ]);
    expect(shownPerson(all, '')?.key).toBe('');
    expect(shownPerson(all, 'p9')?.key).toBe('p1');
    expect(shownPerson([], undefined)).toBeUndefined();
  });

  it('CLN-006 after the binding ended, the last words of before go when they are too old', () => {
    const state = two();
    state.bindings.delete('a');
    expect(people(state, t0 + 10_000).map((p) => p.key)).toEqual(['p1', '']);
    expect(people(state, t0 + 10_001).map((p) => p.key)).toEqual(['']);
  });
});

describe('photos', () => {
  it('are never larger than 1600 px or 200 KB, and never enlarged', async () => {
    expect(fit(4000, 3000, sideMax)).toEqual({ width: 1600, height: 1200 });
    expect(fit(3000, 4000, sideMax)).toEqual({ width: 1200, height: 1600 });
    expect(fit(640, 480, sideMax)).toEqual({ width: 640, height: 480 });
    expect(fit(9000, 2, sideMax)).toEqual({ width: 1600, height: 1 });

    const tried: [number, number][] = [];
    const made = await smallest(4000, 3000, ({ width, height }, quality) => {
      tried.push([width, quality]);
      return Promise.resolve({ size: Math.round(width * height * quality * 0.25) });
    });
    expect(made?.size).toBeLessThanOrEqual(bytesMax);
    expect(tried[0]).toEqual([1600, 0.85]); // the best first
    expect(tried.some(([width]) => width < 1600)).toBe(true);
  });
  it('a picture that cannot be made small enough is none, and a small one is tried once a size', async () => {
    let n = 0;
    const never = (): Promise<{ size: number }> => {
      n++;
      return Promise.resolve({ size: bytesMax + 1 });
    };
    expect(await smallest(300, 200, never)).toBeUndefined();
    expect(n).toBe(4);
    expect(await smallest(10, 10, () => Promise.resolve(undefined))).toBeUndefined();
  });

  const kept: KeptPhoto = {
    id: 'f1',
    atMs: t0,
    offsetMs: 4_000,
    mission: 'm1',
    patient: 'p1',
    by: '李',
    jpeg: new Uint8Array([255, 216, 255]),
  };
  it('TIM-001 are timed on the vehicle’s clock, with the uncertainty of what was measured', () => {
    const body = photoBody(kept, { offsetMs: 4_000, uncertaintyMs: 20 }, false);
    expect(body).toEqual({ id: 'f1', mission: 'm1', patient: 'p1', by: '李', at: iso(-4), jpeg: '/9j/' });
    // The tablet's clock was set in between: the moment stands, and how far off it may be is said.
    expect(photoBody(kept, { offsetMs: 9_000, uncertaintyMs: 20 }, true)).toMatchObject({
      at: iso(-4),
      uncertain_s: 5.02,
    });
    expect(
      photoBody({ ...kept, patient: '', offsetMs: undefined }, { offsetMs: 1_000, uncertaintyMs: 1 }, false),
    ).toEqual({ id: 'f1', mission: 'm1', by: '李', at: iso(-1), jpeg: '/9j/' });
  });

  it('wait on the tablet, oldest first, and it says so when its disk refuses', async () => {
    const shelf = new Shelf(() => undefined);
    await shelf.load();
    await shelf.put({ ...kept, id: 'b', atMs: t0 + 5 });
    await shelf.put({ ...kept, id: 'a', atMs: t0 + 9 });
    await shelf.put({ ...kept, id: 'b', atMs: t0 + 5 });
    expect(shelf.list().map((p) => p.id)).toEqual(['b', 'a']);
    expect(shelf.safe).toBe(false);
    await shelf.remove('b');
    expect(shelf.list().map((p) => p.id)).toEqual(['a']);
    expect(
      new Shelf(() => {
        throw new Error('private mode');
      }).list(),
    ).toEqual([]);
  });

  it('DLV-007 one that the vehicle has no room for stays on the tablet', () => {
    expect(fate('photo', { is: 'refused', status: 507, detail: '' })).toBe('kept');
    expect(fate('photo', { is: 'refused', status: 422, detail: '' })).toBe('refused');
    expect(fate('photo', { is: 'silent' })).toBe('kept');
  });

  it('bytes survive base64', () => {
    const bytes = new Uint8Array(70_000).map((_, i) => i * 7);
    expect(Uint8Array.from(atob(base64(bytes)), (c) => c.charCodeAt(0))).toEqual(bytes);
  });
});
