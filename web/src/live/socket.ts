// One socket for a page: hello, snapshots, numbered deltas, resume on a hole, heartbeats both ways, reconnect with jitter.
// Every timer and the socket itself are handed in, so that tests pass the time.
import { parseFrame, type Delta, type Snap, type Welcome } from '../wire/feed';
import type { ServerClock } from './clock';
import type { Place } from './fold';

/** Heartbeat each way (DESIGN §12), and the silence after which the link is called lost: two missed, told within 5 s. */
const heartbeatMs = 2_000;
export const silenceMs = 4_500;
/** Reconnect: doubling from first to last, times 0.5 to 1 by chance, so that desks do not return in step. */
const reconnectFirstMs = 500;
const reconnectLastMs = 8_000;
const watchMs = 250;

export interface SocketLike {
  binaryType: string;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(data: string): void;
  close(): void;
}

export interface SocketDeps {
  open(): SocketLike;
  steady(): number;
  random(): number;
  setTimeout(f: () => void, ms: number): number;
  clearTimeout(id: number): void;
  clock: ServerClock;
}

export interface FeedHandler {
  /** Where each topic stands, for hello and resume. */
  place(topic: string): Place | undefined;
  welcome(frame: Welcome): void;
  snap(frame: Snap): void;
  /** Says whether the delta left a hole before it. */
  delta(frame: Delta): 'taken' | 'known' | 'hole';
  binary(bytes: Uint8Array): void;
  refused(topic: string, detail: string): void;
  state(state: LinkState): void;
}

export type LinkState =
  | { is: 'connecting' }
  | { is: 'up' }
  /** lastMs: server clock of the last message heard; undefined when there never was one (SCR-006). */
  | { is: 'lost'; lastMs: number | undefined };

export class FeedSocket {
  private socket: SocketLike | undefined;
  private topics: string[];
  private asked = new Set<string>();
  private attempts = 0;
  private heardAt: number | undefined;
  private heardServerMs: number | undefined;
  private pings = new Map<number, number>();
  private n = 0;
  private state: LinkState = { is: 'connecting' };
  private ended = false;
  private connectedAt = 0;

  constructor(
    private readonly deps: SocketDeps,
    private readonly handler: FeedHandler,
    private readonly who: () => { by: string; desk: string },
    topics: string[],
  ) {
    this.topics = [...topics];
    this.connect();
    this.watch();
    this.beat();
  }

  /** Follows these topics from now on. */
  follow(topics: string[]): void {
    const added = topics.filter((t) => !this.topics.includes(t));
    const gone = this.topics.filter((t) => !topics.includes(t));
    this.topics = [...topics];
    if (gone.length > 0) this.say({ t: 'unsub', topics: gone });
    if (added.length > 0) this.say({ t: 'sub', topics: added });
  }

  /** Drops the connection and makes a new one: the person at the desk changed. */
  renew(): void {
    this.drop();
    this.connect();
  }

  end(): void {
    this.ended = true;
    this.drop();
  }

  private connect(): void {
    if (this.ended) return;
    let socket: SocketLike;
    try {
      socket = this.deps.open();
    } catch {
      this.again();
      return;
    }
    this.socket = socket;
    this.connectedAt = this.deps.steady();
    this.asked.clear();
    this.pings.clear();
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      const resume: Record<string, Place> = {};
      for (const topic of this.topics) {
        const place = this.handler.place(topic);
        if (place) resume[topic] = place;
      }
      this.say({ t: 'hello', topics: this.topics, ...this.who(), resume });
      this.ping();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) this.take(event.data);
    };
    socket.onerror = () => undefined; // a close always follows
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.lost();
      this.again();
    };
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private again(): void {
    const ceiling = Math.min(reconnectLastMs, reconnectFirstMs * 2 ** this.attempts++);
    this.deps.setTimeout(
      () => {
        if (!this.socket) this.connect();
      },
      ceiling * (0.5 + this.deps.random() / 2),
    );
  }

  private take(data: unknown): void {
    const now = this.deps.steady();
    if (data instanceof ArrayBuffer) {
      this.heard(now);
      this.handler.binary(new Uint8Array(data));
      return;
    }
    const frame = typeof data === 'string' ? parseFrame(data) : undefined;
    if (!frame) return;
    if ('server_us' in frame) this.deps.clock.hint(frame.server_us);
    switch (frame.t) {
      case 'welcome':
        this.attempts = 0;
        this.handler.welcome(frame);
        break;
      case 'snap':
        this.asked.delete(frame.topic);
        this.handler.snap(frame);
        break;
      case 'delta': {
        const taken = this.handler.delta(frame);
        if (taken === 'taken') this.asked.delete(frame.topic);
        if (taken === 'hole' && !this.asked.has(frame.topic)) {
          this.asked.add(frame.topic);
          this.say({ t: 'resume', topic: frame.topic, ...(this.handler.place(frame.topic) ?? { term: 0, seq: 0 }) });
        }
        break;
      }
      case 'ping':
        this.say({ t: 'pong', n: frame.n, client_us: Math.round(now * 1000) });
        break;
      case 'pong': {
        const sent = this.pings.get(frame.n);
        this.pings.delete(frame.n);
        if (sent !== undefined) this.deps.clock.sample(sent, frame.server_us, now);
        break;
      }
      case 'refused':
        this.handler.refused(frame.topic, frame.detail);
        break;
    }
    this.heard(now);
  }

  private heard(now: number): void {
    this.heardAt = now;
    this.heardServerMs = this.deps.clock.now();
    if (this.state.is !== 'up') this.setState({ is: 'up' });
  }

  private lost(): void {
    if (this.state.is !== 'lost') this.setState({ is: 'lost', lastMs: this.heardServerMs });
  }

  private setState(state: LinkState): void {
    this.state = state;
    this.handler.state(state);
  }

  private ping(): void {
    const n = ++this.n;
    const sent = this.deps.steady();
    this.pings.set(n, sent);
    // Unanswered pings of this connection only; more than a handful means the link is dead anyway.
    if (this.pings.size > 8) this.pings.delete(this.pings.keys().next().value ?? 0);
    this.say({ t: 'ping', n, client_us: Math.round(sent * 1000) });
  }

  private beat(): void {
    this.deps.setTimeout(() => {
      if (this.ended) return;
      if (this.socket) this.ping();
      this.beat();
    }, heartbeatMs);
  }

  /** A link that is open and silent is lost all the same (SCR-006); so is a connection that never opens. */
  private watch(): void {
    this.deps.setTimeout(() => {
      if (this.ended) return;
      const since = this.deps.steady() - Math.max(this.heardAt ?? 0, this.connectedAt);
      if (this.socket && since >= silenceMs) {
        this.lost();
        this.drop();
        this.again();
      }
      this.watch();
    }, watchMs);
  }

  private say(frame: object): void {
    try {
      this.socket?.send(JSON.stringify(frame));
    } catch {
      // Not open yet or closing: hello says everything again on the next connection.
    }
  }
}
