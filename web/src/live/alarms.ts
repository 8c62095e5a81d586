// Which alarms stand in the queue, in which order, and which sound a desk must make for them. Pure.
import type { Alarm, AlarmGroup, Desk, Mission, Order, Pos } from '../wire/entity';
import type { SoundName } from '../ui/sound';
import { ageS } from './age';

export type Level = 'high' | 'medium' | 'low';

export function levelOf(alarm: Alarm): Level {
  switch (alarm.kind) {
    case 'crew_sos':
    case 'caller':
    case 'device':
      return 'high';
    case 'tech':
      return alarm.priority === 'high' || alarm.priority === 'low' ? alarm.priority : 'medium';
  }
}

const kindRank: Record<Alarm['kind'], number> = { crew_sos: 0, caller: 1, device: 2, tech: 3 };

/** Open alarms: unacknowledged first, then by kind, then oldest first; ties by id, so that rows never dance. */
export function queue(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms]
    .filter((a) => a.state !== 'handled')
    .sort(
      (a, b) =>
        Number(a.state !== 'stored') - Number(b.state !== 'stored') ||
        kindRank[a.kind] - kindRank[b.kind] ||
        Date.parse(a.received) - Date.parse(b.received) ||
        (a.id < b.id ? -1 : 1),
    );
}

export interface Row {
  /** The alarm shown; of a group the oldest. */
  alarm: Alarm;
  /** All alarms of the row, each reachable (ALM-006). */
  all: Alarm[];
}

export function metres(a: Pos, b: Pos): number {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return Math.hypot(x, y) * 6_371_000;
}

/**
 * Puts a sorted queue into rows: what the centre publishes as one flood is one row, headed by its most urgent alarm. There is one
 * table of groups, the centre's; whatever it says, a crew SOS is a row of its own and no alarm is left out (ALM-006).
 */
export function rows(sorted: Alarm[], floods: Iterable<Pick<AlarmGroup, 'alarms'>>): Row[] {
  const homes = new Map<string, Row[]>();
  for (const flood of floods) {
    const home: Row[] = [];
    for (const id of flood.alarms) homes.set(id, home);
  }
  const out: Row[] = [];
  for (const alarm of sorted) {
    const home = alarm.kind === 'crew_sos' ? undefined : homes.get(alarm.id);
    if (home?.[0]) {
      home[0].all.push(alarm);
      continue;
    }
    const row = { alarm, all: [alarm] };
    home?.push(row);
    out.push(row);
  }
  return out;
}

type Sounding = Pick<Alarm, 'sounding' | 'state' | 'reach' | 'owner'>;

/**
 * Whether this desk sounds for this alarm (ALM-005). A desk nobody sits at sounds like every desk. A desk on a live call leaves the
 * sound to another one that is logged on and free; where there is none, the room must hear it all the same.
 */
export function soundsHere(alarm: Sounding, desk: Desk | undefined, desks: Iterable<Desk> = []): boolean {
  if (!alarm.sounding || alarm.state === 'handled' || !reaches(alarm, desk)) return false;
  if (!desk?.on_call) return true;
  for (const other of desks) {
    if (other.id !== desk.id && other.by && !other.on_call && reaches(alarm, other)) return false;
  }
  return true;
}

function reaches(alarm: Sounding, desk: Desk | undefined): boolean {
  return alarm.reach !== 'owner' || !alarm.owner || alarm.owner === desk?.id;
}

/** Alarms that nobody answers and for which no supervisor is logged on: the duty telephone must ring (ALM-005). */
export function needPhone(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter((alarm) => alarm.reach === 'phone' && alarm.state !== 'handled' && alarm.sounding);
}

/** The one sound that a desk makes: the most urgent wins. */
export function deskSound(
  alarms: Iterable<Alarm>,
  desk: Desk | undefined,
  desks: Iterable<Desk> = [],
): SoundName | undefined {
  const rank: SoundName[] = ['vehicle_sos', 'caller_ring', 'high', 'medium'];
  let best = rank.length;
  for (const alarm of alarms) {
    if (soundsHere(alarm, desk, desks)) best = Math.min(best, rank.indexOf(soundOf(alarm)));
  }
  return rank[best];
}

function soundOf(alarm: Alarm): SoundName {
  switch (alarm.kind) {
    case 'crew_sos':
      return 'vehicle_sos';
    case 'caller':
      return 'caller_ring';
    case 'device':
      return 'high';
    case 'tech':
      return levelOf(alarm) === 'high' ? 'high' : 'medium';
  }
}

/** An order not accepted for 30 s is shown as trouble beside the mission (DESIGN §12); the centre's own technical alarm sounds for it. */
const unacceptedS = 30;

export interface OrderTrouble {
  order: Order;
  why: 'waiting' | 'expired' | 'refused';
  waitedS: number;
}

export function orderTrouble(order: Order, mission: Mission | undefined, nowMs: number): OrderTrouble | undefined {
  if (mission?.ended) return undefined;
  const waitedS = ageS(order.queued, nowMs);
  switch (order.state) {
    case 'queued':
    case 'delivered':
    case 'seen':
      if (nowMs > Date.parse(order.valid_until)) return { order, why: 'expired', waitedS };
      return waitedS > unacceptedS ? { order, why: 'waiting', waitedS } : undefined;
    case 'expired':
      return { order, why: 'expired', waitedS };
    case 'refused':
      return { order, why: 'refused', waitedS };
    case 'accepted':
    case 'withdrawn':
      return undefined;
  }
}
