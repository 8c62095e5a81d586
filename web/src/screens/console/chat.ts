// What callers and desks say to each other, as the console shows it. Pure.
import type { Alarm, Desk, Incident, PlaceChange, TalkMessage } from '../../wire/entity';

export interface ChatState {
  talk: Map<string, TalkMessage>;
  alarms: Map<string, Alarm>;
  incidents: Map<string, Incident>;
  desks: Map<string, Desk>;
}

/** One caller's talk: the alarm, what was said, oldest first, and what of it no person at a desk has read. */
export interface Thread {
  alarm: Alarm;
  messages: TalkMessage[];
  unread: TalkMessage[];
  /** The page has ended with its incident: nothing can be written any more. */
  ended: boolean;
}

const order = (a: TalkMessage, b: TalkMessage): number => a.n - b.n || (a.id < b.id ? -1 : 1);

function ended(state: ChatState, alarm: Alarm): boolean {
  if (alarm.state !== 'handled') return false;
  const incident = alarm.incident ? state.incidents.get(alarm.incident) : undefined;
  return !incident || incident.state === 'closed' || incident.state === 'cancelled';
}

/** Callers with whom something is to be read or can be written; unread first (whatever became of their alarm), then the newest. */
export function threads(state: ChatState): Thread[] {
  const by = new Map<string, TalkMessage[]>();
  for (const message of state.talk.values()) {
    const list = by.get(message.alarm);
    if (list) list.push(message);
    else by.set(message.alarm, [message]);
  }
  const out: Thread[] = [];
  for (const alarm of state.alarms.values()) {
    if (alarm.kind !== 'caller') continue;
    const messages = (by.get(alarm.id) ?? []).sort(order);
    const unread = messages.filter((m) => m.from === 'caller' && !m.read);
    const over = ended(state, alarm);
    if (over && unread.length === 0) continue;
    out.push({ alarm, messages, unread, ended: over });
  }
  const newest = (thread: Thread): string => thread.messages.at(-1)?.received ?? thread.alarm.received;
  return out.sort(
    (a, b) =>
      Number(b.unread.length > 0) - Number(a.unread.length > 0) ||
      Date.parse(newest(b)) - Date.parse(newest(a)) ||
      (a.alarm.id < b.alarm.id ? -1 : 1),
  );
}

/** The thread that belongs to what is selected: the one chosen by hand, that of the sheet's alarm, of the incident, else the first unread. */
export function threadOf(list: Thread[], chosen: string, sheetAlarm: string, incident: string): Thread | undefined {
  return (
    list.find((thread) => thread.alarm.id === chosen) ??
    list.find((thread) => thread.alarm.id === sheetAlarm) ??
    list.find((thread) => incident !== '' && thread.alarm.incident === incident) ??
    list.find((thread) => thread.unread.length > 0)
  );
}

export function unreadOf(
  state: ChatState,
  what: { alarm?: string | undefined; incident?: string | undefined },
): number {
  let n = 0;
  for (const m of state.talk.values()) {
    if (m.from !== 'caller' || m.read) continue;
    if (m.alarm === what.alarm || (what.incident && state.alarms.get(m.alarm)?.incident === what.incident)) n++;
  }
  return n;
}

/** Whether this desk is to hear of an unread message: the one whose alarm or incident it is, or each when nobody sits there. */
export function heardHere(state: ChatState, alarm: Alarm, desk: string): boolean {
  const owner = (alarm.incident && state.incidents.get(alarm.incident)?.desk) || alarm.owner;
  return !owner || owner === desk || !state.desks.get(owner)?.by;
}

/** Newest unread message that this desk must hear of; its id changes when another comes. */
export function toHear(state: ChatState, desk: string): { id: string; n: number } {
  let id = '';
  let at = -1;
  let n = 0;
  for (const thread of threads(state)) {
    if (!heardHere(state, thread.alarm, desk)) continue;
    for (const m of thread.unread) {
      n++;
      const received = Date.parse(m.received);
      if (received > at) [at, id] = [received, m.id];
    }
  }
  return { id, n };
}
/** An unread message is heard again after this long (a low alarm's repeat: at least 16 s). */
export const hearAgainMs = 20_000;

/** What the place was, newest first: of the alarm and of its incident, the same correction once. */
export function placeHistory(alarm: Alarm, incident: Incident | undefined): PlaceChange[] {
  const all = [...(alarm.places ?? []), ...(incident?.places ?? [])];
  const seen = new Set<string>();
  return all
    .filter((change) => {
      const key = `${change.at}${change.by}`;
      return seen.has(key) ? false : (seen.add(key), true);
    })
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

export const cardIds = [
  'cpr_adult',
  'cpr_child',
  'cpr_infant',
  'choking',
  'bleeding',
  'stroke',
  'chest_pain',
  'seizure',
  'burns',
  'labour',
] as const;
