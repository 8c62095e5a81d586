import { describe, expect, it } from 'vitest';
import { callerWords } from '../../text/caller';
import { cards } from '../../text/cards';
import type { CallerView } from '../../wire/caller';
import {
  band,
  beatAt,
  beatsPerMinute,
  due,
  fate,
  lines,
  news,
  next,
  nextBeat,
  resendMs,
  screen,
  serverId,
  settled,
  stepsDone,
  stillOwed,
  urgentMs,
  worthSending,
  type Owed,
  type Press,
  type State,
} from './model';

const press: Press = { pressId: 'p1', who: 'self', pressedMs: 1000 };
const view: CallerView = { alarm_state: 'stored', received: true, order_accepted: false };
const pressed = next({ is: 'idle' }, { is: 'press', press, nowMs: 1000 });
const stored = next(pressed, { is: 'stored', pressId: 'p1', token: 'tok', nowMs: 2000 });

describe('the caller machine', () => {
  it('ALM-001 sends at once, without a fix', () => {
    expect(pressed).toMatchObject({ is: 'sending', nextMs: 1000 });
  });

  it('sends the same press again until it is stored', () => {
    let state: State = pressed;
    for (let i = 0; i < 50; i++) state = next(state, { is: 'sent', nowMs: 1000 + i * resendMs });
    expect(state).toMatchObject({ is: 'sending', press, attempts: 50 });
    expect(next(state, { is: 'stored', pressId: 'p1', token: 'tok', nowMs: 200_000 }).is).toBe('received');
  });

  it('ALM-003 says 请立即拨打120 full screen after 5 s without a stored answer, not before', () => {
    expect(screen(pressed, 1000 + urgentMs - 1).is).toBe('sending');
    expect(screen(pressed, 1000 + urgentMs).is).toBe('urgent');
    const resent = next(pressed, { is: 'sent', nowMs: 5900 });
    expect(screen(resent, 1000 + urgentMs).is).toBe('urgent');
    expect(screen(stored, 1000 + urgentMs).is).toBe('received');
  });

  it('ALM-003 shows "received" only for the press that was stored', () => {
    expect(next(pressed, { is: 'stored', pressId: 'another', token: 'x', nowMs: 1 })).toBe(pressed);
    expect(next(pressed, { is: 'news', view, nowMs: 1 })).toBe(pressed);
    expect(screen(pressed, 1000).is).toBe('sending');
  });

  it('ALM-003 claims that help is coming only after an order is accepted', () => {
    const claim = (more: Partial<CallerView>) => {
      const shown = screen(next(stored, { is: 'news', view: { ...view, ...more }, nowMs: 3000 }), 3000);
      return shown.is === 'received' ? shown.claim : shown.is;
    };
    expect(screen(stored, 2000)).toMatchObject({ claim: 'waiting' });
    expect(claim({})).toBe('waiting');
    expect(claim({ alarm_state: 'acknowledged' })).toBe('acknowledged');
    expect(claim({ alarm_state: 'handled', unit_plate: '京A0042', mission_state: 'ordered' })).toBe('acknowledged');
    expect(claim({ alarm_state: 'handled', order_accepted: true })).toBe('coming');
    expect(claim({ alarm_state: 'handled', order_accepted: true, mission_state: 'at_scene' })).toBe('arrived');
    expect(claim({ alarm_state: 'handled', mission_state: 'at_scene' })).toBe('acknowledged');
    expect(stepsDone('acknowledged')).toBeLessThan(stepsDone('coming'));
  });

  it('ALM-004 further touches while it is open make no second alarm', () => {
    const other: Press = { ...press, pressId: 'p2' };
    expect(next(pressed, { is: 'press', press: other, nowMs: 1500 })).toBe(pressed);
    expect(next(stored, { is: 'press', press: other, nowMs: 1500 })).toBe(stored);
  });

  it('ALM-004 after closing, a press is a new alarm', () => {
    const ended = next(stored, { is: 'news', view: { ...view, closed: true }, nowMs: 3000 });
    expect(ended.is).toBe('ended');
    const again = next(ended, { is: 'press', press: { ...press, pressId: 'p2' }, nowMs: 9000 });
    expect(again).toMatchObject({ is: 'sending', press: { pressId: 'p2' } });
  });

  it('SCR-006 says when there was no news for 5 s', () => {
    expect(screen(stored, 7000)).toMatchObject({ staleSinceMs: undefined });
    expect(screen(stored, 7001)).toMatchObject({ staleSinceMs: 2000 });
  });
});

describe('positions', () => {
  const fix = { pos: { lat: 39.9, lon: 116.4 }, accuracyM: 50, atMs: 10_000 };
  it('sends the first, a clearly better one and one that moved, and no more often than each 5 s', () => {
    expect(worthSending(fix, undefined)).toBe(true);
    expect(worthSending({ ...fix, accuracyM: 10, atMs: 12_000 }, fix)).toBe(false);
    expect(worthSending({ ...fix, accuracyM: 10, atMs: 16_000 }, fix)).toBe(true);
    expect(worthSending({ ...fix, atMs: 16_000 }, fix)).toBe(false);
    expect(worthSending({ ...fix, pos: { lat: 39.901, lon: 116.4 }, atMs: 16_000 }, fix)).toBe(true);
  });
});

describe('the ambulance', () => {
  const coming: CallerView = { ...view, order_accepted: true, mission_state: 'departed' };
  const at = (minutes: number): string => new Date(minutes * 60_000).toISOString();
  it('ALM-003 an arrival is told as a band, only of an accepted order, and never frozen', () => {
    expect(band({ ...coming, eta_from: at(6.4), eta_to: at(10.2) }, 0)).toEqual({ from: 6, to: 11 });
    expect(band({ ...coming, eta_from: at(0.4), eta_to: at(1.4) }, 0)).toEqual({ from: 1, to: 2 });
    expect(band({ ...coming, eta_from: at(0.1), eta_to: at(0.9) }, 0)).toEqual({ from: 0, to: 0 });
    expect(band({ ...coming, order_accepted: false, eta_from: at(6), eta_to: at(10) }, 0)).toBeUndefined();
    expect(band(coming, 0)).toBeUndefined();
    expect(band({ ...coming, eta_from: at(1), eta_to: at(2) }, 5 * 60_000)).toBeUndefined();
  });
});

describe('what is owed to the centre', () => {
  const owed = (id: string, more: Partial<Owed> = {}): Owed => ({
    id,
    kind: 'text',
    text: id,
    atMs: 1,
    tries: 0,
    nextMs: 0,
    is: 'owed',
    ...more,
  });

  it('goes one at a time, in order, and again with a growing pause until it is stored', () => {
    let list = [owed('a'), owed('b')];
    expect(due(list, 0)?.id).toBe('a');
    list = settled(list, 'a', fate(0), 0);
    expect(due(list, 500)).toBeUndefined(); // b does not overtake
    expect(due(list, 1_000)?.id).toBe('a');
    list = settled(list, 'a', fate(503), 1_000);
    expect(due(list, 2_500)).toBeUndefined();
    list = settled(list, 'a', fate(200), 4_000);
    expect(due(list, 4_000)?.id).toBe('b');
    for (let i = 0; i < 100; i++) list = settled(list, 'b', fate(429), 4_000);
    expect(due(list, 12_000)?.id).toBe('b');
    list = settled(list, 'b', fate(422), 12_000);
    expect(due(list, 99_000)).toBeUndefined();
  });

  it('is called delivered only when stored, and is never shown twice', () => {
    const list = [owed('a', { is: 'stored' }), owed('b', { tries: 2 }), owed('c'), owed('d', { is: 'refused' })];
    const before = lines(view, list);
    expect(before.map((l) => l.state)).toEqual(['sent', 'retrying', 'sending', 'refused']);
    const shown: CallerView = {
      ...view,
      messages: [
        { id: 'ms-a', at: '2026-11-27T01:00:00Z', by: 'caller', text: 'a', read: true },
        { id: 'ms-x', at: '2026-11-27T01:00:01Z', by: 'centre', text: 'x', card: 'cpr_adult' },
      ],
    };
    expect(lines(shown, list).map((l) => `${l.id} ${l.state}`)).toEqual([
      'ms-a read',
      'ms-x sent',
      'ms-b retrying',
      'ms-c sending',
      'ms-d refused',
    ]);
    expect(stillOwed(list, shown).map(serverId)).toEqual(['ms-b', 'ms-c', 'ms-d']);
    expect(news(shown)).toMatchObject({ n: 1, last: { id: 'ms-x' } });
    expect(news({ ...shown, messages: [] })).toBeUndefined();
  });
});

describe('the beat', () => {
  it('is 110 a minute, within 100 to 120 of the guideline', () => {
    expect(beatsPerMinute).toBeGreaterThanOrEqual(100);
    expect(beatsPerMinute).toBeLessThanOrEqual(120);
    let beats = 0;
    for (let at = nextBeat(0, false); at < 60 - 1e-6; at = nextBeat(at + 0.01, false)) beats++;
    expect(beats).toBe(110);
    expect(beatAt(0, false)).toEqual({ is: 'press', n: 1, on: true });
    expect(beatAt(0.4, false)).toEqual({ is: 'press', n: 1, on: false });
    expect(beatAt(60, false)).toMatchObject({ n: 111 });
  });

  it('with breaths rests after each 30, and what is heard is what is seen', () => {
    const down = (60 / 110) * 30;
    expect(beatAt(down - 0.01, true)).toMatchObject({ is: 'press', n: 30 });
    expect(beatAt(down + 0.1, true)).toMatchObject({ is: 'breathe' });
    const again = nextBeat(down + 0.1, true);
    expect(again).toBeGreaterThan(down + 3);
    expect(again).toBeLessThan(down + 10); // at most 10 s without compressions (AHA 2025)
    expect(beatAt(again, true)).toEqual({ is: 'press', n: 1, on: true });
  });
});

describe('first-aid cards', () => {
  it('all of them have their source with its year, and as many steps in English as in Chinese', () => {
    expect(cards).toHaveLength(10);
    for (const card of cards) {
      expect(card.source, card.id).toMatch(/20\d\d/);
      expect(card.en.steps, card.id).toHaveLength(card.zh.steps.length);
      expect(!!card.en.sign, card.id).toBe(!!card.zh.sign);
      expect(!!card.en.never, card.id).toBe(!!card.zh.never);
    }
    for (const id of ['cpr_adult', 'cpr_child', 'cpr_infant']) {
      const card = cards.find((one) => one.id === id);
      expect(card?.beat).toBe(true);
      expect(card?.zh.steps.join()).toContain('100–120');
    }
  });

  it('English has the same holes as Chinese', () => {
    const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
    for (const key of Object.keys(callerWords.zh) as (keyof typeof callerWords.zh)[])
      expect(holes(callerWords.en[key]), key).toEqual(holes(callerWords.zh[key]));
  });
});
