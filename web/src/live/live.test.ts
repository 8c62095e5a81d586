import { beforeEach, describe, expect, it } from 'vitest';
import type { Check } from '../wire/check';
import type { Reading } from '../wire/entity';
import type { Delta, Snap, Welcome } from '../wire/feed';
import { positionAge, shownReading } from './age';
import { ServerClock, SteadyClock } from './clock';
import { TopicFold } from './fold';
import { FeedSocket, type LinkState, type SocketLike } from './socket';

const isNumber: Check<unknown> = (value): value is unknown => typeof value === 'number';
function snap(seq: number, data: Record<string, Record<string, unknown>>, term = 1): Snap {
  return { t: 'snap', topic: 'console', term, seq, server_us: 0, data };
}
function delta(seq: number, ops: Delta['ops'], term = 1): Delta {
  return { t: 'delta', topic: 'console', term, seq, server_us: 0, ops };
}

describe('fold of a topic', () => {
  let map: Map<string, unknown>;
  let fold: TopicFold;
  beforeEach(() => {
    map = new Map();
    fold = new TopicFold({ units: map }, { units: isNumber });
  });

  it('sets and deletes by numbered deltas', () => {
    fold.snap(snap(7, { units: { u1: 1, u2: 2 } }));
    expect(
      fold.delta(
        delta(8, [
          { c: 'units', k: 'u1', v: 10 },
          { c: 'units', k: 'u2' },
        ]),
      ),
    ).toBe('taken');
    expect([...map]).toEqual([['u1', 10]]);
    expect(fold.place).toEqual({ term: 1, seq: 8 });
  });

  it('SCR-005 takes a snapshot over whatever it had, and forgets what is not in it', () => {
    fold.snap(snap(7, { units: { u1: 1 } }));
    fold.snap(snap(90, { units: { u2: 2 } }, 2));
    expect([...map]).toEqual([['u2', 2]]);
    expect(fold.place).toEqual({ term: 2, seq: 90 });
  });

  it('does not apply a delta with a hole before it, of another term, or seen already', () => {
    expect(fold.delta(delta(1, []))).toBe('hole');
    fold.snap(snap(7, { units: { u1: 1 } }));
    expect(fold.delta(delta(9, [{ c: 'units', k: 'u1', v: 9 }]))).toBe('hole');
    expect(fold.delta(delta(8, [{ c: 'units', k: 'u1', v: 9 }], 2))).toBe('hole');
    expect(fold.delta(delta(7, [{ c: 'units', k: 'u1', v: 9 }]))).toBe('known');
    expect(map.get('u1')).toBe(1);
  });

  it('a value that cannot be read replaces the old one by nothing, and is counted', () => {
    fold.snap(snap(7, { units: { u1: 1 } }));
    fold.delta(delta(8, [{ c: 'units', k: 'u1', v: 'text' }]));
    expect(map.has('u1')).toBe(false);
    expect(fold.rejected).toBe(1);
  });
});

/** A bench for the socket: a hand-turned clock, hand-made sockets. */
class Bench {
  nowMs = 1_000_000;
  timers: { at: number; f: () => void; id: number }[] = [];
  sockets: (SocketLike & { sent: Record<string, unknown>[]; closed: boolean })[] = [];
  states: LinkState[] = [];
  snaps: Snap[] = [];
  deltas: Delta[] = [];
  welcomes: Welcome[] = [];
  waves: number[] = [];
  taken: 'taken' | 'known' | 'hole' = 'taken';
  place: { term: number; seq: number } | undefined;
  random = 1;
  opens = true;
  socket: FeedSocket;
  private ids = 0;

  constructor() {
    const steady = (): number => this.nowMs;
    this.socket = new FeedSocket(
      {
        open: () => {
          if (!this.opens) throw new Error('refused');
          const socket = {
            binaryType: '',
            onopen: null,
            onclose: null,
            onerror: null,
            onmessage: null,
            sent: [] as Record<string, unknown>[],
            closed: false,
            send(data: string) {
              this.sent.push(JSON.parse(data) as Record<string, unknown>);
            },
            close() {
              this.closed = true;
            },
          };
          this.sockets.push(socket);
          return socket;
        },
        steady,
        random: () => this.random,
        setTimeout: (f, ms) => {
          this.timers.push({ at: this.nowMs + ms, f, id: ++this.ids });
          return this.ids;
        },
        clearTimeout: (id) => {
          this.timers = this.timers.filter((t) => t.id !== id);
        },
        clock: new ServerClock(steady),
      },
      {
        place: () => this.place,
        welcome: (f) => void this.welcomes.push(f),
        snap: (f) => void this.snaps.push(f),
        delta: (f) => {
          this.deltas.push(f);
          return this.taken;
        },
        binary: (bytes) => void this.waves.push(bytes.length),
        refused: () => undefined,
        state: (s) => void this.states.push(s),
      },
      () => ({ by: '王芳', desk: 'd1' }),
      ['console'],
    );
  }
  get last() {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }
  hear(frame: object): void {
    this.last.onmessage?.({ data: JSON.stringify(frame) });
  }
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const due = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((t) => t !== due);
      this.nowMs = due.at;
      due.f();
    }
    this.nowMs = end;
  }
}

describe('the socket', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });

  it('says hello with its topics, its person and where it stands', () => {
    bench.place = { term: 3, seq: 120 };
    bench.last.onopen?.();
    expect(bench.last.sent[0]).toEqual({
      t: 'hello',
      topics: ['console'],
      by: '王芳',
      desk: 'd1',
      resume: { console: { term: 3, seq: 120 } },
    });
  });

  it('asks once for what is missing when a number was left out, and again after the hole was filled and another comes', () => {
    bench.last.onopen?.();
    bench.place = { term: 3, seq: 120 };
    bench.taken = 'hole';
    bench.hear(delta(124, []));
    bench.hear(delta(125, []));
    const resumes = () => bench.last.sent.filter((f) => f.t === 'resume');
    expect(resumes()).toEqual([{ t: 'resume', topic: 'console', term: 3, seq: 120 }]);
    bench.hear(snap(126, {}));
    bench.hear(delta(130, []));
    expect(resumes()).toHaveLength(2);
  });

  it('SCR-006 an open and silent link is called lost within 5 s, with the time of the last data', () => {
    bench.last.onopen?.();
    bench.hear({ t: 'ping', n: 1, server_us: 2_000_000_000_000 });
    expect(bench.states).toEqual([{ is: 'up' }]);
    bench.pass(4_000);
    expect(bench.states).toHaveLength(1);
    bench.pass(1_000);
    expect(bench.states.at(-1)).toEqual({ is: 'lost', lastMs: 2_000_000_000 });
    expect(bench.sockets[0]?.closed).toBe(true);
  });

  it('SCR-006 a link that never speaks is called lost within 5 s, too', () => {
    bench.pass(5_000);
    expect(bench.states).toEqual([{ is: 'lost', lastMs: undefined }]);
  });

  it('SCR-006 a closed link is called lost at once', () => {
    bench.last.onopen?.();
    bench.hear({ t: 'ping', n: 1, server_us: 1 });
    bench.last.onclose?.();
    expect(bench.states.at(-1)?.is).toBe('lost');
  });

  it('sends a heartbeat every 2 s and answers those of the server', () => {
    bench.last.onopen?.();
    const pings = () => bench.last.sent.filter((f) => f.t === 'ping').length;
    const before = pings();
    for (let i = 0; i < 5; i++) {
      bench.hear({ t: 'ping', n: i, server_us: 1 });
      bench.pass(2_000);
    }
    expect(pings() - before).toBe(5);
    expect(bench.last.sent.filter((f) => f.t === 'pong').map((f) => f.n)).toEqual([0, 1, 2, 3, 4]);
  });

  it('comes back after 0.5 s, then doubles up to 8 s, and starts over after a welcome', () => {
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      const opened = bench.sockets.length;
      const from = bench.nowMs;
      bench.last.onclose?.();
      while (bench.sockets.length === opened) bench.pass(50);
      waits.push(Math.round((bench.nowMs - from) / 50) * 50);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
    bench.hear({ t: 'welcome', term: 1, server_us: 1, demo: true, store: 's' });
    const opened = bench.sockets.length;
    bench.last.onclose?.();
    bench.pass(500);
    expect(bench.sockets.length).toBe(opened + 1);
  });

  it('waits by chance, at least half of the step, so that desks do not return together', () => {
    bench.random = 0;
    bench.last.onclose?.();
    bench.pass(240);
    expect(bench.sockets).toHaveLength(1);
    bench.pass(20);
    expect(bench.sockets).toHaveLength(2);
  });

  it('a late word of a dropped connection changes nothing', () => {
    const old = bench.last;
    old.onclose?.();
    bench.pass(600);
    old.onmessage?.({ data: JSON.stringify(snap(1, {})) });
    expect(bench.snaps).toHaveLength(0);
  });

  it('hands binary frames on, and lets garbage pass without harm', () => {
    bench.last.onopen?.();
    bench.last.onmessage?.({ data: new ArrayBuffer(36) });
    bench.last.onmessage?.({ data: 'not json' });
    bench.last.onmessage?.({ data: 7 });
    expect(bench.waves).toEqual([36]);
  });

  it('follows and leaves topics', () => {
    bench.last.onopen?.();
    bench.socket.follow(['console', 'waves:u1']);
    bench.socket.follow(['console', 'waves:u2']);
    expect(bench.last.sent.filter((f) => f.t === 'sub' || f.t === 'unsub')).toEqual([
      { t: 'sub', topics: ['waves:u1'] },
      { t: 'unsub', topics: ['waves:u1'] },
      { t: 'sub', topics: ['waves:u2'] },
    ]);
  });
});

describe('the server clock', () => {
  it('TIM-001 takes the offset from the quickest round trip', () => {
    let now = 1_000_000;
    const clock = new ServerClock(() => now);
    clock.sample(now, (now + 5_000 + 400) * 1000, now + 800); // slow: 400 ms each way
    clock.sample(now, (now + 5_000 + 5) * 1000, now + 10);
    expect(clock.offsetMs()).toBeCloseTo(5_000);
    expect(clock.uncertaintyMs()).toBe(5);
    now += 60_000;
    expect(clock.now()).toBeCloseTo(1_065_000);
  });

  it('TIM-001 starts over when a clock stepped', () => {
    const clock = new ServerClock(() => 0);
    clock.sample(0, 1_000_000, 10);
    clock.sample(0, 90_000_000, 500);
    expect(clock.offsetMs()).toBeCloseTo(89_750);
  });

  it('TIM-001 goes on while a tablet sleeps, in doubt by that time until it is measured again', () => {
    let wall = 5_000_000;
    let monotonic = 4_000_000;
    const steady = new SteadyClock(
      () => wall,
      () => monotonic,
    );
    const clock = new ServerClock(
      () => steady.now(),
      () => steady.addedMs(),
    );
    const pass = (ms: number, awake = true): number => {
      wall += ms;
      if (awake) monotonic += ms;
      return steady.now();
    };
    clock.sample(pass(10), 9_000_000_000, pass(10));
    const before = clock.now();
    pass(3_600_000, false); // asleep: the monotonic clock stood still
    expect(clock.now() - before).toBe(3_600_000);
    expect(clock.uncertaintyMs()).toBe(5 + 3_600_000);
    clock.sample(pass(10), 12_600_000_000, pass(10));
    expect(clock.uncertaintyMs()).toBe(5);

    const then = clock.now();
    wall -= 60_000; // set back: nothing slept
    expect(clock.now()).toBe(then);
    wall += 200; // slewed
    expect(clock.now()).toBe(then);
  });

  it('knows nothing before it was measured', () => {
    expect(new ServerClock(() => 5).offsetMs()).toBeUndefined();
  });
});

describe('ages', () => {
  const reading: Reading = {
    unit: 'u1',
    device: 'm1',
    channel: 'hr',
    value: 72,
    quality: 'good',
    taken: '2026-11-21T04:00:00Z',
    source: 'live',
    stale_s: 3,
    gone_s: 10,
  };
  const at = (s: number): number => Date.parse(reading.taken) + s * 1000;

  it('SCR-001 shows the age once older than its limit, and nothing when too old', () => {
    expect(shownReading(reading, at(3))).toEqual({ is: 'fresh', value: 72, doubtful: false });
    expect(shownReading(reading, at(4))).toEqual({ is: 'stale', value: 72, ageS: 4, doubtful: false });
    expect(shownReading(reading, at(11))).toEqual({ is: 'gone', ageS: 11 });
  });

  it('SCR-002 what is re-sent is never shown as fresh', () => {
    expect(shownReading({ ...reading, source: 'backfilled' }, at(1)).is).toBe('stale');
  });

  it('CLN-005 a probe that is off is a reason and not a number', () => {
    expect(shownReading({ ...reading, value: 0, quality: 'probe_off' }, at(1))).toEqual({
      is: 'absent',
      why: 'probe_off',
      ageS: 1,
    });
    expect(shownReading({ ...reading, value: undefined }, at(1)).is).toBe('absent');
    expect(shownReading({ ...reading, quality: 'a_new_word' }, at(1)).is).toBe('absent');
    expect(shownReading(undefined, at(1))).toEqual({ is: 'never' });
  });

  it('SCR-001 a position is stale after 30 s and lost after 120 s', () => {
    expect([10, 31, 121].map((s) => positionAge(reading.taken, at(s)))).toEqual(['fresh', 'stale', 'lost']);
    expect(positionAge(undefined, 0)).toBe('never');
  });
});
