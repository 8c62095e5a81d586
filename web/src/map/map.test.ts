import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Alarm, Incident, Unit } from '../wire/entity';
import { fromGCJ02, toGCJ02, toTiles } from './datum';
import { middle, noGround, reachToken, type Ground } from './ground';
import {
  drawScene,
  freshness,
  Glide,
  items,
  LabelGrid,
  pick,
  unitMark,
  type Ctx,
  type Item,
  type UnitMark,
  type View,
} from './overlay';
import { around, PlainView } from './plain';
import { mapStyle, mapTokens, type MapInfo } from './style';

describe('datum', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../../testdata/geo/gcj02.json', import.meta.url), 'utf8')) as {
    wgs84: { lat: number; lon: number };
    gcj02: { lat: number; lon: number };
  }[];

  it('GEO-001 converts as the centre does, near the border and abroad too', () => {
    expect(vectors.length).toBeGreaterThan(400);
    for (const { wgs84, gcj02 } of vectors) {
      const got = toGCJ02(wgs84);
      expect(Math.abs(got.lat - gcj02.lat)).toBeLessThan(1e-9);
      expect(Math.abs(got.lon - gcj02.lon)).toBeLessThan(1e-9);
    }
  });

  it('GEO-001 comes back within a centimetre, and leaves WGS-84 tiles alone', () => {
    const p = { lat: 35.4, lon: 118.5 };
    const back = fromGCJ02(toGCJ02(p));
    expect(Math.hypot(back.lat - p.lat, back.lon - p.lon)).toBeLessThan(1e-7);
    expect(toTiles(p, 'wgs84')).toBe(p);
    const shown = toTiles(p, 'gcj02');
    expect(Math.hypot(shown.lat - p.lat, shown.lon - p.lon)).toBeGreaterThan(0.004); // some 500 m
  });
});

const unit = (over: Partial<Unit> = {}): Unit => ({
  id: 'u01',
  plate: '演A·L1201',
  name: '01车',
  kind: 'B',
  station: 's1',
  duty: 'on_duty',
  state: 'at_station',
  online: true,
  fix: {
    pos: { lat: 35.4, lon: 118.5 },
    quality: 'good',
    speed_kmh: 40,
    course_deg: 90,
    satellites: 12,
    taken: '2026-11-27T12:00:00Z',
    source: 'live',
  },
  ...over,
});
const t0 = Date.parse('2026-11-27T12:00:00Z');
const none = { incidents: [], alarms: [], hospitals: [], stations: [], aeds: [] };

describe('marks of units', () => {
  it('each state has its mark, and a unit out of service none of them', () => {
    const marks: [Unit['state'], UnitMark][] = [
      ['at_station', 'standby'],
      ['', 'standby'],
      ['available', 'road'],
      ['ordered', 'accepted'],
      ['acknowledged', 'accepted'],
      ['departed', 'enroute'],
      ['at_scene', 'scene'],
      ['contact', 'scene'],
      ['left_scene', 'transport'],
      ['at_hospital', 'hospital'],
      ['handed_over', 'hospital'],
    ];
    for (const [state, mark] of marks) expect(unitMark(unit({ state, mission: 'm1' })), state).toBe(mark);
    expect(unitMark(unit({ duty: 'contaminated' }))).toBe('off');
    // On a mission what it does is shown, whatever its duty: it is not free either way.
    expect(unitMark(unit({ duty: 'suspended', mission: 'm1', state: 'departed' }))).toBe('enroute');
  });

  it('SCR-001 a course is shown only of a unit whose known speed says that it moves', () => {
    const course = (speed_kmh: number | undefined) =>
      items({ ...none, units: [unit({ fix: { ...unit().fix!, speed_kmh } })] }, t0, 'zh')[0]?.course;
    expect([course(40), course(2.9), course(undefined)]).toEqual([90, undefined, undefined]);
  });

  it('SCR-001 an old position is dimmed, a lost one says so', () => {
    expect([freshness(t0, t0 + 30_000), freshness(t0, t0 + 30_001), freshness(t0, t0 + 120_001)]).toEqual([
      'fresh',
      'stale',
      'lost',
    ]);
    const [item] = items({ ...none, units: [unit()] }, t0 + 121_000, 'zh');
    const { ctx, log } = fake();
    const drawn = drawScene(ctx, [item as Item], view, {}, { lost: '失联' }, {}, undefined, false);
    expect(log.filter((l) => l.startsWith('fillText')).join()).toContain('演A·L1201 失联');
    expect(log).toContain('setLineDash 3,3');
    expect(drawn.labels).toBe(1);
  });

  it('a unit that never had a fix is drawn at its station, as lost', () => {
    const stations = [{ id: 's1', name: '站', pos: { lat: 35.41, lon: 118.49 } }];
    const found = items({ ...none, stations, units: [unit({ fix: undefined })] }, t0, 'zh').find(
      (i) => i.kind === 'unit',
    );
    expect([found?.pos.lat, found?.fresh]).toEqual([35.41, 'lost']);
  });
});

describe('the ground', () => {
  const p0 = { lat: 35.4, lon: 118.5 };
  const p1 = { lat: 35.4, lon: 118.52 };
  const p2 = { lat: 35.41, lon: 118.52 };
  const mark = { id: 'c1', lines: [[p0, p1]], area: false, awaited: false };
  const draw = (ground: Partial<Ground>): string[] => {
    const { ctx, log } = fake();
    drawScene(ctx, [], view, {}, { lost: '' }, {}, undefined, false, [], { ...noGround, ...ground });
    return log;
  };
  it('closed roads are dashed and signed; what is awaited is dotted and has no sign', () => {
    const now = draw({ closed: [mark] });
    expect(now).toContain('setLineDash 9,5');
    expect(now.some((l) => l.startsWith('arc'))).toBe(true);
    const later = draw({ closed: [{ ...mark, awaited: true }] });
    expect(later).toContain('setLineDash 2,6');
    expect(later.some((l) => l.startsWith('arc'))).toBe(false);
  });
  it('areas within reach are told apart without colour, and keep their holes', () => {
    const ring = [p0, p1, p2, p0];
    const log = draw({
      reach: [
        { minutes: 4, polygons: [[ring]] },
        { minutes: 8, polygons: [[ring, ring]] },
      ],
    });
    expect(log).toContain('setLineDash 10,5');
    expect(log.filter((l) => l.startsWith('fill evenodd'))).toHaveLength(2);
    expect([reachToken(0), reachToken(1), reachToken(7)]).toEqual(['map-reach-1', 'map-reach-2', 'map-reach-3']);
  });
  it('what is being drawn is above all, with its direction', () => {
    const line = draw({ drawing: { line: [p0, p1], area: false, arrow: false } });
    const arrow = draw({ drawing: { line: [p0, p1], area: false, arrow: true } });
    expect(line.filter((l) => l.startsWith('arc'))).toHaveLength(2);
    expect(arrow.length).toBeGreaterThan(line.length);
    expect(draw({ drawing: { line: [], area: false, arrow: false } }).filter((l) => l === 'stroke')).toHaveLength(0);
  });
  it('a sign stands in the middle of the longest line', () => {
    const flat: View = { ...view, project: (pos) => ({ x: (pos.lon - 118.5) * 1000, y: 0 }) };
    expect(
      middle(
        [
          [p0, { ...p0, lon: 118.501 }],
          [p0, p1],
        ],
        flat,
      ),
    ).toEqual({ x: expect.closeTo(10, 3), y: 0 });
    expect(middle([], flat)).toBeUndefined();
  });
});

describe('gliding', () => {
  it('goes straight from fix to fix in the time between them and never beyond', () => {
    const g = new Glide();
    g.take('u', { lat: 35, lon: 118 }, 0, 0);
    g.take('u', { lat: 35.001, lon: 118 }, 1000, 1000);
    expect(g.at('u', 1500)?.lat).toBeCloseTo(35.0005, 6);
    expect(g.at('u', 2000)?.lat).toBeCloseTo(35.001, 9);
    expect(g.at('u', 60_000)?.lat).toBeCloseTo(35.001, 9);
    expect([g.moving(1500), g.moving(2100)]).toEqual([true, false]);
  });

  it('a fix after a long silence is reached within two seconds, a jump at once', () => {
    const g = new Glide();
    g.take('u', { lat: 35, lon: 118 }, 0, 0);
    g.take('u', { lat: 35.001, lon: 118 }, 60_000, 60_000);
    expect(g.at('u', 62_000)?.lat).toBeCloseTo(35.001, 9);
    g.take('u', { lat: 35.2, lon: 118 }, 61_000, 61_000);
    expect(g.at('u', 61_000)?.lat).toBe(35.2);
  });

  it('the same fix said again moves nothing, and what left the map is forgotten', () => {
    const g = new Glide();
    g.take('u', { lat: 35, lon: 118 }, 0, 0);
    g.take('u', { lat: 36, lon: 118 }, 0, 500);
    expect(g.at('u', 600)?.lat).toBe(35);
    g.keep(new Set());
    expect(g.at('u', 600)).toBeUndefined();
  });
});

const view: View = { zoom: 13, width: 800, height: 600, project: () => ({ x: 400, y: 300 }) };
function fake(): { ctx: Ctx; log: string[] } {
  const log: string[] = [];
  const target: Record<string, unknown> = { measureText: (s: string) => ({ width: s.length * 8 }) };
  const ctx = new Proxy(target, {
    get: (o, name: string) => o[name] ?? ((...args: unknown[]) => void log.push(`${name} ${args.join(',')}`)),
    set: (o, name: string, value) => {
      o[name] = value;
      if (name === 'globalAlpha') log.push(`alpha ${String(value)}`);
      return true;
    },
  }) as unknown as Ctx;
  return { ctx, log };
}

describe('the scene', () => {
  it('labels never lie on each other; what is chosen keeps its own', () => {
    const units = ['a', 'b', 'c'].map((id) => unit({ id, plate: `plate ${id}` }));
    const list = items({ ...none, units }, t0, 'zh');
    const { ctx, log } = fake();
    const drawn = drawScene(ctx, list, view, {}, { lost: '' }, { unit: 'c' }, undefined, false);
    expect(drawn.labels).toBe(1);
    expect(log.filter((l) => l.startsWith('fillText')).join()).toContain('plate c');
    expect(drawn.at.at(-1)?.item.id).toBe('c'); // on top
    const grid = new LabelGrid();
    expect([grid.fits(0, 0, 60, 16), grid.fits(10, 5, 60, 16), grid.fits(200, 0, 60, 16)]).toEqual([true, false, true]);
  });

  it('ALM-006 every alarm with a place is on the map, a crew that calls for help bears its mark, and technical ones are not places', () => {
    const alarm = (over: Partial<Alarm>): Alarm =>
      ({
        id: 'a1',
        kind: 'caller',
        state: 'stored',
        sounding: true,
        place: { pos: { lat: 35.4, lon: 118.5 }, accuracy_m: 200 },
        ...over,
      }) as Alarm;
    const alarms = [
      alarm({}),
      alarm({ id: 'a2', kind: 'crew_sos', unit: 'u01' }),
      alarm({ id: 'a3', kind: 'tech' }),
      alarm({ id: 'a4', state: 'handled' }),
    ];
    const list = items({ ...none, units: [unit()], alarms }, t0, 'zh');
    expect(list.filter((i) => i.kind === 'alarm').map((i) => i.id)).toEqual(['a1', 'a2']);
    expect(list.find((i) => i.kind === 'unit')?.sos).toBe(true);
    const { ctx, log } = fake();
    drawScene(ctx, list, view, {}, { lost: '' }, {}, undefined, true);
    expect(log.filter((l) => l.startsWith('fillText')).join()).toContain('!!!');
  });

  it('incidents: the gravest is drawn last, closed ones are gone', () => {
    const incident = (id: string, priority: string, state = 'open'): Incident =>
      ({ id, number: 1, priority, state, place: { pos: { lat: 35.4, lon: 118.5 } } }) as Incident;
    const list = items(
      { ...none, units: [], incidents: [incident('x', 'A'), incident('y', 'D'), incident('z', 'A', 'closed')] },
      t0,
      'zh',
    );
    expect(list.map((i) => i.id)).toEqual(['y', 'x']);
  });

  it('picks the nearest within reach, and nothing beyond', () => {
    const item = (id: string, kind: Item['kind']): Item => ({ id, kind, pos: { lat: 0, lon: 0 }, label: '' });
    const drawn = {
      labels: 0,
      at: [
        { item: item('h', 'hospital'), x: 100, y: 100 },
        { item: item('u', 'unit'), x: 104, y: 100 },
      ],
    };
    expect(pick(drawn, 101, 100)?.id).toBe('u');
    expect(pick(drawn, 140, 100)).toBeUndefined();
  });

  it('what is outside the window is not drawn', () => {
    const list = items({ ...none, units: [unit()] }, t0, 'zh');
    const far: View = { ...view, project: () => ({ x: 5000, y: 10 }) };
    expect(drawScene(fake().ctx, list, far, {}, { lost: '' }, {}, undefined, false).at).toEqual([]);
  });

  it('draws the way of the chosen unit under everything, and none when there is none', () => {
    const { ctx, log } = fake();
    const way = [
      { lat: 35.4, lon: 118.5 },
      { lat: 35.41, lon: 118.51 },
      { lat: 35.42, lon: 118.5 },
    ];
    drawScene(ctx, [], view, { accent: 'blue', 'map-halo': 'black' }, { lost: '' }, {}, undefined, false, way);
    expect(log.filter((c) => c.startsWith('lineTo'))).toHaveLength(4);
    expect(log.filter((c) => c.startsWith('stroke'))).toHaveLength(2);
    log.length = 0;
    drawScene(ctx, [], view, {}, { lost: '' }, {}, undefined, false, []);
    expect(log.some((c) => c.startsWith('lineTo'))).toBe(false);
  });
});

describe('the empty ground', () => {
  it('projects there and back, enlarges around the pointer, and shows all', () => {
    const v = new PlainView({ lat: 35.4, lon: 118.5 }, 12);
    v.width = 800;
    v.height = 600;
    const p = v.unproject(123, 456);
    const q = v.project(p);
    expect([q.x, q.y].map((n) => Math.round(n * 1000) / 1000)).toEqual([123, 456]);
    v.enlarge(1, 123, 456);
    expect(Math.round(v.project(p).x)).toBe(123);
    const fit = around(
      [
        { lat: 35, lon: 118 },
        { lat: 36, lon: 119 },
      ],
      800,
      600,
    );
    expect(fit?.centre).toEqual({ lat: 35.5, lon: 118.5 });
    expect(around([], 1, 1)).toBeUndefined();
  });
});

describe('the style', () => {
  const info: MapInfo = {
    city: '岚汀市',
    datum: 'wgs84',
    attribution: '虚构',
    tiles: '/map/tiles/{z}/{x}/{y}?v=1',
    min_zoom: 5,
    max_zoom: 14,
    bounds: [118, 35, 119, 36],
    centre: { lat: 35.4, lon: 118.5 },
  };
  const colours = Object.fromEntries(mapTokens.map((token, i) => [token, `#0000${(16 + i).toString(16)}`]));

  it('asks nobody else for anything: no glyphs, no sprite, tiles of this origin', () => {
    const style = mapStyle(info, colours, 'zh', 'http://centre');
    expect([style.glyphs, style.sprite]).toEqual([undefined, undefined]);
    expect(JSON.stringify(style.sources)).toContain('http://centre/map/tiles/');
    expect(new Set(style.layers.map((l) => l.id)).size).toBe(style.layers.length);
    expect(JSON.stringify(style)).toContain('虚构');
  });

  it('names are Chinese, and English where there is one when asked', () => {
    const text = (lang: 'zh' | 'en'): string =>
      JSON.stringify(mapStyle(info, colours, lang, '').layers.find((l) => l.id === 'road-name')?.layout);
    expect(text('zh')).not.toContain('name_en');
    expect(text('en')).toContain('name_en');
  });

  it('every colour is a token of the theme', () => {
    expect(JSON.stringify(mapStyle(info, colours, 'zh', ''))).not.toContain('#808080');
    const css = readFileSync(new URL('../ui/tokens.css', import.meta.url), 'utf8');
    for (const token of mapTokens) expect(css.split(`--${token}:`).length, token).toBe(3); // night and day
  });

  it('keeps its names off the signs that stand still: their unseen squares are placed before all names', () => {
    const style = mapStyle(info, colours, 'zh', '', [[118.5, 35.4]]);
    expect(style.layers.at(-1)).toMatchObject({ id: 'signs', source: 'signs', paint: { 'text-opacity': 0 } });
    expect(style.sources.signs).toMatchObject({ data: { coordinates: [[118.5, 35.4]] } });
  });
});
