// Writes to the server. Each carries a client id (the idempotency key), the person's name and the desk.
import { newId } from './id';

export type Answer<T = unknown> =
  /** It happened. Unrecorded: it went out and sounds, the store has not answered yet (DLV-006); then the value may be missing. */
  | { is: 'done'; value: T; unrecorded: boolean }
  | Refused
  /** No answer: it may or may not have happened; the same id may be sent again. */
  | { is: 'silent' };

/** The server said no. Detail is its English; code, args and both ends of a refused move are for words in any language. */
export interface Refused {
  is: 'refused';
  status: number;
  detail: string;
  code?: string;
  args?: Record<string, string>;
  from?: string;
  to?: string;
}

/** How long an answer may take before the page says so. */
const answerMs = 5_000;

export interface Caller {
  by: string;
  desk: string;
}

/** Acts without an answer, by path and body: pressed again, the very same act goes out, so that it cannot happen twice. */
const unanswered = new Map<string, object>();
/** Far more than a person presses; the oldest is forgotten first. */
const unansweredMax = 200;

/** Acts that are never waited for: a switch pressed on, off and on again is three acts. They bring their own id. */
export function fresh(): { id: string } {
  return { id: newId() };
}

/** A write to the centre. The id of an act without an answer is kept for the next press of the same act, and its time with it. */
export async function act(path: string, body: object, who: Caller): Promise<Answer> {
  const key = JSON.stringify([path, who.by, who.desk, body], (name, value: unknown) =>
    name === 'at' ? undefined : value,
  );
  const sent = unanswered.get(key) ?? { id: newId(), ...body };
  unanswered.set(key, sent);
  if (unanswered.size > unansweredMax) unanswered.delete(unanswered.keys().next().value ?? '');
  const answer = await request('POST', path, sent, who, answerMs);
  // A server in trouble may have done it all the same: only an act that is known to be done or refused is over.
  if (answer.is === 'done' || (answer.is === 'refused' && answer.status < 500)) unanswered.delete(key);
  return answer;
}

/** A write whose body is sent as it is. */
export async function post(path: string, body: object, timeoutMs = answerMs): Promise<Answer> {
  return request('POST', path, body, undefined, timeoutMs);
}

export async function get(path: string, timeoutMs = answerMs): Promise<Answer> {
  return request('GET', path, undefined, undefined, timeoutMs);
}

/** Asks until there is an answer of the right kind: for what a page cannot do without and nobody would ask for again. */
export async function getSurely<T>(path: string, is: (value: unknown) => value is T, againMs: number): Promise<T> {
  for (;;) {
    const answer = await get(path);
    if (answer.is === 'done' && is(answer.value)) return answer.value;
    await new Promise((done) => setTimeout(done, againMs));
  }
}

async function request(
  method: string,
  path: string,
  body: object | undefined,
  who: Caller | undefined,
  timeoutMs: number,
): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (body) headers['Content-Type'] = 'application/json';
    if (who?.by) headers['X-By'] = encodeURIComponent(who.by);
    if (who?.desk) headers['X-Desk'] = who.desk;
    const response = await fetch(path, {
      method,
      headers,
      signal: abort.signal,
      cache: 'no-store',
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const value: unknown = await response.json().catch(() => undefined);
    const unrecorded = response.headers.get('unrecorded') === 'true';
    // An act is done by its status; what was asked for and did not come whole is no answer.
    if (response.ok && method === 'GET' && value === undefined && response.status !== 204) return { is: 'silent' };
    if (response.ok) return { is: 'done', value, unrecorded };
    // Whatever its status, what went out has not failed (DLV-006); a problem is no value.
    if (unrecorded) return { is: 'done', value: undefined, unrecorded };
    return refused(response.status, value);
  } catch {
    return { is: 'silent' };
  } finally {
    clearTimeout(timer);
  }
}

const table = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const said = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Reads problem+json (RFC 9457) as the dispatcher writes it. */
function refused(status: number, value: unknown): Refused {
  const problem = table(value);
  const out: Refused = {
    is: 'refused',
    status,
    detail: [problem.detail, problem.title].find(said) ?? String(status),
  };
  if (said(problem.code)) out.code = problem.code;
  const args = Object.entries(table(problem.args)).filter((pair): pair is [string, string] => said(pair[1]));
  if (args.length > 0) out.args = Object.fromEntries(args);
  for (const error of Array.isArray(problem.errors) ? problem.errors.map(table) : []) {
    if ((error.location === 'from' || error.location === 'to') && said(error.value)) out[error.location] = error.value;
  }
  return out;
}
