import { describe, expect, it } from 'vitest';
import { pauseLeft, pauseMaxS, startPause } from '../../live/pause';
import { initials } from '../../text/pinyin';
import type { Alarm, Attention, CentreState, Incident, Mission, Order, Unit } from '../../wire/entity';
import { calm } from './calm';
import { parseCommand, type CommandAct, type Parsed } from './command';
import { filterUnits, parseClock, unitRows } from './model';
import { demandOf, duplicates, missionLimits, others, undoLeft, waitingLimit } from './queues';
import { readWord, viewOf } from './share';
import { alarmSheet, close, dirty, incidentSheet, newSheet, open, placeOf, readSheets } from './sheets';
import { rowsMax, rowWindow, scrollTo } from './virtual';

const t0 = Date.parse('2026-11-21T04:00:00Z');
const at = (s: number): string => new Date(t0 + s * 1000).toISOString();

function incident(id: string, number: number, more: Partial<Incident> = {}): Incident {
  return {
    id,
    number,
    type: 'emergency',
    priority: 'B',
    state: 'open',
    place: { address: '建国路 93 号', pos: { lat: 35.4, lon: 118.5 } },
    complaint: '胸痛',
    opened: at(0),
    opened_by: '王芳',
    ...more,
  };
}
function unit(id: string, plate: string, more: Partial<Unit> = {}): Unit {
  return { id, plate, name: id, kind: 'B', station: 'st', duty: 'on_duty', state: 'at_station', online: true, ...more };
}
function alarm(id: string, more: Partial<Alarm> = {}): Alarm {
  return {
    id,
    kind: 'caller',
    source: 's',
    pressed: at(0),
    received: at(0),
    presses: 1,
    last_press: at(0),
    state: 'stored',
    reach: 'owner',
    sounding: true,
    ...more,
  };
}
const mission = (id: string, of: string, by: string, more: Partial<Mission> = {}): Mission => ({
  id,
  incident: of,
  unit: by,
  state: 'ordered',
  order: `o-${id}`,
  ...more,
});
function order(more: Partial<Order> = {}): Order {
  return {
    id: 'o1',
    mission: 'm1',
    unit: 'u1',
    version: 1,
    state: 'queued',
    text: '',
    place: {},
    priority: 'A',
    queued: at(100),
    valid_until: at(220),
    sent: 1,
    ...more,
  };
}
function world(parts: Partial<Record<keyof CentreState, { id: string }[]>>): CentreState {
  const empty = ['alarms', 'groups', 'incidents', 'missions', 'orders', 'notices', 'patients', 'units', 'hospitals'];
  const rest = ['stations', 'desks', 'readings', 'notes', 'slots', 'recommendations', 'health', 'attention'];
  const maps = Object.fromEntries([...empty, ...rest].map((name) => [name, new Map<string, unknown>()]));
  for (const [name, list] of Object.entries(parts)) for (const value of list) maps[name]?.set(value.id, value);
  return maps as unknown as CentreState;
}

describe('sheets', () => {
  it('a new call over a sheet with words in it opens a second tab, and nothing is lost', () => {
    const first = newSheet('1');
    const written = { ...first, address: '建国路' };
    expect([dirty(first), dirty(written)]).toEqual([false, true]);
    const two = open([written], '1', newSheet('2'));
    expect(two.sheets.map((s) => [s.key, s.address])).toEqual([
      ['1', '建国路'],
      ['2', ''],
    ]);
    expect(two.current).toBe('2');
  });
  it('an idle sheet makes room; one that answers an alarm or changes an incident does not', () => {
    expect(open([newSheet('1')], '1', newSheet('2')).sheets).toHaveLength(1);
    const answering = open([newSheet('1')], '1', alarmSheet('2', alarm('a1')));
    expect(answering.sheets.map((s) => s.key)).toEqual(['2']);
    expect(open(answering.sheets, '2', newSheet('3')).sheets.map((s) => s.key)).toEqual(['2', '3']);
  });
  it('the same alarm or incident is gone to, never opened twice', () => {
    const sheets = [alarmSheet('1', alarm('a1')), incidentSheet('2', incident('i1', 1))];
    expect(open(sheets, '2', alarmSheet('3', alarm('a1')))).toEqual({ sheets, current: '1' });
    expect(open(sheets, '1', incidentSheet('3', incident('i1', 1)))).toEqual({ sheets, current: '2' });
  });
  it('closing brings a neighbour forward, and there is always one', () => {
    const sheets = [newSheet('1'), newSheet('2'), newSheet('3')];
    expect(close(sheets, '2', newSheet('x')).current).toBe('3');
    expect(close(sheets, '3', newSheet('x')).current).toBe('2');
    expect(close([newSheet('1')], '1', newSheet('x'))).toMatchObject({ current: 'x', sheets: [{ key: 'x' }] });
  });
  it('a position keeps how it became known until a person changes it', () => {
    const from = alarm('a1', { place: { pos: { lat: 35.4, lon: 118.5 }, accuracy_m: 12, source: 'gps', at: at(0) } });
    const sheet = alarmSheet('1', from);
    expect(placeOf(sheet)).toEqual({ pos: { lat: 35.4, lon: 118.5 }, source: 'gps', accuracy_m: 12, at: at(0) });
    expect(placeOf({ ...sheet, position: '35.41,118.5' })).toEqual({
      pos: { lat: 35.41, lon: 118.5 },
      source: 'manual',
    });
  });
  it('what is kept over a reload is read again, and nothing else is', () => {
    const sheet = newSheet('1', { address: '建国路' });
    expect(readSheets(JSON.stringify([sheet, { key: 1 }, null]))).toHaveLength(1);
    for (const bad of [undefined, '', 'x', '{}', 'null']) expect(readSheets(bad)).toEqual([]);
  });
});

describe('lists that stay calm', () => {
  it('rows under the pointer keep their places; new ones stand at the end and are counted', () => {
    expect(calm(['a', 'b'], ['a', 'b'], ['c', 'a', 'b'], true)).toEqual({ order: ['a', 'b', 'c'], fresh: 1 });
    expect(calm(['a', 'b'], ['a', 'b', 'c'], ['d', 'c', 'a', 'b'], true)).toEqual({
      order: ['a', 'b', 'c', 'd'],
      fresh: 2,
    });
    expect(calm(['a', 'b'], ['a', 'b'], ['b'], true).order, 'what is gone keeps its row').toEqual(['a', 'b']);
    expect(calm(['a', 'b'], ['a', 'b'], ['a', 'b', 'c'], true).fresh, 'it stands where it belongs').toBe(0);
  });
  it('left alone, the list is as it should be', () => {
    expect(calm(['a'], ['a', 'b'], ['c', 'a'], false)).toEqual({ order: ['c', 'a'], fresh: 0 });
  });
  it('draws what is in sight, and never more than the bound', () => {
    expect(rowWindow(1000, 30, 3000, 360)).toEqual({ first: 100, end: 112 });
    expect(rowWindow(1000, 30, 0, 30 * 500)).toEqual({ first: 0, end: rowsMax });
    expect(rowWindow(5, 30, 900, 360)).toEqual({ first: 0, end: 5 });
    expect(rowWindow(1000, 30, 1e9, 360)).toEqual({ first: 988, end: 1000 });
    expect(rowWindow(0, 30, 0, 360)).toEqual({ first: 0, end: 0 });
  });
  it('scrolls no further than needed to bring a row into sight', () => {
    expect(scrollTo(5, 30, 0, 360)).toBe(0);
    expect(scrollTo(12, 30, 0, 360)).toBe(30);
    expect(scrollTo(2, 30, 300, 360)).toBe(60);
  });
});

describe('command line', () => {
  const state = world({
    incidents: [
      incident('i192', 192, { state: 'dispatched', complaint: '卒中', place: { address: '三里屯路 19 号' } }),
      incident('i193', 193),
      incident('i190', 190, { state: 'closed' }),
    ],
    units: [
      unit('u1', '演A·L0042', { mission: 'm1', state: 'at_scene', station: 'st' }),
      unit('u2', '演A·L0117'),
      unit('u3', '演A·L1042', { duty: 'off_duty' }),
    ],
    hospitals: [
      { id: 'h1', name: '岚汀市第一人民医院', pos: { lat: 1, lon: 1 } },
      { id: 'h2', name: '岚汀市第二人民医院', pos: { lat: 1, lon: 1 } },
      { id: 'h3', name: '岚汀市妇幼保健院', pos: { lat: 1, lon: 1 } },
    ] as never,
    missions: [mission('m1', 'i192', 'u1', { state: 'at_scene' })],
  });
  const ask = (line: string): Parsed => parseCommand(line, state);
  const acts: [string, CommandAct][] = [
    ['d 0193 0042', { do: 'dispatch', incident: 'i193', unit: 'u1' }],
    ['D 193 0117', { do: 'dispatch', incident: 'i193', unit: 'u2' }],
    ['s 0042 7', { do: 'node', mission: 'm1', node: 'left_scene' }],
    ['s 0042 接触', { do: 'node', mission: 'm1', node: 'contact' }],
    ['s 0042 jchz', { do: 'node', mission: 'm1', node: 'contact' }],
    ['s 0117 6', { do: 'duty', unit: 'u2', duty: 'suspended' }],
    ['s 1042 2', { do: 'duty', unit: 'u3', duty: 'on_duty' }],
    ['h 0192 市一', { do: 'hospital', mission: 'm1', hospital: 'h1' }],
    ['h 0042 sde', { do: 'hospital', mission: 'm1', hospital: 'h2' }],
    ['h 0192 妇幼', { do: 'hospital', mission: 'm1', hospital: 'h3' }],
    ['c 0193 合并 0192', { do: 'merge', incident: 'i193', into: 'i192' }],
    ['c 0193 0192', { do: 'merge', incident: 'i193', into: 'i192' }],
    ['/三里屯', { do: 'incident', incident: 'i192' }],
    ['/slt', { do: 'incident', incident: 'i192' }],
    ['/妇幼', { do: 'hospital_show', hospital: 'h3' }],
    ['193', { do: 'incident', incident: 'i193' }],
    ['0117', { do: 'unit', unit: 'u2' }],
  ];
  it.each(acts)('%s', (line, act) => {
    expect(ask(line)).toMatchObject({ is: 'ready', act });
  });
  it('says what will be done before Enter', () => {
    expect(ask('d 0193 0042')).toMatchObject({ echo: 'command.echo.d', args: { plate: '演A·L0042', n: '0193' } });
  });
  it('completes: waiting incidents first, plates by their digits, and the whole line is the choice', () => {
    const first = ask('d ');
    expect(first.is === 'part' && first.choices[0]?.line).toBe('d 0193 ');
    const two = ask('d 0193 42');
    expect(two.is === 'part' && two.choices.map((c) => c.line).sort()).toEqual([
      'd 0193 演A·L0042 ',
      'd 0193 演A·L1042 ',
    ]);
    expect(ask('d 0193 演A·L0042 ')).toMatchObject({ is: 'ready' });
    expect(ask('h 0192 岚汀市')).toMatchObject({ is: 'part', hint: 'command.several' });
  });
  it('is never ready for what is over, not known, or without a mission', () => {
    for (const line of ['d 0190 0042', 'd 0193 9999', 'x 1 2', 's 0117 4', 's 0042 5', 'c 0193 0193', '/没有这里'])
      expect(ask(line), line).toMatchObject({ is: 'wrong' });
    expect(ask('   ')).toEqual({ is: 'empty' });
  });
  it('finds the initials of Chinese names without a table', () => {
    expect(initials('岚汀市第一人民医院')).toBe('ltsdyrmyy');
    expect(initials('演A·L1201')).toBe('yal1201');
    expect(initials('中心急救站')).toBe('zxjjz');
    // The characters on both sides of each border between two initials.
    expect(initials('红旗路刘罗吕略麻马孟')).toBe('hqlllllmmm');
    expect(initials('人任日荣肉如软瑞若仨三苏所他它天')).toBe('rrrrrrrrrssssttt');
    expect(initials('昂傲八步擦错搭多鹅二发富嘎过哈获鸡军卡阔拉洛妈木拿诺偶趴瀑七群然若撒索他拓挖物西训鸭运杂做')).toBe(
      'aabbccddeeffgghhjjkkllmmnnoppqqrrssttwwxxyyzz',
    );
  });
});

describe('two desks', () => {
  const said = (desk: string, more: Partial<Attention>): Attention => ({ desk, by: '李雷', at: at(0), ...more });
  it('what another desk has open is seen, what it said long ago is not, and one does not see oneself', () => {
    const all = [said('d2', { alarm: 'a1' }), said('d1', { alarm: 'a1' }), said('d3', { incident: 'i1' })];
    expect(others(all, 'd1', { alarm: 'a1' }, t0 + 59_000).map((a) => a.desk)).toEqual(['d2']);
    expect(others(all, 'd1', { alarm: 'a1' }, t0 + 61_000)).toEqual([]);
    expect(others(all, 'd1', { alarm: '', incident: '' }, t0)).toEqual([]);
  });
  it('duplicates: within 500 m and 10 min, or of the same phone, and never what is over or itself', () => {
    const near = incident('near', 1, { place: { pos: { lat: 35.402, lon: 118.5 } } });
    const far = incident('far', 2, { place: { pos: { lat: 35.41, lon: 118.5 } } });
    const old = incident('old', 3, { opened: at(-700) });
    const phone = incident('phone', 4, { place: {}, phone: '139', opened: at(-9000) });
    const over = incident('over', 5, { state: 'closed' });
    const found = duplicates([far, old, phone, over, near, incident('me', 6)], {
      pos: { lat: 35.4, lon: 118.5 },
      phone: '139',
      not: 'me',
      atMs: t0,
    });
    expect(found.map((d) => d.incident.id)).toEqual(['near', 'phone']);
    expect(Math.round(found[0]?.metres ?? 0)).toBe(222);
    expect(duplicates([phone], { pos: undefined, phone: '', not: '', atMs: t0 })).toEqual([]);
  });
  it('a word of another window is read only when it is one', () => {
    expect(readWord({ t: 'select', desk: 'd1', incident: 'i1' })).toBeTruthy();
    expect(readWord({ t: 'pick', desk: 'd1', pos: { lat: 1, lon: 2 } })).toBeTruthy();
    expect(readWord({ t: 'pause', desk: 'd1', pause: null })).toBeTruthy();
    for (const bad of [
      null,
      1,
      {},
      { t: 'select', desk: 'd1' },
      { t: 'pick', desk: 'd1', pos: {} },
      { t: 'x', desk: 'd' },
    ])
      expect(readWord(bad)).toBeUndefined();
    expect([viewOf('?view=map'), viewOf('?view=x'), viewOf('')]).toEqual(['map', 'all', 'all']);
  });
});

describe('clocks against limits', () => {
  it('dispatch 300 s, acceptance 30 s, turn-out amber 120 s and red 180 s', () => {
    const i = incident('i1', 1);
    expect(waitingLimit(i, t0 + 100_000)).toMatchObject({ level: 'calm', running: true });
    expect(waitingLimit(i, t0 + 301_000)).toMatchObject({ level: 'red' });
    expect(waitingLimit(incident('i2', 2, { type: 'transport' }), t0)).toBeUndefined();
    const m = mission('m1', 'i1', 'u1');
    const names = (o: Order, nowS: number) =>
      missionLimits(i, m, o, t0 + nowS * 1000).map((l) => `${l.name} ${l.s} ${l.level} ${l.running}`);
    expect(names(order(), 131)).toEqual(['dispatch 100 calm false', 'accept 31 red true']);
    const accepted = order({ state: 'accepted', delivered: at(101), accepted: at(110) });
    expect(names(accepted, 222)).toContain('turn_out 121 amber true');
    expect(names(accepted, 282)).toContain('turn_out 181 red true');
    const gone = { ...m, nodes: [{ node: 'departed' as const, at: at(160), source: 'key', entered: at(160) }] };
    expect(missionLimits(i, gone, accepted, t0 + 9e5).find((l) => l.name === 'turn_out')).toMatchObject({
      s: 59,
      level: 'calm',
      running: false,
    });
  });
  it('a mission that ended lets no clock run on', () => {
    const ended = mission('m1', 'i1', 'u1', { ended: at(200) });
    expect(missionLimits(incident('i1', 1), ended, order(), t0 + 9e6).every((l) => !l.running)).toBe(true);
  });
  it('ALM-005 says what time will do to an alarm', () => {
    expect(demandOf(alarm('a'), t0 + 4_000)).toEqual({ what: 'desks', leftS: 11 });
    expect(demandOf(alarm('a', { reach: 'desks' }), t0 + 20_000)).toEqual({ what: 'supervisor', leftS: 10 });
    const acked = alarm('a', { state: 'acknowledged', ack_at: at(0), sounding: false });
    expect(demandOf(acked, t0 + 20_000)).toEqual({ what: 'again', leftS: 40 });
    expect(demandOf(acked, t0 + 70_000)).toEqual({ what: 'again_all', leftS: 50 });
    expect(demandOf(alarm('a', { state: 'handled' }), t0)).toBeUndefined();
  });
  it('what was sent may be taken back for 10 s', () => {
    expect([undoLeft(t0, t0), undoLeft(t0, t0 + 9_100), undoLeft(t0, t0 + 10_000)]).toEqual([10, 1, 0]);
  });
  it('reads a time of day as people type it, in Shanghai, as the last that was', () => {
    const now = Date.parse('2026-11-21T16:10:00Z'); // 00:10 of the 22nd
    expect(new Date(parseClock('00:05', now) ?? 0).toISOString()).toBe('2026-11-21T16:05:00.000Z');
    expect(new Date(parseClock('235930', now) ?? 0).toISOString()).toBe('2026-11-21T15:59:30.000Z');
    for (const bad of ['', '24:00', '12:60', 'noon', '1']) expect(parseClock(bad, now)).toBeUndefined();
  });
});

describe('pause of the sound', () => {
  it('lasts two minutes at most, and ends by itself', () => {
    const sounding = [alarm('a')];
    const pause = startPause(sounding, t0);
    expect(pauseLeft(pause, sounding, t0)).toBe(pauseMaxS);
    expect(pauseLeft(pause, sounding, t0 + 119_500)).toBe(1);
    expect(pauseLeft(pause, sounding, t0 + 120_000)).toBe(0);
    expect(pauseLeft({ ...pause, untilMs: t0 + 1e9 }, sounding, t0), 'never longer').toBe(pauseMaxS);
  });
  it('is broken by a new alarm as high, by a further press, by a wider reach and by one that sounds again', () => {
    const a = alarm('a');
    const silent = alarm('b', { state: 'acknowledged', sounding: false });
    const pause = startPause([a, silent], t0);
    expect(pauseLeft(pause, [a, silent, alarm('c')], t0)).toBe(0);
    expect(pauseLeft(pause, [{ ...a, presses: 2 }], t0)).toBe(0);
    expect(pauseLeft(pause, [{ ...a, reach: 'desks' }], t0)).toBe(0);
    expect(pauseLeft(pause, [a, { ...silent, sounding: true }], t0)).toBe(0);
    expect(pauseLeft(pause, [a, alarm('t', { kind: 'tech', priority: 'medium' })], t0), 'a lower one').toBe(120);
  });
});

describe('units', () => {
  const rows = unitRows(
    [
      unit('u1', '演A·L0042', { mission: 'm1', state: 'departed' }),
      unit('u2', '演A·L0117', { last_heard: at(0), fix: undefined }),
      unit('u3', '演A·L1042', { duty: 'off_duty' }),
    ],
    t0,
  );
  const home = (): string => '东岸急救站';
  const plates = (filter: 'all' | 'ready' | 'busy' | 'trouble', word = '', sort: 'plate' | 'state' = 'plate') =>
    filterUnits(rows, filter, word, sort, home).map((r) => r.unit.id);
  it('are listed by filter, by digits, by station or by its initials', () => {
    expect(plates('ready')).toEqual(['u2']);
    expect(plates('busy')).toEqual(['u1']);
    expect(plates('trouble'), 'off duty is no trouble').toEqual(['u1', 'u2']);
    expect(plates('all', '42')).toEqual(['u1', 'u3']);
    expect(plates('all', 'dajjz')).toHaveLength(3);
    expect(plates('all', '', 'state')[0]).toBe('u1');
  });
});
