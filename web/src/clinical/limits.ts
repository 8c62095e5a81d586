// Alarms of vital signs on a hospital's screens: which value is beyond which limit, when that is believed, and what became of it. The
// limits are data of the hospital. Pure: readings and the time in, alarms out. The bedside monitor alarms first; this is the second pair of eyes.
import { ageS } from '../live/age';
import type { Limits, Reading } from '../wire/entity';
import type { VitalName } from './vitals';

export type AlarmLevel = 'high' | 'medium';

export interface Beyond {
  level: AlarmLevel;
  side: 'low' | 'high';
  limit: number;
}

/** Which limit a value has reached: the critical ones first; undefined when none. */
export function beyond(value: number, limits: Limits | undefined): Beyond | undefined {
  if (!limits) return undefined;
  const { critical_low: cl, low, high, critical_high: ch } = limits;
  if (cl !== undefined && value <= cl) return { level: 'high', side: 'low', limit: cl };
  if (ch !== undefined && value >= ch) return { level: 'high', side: 'high', limit: ch };
  if (low !== undefined && value <= low) return { level: 'medium', side: 'low', limit: low };
  if (high !== undefined && value >= high) return { level: 'medium', side: 'high', limit: high };
  return undefined;
}

/** The limits printed beside a number: those at which it first alarms, upper above lower. */
export function printed(limits: Limits | undefined): { high: number | undefined; low: number | undefined } {
  return { high: limits?.high ?? limits?.critical_high, low: limits?.low ?? limits?.critical_low };
}

export function limitChannel(name: VitalName): string {
  return name === 'nibp' ? 'nibp_sys' : name;
}

/** Active flashes and sounds; acknowledged stands; cleared was high, is over, and stands until somebody has seen it. */
export type AlarmState = 'active' | 'acknowledged' | 'cleared';

export interface VitalAlarm extends Beyond {
  key: string;
  patient: string;
  channel: string;
  value: number;
  /** When it was believed first, ms of the server's clock. */
  sinceMs: number;
  state: AlarmState;
  by?: string;
  simulated: boolean;
}

/** A value beyond its limit is believed when a second one says so, or when it has stood so long (CLINICAL §9). */
const holdMs = 5_000;
/** Blood pressure is an act of its own: one value is enough. */
const atOnce = new Set(['nibp_sys']);

interface Suspect {
  level: AlarmLevel;
  side: 'low' | 'high';
  sinceMs: number;
  taken: string;
}

export class VitalAlarms {
  private readonly alarms = new Map<string, VitalAlarm>();
  private readonly suspects = new Map<string, Suspect>();

  /**
   * @param readings those of the patients on this screen, all of them
   * @param demo whether the store is a demonstration: only there does a simulated value alarm (SCR-003)
   */
  take(readings: Iterable<Reading>, limits: ReadonlyMap<string, Limits>, demo: boolean, nowMs: number): void {
    const here = new Set<string>();
    for (const reading of readings) {
      if (!reading.patient || !limits.has(reading.channel)) continue;
      const key = `${reading.patient}/${reading.device}/${reading.channel}`;
      here.add(key);
      this.one(key, reading, limits.get(reading.channel), demo, nowMs);
    }
    // Whoever left this screen, or whose limit was taken away, does not go on alarming here.
    for (const key of this.alarms.keys()) if (!here.has(key)) this.alarms.delete(key);
    for (const key of this.suspects.keys()) if (!here.has(key)) this.suspects.delete(key);
  }

  private one(key: string, reading: Reading, limits: Limits | undefined, demo: boolean, nowMs: number): void {
    const said = reading.quality === 'good' || reading.quality === 'questioned';
    const old = ageS(reading.taken, nowMs) > reading.gone_s || reading.source === 'backfilled';
    const shown = reading.simulated !== true || demo;
    // No signal is no all-clear: an alarm stands until a value within the limits comes.
    if (!said || old || !shown || reading.value === undefined || reading.value === null) {
      this.suspects.delete(key);
      return;
    }
    const found = beyond(reading.value, limits);
    const alarm = this.alarms.get(key);
    if (!found) {
      this.suspects.delete(key);
      if (!alarm) return;
      if (alarm.level === 'high' && alarm.state === 'active') alarm.state = 'cleared';
      else if (alarm.state !== 'cleared') this.alarms.delete(key);
      return;
    }
    const suspect = this.suspects.get(key);
    const same = suspect?.level === found.level && suspect.side === found.side ? suspect : undefined;
    if (!same) {
      this.suspects.set(key, { level: found.level, side: found.side, sinceMs: nowMs, taken: reading.taken });
    }
    const believed =
      atOnce.has(reading.channel) || (same && (same.taken !== reading.taken || nowMs - same.sinceMs >= holdMs));
    if (!believed) return;
    const worse =
      !alarm ||
      alarm.state === 'cleared' ||
      alarm.side !== found.side ||
      (alarm.level === 'medium' && found.level === 'high');
    if (worse) {
      this.alarms.set(key, {
        ...found,
        key,
        patient: reading.patient ?? '',
        channel: reading.channel,
        value: reading.value,
        sinceMs: nowMs,
        state: 'active',
        simulated: reading.simulated === true,
      });
      return;
    }
    // Better but not well: it stays what people have acknowledged, with the value as it is now.
    Object.assign(alarm, { level: found.level, limit: found.limit, value: reading.value });
  }

  ack(key: string, by: string): void {
    const alarm = this.alarms.get(key);
    if (!alarm) return;
    if (alarm.state === 'cleared') this.alarms.delete(key);
    else {
      alarm.state = 'acknowledged';
      alarm.by = by;
    }
  }

  /** Unacknowledged first, high before medium, newest first; ties by key. */
  list(): VitalAlarm[] {
    const rank = (a: VitalAlarm): number =>
      (a.state === 'active' ? 0 : a.state === 'cleared' ? 2 : 4) + (a.level === 'high' ? 0 : 1);
    return [...this.alarms.values()]
      .map((a) => ({ ...a }))
      .sort((a, b) => rank(a) - rank(b) || b.sinceMs - a.sinceMs || (a.key < b.key ? -1 : 1));
  }
}
