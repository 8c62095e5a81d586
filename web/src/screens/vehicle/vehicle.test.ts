import { foretold } from './near';
import { describe, expect, it } from 'vitest';
import { terminalChecks, type Mission, type Order, type Press, type TerminalState } from '../../wire/entity';
import { AwayQueue, batchBytes, handover, type Disk, type Entry } from './away';
import { fate, oneByOne, Repeats, request, textMax, undoRequest } from './acts';
import {
  bindable,
  faults,
  lamp,
  monitors,
  nodeKeys,
  ordersView,
  owed,
  pretending,
  runningMission,
  said,
} from './model';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const iso = (s: number): string => new Date(t0 + s * 1000).toISOString();
function empty(): TerminalState {
  return Object.fromEntries(Object.keys(terminalChecks).map((k) => [k, new Map()])) as unknown as TerminalState;
}
const order: Order = {
  id: 'o1',
  mission: 'm1',
  unit: 'u1',
  version: 1,
  state: 'delivered',
  text: '',
  place: {},
  priority: 'A',
  queued: iso(0),
  valid_until: iso(120),
  sent: 1,
};
const mission: Mission = {
  id: 'm1',
  incident: 'i1',
  unit: 'u1',
  state: 'departed',
  order: 'o1',
  nodes: [
    { node: 'ordered', at: iso(0), source: 'desk', entered: iso(0) },
    { node: 'acknowledged', at: iso(20), source: 'key', entered: iso(20) },
    { node: 'departed', at: iso(60), source: 'key', entered: iso(60) },
  ],
};
function entry(id: string, kind: Entry['kind'], more: Partial<Entry> = {}): Entry {
  return { id, kind, atMs: t0, offsetMs: 0, body: {}, ...more };
}
function disk(): Disk & { text: string | undefined; full: boolean } {
  return {
    text: undefined,
    full: false,
    read() {
      return this.text;
    },
    write(text) {
      if (!this.full) this.text = text;
      return !this.full;
    },
  };
}

/** What Go writes for no time. */
const noTime = '0001-01-01T00:00:00Z';

describe('the order', () => {
  const none = new Set<string>();
  it('is new while valid, and shows 已失效 afterwards: DLV-005', () => {
    const state = empty();
    state.orders.set('o1', order);
    expect(ordersView(state, t0 + 119_000, none).card).toMatchObject({ is: 'new', leftS: 1 });
    expect(ordersView(state, t0 + 120_000, none).card).toMatchObject({ is: 'dead', why: 'expired' });
    expect(ordersView(state, t0 + 120_000, new Set(['o1']))).toEqual({ card: { is: 'none' }, strips: [] });
  });

  it('DLV-005 one that arrives withdrawn or expired never sounds as an order', () => {
    for (const why of ['withdrawn', 'expired'] as const) {
      const state = empty();
      state.orders.set('o1', { ...order, state: why });
      expect(ordersView(state, t0, none).card).toMatchObject({ is: 'dead', why });
    }
  });

  it('accepted it is the mission, until that has ended', () => {
    const state = empty();
    state.orders.set('o1', { ...order, state: 'accepted' });
    state.missions.set('m1', mission);
    expect(ordersView(state, t0 + 900_000, none).card).toEqual({ is: 'none' });
    expect(runningMission(state)?.id).toBe('m1');
    state.missions.set('m1', { ...mission, ended: iso(900) });
    expect(runningMission(state)).toBeUndefined();
  });

  it('DLV-005 a correction over a mission has no validity: it wants to be seen, and is never dead', () => {
    const state = empty();
    state.missions.set('m1', mission);
    const corrected: Order = { ...order, version: 2, valid_until: noTime, text: '改到西门' };
    for (const accepted of [undefined, iso(20)]) {
      state.orders.set('o1', { ...corrected, accepted });
      expect(ordersView(state, t0 + 9_000_000, none).card).toMatchObject({ is: 'changed', why: 'corrected' });
      expect(runningMission(state)?.id).toBe('m1');
      state.orders.set('o1', { ...corrected, accepted, state: 'seen' });
      expect(ordersView(state, t0 + 9_000_000, none).card).toEqual({ is: 'none' });
    }
  });

  it('DLV-005 accepted once, a validity that passed since does not make it dead', () => {
    const state = empty();
    state.orders.set('o1', { ...order, version: 2, accepted: iso(20) });
    expect(ordersView(state, t0 + 121_000, none).card).toMatchObject({ is: 'changed' });
    state.orders.set('o1', { ...order, accepted: iso(20), state: 'withdrawn' });
    expect(ordersView(state, t0 + 121_000, none).card).toMatchObject({ is: 'dead', why: 'withdrawn' });
  });

  it('DLV-005 accepted by voice before it arrived: to be seen, and its mission is the running one', () => {
    const state = empty();
    state.orders.set('o1', { ...order, valid_until: noTime });
    state.missions.set('m1', { ...mission, state: 'ordered', nodes: mission.nodes?.slice(0, 1) });
    expect(ordersView(state, t0 + 9_000_000, none).card).toMatchObject({ is: 'changed', why: 'voice' });
    expect(runningMission(state)?.id).toBe('m1');
  });

  it('DSP-004 the mission under way keeps its keys while any other order is on the screen', () => {
    const later = { id: 'o2', mission: 'm2', queued: iso(300), valid_until: iso(420) };
    const orders: [Partial<Order>, string][] = [
      [{ state: 'delivered' }, 'new'],
      [{ state: 'expired' }, 'dead'],
      [{ state: 'withdrawn' }, 'dead'],
    ];
    for (const [more, is] of orders) {
      const state = empty();
      state.orders.set('o1', { ...order, state: 'accepted', accepted: iso(20) });
      state.missions.set('m1', mission);
      state.orders.set('o2', { ...order, ...later, ...more });
      state.missions.set('m2', { ...mission, id: 'm2', order: 'o2', state: 'ordered', nodes: [] });
      expect(ordersView(state, t0 + 301_000, none).card).toMatchObject({ is, order: { id: 'o2' } });
      expect(runningMission(state)?.id).toBe('m1');
    }
  });

  it('of two missions under way the newest ordered one has the keys', () => {
    const state = empty();
    state.missions.set('m1', mission);
    const newer = mission.nodes?.map((n) => ({ ...n, at: iso(600) }));
    state.missions.set('m2', { ...mission, id: 'm2', order: 'o2', nodes: newer });
    expect(runningMission(state)?.id).toBe('m2');
  });

  it('DLV-005 a dead order older than the accepted one is a line beside the mission, until it is put aside', () => {
    const state = empty();
    state.orders.set('o0', { ...order, id: 'o0', mission: 'm0', state: 'expired', queued: iso(-300) });
    state.orders.set('o1', { ...order, state: 'accepted', accepted: iso(20) });
    state.missions.set('m1', mission);
    expect(ordersView(state, t0 + 30_000, none)).toMatchObject({
      card: { is: 'none' },
      strips: [{ order: { id: 'o0' } }],
    });
    expect(ordersView(state, t0 + 30_000, new Set(['o0'])).strips).toEqual([]);
  });

  it('DLV-005 a new order stands before a newer one that was withdrawn, which stays as a line', () => {
    const state = empty();
    state.orders.set('o1', order);
    state.orders.set('o2', { ...order, id: 'o2', mission: 'm2', queued: iso(10), state: 'withdrawn' });
    expect(ordersView(state, t0 + 11_000, none)).toMatchObject({
      card: { is: 'new', order: { id: 'o1' } },
      strips: [{ order: { id: 'o2' }, why: 'withdrawn' }],
    });
  });
});

describe('node keys', () => {
  it('the next one follows the last that is done; a skipped one stays in reach: DSP-004', () => {
    const skipped = { ...mission, nodes: mission.nodes?.filter((n) => n.node !== 'acknowledged') };
    const keys = nodeKeys(skipped, []);
    expect(keys.find((k) => k.next)?.node).toBe('at_scene');
    expect(keys.find((k) => k.node === 'acknowledged')).toMatchObject({ at: undefined });
  });

  it('a touch on a tablet that is away is shown as kept on the tablet, with its corrected time', () => {
    const kept = [
      entry('e1', 'node', { atMs: t0 + 90_000, offsetMs: 30_000, body: { mission: 'm1', node: 'at_scene' } }),
    ];
    const keys = nodeKeys(mission, kept);
    expect(keys.find((k) => k.node === 'at_scene')).toMatchObject({ kept: 'tablet', at: iso(60) });
    expect(keys.find((k) => k.next)?.node).toBe('contact');
    expect(nodeKeys({ ...mission, id: 'm9' }, kept).some((k) => k.kept)).toBe(false);
  });

  it('DSP-004 an arrival by position is proposed at its key until somebody touches it', () => {
    const there = { ...mission, stands: [{ node: 'at_scene' as const, at: iso(100) }] };
    expect(nodeKeys(there, []).find((k) => k.node === 'at_scene')).toMatchObject({ at: undefined, stood: iso(100) });
    const touched = [entry('e1', 'node', { body: { mission: 'm1', node: 'at_scene', stood: true } })];
    expect(nodeKeys(there, touched).find((k) => k.node === 'at_scene')?.stood).toBeUndefined();
    expect(request(touched[0]!, false).body).toMatchObject({ node: 'at_scene', stood: true });
  });

  it('DSP-004 a node is done only when the centre has it: until then it is 待上传', () => {
    const owes = new Map([
      ['t1', { kind: 'node', at: iso(60), mission: 'm1', text: 'departed' }],
      ['o1-accepted', { kind: 'answer', at: iso(20), text: 'accepted' }],
      ['t2', { kind: 'node', at: iso(60), mission: 'm9', text: 'at_scene' }],
    ]);
    const keys = nodeKeys(mission, [], owes);
    expect(keys.filter((k) => k.kept === 'vehicle').map((k) => k.node)).toEqual(['acknowledged', 'departed']);
    expect(nodeKeys(mission, [], new Map()).some((k) => k.kept)).toBe(false);
  });

  it('DSP-004 a touch that was taken back leaves its node open, and says so', () => {
    const back = { node: 'departed' as const, at: iso(60), source: 'key', entered: iso(60) };
    const keys = nodeKeys({ ...mission, nodes: mission.nodes?.slice(0, 2), undone: [back] }, []);
    expect(keys.find((k) => k.node === 'departed')).toMatchObject({ at: undefined, undone: iso(60), next: true });
    expect(nodeKeys({ ...mission, undone: [back] }, []).find((k) => k.node === 'departed')?.undone).toBeUndefined();
  });
});

describe('the lamp of the SOS key', () => {
  const press: Press = { press_id: 'p1', pressed: iso(0), lamp: 'pending' };
  it('ALM-003 shows received only when the centre has stored it', () => {
    expect(lamp([], [], t0)).toEqual({ is: 'dark' });
    expect(lamp([], [entry('p1', 'sos')], t0)).toEqual({ is: 'kept', atMs: t0 });
    expect(lamp([press], [entry('p1', 'sos')], t0)).toEqual({ is: 'pending' });
    expect(lamp([press], [], t0)).toEqual({ is: 'pending' });
    expect(lamp([{ ...press, lamp: 'received', state: 'stored' }], [], t0).is).toBe('received');
  });

  it('a press that nobody has heard stands before an older one that was received', () => {
    const kept = [entry('p2', 'sos', { atMs: t0 + 5000 })];
    expect(lamp([{ ...press, lamp: 'received' }], kept, t0)).toEqual({ is: 'kept', atMs: t0 + 5000 });
  });

  it('ALM-003 the line stays for a minute after the centre handled it, however long ago it was pressed', () => {
    const handled: Press = { ...press, lamp: 'received', state: 'handled', by: '王芳', at: iso(600) };
    expect(lamp([handled], [], t0 + 659_000)).toEqual({ is: 'received', press: handled });
    expect(lamp([handled], [], t0 + 661_000).is).toBe('dark');
    expect(lamp([{ ...handled, state: 'acknowledged' }], [], t0 + 9_000_000).is).toBe('received');
  });
});

describe('acts of the crew', () => {
  const silent = { is: 'silent' } as const;
  const done = { is: 'done', value: {}, unrecorded: false } as const;
  const no = (status: number): { is: 'refused'; status: number; detail: string } => ({
    is: 'refused',
    status,
    detail: '',
  });

  it('DSP-004 a touch is taken back under its own id', () => {
    const touch = request(entry('t1', 'node', { body: { mission: 'm1', node: 'departed', by: '李' } }), false);
    expect(touch).toEqual({
      path: '/api/v1/missions/m1/nodes',
      body: { id: 't1', node: 'departed', at: iso(0), by: '李' },
    });
    expect(undoRequest('m1', 't1', 'departed', '李')).toEqual({
      path: touch.path,
      body: { id: 't1', node: 'departed', by: '李', undo: true },
    });
  });

  it('DLV-001 a kept touch is dropped only when it was taken, or refused for good', () => {
    expect(fate('node', done)).toBe('taken');
    for (const status of [404, 409, 422]) expect(fate('note', no(status))).toBe('refused');
    for (const status of [400, 429, 500, 502, 503, 504]) expect(fate('node', no(status))).toBe('kept');
    expect(fate('node', silent)).toBe('kept');
  });

  it('ALM-001 an SOS needs no words and is never given up, whatever is answered', () => {
    for (const status of [404, 409, 422, 503]) expect(fate('sos', no(status))).toBe('kept');
    expect(request(entry('p1', 'sos'), true).body).toEqual({
      press_id: 'p1',
      by: 'tablet',
      seat: '',
      pressed: iso(0),
      away: true,
    });
  });

  it('TIM-001 a press says when it was by the vehicle, and how far off that may be', () => {
    const clock = { offsetMs: 5000, uncertaintyMs: 20 };
    const press = (more: Partial<Entry>, late: boolean, measured?: typeof clock): unknown =>
      request(entry('p1', 'sos', { atMs: t0 + 7000, ...more }), late, measured).body;
    // Measured then and now, and the tablet's clock was set by a minute in between.
    expect(press({ offsetMs: 5000 }, false, clock)).toMatchObject({ pressed: iso(2), uncertainty_s: 0.02 });
    expect(press({ offsetMs: 5000 }, true, { offsetMs: 65_000, uncertaintyMs: 20 })).toMatchObject({
      pressed: iso(2),
      uncertainty_s: 30.02,
      away: true,
      by: 'tablet',
    });
    // Measured then only; now only; never.
    expect(press({ offsetMs: 5000, uncertaintyMs: 40 }, true)).toMatchObject({ pressed: iso(2), uncertainty_s: 0.04 });
    expect(press({ offsetMs: undefined }, true, clock)).toMatchObject({ pressed: iso(2), uncertainty_s: 0.02 });
    expect(press({ offsetMs: undefined }, true)).toMatchObject({ pressed: iso(7) });
    expect(press({ offsetMs: undefined }, true)).not.toHaveProperty('uncertainty_s');
    expect(press({ offsetMs: undefined }, false)).not.toHaveProperty('pressed');
  });

  it('DLV-001 a hand-over too large for the vehicle is gone through one by one, and nothing is given up for it', () => {
    expect(oneByOne(no(413))).toBe(true);
    expect(fate('note', no(413))).toBe('kept');
    expect(oneByOne(done)).toBe(true);
    for (const answer of [silent, no(429), no(500), no(503)]) expect(oneByOne(answer)).toBe(false);
  });

  it('DLV-001 an act without an answer keeps its id, another act has its own', () => {
    const repeats = new Repeats();
    const first = repeats.id('/binding', { device: 'm1' });
    for (const answer of [silent, no(503)]) {
      repeats.answered('/binding', { device: 'm1' }, answer);
      expect(repeats.id('/binding', { device: 'm1' })).toBe(first);
    }
    expect(repeats.id('/binding', { device: 'm2' })).not.toBe(first);
    repeats.answered('/binding', { device: 'm1' }, done);
    expect(repeats.id('/binding', { device: 'm1' })).not.toBe(first);
  });

  it('a note as long as the limit goes as it is', () => {
    const note = entry('n1', 'note', { body: { text: '患'.repeat(textMax), by: '李', mission: 'm1' } });
    expect(request(note, false).body).toMatchObject({ id: 'n1', mission: 'm1', text: '患'.repeat(4000) });
  });
});

describe('a tablet away from the vehicle', () => {
  it('keeps touches over a restart of the page, each once', () => {
    const store = disk();
    const queue = new AwayQueue(store);
    queue.add(entry('e1', 'sos'));
    queue.add(entry('e1', 'sos'));
    queue.add(entry('e2', 'node'));
    expect(new AwayQueue(store).list().map((e) => e.id)).toEqual(['e1', 'e2']);
  });

  it('forgets only what the vehicle says it has taken', () => {
    const store = disk();
    const queue = new AwayQueue(store);
    queue.add(entry('e1', 'sos'));
    queue.add(entry('e2', 'node'));
    expect(queue.remove(['e2', 'unknown'])).toBe(1);
    expect(new AwayQueue(store).list().map((e) => e.id)).toEqual(['e1']);
  });

  it('says when the tablet cannot store, and keeps the touch while the page lives', () => {
    const store = disk();
    store.full = true;
    const queue = new AwayQueue(store);
    queue.add(entry('e1', 'sos'));
    expect(queue.safe).toBe(false);
    expect(queue.list()).toHaveLength(1);
  });

  it.each(['', '{', 'null', '7', '[1,null,{"id":3}]'])('starts empty over a torn store %s', (text) => {
    const store = disk();
    store.text = text;
    expect(new AwayQueue(store).list()).toEqual([]);
  });

  it('TIM-001 hands over times by the tablet clock with the measured offset', () => {
    const body = handover('tab', [entry('e1', 'node', { atMs: t0 + 7000, offsetMs: 5000 })], {
      offsetMs: 5000,
      uncertaintyMs: 20,
    });
    expect(body).toEqual({
      tablet: 'tab',
      offset_ms: 5000,
      uncertainty_ms: 20,
      entries: [{ id: 'e1', kind: 'node', at: iso(7), body: {} }],
    });
  });

  it('TIM-001 a tablet clock that was set in between moves the entry with it, and the uncertainty grows', () => {
    // Touched at 04:00:07 by the vehicle; the tablet was then 5 s ahead and is now 65 s ahead.
    const body = handover('tab', [entry('e1', 'node', { atMs: t0 + 12_000, offsetMs: 5000 })], {
      offsetMs: 65_000,
      uncertaintyMs: 20,
    });
    expect(Date.parse(body.entries[0]?.at ?? '') - body.offset_ms).toBe(t0 + 7000);
    expect(body.uncertainty_ms).toBe(30_020);
  });

  it('hands over at most 500 at once', () => {
    const many = Array.from({ length: 600 }, (_, i) => entry(`e${i}`, 'note'));
    expect(handover('tab', many, { offsetMs: 0, uncertaintyMs: 0 }).entries).toHaveLength(500);
  });

  it('DLV-001 hands over in pieces that a vehicle takes: six notes as long as they may be, five hundred nodes', () => {
    const size = (of: object): number => new TextEncoder().encode(JSON.stringify(of)).length;
    const clock = { offsetMs: 1234.5678, uncertaintyMs: 20 };
    const words = { mission: 'm-0123456789abcdef', by: '李护士', node: 'at_scene', text: '' };
    const notes = Array.from({ length: 6 }, (_, i) => entry(`n${i}`, 'note', { body: { text: '患'.repeat(textMax) } }));
    const nodes = Array.from({ length: 500 }, (_, i) => entry(`touch-0123456789-${i}`, 'node', { body: words }));
    for (const all of [notes, nodes]) {
      let left = all;
      for (let sent = 0; left.length > 0; sent++) {
        const body = handover('tab', left, clock);
        expect(body.entries.length).toBeGreaterThan(0);
        expect(size(body)).toBeLessThan(64 << 10);
        left = left.slice(body.entries.length);
        expect(sent).toBeLessThan(6);
      }
    }
    // One that is too large by itself still goes, alone.
    const giant = entry('g', 'note', { body: { text: 'x'.repeat(2 * batchBytes) } });
    expect(handover('tab', [giant, ...notes], clock).entries).toHaveLength(1);
  });
});

describe('binding and debt', () => {
  function bound(): TerminalState {
    const state = empty();
    for (const device of ['mon', 'oxi'])
      state.devices.set(device, { device, kind: 'monitor', port: '/dev/ttyUSB0', state: 'speaking', since: iso(0) });
    state.devices.set('g1', { device: 'g1', kind: 'gnss', port: '/dev/ttyUSB1', state: 'speaking', since: iso(0) });
    state.patients.set('p1', { id: 'p1', mission: 'm1', name: '张国' });
    state.bindings.set('mon', { device: 'mon', patient: 'p1', mission: 'm1', by: '李', at: iso(0) });
    return state;
  }

  it('CLN-006 shows which device is bound to whom, by whom; a second one may be bound to the same patient', () => {
    const state = bound();
    expect(monitors(state)).toMatchObject([
      { device: { device: 'mon' }, patient: { name: '张国' }, by: '李' },
      { device: { device: 'oxi' }, patient: undefined },
    ]);
    expect(bindable(state, mission).map((p) => p.id)).toEqual(['p1']);
    state.bindings.set('oxi', { device: 'oxi', patient: 'p1', mission: 'm1', by: '李', at: iso(9) });
    expect(monitors(state).map((m) => m.patient?.id)).toEqual(['p1', 'p1']);
  });

  it('CLN-006 after an accidental unbinding the patient can be bound again; one of another mission cannot', () => {
    const state = bound();
    state.bindings.delete('mon');
    state.patients.set('p9', { id: 'p9', mission: 'm9' });
    expect(monitors(state).every((m) => m.patient === undefined)).toBe(true);
    expect(bindable(state, mission).map((p) => p.id)).toEqual(['p1']);
  });

  it('SCR-003 a bound device that shows a demonstration in a real vehicle is named', () => {
    const state = bound();
    expect(pretending(state, false)).toEqual([]);
    for (const is of ['demo', 'simulated'] as const) {
      for (const device of ['mon', 'oxi'])
        state.devices.set(device, { device, kind: 'monitor', port: '', state: is, since: iso(0) });
      expect(pretending(state, false)).toEqual(['mon']);
      expect(pretending(state, true)).toEqual([]);
    }
  });

  it('SCR-003 one reading that says demo is enough', () => {
    const state = bound();
    state.readings.set('u/mon/hr', {
      unit: 'u1',
      device: 'mon',
      channel: 'hr',
      value: 72,
      quality: 'good',
      taken: iso(0),
      source: 'live',
      stale_s: 10,
      gone_s: 60,
      simulated: true,
    });
    expect(pretending(state, false)).toEqual(['mon']);
  });

  it('DLV-007 says in plain words what the disk does, once; what goes on cannot be put aside', () => {
    const found = faults([
      'disk_refuses',
      'the disk refuses, what is new is held in memory: no space left on device',
      '3 records of lane wave were damaged; they are declared lost',
      '2 records were damaged',
      '1 kept values could not be read: check the mission and the bindings on the terminal',
      'the witness of the spool was missing or torn: whether records are missing at the end cannot be told; a new epoch begins',
      'something that a newer vehicle says',
    ]);
    expect(found.map((f) => [f.key, f.goesOn])).toEqual([
      ['vehicle.fault.disk_refuses', true],
      ['vehicle.fault.lost', false],
      ['vehicle.fault.lost', false],
      ['vehicle.fault.values', false],
      ['vehicle.fault.end_unknown', false],
      ['vehicle.fault.other', false],
    ]);
    expect(found[1]?.args).toMatchObject({ n: '3', lane: 'wave' });
    expect(found[5]?.args.text).toBe('something that a newer vehicle says');
  });

  it('words of the desk stand newest first until each is put aside', () => {
    const words = [
      { id: 'a', text: '走南门', at: iso(0) },
      { id: 'b', text: '电梯已停', at: iso(9) },
    ];
    expect(said(words, new Set()).map((m) => m.id)).toEqual(['b', 'a']);
    expect(said(words, new Set(['b'])).map((m) => m.id)).toEqual(['a']);
  });

  it('DLV-007 says what it owes and which lane is at its bound', () => {
    const state = empty();
    state.owed.set('urgent', { lane: 'urgent', count: 2, bytes: 10 });
    state.owed.set('wave', { lane: 'wave', count: 40, bytes: 9000, capped: true });
    expect(owed(state)).toEqual({ total: 42, capped: ['wave'] });
  });
});

describe('an arrival that the centre foretold', () => {
  const way = {
    mission: 'm1',
    node: 'at_scene' as const,
    from: iso(0),
    heard: iso(0),
    eta: iso(300),
    eta_from: iso(240),
    eta_to: iso(400),
    method: 'roads',
    metres: 900,
    walk_m: 0,
    line: [],
  };
  it('SCR-001 is gone after two minutes without a new one, when its band is over, and with its mission', () => {
    expect(foretold(way, 'm1', t0 + 119_000)).toBe(way);
    expect(foretold(way, 'm1', t0 + 121_000)).toBeUndefined();
    expect(foretold({ ...way, heard: iso(390) }, 'm1', t0 + 401_000)).toBeUndefined();
    expect(foretold(way, 'm2', t0)).toBeUndefined();
    expect(foretold(undefined, 'm1', t0)).toBeUndefined();
  });
});
