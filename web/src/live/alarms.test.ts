import { describe, expect, it } from 'vitest';
import type { Alarm, Desk, Order } from '../wire/entity';
import { deskSound, needPhone, orderTrouble, queue, rows, soundsHere } from './alarms';

const t0 = Date.parse('2026-11-21T04:00:00Z');
function alarm(id: string, more: Partial<Alarm> = {}): Alarm {
  const at = new Date(t0).toISOString();
  return {
    id,
    kind: 'caller',
    source: 'page-1',
    pressed: at,
    received: at,
    last_press: at,
    presses: 1,
    state: 'stored',
    reach: 'owner',
    sounding: true,
    ...more,
  };
}
const pos = (lat: number): { pos: { lat: number; lon: number } } => ({ pos: { lat, lon: 116 } });
const desk = (id: string, more: Partial<Desk> = {}): Desk => ({ id, by: 'A', ...more });

describe('the alarm queue', () => {
  it('stands in a fixed order: unacknowledged, crew SOS, oldest; ties by id', () => {
    const later = new Date(t0 + 1000).toISOString();
    const list = [
      alarm('d', { state: 'acknowledged', kind: 'crew_sos' }),
      alarm('c', { received: later }),
      alarm('b'),
      alarm('a'),
      alarm('e', { kind: 'crew_sos', received: later }),
      alarm('f', { state: 'handled' }),
    ];
    expect(queue(list).map((a) => a.id)).toEqual(['e', 'a', 'b', 'c', 'd']);
    expect(queue(list.reverse()).map((a) => a.id)).toEqual(['e', 'a', 'b', 'c', 'd']);
  });

  it('ALM-006 a flood of one source is one row in which each alarm stays reachable', () => {
    const flood = Array.from({ length: 20 }, (_, i) => alarm(`f${String(i).padStart(2, '0')}`, { place: pos(39.9) }));
    const sorted = queue([...flood, alarm('other', { source: 'page-2', place: pos(39.9) })]);
    const grouped = rows(sorted, [{ alarms: flood.map((a) => a.id) }]);
    expect(grouped).toHaveLength(2);
    expect(grouped.find((r) => r.alarm.source === 'page-1')?.all).toHaveLength(20);
  });

  it('ALM-006 the page groups nothing by itself: without a flood of the centre each alarm is a row', () => {
    const near = Array.from({ length: 6 }, (_, i) => alarm(`p${i}`, { place: pos(39.9) }));
    expect(rows(queue(near), [])).toHaveLength(6);
  });

  it('ALM-006 the server groups: its floods are the rows, every alarm stays in exactly one, crew SOS in its own', () => {
    const sorted = queue([
      alarm('a', { state: 'acknowledged' }),
      alarm('b'),
      alarm('c'),
      alarm('s', { kind: 'crew_sos' }),
      alarm('x'),
    ]);
    const shown = rows(sorted, [{ alarms: ['a', 'b', 'c', 's', 'gone'] }]);
    expect(shown.map((row) => row.all.map((one) => one.id))).toEqual([['s'], ['b', 'c', 'a'], ['x']]);
  });
});

describe('alarm sound', () => {
  it('ALM-005 sounds at every desk without an owner, then at its owner, then after escalation at every desk', () => {
    expect(soundsHere(alarm('a'), desk('d1'))).toBe(true);
    const owned = alarm('a', { owner: 'd2' });
    expect(soundsHere(owned, desk('d1'))).toBe(false);
    expect(soundsHere(owned, desk('d2'))).toBe(true);
    expect(soundsHere({ ...owned, reach: 'desks' }, desk('d1'))).toBe(true);
  });

  it('ALM-005 sounds at a desk where nobody is logged on, and falls silent only by acknowledgement', () => {
    expect(deskSound([alarm('a')], undefined)).toBe('caller_ring');
    expect(deskSound([alarm('a', { state: 'acknowledged', sounding: false })], undefined)).toBeUndefined();
    expect(deskSound([alarm('a', { state: 'acknowledged', sounding: true })], undefined)).toBe('caller_ring');
  });

  it('ALM-005 a desk on a live call gets it by sight while another desk sounds it', () => {
    const busy = desk('d1', { on_call: true });
    const sos = alarm('a', { kind: 'crew_sos' });
    expect(deskSound([sos], busy, [busy, desk('d2')])).toBeUndefined();
    expect(deskSound([sos], desk('d2'), [busy, desk('d2')])).toBe('vehicle_sos');
  });

  it('ALM-005 the room hears it when no other logged-on desk can sound it', () => {
    const busy = desk('d1', { on_call: true });
    const sos = alarm('a', { kind: 'crew_sos' });
    expect(deskSound([sos], busy, [busy])).toBe('vehicle_sos');
    expect(deskSound([sos], busy, [busy, { id: 'd2' }])).toBe('vehicle_sos');
    expect(deskSound([sos], busy, [busy, desk('d2', { on_call: true })])).toBe('vehicle_sos');
    // Its owner is on the call: the others are not reached yet, so nobody else sounds it.
    expect(deskSound([{ ...sos, owner: 'd1' }], busy, [busy, desk('d2')])).toBe('vehicle_sos');
  });

  it('ALM-005 the duty telephone is asked for while an alarm that reached it still sounds', () => {
    const list = [alarm('a', { reach: 'phone' }), alarm('b'), alarm('c', { reach: 'phone', sounding: false })];
    expect(needPhone(list).map((a) => a.id)).toEqual(['a']);
  });

  it('the most urgent sound wins', () => {
    const all = [
      alarm('t', { kind: 'tech' }),
      alarm('c'),
      alarm('s', { kind: 'crew_sos' }),
      alarm('d', { kind: 'device' }),
    ];
    expect(deskSound(all, desk('d1'))).toBe('vehicle_sos');
    expect(deskSound(all.slice(0, 2), desk('d1'))).toBe('caller_ring');
    expect(deskSound(all.slice(0, 1), desk('d1'))).toBe('medium');
    expect(deskSound([alarm('t', { kind: 'tech', priority: 'high' })], desk('d1'))).toBe('high');
  });
});

describe('orders that need a voice', () => {
  const order: Order = {
    id: 'o1',
    mission: 'm1',
    unit: 'u1',
    version: 1,
    state: 'delivered',
    text: '',
    place: {},
    priority: 'A',
    queued: new Date(t0).toISOString(),
    valid_until: new Date(t0 + 120_000).toISOString(),
    sent: 1,
  };
  it('DLV-005 not accepted for 30 s it is trouble; past its validity it has expired; accepted it is quiet', () => {
    expect(orderTrouble(order, undefined, t0 + 29_000)).toBeUndefined();
    expect(orderTrouble(order, undefined, t0 + 31_000)?.why).toBe('waiting');
    expect(orderTrouble(order, undefined, t0 + 121_000)?.why).toBe('expired');
    expect(orderTrouble({ ...order, state: 'accepted' }, undefined, t0 + 121_000)).toBeUndefined();
    expect(orderTrouble({ ...order, state: 'refused' }, undefined, t0)?.why).toBe('refused');
  });
});
