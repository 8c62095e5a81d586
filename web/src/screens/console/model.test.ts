import { describe, expect, it } from 'vitest';
import {
  centreChecks,
  type CentreState,
  type Incident,
  type Mission,
  type NodeTime,
  type Order,
  type Recommendation,
  type Unit,
} from '../../wire/entity';
import {
  best,
  counts,
  incidentRows,
  keyAgainstStand,
  orderTimes,
  parsePos,
  plainReasons,
  proposals,
  step,
  timeParts,
  troubles,
  typing,
  unitLook,
  unitRows,
} from './model';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const iso = (s: number): string => new Date(t0 + s * 1000).toISOString();
function empty(): CentreState {
  return Object.fromEntries(Object.keys(centreChecks).map((k) => [k, new Map()])) as unknown as CentreState;
}
function incident(id: string, number: number, more: Partial<Incident> = {}): Incident {
  return {
    id,
    number,
    type: 'emergency',
    priority: 'B',
    state: 'open',
    place: {},
    opened: iso(0),
    opened_by: 'A',
    ...more,
  };
}
function unit(id: string, more: Partial<Unit> = {}): Unit {
  return {
    id,
    plate: id,
    name: id,
    kind: 'B',
    station: 's',
    duty: 'on_duty',
    state: 'at_station',
    online: true,
    last_heard: iso(0),
    ...more,
  };
}

describe('incidents', () => {
  it('waiting ones stand first, by priority and age; 待派 turns amber at 60 s and red at 120 s', () => {
    const state = empty();
    for (const i of [
      incident('c', 3, { state: 'dispatched' }),
      incident('b', 2, { priority: 'A', opened: iso(30) }),
      incident('a', 1, { opened: iso(-60) }),
      incident('z', 9, { state: 'closed', closed: iso(5) }),
    ])
      state.incidents.set(i.id, i);
    const rows = incidentRows(state, t0 + 95_000);
    expect(rows.map((r) => [r.incident.id, r.waiting])).toEqual([
      ['b', 'amber'],
      ['a', 'red'],
      ['c', 'calm'],
      ['z', 'calm'],
    ]);
    expect(rows[3]?.ageS).toBe(5);
    expect(counts(state)).toMatchObject({ open: 2, running: 1 });
  });
});

describe('orders', () => {
  it('DLV-005 queued, delivered, seen and accepted are four times', () => {
    const order: Order = {
      id: 'o',
      mission: 'm',
      unit: 'u',
      version: 1,
      state: 'accepted',
      text: '',
      place: {},
      priority: 'A',
      queued: iso(0),
      valid_until: iso(120),
      sent: 1,
      delivered: iso(1),
      seen: iso(4),
      seen_by: '李',
      accepted: iso(6),
      accepted_by: '王',
    };
    expect(orderTimes(order).map((x) => [x.name, x.afterS, x.by])).toEqual([
      ['queued', 0, undefined],
      ['delivered', 1, undefined],
      ['seen', 4, '李'],
      ['accepted', 6, '王'],
    ]);
  });
});

describe('units', () => {
  it('SCR-001 age of data decides, not the socket: an online unit without a word for 30 s is silent', () => {
    const at = (more: Partial<Unit>) => unitRows([unit('u', more)], t0 + 31_000)[0]?.link;
    expect(at({})).toBe('silent');
    expect(at({ last_heard: iso(5) })).toBe('online');
    expect(at({ online: false })).toBe('offline');
    expect(at({ last_heard: undefined })).toBe('never');
  });

  it('SCR-001 a position says its age, and a bad fix its reason', () => {
    const fix = {
      pos: { lat: 1, lon: 1 },
      quality: 'good',
      speed_kmh: 30,
      satellites: 9,
      taken: iso(0),
      source: 'live' as const,
    };
    const at = (s: number, quality = 'good') =>
      unitRows([unit('u', { fix: { ...fix, quality } })], t0 + s * 1000)[0]?.fix;
    expect([at(1), at(31), at(121), at(1, 'frozen')]).toEqual(['fresh', 'stale', 'lost', 'frozen']);
  });

  it('SCR-001 a speed that the receiver did not say is a dash, and 0 only when it says 0', () => {
    const at = (speed_kmh: number | undefined) =>
      unitRows(
        [unit('u', { fix: { pos: { lat: 1, lon: 1 }, quality: 'good', speed_kmh, taken: iso(0), source: 'live' } })],
        t0,
      )[0]?.speed;
    expect([at(undefined), at(0), at(29.6)]).toEqual(['—', '0', '30']);
  });

  it('names the devices that are not fine and what is owed', () => {
    const row = unitRows(
      [
        unit('u', {
          devices: [
            { device: 'm1', kind: 'monitor', port: 'p', state: 'garbled', since: iso(0) },
            { device: 'g1', kind: 'gnss', port: 'p', state: 'simulated', since: iso(0) },
          ],
          owed: [{ lane: 'wave', count: 3, bytes: 1, capped: true }],
        }),
      ],
      t0,
    )[0];
    expect(row).toMatchObject({ trouble: [{ kind: 'monitor', state: 'garbled' }], owed: 3, capped: true });
  });

  it('DSP-001 a unit off duty looks out of service whatever its state', () => {
    expect(unitLook({ duty: 'contaminated', state: 'at_station' })).toBe('out');
    expect(unitLook({ duty: 'on_duty', state: 'left_scene' })).toBe('transport');
  });
});

describe('health of the centre', () => {
  it('SCR-006 names every part in trouble, the store first, each since when', () => {
    const seen = new Map<string, number>();
    const health = new Map([
      ['link', { ok: false }],
      ['store', { ok: false, since: iso(-5), unrecorded: 4 }],
      ['spool', { ok: true }],
    ]);
    expect(troubles(health, seen, t0)).toEqual([
      { part: 'store', sinceMs: t0 - 5000, unrecorded: 4 },
      { part: 'link', sinceMs: t0, unrecorded: 0 },
    ]);
    expect(troubles(health, seen, t0 + 9000)[1]?.sinceMs).toBe(t0);
    troubles(new Map([['link', { ok: true }]]), seen, t0 + 10_000);
    expect(troubles(new Map([['link', { ok: false }]]), seen, t0 + 20_000)[0]?.sinceMs).toBe(t0 + 20_000);
  });
});

describe('keys and fields', () => {
  it('reads coordinates and refuses what is none on Earth', () => {
    expect(parsePos('39.9, 116.4')).toEqual({ lat: 39.9, lon: 116.4 });
    expect(parsePos('39.9，116.4')).toEqual({ lat: 39.9, lon: 116.4 });
    for (const bad of ['', '39.9', '95,116', '39,190', 'a,b']) expect(parsePos(bad)).toBeUndefined();
  });
  it('steps through a list and stays at its ends', () => {
    expect([
      step(['a', 'b'], undefined, 1),
      step(['a', 'b'], 'b', 1),
      step(['a', 'b'], 'a', -1),
      step([], 'x', 1),
    ]).toEqual(['a', 'b', 'a', undefined]);
  });
});

describe('what a unit is ranked by', () => {
  const reasons = [
    { code: 'mobilise', args: { mobilise_s: '90' } },
    { code: 'travel', args: { eta_s: '394', drive_s: '304', distance_m: '4846' } },
    { code: 'other_area', args: { stations: 'st1', handicap_s: '180' } },
    { code: 'coverage', args: { calls_pct: '80.0', lost_pct: '0.5', handicap_s: '0' } },
  ];
  it('is said in parts that sum up to its time', () => {
    expect(timeParts({ unit: 'u1', eta_s: 394, reasons })).toEqual([
      { code: 'mobilise', s: '90' },
      { code: 'drive', s: '304' },
    ]);
    expect(timeParts({ unit: 'u1', eta_s: 140, reasons: [{ code: 'travel', args: { eta_s: '140' } }] })).toEqual([]);
    const soon = [{ code: 'remaining', args: { remaining_s: '600', state: 'at_hospital' } }];
    expect(timeParts({ unit: 'u1', reasons: soon })).toEqual([{ code: 'remaining', s: '600' }]);
  });
  it('stands on its line when it puts it back, and in its basis otherwise', () => {
    expect(plainReasons({ unit: 'u1', reasons }).map((r) => r.code)).toEqual(['other_area']);
    const much = reasons.map((r) => (r.code === 'coverage' ? { code: r.code, args: { handicap_s: '40' } } : r));
    expect(plainReasons({ unit: 'u1', reasons: much }).map((r) => r.code)).toEqual(['other_area', 'coverage']);
  });
});

describe('the unit that stands chosen', () => {
  const rec = (units: Recommendation['units']): Recommendation => ({
    id: 'r',
    at: iso(0),
    method: 'straight_line',
    units,
  });
  it('is the first that is recommended', () => {
    expect(
      best(
        rec([
          { unit: 'u1', eta_s: 0 },
          { unit: 'u2', eta_s: 60 },
        ]),
      ),
    ).toBe('u1');
    expect([best(undefined), best(rec([]))]).toEqual(['', '']);
  });
  it('DSP-002 is none when no travel time is known: people decide, not the order of the names', () => {
    expect(best(rec([{ unit: 'u1' }, { unit: 'u2' }]))).toBe('');
  });
});

describe('arrivals by position', () => {
  const set = (node: NodeTime['node'], s: number): NodeTime => ({ node, at: iso(s), source: 'key', entered: iso(s) });
  const mission = (nodes: NodeTime[], more: Partial<Mission> = {}): Mission => ({
    id: 'm',
    incident: 'i',
    unit: 'u',
    state: 'departed',
    order: 'o',
    nodes,
    stands: [
      { node: 'at_scene', at: iso(300) },
      { node: 'at_scene', at: iso(400), uncertain_s: 2 },
    ],
    ...more,
  });

  it('are proposed while no key says so, the newest of a node', () => {
    expect(proposals(mission([set('departed', 0)])).map((s) => s.at)).toEqual([iso(400)]);
    expect(proposals(mission([set('departed', 0), set('at_scene', 410)]))).toEqual([]);
  });
  it('are proposed no more once the crew is past them, or the mission is over', () => {
    expect(proposals(mission([set('departed', 0), set('left_scene', 900)]))).toEqual([]);
    expect(proposals(mission([set('departed', 0)], { ended: iso(500) }))).toEqual([]);
  });
  it('stand beside a key that says another time', () => {
    expect(keyAgainstStand(mission([set('at_scene', 430)]), 'at_scene')).toBeUndefined();
    expect(keyAgainstStand(mission([set('at_scene', 900)]), 'at_scene')).toEqual({ at: iso(400), s: 500 });
    expect(keyAgainstStand(mission([set('at_scene', 100)]), 'at_scene')?.s).toBe(-300);
    expect(keyAgainstStand(mission([]), 'at_scene')).toBeUndefined();
  });
});

describe('keys of a list', () => {
  const within = (...of: string[]): object => ({
    closest: (any: string) => (any.split(',').some((one) => of.includes(one)) ? {} : null),
  });
  it('are not those of a field or a reason picker that stands in it', () => {
    for (const field of ['input', 'select', 'textarea', '.picker']) expect(typing(within('button', field))).toBe(true);
    expect([typing(within('button')), typing(within()), typing(null), typing({})]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
