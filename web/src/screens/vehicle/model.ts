// What the terminal shows, from the agent's feed and what the tablet itself keeps. Pure.
import { ageS } from '../../live/age';
import {
  nodes,
  type DeviceStatus,
  type Kept,
  type Message,
  type Mission,
  type Node,
  type Order,
  type Patient,
  type Press,
  type TerminalState,
} from '../../wire/entity';
import type { Entry } from './away';

/** The order that wants something from the crew. The mission under way is another matter: see runningMission. */
export type OrderCard =
  | { is: 'none' }
  /** Wants an answer, and sounds. */
  | { is: 'new'; order: Order; leftS: number }
  /** New words over a mission, or an order accepted by voice: wants to be seen, and sounds. It does not expire. */
  | { is: 'changed'; order: Order; why: 'corrected' | 'voice' }
  /** Past its validity, withdrawn or replaced: does not sound, and asks to call (DLV-005). */
  | { is: 'dead'; order: Order; why: Death };
export type Death = 'expired' | 'withdrawn';
export interface OrdersView {
  card: OrderCard;
  /** Dead orders older than the one the crew is on: a line each, never in place of the mission. */
  strips: { order: Order; why: Death }[];
}

/** The end of an order's validity, ms; undefined when it has none (year 1): a correction, or accepted by voice. */
export function validUntilMs(order: Order): number | undefined {
  const ms = Date.parse(order.valid_until);
  return ms > 0 ? ms : undefined;
}

/** Orders carry the centre's times: nowMs is on the centre's clock. */
export function ordersView(state: TerminalState, nowMs: number, dismissed: ReadonlySet<string>): OrdersView {
  const running = runningMission(state);
  const taken = running && state.orders.get(running.order);
  const mine = [...state.orders.values()].sort(
    (a, b) => Date.parse(b.queued) - Date.parse(a.queued) || (a.id < b.id ? -1 : 1),
  );
  const cards = mine.map((order) => cardOf(state, order, nowMs));
  const strips: OrdersView['strips'] = [];
  let dead: OrderCard | undefined;
  for (const card of cards) {
    if (card.is !== 'dead' || dismissed.has(card.order.id)) continue;
    const old =
      taken &&
      taken.id !== card.order.id &&
      answered(taken) &&
      Date.parse(card.order.queued) < Date.parse(taken.queued);
    if (old || dead) strips.push({ order: card.order, why: card.why });
    else dead = card;
  }
  const card =
    cards.find((c) => c.is === 'new') ?? cards.find((c) => c.is === 'changed') ?? dead ?? ({ is: 'none' } as const);
  // What is not on the card is on a line: a new order must not hide that another was withdrawn.
  if (dead?.is === 'dead' && card !== dead) strips.unshift({ order: dead.order, why: dead.why });
  return { card, strips };
}

function answered(order: Order): boolean {
  return order.state === 'accepted' || order.accepted !== undefined || validUntilMs(order) === undefined;
}

function cardOf(state: TerminalState, order: Order, nowMs: number): OrderCard {
  if (order.state === 'withdrawn') return { is: 'dead', order, why: 'withdrawn' };
  if (state.missions.get(order.mission)?.ended !== undefined) return { is: 'none' };
  switch (order.state) {
    case 'expired':
      return { is: 'dead', order, why: 'expired' };
    case 'accepted':
    case 'refused':
      return { is: 'none' };
    case 'queued':
    case 'delivered':
    case 'seen': {
      const until = validUntilMs(order);
      if (order.accepted !== undefined || until === undefined) {
        if (order.state === 'seen') return { is: 'none' };
        return { is: 'changed', order, why: order.version > 1 ? 'corrected' : 'voice' };
      }
      const leftS = (until - nowMs) / 1000;
      return leftS > 0 ? { is: 'new', order, leftS } : { is: 'dead', order, why: 'expired' };
    }
  }
}

/**
 * The mission that the node keys are for, whatever order is on the screen: the newest that has not ended and that the crew is on;
 * where there is none, the newest that was ordered, so that a crew that answered by radio can touch its nodes (DSP-004).
 */
export function runningMission(state: TerminalState): Mission | undefined {
  const live = [...state.missions.values()]
    .filter((m) => {
      const is = state.orders.get(m.order)?.state;
      return !m.ended && is !== 'withdrawn' && is !== 'expired' && is !== 'refused';
    })
    .sort((a, b) => orderedMs(b) - orderedMs(a) || (a.id < b.id ? -1 : 1));
  return live.find((m) => begun(state, m)) ?? live[0];
}
function orderedMs(mission: Mission): number {
  const at = mission.nodes?.find((n) => n.node === 'ordered')?.at ?? mission.nodes?.[0]?.at;
  return at ? Date.parse(at) : 0;
}
function begun(state: TerminalState, mission: Mission): boolean {
  const order = state.orders.get(mission.order);
  return mission.state !== 'ordered' || (order !== undefined && answered(order));
}

export interface NodeKey {
  node: Node;
  at: string | undefined;
  /** Who or what set it, and whether it was entered after the fact (DSP-004). */
  source: string | undefined;
  late: boolean;
  uncertainS: number;
  /** Where the touch is now: on this tablet only, in the vehicle and not at the centre yet, or stored there. */
  kept: 'tablet' | 'vehicle' | undefined;
  next: boolean;
  /** When the newest touch was that the crew took back. */
  undone: string | undefined;
  /** When positions saw the vehicle arrive, while no key says so: the touch confirms that time. */
  stood: string | undefined;
}

/** The crew's nodes; the next one is the first after the last that is done. Any other stays in reach (DSP-004). */
export function nodeKeys(
  mission: Mission | undefined,
  entries: readonly Entry[],
  kept: ReadonlyMap<string, Kept> = new Map(),
): NodeKey[] {
  const unsent = new Set<string>();
  for (const k of kept.values()) if (k.kind === 'node' && k.mission === mission?.id && k.text) unsent.add(k.text);
  // The acceptance of the order is what makes this node.
  if (mission && kept.has(`${mission.order}-accepted`)) unsent.add('acknowledged');
  const keys = nodes
    .filter((node) => node !== 'ordered')
    .map((node): NodeKey => {
      const time = mission?.nodes?.find((n) => n.node === node);
      const here = entries.find((e) => e.kind === 'node' && e.body.node === node && e.body.mission === mission?.id);
      return {
        node,
        source: time?.source ?? (here && 'key'),
        late: time?.late === true,
        uncertainS: time?.uncertain_s ?? 0,
        at: time?.at ?? (here && new Date(here.atMs - (here.offsetMs ?? 0)).toISOString()),
        kept: time ? (unsent.has(node) ? 'vehicle' : undefined) : here && 'tablet',
        next: false,
        undone: time ? undefined : mission?.undone?.filter((n) => n.node === node).at(-1)?.at,
        stood: time || here ? undefined : mission?.stands?.filter((s) => s.node === node).at(-1)?.at,
      };
    });
  const last = keys.map((k) => k.at !== undefined).lastIndexOf(true);
  const next = keys[last + 1];
  if (mission && next) next.next = true;
  return keys;
}

export type Lamp =
  | { is: 'dark' }
  /** On the tablet's own disk only: nobody has heard it. */
  | { is: 'kept'; atMs: number }
  /** The vehicle has it, the centre not yet. */
  | { is: 'pending' }
  /** The centre has stored it (ALM-003), and what became of it. */
  | { is: 'received'; press: Press };

/** A handled SOS stays on the lamp this long after it was handled, then it is dark again. */
const handledShownS = 60;

/** The centre says when it handled the alarm: nowMs is on the centre's clock. */
export function lamp(presses: Iterable<Press>, kept: readonly Entry[], nowMs: number): Lamp {
  const newest = [...presses].sort((a, b) => Date.parse(b.pressed) - Date.parse(a.pressed))[0];
  const here = kept.filter((e) => e.kind === 'sos');
  const unheard = here.find((e) => e.id !== newest?.press_id);
  if (unheard) return { is: 'kept', atMs: unheard.atMs - (unheard.offsetMs ?? 0) };
  if (!newest) return { is: 'dark' };
  if (newest.lamp !== 'received') return { is: 'pending' };
  if (newest.state === 'handled' && ageS(newest.at ?? newest.pressed, nowMs) > handledShownS) return { is: 'dark' };
  return { is: 'received', press: newest };
}

export interface MonitorView {
  device: DeviceStatus;
  patient: Patient | undefined;
  /** Bound by whom, and when. */
  by: string | undefined;
  at: string | undefined;
}

/** Which monitor is bound to whom (CLN-006). A patient that the vehicle no longer names is still shown as bound. */
export function monitors(state: TerminalState): MonitorView[] {
  return [...state.devices.values()]
    .filter((d) => d.kind === 'monitor')
    .sort((a, b) => (a.device < b.device ? -1 : 1))
    .map((device) => {
      const binding = state.bindings.get(device.device);
      return {
        device,
        patient: binding && (state.patients.get(binding.patient) ?? { id: binding.patient }),
        by: binding?.by,
        at: binding?.at,
      };
    });
}

/** Whom a device may be bound to: the patients of this mission, bound already or not. */
export function bindable(state: TerminalState, mission: Mission | undefined): Patient[] {
  return [...state.patients.values()]
    .filter((p) => !p.mission || p.mission === mission?.id)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Bound devices whose numbers are not the patient's: they show a demonstration, in a vehicle that is real (SCR-003). */
export function pretending(state: TerminalState, vehicleSimulated: boolean): string[] {
  if (vehicleSimulated) return [];
  const found = new Set<string>();
  const bound = (device: string): boolean => state.bindings.has(device);
  for (const d of state.devices.values()) {
    if ((d.state === 'demo' || d.state === 'simulated') && bound(d.device)) found.add(d.device);
  }
  for (const s of state.slots.values()) if (s.demo && bound(s.device)) found.add(s.device);
  for (const r of state.readings.values()) if (r.simulated && bound(r.device)) found.add(r.device);
  return [...found].sort();
}

export function owed(state: TerminalState): { total: number; capped: string[] } {
  const lanes = [...state.owed.values()];
  return {
    total: lanes.reduce((sum, l) => sum + l.count, 0),
    capped: lanes.filter((l) => l.capped).map((l) => l.lane),
  };
}

export interface Fault {
  /** Names it: it can be put aside once read, unless it still goes on. */
  id: string;
  key:
    | 'vehicle.fault.disk_refuses'
    | 'vehicle.fault.lost'
    | 'vehicle.fault.values'
    | 'vehicle.fault.end_unknown'
    | 'vehicle.fault.other';
  args: { n: string; lane: string; text: string };
  goesOn: boolean;
}

/** What internal/spool says of its disk, as keys of the dictionary; the words of a newer one are shown as they came. */
export function faults(lines: readonly string[]): Fault[] {
  const out = new Map<string, Fault>();
  for (const text of lines) {
    const made = (key: Fault['key'], n = '', lane = ''): Fault => ({
      id: text,
      key,
      args: { n, lane, text },
      goesOn: false,
    });
    const lost = /^(\d+) records(?: of lane (\w+))? (?:were damaged|could not be read)/.exec(text);
    if (text.startsWith('disk_refuses') || text.startsWith('the disk refuses')) {
      out.set('disk', { ...made('vehicle.fault.disk_refuses'), id: 'disk', goesOn: true });
    } else if (lost) out.set(text, made('vehicle.fault.lost', lost[1], lost[2]));
    else if (/kept values/.test(text)) out.set(text, made('vehicle.fault.values'));
    else if (/witness of the spool/.test(text)) out.set(text, made('vehicle.fault.end_unknown'));
    else out.set(text, made('vehicle.fault.other'));
  }
  return [...out.values()];
}

/** The desk's words that were not put aside, newest first. */
export function said(messages: Iterable<Message>, dismissed: ReadonlySet<string>): Message[] {
  return [...messages]
    .filter((m) => !dismissed.has(m.id))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.id < b.id ? -1 : 1));
}
