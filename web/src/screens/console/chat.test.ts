import { describe, expect, it } from 'vitest';
import type { Alarm, Incident, TalkMessage } from '../../wire/entity';
import { heardHere, placeHistory, threadOf, threads, toHear, unreadOf, type ChatState } from './chat';

const alarm = (id: string, more: Partial<Alarm> = {}): Alarm => ({
  id,
  kind: 'caller',
  source: `page-${id}`,
  pressed: '2026-11-27T01:00:00Z',
  received: '2026-11-27T01:00:00Z',
  presses: 1,
  last_press: '2026-11-27T01:00:00Z',
  state: 'stored',
  reach: 'owner',
  sounding: true,
  ...more,
});
const said = (alarmId: string, n: number, more: Partial<TalkMessage> = {}): TalkMessage => ({
  id: `${alarmId}-${n}`,
  alarm: alarmId,
  n,
  from: 'caller',
  text: 'x',
  sent: '2026-11-27T01:00:00Z',
  received: `2026-11-27T01:00:0${n}Z`,
  ...more,
});
function state(alarms: Alarm[], talk: TalkMessage[], incidents: Incident[] = []): ChatState {
  return {
    alarms: new Map(alarms.map((a) => [a.id, a])),
    talk: new Map(talk.map((m) => [m.id, m])),
    incidents: new Map(incidents.map((i) => [i.id, i])),
    desks: new Map([['d1', { id: 'd1', by: 'Li' }]]),
  };
}
const incident = (id: string, of: Incident['state']): Incident => ({
  id,
  number: 1,
  type: 'emergency',
  priority: 'A',
  state: of,
  place: {},
  opened: '2026-11-27T01:00:00Z',
  opened_by: 'Li',
});

describe('the talk with callers', () => {
  it('unread stands first, in order, and is never hidden by what became of the alarm', () => {
    const s = state(
      [
        alarm('a'),
        alarm('b', { state: 'handled', incident: 'i1' }),
        alarm('c', { state: 'handled', incident: 'i2' }),
        alarm('d', { state: 'handled' }),
        alarm('t', { kind: 'tech' }),
      ],
      [
        said('b', 2),
        said('b', 1, { read: 'x' }),
        said('c', 1),
        said('a', 1, { read: 'x' }),
        said('d', 1, { read: 'x' }),
      ],
      [incident('i1', 'dispatched'), incident('i2', 'closed')],
    );
    const all = threads(s);
    expect(all.map((t) => t.alarm.id)).toEqual(['b', 'c', 'a']);
    expect(all[0]?.messages.map((m) => m.n)).toEqual([1, 2]);
    expect(all.map((t) => t.ended)).toEqual([false, true, false]);
    expect(unreadOf(s, { alarm: 'b' })).toBe(1);
    expect(unreadOf(s, { incident: 'i1' })).toBe(1);
    expect(unreadOf(s, { alarm: 'a' })).toBe(0);
    expect(threadOf(all, '', '', 'i1')?.alarm.id).toBe('b');
    expect(threadOf(all, 'a', '', 'i1')?.alarm.id).toBe('a');
    expect(threadOf(all, '', '', '')?.alarm.id).toBe('b');
  });

  it('is heard at the desk whose it is, and at each when nobody sits there', () => {
    const s = state([alarm('a', { owner: 'd1' }), alarm('b', { owner: 'd2' })], [said('a', 1), said('b', 2)]);
    expect(toHear(s, 'd1')).toEqual({ id: 'b-2', n: 2 }); // d2 is empty
    expect(toHear(s, 'd3')).toEqual({ id: 'b-2', n: 1 });
    expect(heardHere(s, alarm('x', { owner: 'd1' }), 'd3')).toBe(false);
    expect(toHear(state([alarm('a')], [said('a', 1, { from: 'desk' })]), 'd1')).toEqual({ id: '', n: 0 });
  });

  it('shows what the place was, newest first, the same change once', () => {
    const change = (at: string) => ({ at, by: 'caller', was: { address: at } });
    const one = alarm('a', { places: [change('2026-11-27T01:00:00Z'), change('2026-11-27T01:05:00Z')] });
    const two = { ...incident('i1', 'open'), places: [change('2026-11-27T01:05:00Z')] };
    expect(placeHistory(one, two).map((c) => c.at)).toEqual(['2026-11-27T01:05:00Z', '2026-11-27T01:00:00Z']);
  });
});
