// The beat for chest compressions: heard by Web Audio where there is one, and always seen. Sounds are given to the audio clock ahead of
// time, so that a busy phone does not stumble.
import { steady } from './clock';
import { nextBeat } from './model';

type Audio = typeof AudioContext;
const aheadS = 0.4;
const clickS = 0.06;

export class Metronome {
  private context: AudioContext | undefined;
  private startedMs = 0;
  private startedS = 0;
  private soundedS = 0;
  private timer = 0;
  withBreaths = false;
  running = false;

  /** From a touch: browsers ask for one before they sound. */
  start(): void {
    const maker = (window.AudioContext ?? (window as unknown as { webkitAudioContext?: Audio }).webkitAudioContext) as
      Audio | undefined;
    if (!this.context && maker) {
      try {
        this.context = new maker();
      } catch {
        this.context = undefined;
      }
    }
    if (this.context && this.context.state === 'suspended') void this.context.resume();
    this.running = true;
    this.startedMs = steady();
    this.startedS = this.context?.currentTime ?? 0;
    this.soundedS = 0;
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => this.ahead(), 100);
    this.ahead();
  }

  stop(): void {
    this.running = false;
    window.clearInterval(this.timer);
    const context = this.context;
    this.context = undefined;
    if (context) void context.close();
  }

  /** Seconds since the start, by the audio clock while there is one: what is seen is what is heard. */
  seconds(): number {
    if (this.audible()) return (this.context?.currentTime ?? 0) - this.startedS;
    return (steady() - this.startedMs) / 1000;
  }

  /** Since the start, whatever clock sounds: for the running time. */
  elapsedS(): number {
    return (steady() - this.startedMs) / 1000;
  }

  audible(): boolean {
    return this.context?.state === 'running';
  }

  private ahead(): void {
    if (!this.audible() || !this.context) return;
    const now = this.context.currentTime - this.startedS;
    let at = nextBeat(Math.max(this.soundedS, now), this.withBreaths);
    while (at < now + aheadS) {
      this.click(this.startedS + at);
      this.soundedS = at + 0.01;
      at = nextBeat(this.soundedS, this.withBreaths);
    }
  }

  private click(at: number): void {
    const context = this.context;
    if (!context) return;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.9, at + 0.005);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + clickS);
    tone.connect(volume);
    volume.connect(context.destination);
    tone.start(at);
    tone.stop(at + clickS);
  }
}
