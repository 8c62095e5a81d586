import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check, ShapeCheck } from './check';
import { about, callerView, centreChecks, recommendation, terminalChecks, trend } from './entity';
import type { components } from './api.gen';
import type * as own from './entity';
import { parseFrame } from './feed';
import { decodeWaveFrame, type WaveFrame } from './frame';
import { hospitalRanking } from './hospital';

// Goldens that the Go side wrote from its own structs, every field filled.
const goldens = join(__dirname, '../../../testdata/wire');
function golden(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(goldens, `${name}.json`), 'utf8')) as Record<string, unknown>;
}

// Each type of ours must be one that the published API knows: a field renamed or retyped there stops the type check here.
type Api = components['schemas'];
/** The published API does not list the words of every state; the goldens and the checks hold those. */
type Loose<T> = T extends string ? string : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;
/** What the server may send must be something that we can read. */
type Fits<Own, Gen> = Loose<Gen> extends Loose<Own> ? true : false;
const fits: [
  Fits<own.Alarm, Api['Alarm']>,
  Fits<own.Incident, Api['Incident']>,
  Fits<own.Mission, Api['Mission']>,
  Fits<own.Order, Api['Order']>,
  Fits<own.Notice, Api['Notice']>,
  Fits<own.Patient, Api['Patient']>,
  Fits<own.Unit, Api['UnitView']>,
  Fits<own.Hospital, Api['Hospital']>,
  Fits<own.Station, Api['Station']>,
  Fits<own.CallerView, Api['CallerView']>,
  Fits<own.Recommendation, Api['Recommendation']>,
  Fits<own.About, Api['About']>,
  Fits<own.NodeTime, Api['NodeTime']>,
  Fits<own.LaneDepth, Api['LaneDepth']>,
  Fits<own.DeviceStatus, Api['DeviceStatus']>,
  Fits<own.TerminalDevice, Api['TerminalDevice']>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true];

const entities: [string, Check<unknown>][] = [
  ['Alarm', centreChecks.alarms],
  ['AlarmGroup', centreChecks.groups],
  ['Incident', centreChecks.incidents],
  ['Attention', centreChecks.attention],
  ['Mission', centreChecks.missions],
  ['Order', centreChecks.orders],
  ['Notice', centreChecks.notices],
  ['Patient', centreChecks.patients],
  ['UnitView', centreChecks.units],
  ['Hospital', centreChecks.hospitals],
  ['HospitalBoard', centreChecks.boards],
  ['HospitalRanking', hospitalRanking],
  ['Station', centreChecks.stations],
  ['Desk', centreChecks.desks],
  ['ReadingView', centreChecks.readings],
  ['NoteView', centreChecks.notes],
  ['Photo', centreChecks.photos],
  ['Message', centreChecks.talk],
  ['WaveSlot', centreChecks.slots],
  ['Recommendation', recommendation],
  ['About', about],
  ['Health', centreChecks.health],
  ['Case', centreChecks.cases],
  ['ChannelLimits', centreChecks.limits],
  ['Trend', trend],
  ['CallerView', callerView],
  ['TerminalAlarm', terminalChecks.alarms],
  ['TerminalBinding', terminalChecks.bindings],
  ['TerminalLink', terminalChecks.link],
  ['LaneDepth', terminalChecks.owed],
  ['TerminalDevice', terminalChecks.devices],
  ['TerminalPhotoView', terminalChecks.taken],
  ['KeptView', terminalChecks.kept],
  ['TerminalWay', terminalChecks.way],
];

it('every entity of the screens fits the published API', () => {
  expect(fits.every(Boolean)).toBe(true);
});

describe('entities', () => {
  it.each(entities)('%s as the server writes it is let in', (name, check) => {
    expect(check(golden(name))).toBe(true);
  });

  it.each(entities)('%s: every field that a screen reads is one that the server writes', (name, check) => {
    const value = golden(name);
    for (const field of (check as ShapeCheck<unknown>).fields) expect(Object.keys(value), field).toContain(field);
  });

  it.each(entities)('%s with a field of the wrong kind is not believed', (name, check) => {
    const value = golden(name);
    for (const field of (check as ShapeCheck<unknown>).fields) {
      expect(check({ ...value, [field]: Symbol('wrong') }), field).toBe(false);
    }
  });

  it('an unknown state, an unreadable time and an infinite number are not believed', () => {
    const alarm = golden('Alarm');
    expect(centreChecks.alarms({ ...alarm, state: 'lost' })).toBe(false);
    expect(centreChecks.alarms({ ...alarm, pressed: 'yesterday' })).toBe(false);
    expect(centreChecks.alarms({ ...alarm, presses: Number.POSITIVE_INFINITY })).toBe(false);
    expect(centreChecks.alarms(null)).toBe(false);
  });
});

describe('frames of the feed', () => {
  it.each(['WelcomeFrame', 'SnapFrame', 'DeltaFrame', 'PingFrame', 'PongFrame', 'RefusedFrame'])(
    '%s is read',
    (name) => {
      const value = golden(name);
      expect(parseFrame(JSON.stringify(value))).toEqual(value);
    },
  );

  it.each([
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"t":"toString"}',
    '{"t":"snap","topic":"x"}',
    '{"t":"delta","ops":[{"c":1}]}',
  ])('garbage %s is no frame', (raw) => {
    expect(parseFrame(raw)).toBeUndefined();
  });
});

interface GoldenWave {
  hex: string;
  frame: {
    Slot: number;
    Seq: number;
    T0Us: number;
    RateHz: number;
    LSB: number;
    Pacer: boolean;
    Gap: boolean;
    Live: boolean;
    Simulated: boolean;
    Unbound: boolean;
    Counter: number;
    OffMask: number;
    Samples: number[][];
  };
}
function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

describe('binary wave frames', () => {
  it.each(['waveframe_full', 'waveframe_pleth'])(
    '%s: DLV-004 counter, gap and source as the server wrote them',
    (name) => {
      const { hex, frame: want } = golden(name) as unknown as GoldenWave;
      const got = decodeWaveFrame(bytes(hex)) as WaveFrame;
      expect(got).not.toHaveProperty('error');
      expect(got).toMatchObject({
        slot: want.Slot,
        seq: want.Seq,
        rateHz: want.RateHz,
        pacer: want.Pacer,
        gap: want.Gap,
        source: want.Live ? 'live' : 'backfilled',
        simulated: want.Simulated,
        unbound: want.Unbound,
        counter: want.Counter,
      });
      expect(got.t0Ms).toBe(want.T0Us / 1000);
      expect(got.lsbUv).toBeCloseTo(want.LSB / 100);
      expect(got.samples.map((s) => Array.from(s))).toEqual(want.Samples);
      expect(got.off).toEqual(want.Samples.map((_, i) => (want.OffMask & (1 << i)) !== 0));
    },
  );

  it('cut, lengthened or of another version, a frame says why it is none', () => {
    const whole = bytes((golden('waveframe_full') as unknown as GoldenWave).hex);
    for (let n = 0; n < whole.length; n++) expect(decodeWaveFrame(whole.slice(0, n))).toHaveProperty('error');
    expect(decodeWaveFrame(Uint8Array.from([...whole, 0]))).toHaveProperty('error');
    expect(decodeWaveFrame(Uint8Array.from(whole, (b, i) => (i === 0 ? 2 : b)))).toHaveProperty('error');
    expect(decodeWaveFrame(Uint8Array.from(whole, (b, i) => (i === 32 ? 9 : b)))).toHaveProperty('error');
  });
});
