// What the socket may say, read and checked before it is believed; internal/wire/feed.go is the other end.
import { flag, list, maybe, number, shape, text, type Check } from './check';

export interface Welcome {
  t: 'welcome';
  term: number;
  server_us: number;
  demo: boolean;
  store: string;
}
export interface Snap {
  t: 'snap';
  topic: string;
  term: number;
  seq: number;
  server_us: number;
  data: Record<string, Record<string, unknown>>;
}
export interface Op {
  c: string;
  k: string;
  /** Absent: the key is deleted. */
  v?: unknown;
}
export interface Delta {
  t: 'delta';
  topic: string;
  term: number;
  seq: number;
  server_us: number;
  ops: Op[];
}
export interface Ping {
  t: 'ping';
  n: number;
  server_us: number;
}
export interface Pong {
  t: 'pong';
  n: number;
  client_us: number;
  server_us: number;
}
export interface Refused {
  t: 'refused';
  topic: string;
  detail: string;
}
export type ServerFrame = Welcome | Snap | Delta | Ping | Pong | Refused;

const is =
  <T extends string>(t: T): Check<T> =>
  (value): value is T =>
    value === t;
const anything = (_value: unknown): _value is unknown => true;
const table = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const tables = (value: unknown): value is Record<string, Record<string, unknown>> =>
  table(value) && Object.values(value).every((v) => v === null || table(v));

const checks: { [F in ServerFrame as F['t']]: Check<F> } = {
  welcome: shape<Welcome>({ t: is('welcome'), term: number, server_us: number, demo: flag, store: text }),
  snap: shape<Snap>({ t: is('snap'), topic: text, term: number, seq: number, server_us: number, data: tables }),
  delta: shape<Delta>({
    t: is('delta'),
    topic: text,
    term: number,
    seq: number,
    server_us: number,
    ops: maybe(list(shape<Op>({ c: text, k: text, v: anything }))) as Check<Op[]>,
  }),
  ping: shape<Ping>({ t: is('ping'), n: number, server_us: number }),
  pong: shape<Pong>({ t: is('pong'), n: number, client_us: number, server_us: number }),
  refused: shape<Refused>({ t: is('refused'), topic: text, detail: text }),
};

/** Reads one text frame; undefined when it is none that this page knows. */
export function parseFrame(raw: string): ServerFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (!table(value)) return undefined;
  const check = Object.hasOwn(checks, String(value.t)) ? checks[value.t as ServerFrame['t']] : undefined;
  return check?.(value) ? value : undefined;
}
