// The caller's page as a machine: an event and the state in, the new state out. ALM-003: "received" only when the centre has
// stored the alarm; no answer for 5 s says 请立即拨打120 full screen; nothing says that help is coming before an order is accepted.
import type { CallerMessage, CallerPlace, CallerPos, CallerView } from '../../wire/caller';

export type Who = 'self' | 'relative' | 'stranger';

/** No stored answer for this long: the page says to call 120 (ALM-003). */
export const urgentMs = 5_000;
/** The same press is sent again after this long; the first time at once. */
export const resendMs = 2_000;
/** News older than this is called old (SCR-006). */
export const staleMs = 5_000;

export interface Press {
  pressId: string;
  who: Who;
  /** Phone's clock. */
  pressedMs: number;
}

export type State =
  | { is: 'idle' }
  | { is: 'sending'; press: Press; sinceMs: number; attempts: number; nextMs: number }
  | { is: 'received'; press: Press; token: string; view: CallerView | undefined; newsMs: number }
  | { is: 'ended'; press: Press };

export type Event =
  | { is: 'press'; press: Press; nowMs: number }
  /** An attempt went out. */
  | { is: 'sent'; nowMs: number }
  /** The centre stored it. An answer that is not "stored" is no such event. */
  | { is: 'stored'; pressId: string; token: string; nowMs: number }
  | { is: 'news'; view: CallerView; nowMs: number }
  | { is: 'closed' }
  | { is: 'restart' };

export function next(state: State, event: Event): State {
  switch (event.is) {
    case 'press':
      // While one press is on its way, further presses are the same alarm (ALM-004).
      if (state.is === 'sending' || state.is === 'received') return state;
      return { is: 'sending', press: event.press, sinceMs: event.nowMs, attempts: 0, nextMs: event.nowMs };
    case 'sent':
      if (state.is !== 'sending') return state;
      return { ...state, attempts: state.attempts + 1, nextMs: event.nowMs + resendMs };
    case 'stored':
      if (state.is !== 'sending' || state.press.pressId !== event.pressId) return state;
      return { is: 'received', press: state.press, token: event.token, view: undefined, newsMs: event.nowMs };
    case 'news':
      if (state.is !== 'received') return state;
      if (event.view.closed) return { is: 'ended', press: state.press };
      return { ...state, view: event.view, newsMs: event.nowMs };
    case 'closed':
      return state.is === 'received' ? { is: 'ended', press: state.press } : state;
    case 'restart':
      return state.is === 'ended' ? { is: 'idle' } : state;
  }
}

export type Screen =
  | { is: 'idle' }
  | { is: 'sending'; attempts: number }
  /** Full screen: 请立即拨打120. */
  | { is: 'urgent'; attempts: number }
  | {
      is: 'received';
      claim: 'waiting' | 'acknowledged' | 'coming' | 'arrived';
      staleSinceMs: number | undefined;
      view: CallerView | undefined;
    }
  | { is: 'ended' };

/** Nodes of a mission from which on the crew has been at the scene. */
const there = ['at_scene', 'contact', 'left_scene', 'at_hospital', 'handed_over'];

export function screen(state: State, nowMs: number): Screen {
  switch (state.is) {
    case 'idle':
    case 'ended':
      return { is: state.is };
    case 'sending':
      return { is: nowMs - state.sinceMs >= urgentMs ? 'urgent' : 'sending', attempts: state.attempts };
    case 'received': {
      const view = state.view;
      const claim = view?.order_accepted
        ? there.indexOf(view.mission_state ?? '') >= 0
          ? 'arrived'
          : 'coming'
        : view && view.alarm_state !== 'stored'
          ? 'acknowledged'
          : 'waiting';
      return { is: 'received', claim, view, staleSinceMs: nowMs - state.newsMs > staleMs ? state.newsMs : undefined };
    }
  }
}

/** The four steps that the page shows, and how many of them are behind. */
export const steps = ['received', 'desk', 'accepted', 'arrived'] as const;
export function stepsDone(claim: 'waiting' | 'acknowledged' | 'coming' | 'arrived'): number {
  return { waiting: 1, acknowledged: 2, coming: 3, arrived: 4 }[claim];
}

export interface Band {
  from: number;
  to: number;
}
/** Minutes from now to the earliest and the latest expected arrival; nothing when it cannot be said, 0 to 0 when at any moment. */
export function band(view: CallerView | undefined, nowMs: number): Band | undefined {
  if (!view?.order_accepted || !view.eta_from || !view.eta_to) return undefined;
  const from = (Date.parse(view.eta_from) - nowMs) / 60_000;
  const to = (Date.parse(view.eta_to) - nowMs) / 60_000;
  if (to < -2) return undefined; // it should have been here long ago: the estimate was wrong, and is not repeated
  if (to <= 1) return { from: 0, to: 0 };
  const low = Math.max(1, Math.floor(from));
  return { from: low, to: Math.max(low + 1, Math.ceil(to)) };
}

export interface PhoneFix {
  pos: CallerPos;
  accuracyM: number;
  atMs: number;
}
/** Beyond this a position does not find a house. */
export const poorM = 200;

/** Whether a new fix is worth telling: the first, one clearly better, or one that moved; not more often than each 5 s after the first. */
export function worthSending(fix: PhoneFix, sent: PhoneFix | undefined): boolean {
  if (!sent) return true;
  if (fix.atMs - sent.atMs < 5_000) return false;
  const moved = Math.hypot(
    (fix.pos.lat - sent.pos.lat) * 111_000,
    (fix.pos.lon - sent.pos.lon) * 111_000 * Math.cos((fix.pos.lat * Math.PI) / 180),
  );
  return fix.accuracyM < sent.accuracyM * 0.7 || moved > Math.max(30, fix.accuracyM);
}

/** What the phone still has to tell: kept, and sent again until the centre has stored it. Its id makes a second sending harmless. */
export interface Owed {
  id: string;
  kind: 'text' | 'place';
  text?: string;
  place?: CallerPlace;
  elsewhere?: boolean;
  /** Server's clock, as far as the phone knows it. */
  atMs: number;
  tries: number;
  nextMs: number;
  /** The centre holds it (it leaves the list when the view shows it), or can never take it. */
  is: 'owed' | 'stored' | 'refused';
}
/** More than a person writes before a network comes back; the oldest that is through leaves first. */
export const maxOwed = 60;
export const maxWords = 500;
const retryMs = [0, 1_000, 2_000, 4_000, 8_000];

/** The one to send now: one at a time, in the order they were written. */
export function due(list: Owed[], nowMs: number): Owed | undefined {
  const first = list.filter((item) => item.is === 'owed')[0];
  return first && first.nextMs <= nowMs ? first : undefined;
}

/** What became of a sending. 'ended' is the link's end: nothing can be told any more. */
export type Fate = 'stored' | 'again' | 'refused';
export function fate(status: number): Fate {
  if (status >= 200 && status < 300) return 'stored';
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'again';
  return 'refused';
}

export function settled(list: Owed[], id: string, what: Fate, nowMs: number): Owed[] {
  return list.map((item) => {
    if (item.id !== id) return item;
    if (what !== 'again') return { ...item, is: what };
    const tries = item.tries + 1;
    return { ...item, tries, nextMs: nowMs + (retryMs[Math.min(tries, retryMs.length - 1)] ?? 8_000) };
  });
}

/** How the page names, on the server, what it sent under an id. */
export function serverId(item: Owed): string {
  return `ms-${item.id}`;
}

/** What is owed without what the centre shows already. */
export function stillOwed(list: Owed[], view: CallerView | undefined): Owed[] {
  const shown = (view?.messages ?? []).map((m) => m.id);
  return list.filter((item) => shown.indexOf(serverId(item)) < 0);
}

export interface Line {
  id: string;
  by: 'caller' | 'centre';
  text: string;
  card?: string | undefined;
  photo?: string | undefined;
  place?: CallerPlace | undefined;
  atMs: number;
  state: 'sending' | 'retrying' | 'refused' | 'sent' | 'read';
}

/** The talk as it is shown: what the centre has, then what is still to be sent. */
export function lines(view: CallerView | undefined, owed: Owed[]): Line[] {
  const stored = (view?.messages ?? []).map((m: CallerMessage, i): Line => ({
    id: m.id ?? `line-${i}`,
    by: m.by === 'centre' ? 'centre' : 'caller',
    text: m.text ?? '',
    card: m.card,
    photo: m.photo,
    place: m.place,
    atMs: Date.parse(m.at),
    state: m.read ? 'read' : 'sent',
  }));
  const mine = stillOwed(owed, view).map((item): Line => ({
    id: serverId(item),
    by: 'caller',
    text: item.text ?? '',
    place: item.place,
    atMs: item.atMs,
    state: item.is === 'stored' ? 'sent' : item.is === 'refused' ? 'refused' : item.tries > 0 ? 'retrying' : 'sending',
  }));
  return stored.concat(mine);
}

/** Messages of the centre that the page has not shown yet: the newest, and how many. */
export function news(view: CallerView | undefined): { last: CallerMessage; n: number } | undefined {
  const unread = (view?.messages ?? []).filter((m) => m.by === 'centre' && !m.read && m.id);
  const last = unread[unread.length - 1];
  return last && { last, n: unread.length };
}

/** Compressions a minute: the middle of 100 to 120 (AHA 2025). */
export const beatsPerMinute = 110;
export const beatS = 60 / beatsPerMinute;
const breathsS = 5;

export type Beat = { is: 'press'; n: number; on: boolean } | { is: 'breathe'; n: number };
/** The beat at a time after its start: which compression (from 1) and whether the hand is down; with breaths, a rest after each 30. */
export function beatAt(s: number, withBreaths: boolean): Beat {
  if (s < 0) return { is: 'press', n: 1, on: false };
  const whole = Math.floor(s / beatS + 1e-9);
  if (!withBreaths) return { is: 'press', n: whole + 1, on: s - whole * beatS < beatS / 2 };
  const round = 30 * beatS + breathsS;
  const rounds = Math.floor(s / round);
  const within = s - rounds * round;
  const n = Math.floor(within / beatS + 1e-9);
  if (n >= 30) return { is: 'breathe', n: 30 };
  return { is: 'press', n: n + 1, on: within - n * beatS < beatS / 2 };
}
/** When the compression after a time begins: what is to be sounded next. */
export function nextBeat(s: number, withBreaths: boolean): number {
  const round = 30 * beatS + breathsS;
  const base = withBreaths ? Math.floor(s / round) * round : 0;
  const n = Math.ceil((s - base) / beatS - 1e-9);
  return withBreaths && n >= 30 ? base + round : base + n * beatS;
}
