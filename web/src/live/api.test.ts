import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { act, fresh, get, getSurely } from './api';

const who = { by: '王芳', desk: 'd1' };
let sent: { path: string; body: Record<string, unknown> }[];
let answers: (() => Promise<Response>)[];
const silent = (): Promise<Response> => Promise.reject(new TypeError('no network'));
function says(status: number, body: unknown, headers: Record<string, string> = {}): () => Promise<Response> {
  return () => Promise.resolve(new Response(JSON.stringify(body), { status, headers }));
}

beforeEach(() => {
  sent = [];
  answers = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    sent.push({ path, body: JSON.parse(String(init.body ?? '{}')) as Record<string, unknown> });
    return (answers.shift() ?? silent)();
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('an act without a record', () => {
  it('DLV-006 any answer with Unrecorded is done, not refused, and its value is taken over', async () => {
    answers = [
      says(202, { id: 'o1' }, { Unrecorded: 'true' }),
      says(200, { id: 'o2' }, { unrecorded: 'true' }),
      says(503, { title: 'Service Unavailable', detail: 'store silent' }, { Unrecorded: 'true' }),
    ];
    expect(await act('/a', {}, who)).toEqual({ is: 'done', value: { id: 'o1' }, unrecorded: true });
    expect(await act('/a', {}, who)).toEqual({ is: 'done', value: { id: 'o2' }, unrecorded: true });
    expect(await act('/a', {}, who)).toEqual({ is: 'done', value: undefined, unrecorded: true });
  });

  it('a 503 without that header is a refusal', async () => {
    answers = [says(503, { detail: 'busy' })];
    expect(await act('/busy', {}, who)).toMatchObject({ is: 'refused', status: 503, detail: 'busy' });
  });
});

describe('an act without an answer', () => {
  it('DLV-002 pressed again is the same act, with its id and its time, until it is answered', async () => {
    const body = { node: 'at_scene' };
    answers = [silent, says(500, {}), says(200, {}), says(200, {})];
    expect((await act('/m1/nodes', { ...body, at: '10:00' }, who)).is).toBe('silent');
    for (const at of ['10:01', '10:02', '10:03']) await act('/m1/nodes', { ...body, at }, who);
    const ids = sent.map((s) => s.body.id);
    expect(sent.map((s) => s.body.at)).toEqual(['10:00', '10:00', '10:00', '10:03']);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(ids[3]).not.toBe(ids[0]);
  });

  it('DLV-002 another path, another body, another person or a refused act is another act', async () => {
    answers = [silent, silent, silent, silent, says(409, {})];
    await act('/x', { a: 1 }, who);
    await act('/x', { a: 2 }, who);
    await act('/y', { a: 1 }, who);
    await act('/x', { a: 1 }, { ...who, by: '李' });
    expect(new Set(sent.map((s) => s.body.id)).size).toBe(4);
    await act('/x', { a: 1 }, who);
    expect(sent[4]?.body.id).toBe(sent[0]?.body.id);
    await act('/x', { a: 1 }, who);
    expect(sent[5]?.body.id).not.toBe(sent[0]?.body.id);
  });

  it('a switch brings its own id: on, off and on again are three acts', async () => {
    for (const on of [true, false, true]) await act('/desks/d1/call', { ...fresh(), on }, who);
    expect(new Set(sent.map((s) => s.body.id)).size).toBe(3);
  });
});

describe('a refusal', () => {
  it('brings its code, its arguments and both ends', async () => {
    answers = [
      says(409, {
        detail: 'order o1: accepted to withdrawn',
        code: 'moved',
        args: { by: '王' },
        errors: [
          { location: 'from', value: 'accepted', message: 'as it stands' },
          { location: 'to', value: 'withdrawn', message: 'as it was asked to be' },
        ],
      }),
    ];
    expect(await act('/r', {}, who)).toEqual({
      is: 'refused',
      status: 409,
      detail: 'order o1: accepted to withdrawn',
      code: 'moved',
      args: { by: '王' },
      from: 'accepted',
      to: 'withdrawn',
    });
  });

  it('of an unreadable answer still says its status', async () => {
    answers = [() => Promise.resolve(new Response('<html>', { status: 502 }))];
    expect(await act('/r2', {}, who)).toEqual({ is: 'refused', status: 502, detail: '502' });
  });
});

describe('a question', () => {
  const cutOff = (): Promise<Response> => Promise.resolve(new Response('{"duty_ph', { status: 200 }));

  it('answered by half an answer is not answered', async () => {
    answers = [cutOff, says(200, { a: 1 }), () => Promise.resolve(new Response(null, { status: 204 }))];
    expect(await get('/api/v1/about')).toEqual({ is: 'silent' });
    expect(await get('/api/v1/about')).toEqual({ is: 'done', value: { a: 1 }, unrecorded: false });
    expect((await get('/api/v1/about')).is).toBe('done');
  });

  it('ALM-005 about the duty telephone is asked until it is answered: silence, half an answer and an error are none', async () => {
    vi.useFakeTimers();
    answers = [silent, cutOff, says(503, {}), says(200, { other: 1 }), says(200, { phone: '120' })];
    const isPhone = (v: unknown): v is { phone: string } => typeof (v as { phone?: unknown }).phone === 'string';
    let got: { phone: string } | undefined;
    void getSurely('/api/v1/about', isPhone, 5_000).then((value) => (got = value));
    await vi.advanceTimersByTimeAsync(19_000);
    expect([sent.length, got]).toEqual([4, undefined]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect([sent.length, got]).toEqual([5, { phone: '120' }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.length).toBe(5);
    vi.useRealTimers();
  });
});
