// The live state of a page: reactive maps fed by one socket. Only this folder talks to the socket.
import { computed, shallowReactive, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import type { Check } from '../wire/check';
import type { Held } from '../wire/entity';
import { decodeWaveFrame, type WaveFrame } from '../wire/frame';
import { ServerClock, steadyNow } from './clock';
import { TopicFold } from './fold';
import { FeedSocket, type LinkState, type SocketLike } from './socket';

/** Beat of everything on screen that ages. */
const tickMs = 500;

export interface Feed<C> {
  state: Held<C>;
  clock: ServerClock;
  link: ShallowRef<LinkState>;
  /** Server time, ms, moving twice a second; ages are computed from it. */
  now: ShallowRef<number>;
  demo: ShallowRef<boolean>;
  /** This machine's clock minus the server's, seconds; undefined until measured (TIM-001). */
  skewS: ShallowRef<number | undefined>;
  rejected: ShallowRef<number>;
  refused: ShallowRef<string>;
  /** True once the first snapshot is in. */
  ready: ComputedRef<boolean>;
  follow(topics: string[]): void;
  renew(): void;
  onWave(f: (frame: WaveFrame) => void): void;
  /** Runs right after each message was folded in: alarms sound from here, not from a page timer. */
  onChange(f: () => void): void;
}

export function openFeed<C extends Record<string, Check<unknown>>>(
  checks: C,
  topics: string[],
  who: () => { by: string; desk: string },
  path = '/ws',
): Feed<C> {
  const maps = Object.fromEntries(
    Object.keys(checks).map((name) => [name, shallowReactive(new Map<string, unknown>())]),
  ) as Record<string, Map<string, unknown>>;
  const clock = new ServerClock();
  const link = shallowRef<LinkState>({ is: 'connecting' });
  const now = shallowRef(clock.now());
  const demo = shallowRef(false);
  const skewS = shallowRef<number>();
  const rejected = shallowRef(0);
  const refused = shallowRef('');
  const snapped = shallowRef(false);
  const waves: ((frame: WaveFrame) => void)[] = [];
  const changes: (() => void)[] = [];
  // One topic holds a page's state; the others (waves of a unit) are binary.
  const main = topics[0] ?? '';
  const fold = new TopicFold(maps, checks);
  const changed = (): void => {
    rejected.value = fold.rejected;
    for (const f of changes) f();
  };
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
  const socket = new FeedSocket(
    {
      open: () => new WebSocket(url, 'lifeline.v1') as unknown as SocketLike,
      steady: steadyNow,
      random: Math.random,
      setTimeout: (f, ms) => window.setTimeout(f, ms),
      clearTimeout: (id) => window.clearTimeout(id),
      clock,
    },
    {
      place: (topic) => (topic === main ? fold.place : undefined),
      welcome: (frame) => {
        demo.value = frame.demo;
        refused.value = '';
      },
      snap: (frame) => {
        if (frame.topic !== main) return;
        fold.snap(frame);
        snapped.value = true;
        now.value = clock.now();
        changed();
      },
      delta: (frame) => {
        if (frame.topic !== main) return 'taken';
        const taken = fold.delta(frame);
        if (taken === 'taken') changed();
        return taken;
      },
      binary: (bytes) => {
        const frame = decodeWaveFrame(bytes);
        if ('error' in frame) rejected.value = ++fold.rejected;
        else for (const f of waves) f(frame);
      },
      refused: (topic, detail) => {
        refused.value = `${topic} ${detail}`;
      },
      state: (state) => {
        link.value = state;
      },
    },
    who,
    topics,
  );
  window.setInterval(() => {
    now.value = clock.now();
    skewS.value = clock.offsetMs() === undefined ? undefined : (Date.now() - clock.now()) / 1000;
  }, tickMs);
  return {
    state: maps as Held<C>,
    clock,
    link,
    now,
    demo,
    skewS,
    rejected,
    refused,
    ready: computed(() => snapped.value),
    follow: (next) => socket.follow(next),
    renew: () => socket.renew(),
    onWave: (f) => void waves.push(f),
    onChange: (f) => void changes.push(f),
  };
}
