// Alarm sounds by Web Audio: each pattern is rendered once into a buffer as long as its repeat, and looped, so that a hidden
// tab's throttled timers cannot silence it. Which sound plays is decided elsewhere (live/alarms.ts) on the socket message.

export type SoundName =
  'vehicle_sos' | 'caller_ring' | 'high' | 'medium' | 'order' | 'word' | 'notice' | 'notice_again';

interface Pulse {
  /** Start, s after the burst's start, and length, s. */
  at: number;
  length: number;
  hz: number;
}
interface Pattern {
  repeatS: number;
  pulses: Pulse[];
}

function pulses(starts: number[], length: number, hz: number[]): Pulse[] {
  return starts.map((at, i) => ({ at, length, hz: hz[i % hz.length] ?? 440 }));
}

// IEC 60601-1-8 shapes: high 3+2, 3+2 pulses of 150 ms repeated after 5 s; medium 3 of 200 ms after 15 s. The ring of a caller,
// the vehicle's emergency and a new order are made to be told apart from these and from each other.
const highStarts = [0, 0.25, 0.5, 0.95, 1.2, 2.1, 2.35, 2.6, 3.05, 3.3];
export const patterns: Record<SoundName, Pattern> = {
  high: { repeatS: 5, pulses: pulses(highStarts, 0.15, [440]) },
  medium: { repeatS: 15, pulses: pulses([0, 0.4, 0.8], 0.2, [330]) },
  // Two-tone wail, without rest.
  vehicle_sos: { repeatS: 2, pulses: pulses([0, 0.5, 1, 1.5], 0.5, [880, 587]) },
  // Double ring of a telephone.
  caller_ring: {
    repeatS: 3,
    pulses: pulses([0, 0.08, 0.16, 0.24, 0.32, 0.6, 0.68, 0.76, 0.84, 0.92], 0.07, [523, 659]),
  },
  // Rising chime of a station.
  order: { repeatS: 4, pulses: pulses([0, 0.3, 0.6, 0.9], 0.28, [392, 494, 587, 784]) },
  // A notice to a hospital: three rising tones, unlike any clinical alarm; unanswered and gone to the next person, twice and oftener.
  notice: { repeatS: 8, pulses: pulses([0, 0.22, 0.44], 0.2, [523, 659, 784]) },
  notice_again: { repeatS: 4, pulses: pulses([0, 0.22, 0.44, 0.9, 1.12, 1.34], 0.2, [523, 659, 784]) },
  // Two soft falling tones: words of the desk that want to be read, once.
  word: { repeatS: 1, pulses: pulses([0, 0.25], 0.22, [659, 523]) },
};

/** Harmonics 1 to 5 with falling weight: at least four lie between 300 and 4000 Hz, within 15 dB of each other. */
const harmonics = [1, 0.7, 0.5, 0.4, 0.3];
const loudness = 0.3;
const riseShare = 0.15;

export function render(pattern: Pattern, sampleRate: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.round(pattern.repeatS * sampleRate));
  const total = harmonics.reduce((sum, weight) => sum + weight, 0);
  for (const pulse of pattern.pulses) {
    const first = Math.round(pulse.at * sampleRate);
    const n = Math.round(pulse.length * sampleRate);
    const rise = Math.max(1, Math.round(n * riseShare));
    for (let i = 0; i < n && first + i < out.length; i++) {
      const envelope = Math.min(1, i / rise, (n - i) / rise);
      let wave = 0;
      for (const [h, weight] of harmonics.entries())
        wave += weight * Math.sin((2 * Math.PI * pulse.hz * (h + 1) * i) / sampleRate);
      out[first + i] = (wave / total) * envelope * loudness;
    }
  }
  return out;
}

export class Sounder {
  private context: AudioContext | undefined;
  private source: AudioBufferSourceNode | undefined;
  private wanted: SoundName | undefined;
  private leader = false;
  playing: SoundName | undefined;
  /** Told when running() or leads() may have changed. */
  onState: () => void = () => undefined;

  constructor(lock: string) {
    try {
      this.context = new AudioContext();
      this.context.onstatechange = () => {
        this.apply();
        this.onState();
      };
    } catch {
      this.context = undefined;
    }
    // Only one window of a machine plays; without Web Locks (plain HTTP) each does, rather than none.
    if ('locks' in navigator && navigator.locks) {
      void navigator.locks.request(`lifeline.sound.${lock}`, () => {
        this.lead();
        return new Promise(() => undefined);
      });
    } else {
      this.lead();
    }
  }

  running(): boolean {
    return this.context?.state === 'running';
  }

  leads(): boolean {
    return this.leader;
  }

  /** Must be called from a click or a key: browsers ask for that. */
  async enable(): Promise<void> {
    await this.context?.resume();
    this.apply();
    this.onState();
  }

  /** The sound that should be heard from now on; undefined is silence. */
  want(name: SoundName | undefined): void {
    if (name === this.wanted) return;
    this.wanted = name;
    this.apply();
  }

  /** Plays a pattern once, so that people can hear that sound works. */
  test(): void {
    if (this.context && this.playing === undefined) this.start('medium', false);
  }

  /** Plays a pattern once; says whether this window is the one to do so and can. While an alarm sounds, that is enough. */
  once(name: SoundName): boolean {
    if (!this.leader || !this.running()) return false;
    if (this.playing === undefined) this.start(name, false);
    return true;
  }

  private lead(): void {
    this.leader = true;
    this.apply();
    this.onState();
  }

  private apply(): void {
    const name = this.leader && this.running() ? this.wanted : undefined;
    if (name === this.playing) return;
    this.source?.stop();
    this.source = undefined;
    this.playing = name;
    if (name) this.source = this.start(name, true);
  }

  private start(name: SoundName, loop: boolean): AudioBufferSourceNode | undefined {
    const context = this.context;
    if (!context) return undefined;
    const samples = render(patterns[name], context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    return source;
  }
}
