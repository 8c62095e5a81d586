// The waiting queue, what runs, and what may be the same thing twice. Pure.
import { ageS } from '../../live/age';
import { metres } from '../../live/alarms';
import type { Alarm, Attention, CentreState, Incident, Mission, Order, Pos } from '../../wire/entity';
import { over } from './model';

/** Offered for merging within these (docs/limits.md). */
const nearM = 500;
const nearS = 600;

export interface Duplicate {
  incident: Incident;
  /** Undefined: only the telephone is the same. */
  metres: number | undefined;
  minutes: number;
  samePhone: boolean;
}

/** Living incidents that a place or a telephone may belong to, the nearest first; ties by id. */
export function duplicates(
  incidents: Iterable<Incident>,
  of: { pos: Pos | undefined; phone: string; not: string; atMs: number },
): Duplicate[] {
  const out: Duplicate[] = [];
  const phone = of.phone.trim();
  for (const incident of incidents) {
    if (over(incident) || incident.id === of.not) continue;
    const apart = of.pos && incident.place.pos ? metres(of.pos, incident.place.pos) : undefined;
    const seconds = Math.abs(of.atMs - Date.parse(incident.opened)) / 1000;
    const near = apart !== undefined && apart <= nearM && seconds <= nearS;
    const samePhone = phone !== '' && phone === incident.phone;
    if (near || samePhone)
      out.push({ incident, metres: near ? apart : undefined, minutes: Math.floor(seconds / 60), samePhone });
  }
  return out.sort(
    (a, b) => (a.metres ?? Infinity) - (b.metres ?? Infinity) || (a.incident.id < b.incident.id ? -1 : 1),
  );
}

/** Said by a desk longer ago than this it is no longer believed (docs/limits.md). */
const attentionS = 60;

/** Other desks that have something open. */
export function others(
  attention: Iterable<Attention>,
  mine: string,
  what: { alarm?: string; incident?: string },
  nowMs: number,
): Attention[] {
  return [...attention]
    .filter(
      (a) =>
        a.desk !== mine &&
        ageS(a.at, nowMs) <= attentionS &&
        ((what.alarm && a.alarm === what.alarm) || (what.incident && a.incident === what.incident)),
    )
    .sort((a, b) => (a.desk < b.desk ? -1 : 1));
}

export type Level = 'calm' | 'amber' | 'red';
export interface Limit {
  name: 'dispatch' | 'accept' | 'turn_out';
  /** Seconds since it began to run, or that it took. */
  s: number;
  amberS: number;
  redS: number;
  level: Level;
  running: boolean;
}

/** DESIGN §12, held in docs/limits.md: first acceptance to order 300 s, order to acceptance 30 s, order received to departure 120 / 180 s. */
const limits = {
  dispatch: { amberS: 120, redS: 300 },
  accept: { amberS: 20, redS: 30 },
  turn_out: { amberS: 120, redS: 180 },
} as const;

function limit(name: Limit['name'], from: string, to: string | undefined, nowMs: number): Limit {
  const s = ageS(from, to ? Date.parse(to) : nowMs);
  const { amberS, redS } = limits[name];
  return { name, s, amberS, redS, level: s > redS ? 'red' : s > amberS ? 'amber' : 'calm', running: !to };
}

/** The clocks of a mission against their limits; those that cannot run are left out. */
export function missionLimits(
  incident: Incident | undefined,
  mission: Mission,
  order: Order | undefined,
  nowMs: number,
): Limit[] {
  const out: Limit[] = [];
  if (!order) return out;
  const stop = mission.ended;
  if (incident?.type === 'emergency') out.push(limit('dispatch', incident.opened, order.queued, nowMs));
  if (order.accepted || !stop) out.push(limit('accept', order.queued, order.accepted, nowMs));
  const departed = mission.nodes?.find((n) => n.node === 'departed')?.at;
  const received = order.delivered ?? order.accepted;
  if (received && (departed || !stop)) out.push(limit('turn_out', received, departed, nowMs));
  return out;
}

/** How long an emergency has waited for its order; it runs while nothing is sent. */
export function waitingLimit(incident: Incident, nowMs: number): Limit | undefined {
  return incident.state === 'open' && incident.type === 'emergency'
    ? limit('dispatch', incident.opened, undefined, nowMs)
    : undefined;
}

/** Seconds in which what was sent may be taken back by one key (UI §10.6). */
export const undoS = 10;
export function undoLeft(sentMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil(undoS - (nowMs - sentMs) / 1000));
}

/** Incidents under way and then the last closed, for the list below the waiting ones. */
export function countRunning(state: CentreState): number {
  let n = 0;
  for (const i of state.incidents.values()) if (!over(i) && i.state !== 'open') n++;
  return n;
}

/** What time will do to an alarm that nobody takes up (ALM-005), and in how many seconds. */
export interface Demand {
  what: 'desks' | 'supervisor' | 'again' | 'again_all';
  leftS: number;
}

/** Held in docs/limits.md. */
const desksS = 15;
const supervisorS = 30;
const againS = 60;
const againAllS = 120;

export function demandOf(
  alarm: Pick<Alarm, 'state' | 'reach' | 'received' | 'ack_at' | 'sounding'>,
  nowMs: number,
): Demand | undefined {
  const left = (from: string, s: number): number => Math.max(0, Math.ceil(s - ageS(from, nowMs)));
  switch (alarm.state) {
    case 'stored':
      if (alarm.reach === 'owner') return { what: 'desks', leftS: left(alarm.received, desksS) };
      return alarm.reach === 'desks' ? { what: 'supervisor', leftS: left(alarm.received, supervisorS) } : undefined;
    case 'acknowledged': {
      if (!alarm.ack_at) return undefined;
      const again = left(alarm.ack_at, againS);
      if (again > 0) return { what: 'again', leftS: again };
      const all = left(alarm.ack_at, againAllS);
      return all > 0 ? { what: 'again_all', leftS: all } : undefined;
    }
    case 'handled':
      return undefined;
  }
}
