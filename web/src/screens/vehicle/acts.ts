// How acts of the crew go to the vehicle, and what an answer means for what the tablet keeps. Pure.
import type { Answer } from '../../live/api';
import { newId } from '../../live/id';
import type { Node } from '../../wire/entity';
import { doubtMs, type Entry, type Measured } from './away';

/** What a person may type, in characters; the vehicle's and the centre's limit is the same. */
export const textMax = 4000;

export interface Request {
  path: string;
  body: Record<string, unknown>;
}

function instant(entry: Entry): string {
  return new Date(entry.atMs - (entry.offsetMs ?? 0)).toISOString();
}

/**
 * When the key was pressed, on the vehicle's clock, and how far off that may be (TIM-001). A press whose offset was not measured takes
 * what is measured now. While nothing is measured a press of this moment gives no time, the vehicle has a better one, and an old press
 * gives the tablet's without a doubt: the vehicle states its own.
 */
function pressed(entry: Entry, late: boolean, measured: Measured | undefined): object {
  const offset = entry.offsetMs ?? measured?.offsetMs;
  if (offset === undefined) return late ? { pressed: new Date(entry.atMs).toISOString() } : {};
  const doubt = measured ? doubtMs(entry, measured) : entry.uncertaintyMs;
  return {
    pressed: new Date(entry.atMs - offset).toISOString(),
    ...(doubt === undefined ? {} : { uncertainty_s: doubt / 1000 }),
  };
}

/** What was touched on the tablet, as the vehicle takes it one by one. Its id names the touch: sent twice, it is one. */
export function request(entry: Entry, late: boolean, measured?: Measured): Request {
  const { mission = '', patient, node, seat, text, by } = entry.body;
  switch (entry.kind) {
    case 'sos':
      return {
        path: '/api/v1/sos',
        body: {
          press_id: entry.id,
          by: late ? 'tablet' : 'terminal',
          seat: seat ?? '',
          ...pressed(entry, late, measured),
          ...(late ? { away: true } : {}),
        },
      };
    case 'node':
      return {
        path: `/api/v1/missions/${mission}/nodes`,
        body: { id: entry.id, node, at: instant(entry), by, ...(entry.body.stood ? { stood: true } : {}) },
      };
    case 'note':
      return {
        path: '/api/v1/notes',
        body: {
          id: entry.id,
          text,
          by,
          at: instant(entry),
          ...(mission ? { mission } : {}),
          ...(patient ? { patient } : {}),
        },
      };
  }
}

/** Takes a touch back: it is named by the touch's own id, so that the same act again changes nothing (DSP-004). */
export function undoRequest(mission: string, touch: string, node: Node, by: string): Request {
  return { path: `/api/v1/missions/${mission}/nodes`, body: { id: touch, node, by, undo: true } };
}

/** Statuses by which the vehicle refuses for good; any other answer, or none, leaves the touch with the tablet. */
const forGood = [404, 409, 422];

export type Fate = 'taken' | 'refused' | 'kept';

/** What becomes of a kept touch. An SOS is never given up: it goes until it is taken. */
export function fate(kind: Entry['kind'] | 'photo', answer: Answer): Fate {
  if (answer.is === 'done') return 'taken';
  return answer.is === 'refused' && kind !== 'sos' && forGood.includes(answer.status) ? 'refused' : 'kept';
}

/** Whether a hand-over that was answered so is to be gone through one by one: what was left out, or stood in the way, says why. */
export function oneByOne(answer: Answer): boolean {
  return answer.is === 'done' || (answer.is === 'refused' && [413, ...forGood].includes(answer.status));
}

/** Acts without an answer keep their id: the same act pressed again goes out under it, and happens once. */
export class Repeats {
  private readonly ids = new Map<string, string>();

  id(path: string, body: object): string {
    const key = JSON.stringify([path, body]);
    const id = this.ids.get(key) ?? newId();
    this.ids.set(key, id);
    return id;
  }

  /** Told the answer; the id is done with once it is known whether the act happened. */
  answered(path: string, body: object, answer: Answer): void {
    if (answer.is === 'done' || (answer.is === 'refused' && answer.status < 500))
      this.ids.delete(JSON.stringify([path, body]));
  }
}
