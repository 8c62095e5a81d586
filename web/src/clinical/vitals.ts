// Numerics of one patient or one unit, ready to be drawn: which channels, from which device, how old, and what disagrees. Pure.
import { ageS, shownReading, type Shown } from '../live/age';
import type { Reading } from '../wire/entity';

export type VitalName = 'hr' | 'pr' | 'spo2' | 'rr' | 'nibp' | 't1' | 't2';

export interface Vital {
  name: VitalName;
  unit: string;
  /** Of whose value is shown; empty when nobody measures it. */
  device: string;
  /** Systolic for NIBP. */
  shown: Shown;
  /** NIBP only: diastolic and mean. */
  dia?: Shown;
  map?: Shown;
  /** When NIBP was measured: always shown with it. */
  taken?: string | undefined;
  /** Values of other devices that say otherwise (CLN-005). */
  others: { device: string; value: number }[];
  backfilled: boolean;
  simulated: boolean;
  unbound: boolean;
}

const order: VitalName[] = ['hr', 'spo2', 'pr', 'nibp', 'rr', 't1', 't2'];
/** Shown even while nothing was heard of them, so that absence is seen. */
const always: VitalName[] = ['hr', 'spo2', 'nibp'];
/** Two devices this far apart, in the channel's unit, are shown as disagreeing (CLN-005). */
const apart: Record<VitalName, number> = { hr: 10, pr: 10, spo2: 4, rr: 6, nibp: 20, t1: 1, t2: 1 };

function channelOf(name: VitalName): string {
  return name === 'nibp' ? 'nibp_sys' : name;
}

export function vitals(readings: Iterable<Reading>, nowMs: number): Vital[] {
  const byChannel = new Map<string, Reading[]>();
  for (const reading of readings) {
    const list = byChannel.get(reading.channel);
    if (list) list.push(reading);
    else byChannel.set(reading.channel, [reading]);
  }
  const out: Vital[] = [];
  for (const name of order) {
    const ranked = (byChannel.get(channelOf(name)) ?? []).sort(
      (a, b) => rank(a, nowMs) - rank(b, nowMs) || (a.device < b.device ? -1 : 1),
    );
    const first = ranked[0];
    if (!first && !always.includes(name)) continue;
    const shown = shownReading(first, nowMs);
    const vital: Vital = {
      name,
      unit: name === 'hr' || name === 'pr' || name === 'rr' ? '' : (first?.unit_of ?? ''),
      device: first?.device ?? '',
      shown,
      others: [],
      backfilled: first?.source === 'backfilled',
      simulated: first?.simulated === true,
      unbound: first !== undefined && !first.patient,
    };
    if (shown.is === 'fresh' || shown.is === 'stale') {
      for (const other of ranked.slice(1)) {
        // Two people do not disagree; of what is bound to nobody it is not known whose it is (CLN-006).
        if (!first?.patient || other.patient !== first.patient) continue;
        const seen = shownReading(other, nowMs);
        if ((seen.is === 'fresh' || seen.is === 'stale') && Math.abs(seen.value - shown.value) >= apart[name]) {
          vital.others.push({ device: other.device, value: seen.value });
        }
      }
    }
    if (name === 'nibp' && first) {
      vital.taken = first.taken;
      const same = (channel: string): Reading | undefined =>
        byChannel.get(channel)?.find((r) => r.device === first.device);
      vital.dia = shownReading(same('nibp_dia'), nowMs);
      vital.map = shownReading(same('nibp_map'), nowMs);
    }
    out.push(vital);
  }
  return out;
}

/** A reading of nobody's, from a device that is somebody's now, is shown this long: a blood pressure would stand as 未归属 for an hour. */
export const unboundS = 120;

/** Without what devices said about nobody before they were bound, once it is older than that. */
export function withoutLeftovers(readings: readonly Reading[], nowMs: number): Reading[] {
  const bound = new Set(readings.filter((r) => r.patient).map((r) => r.device));
  return readings.filter((r) => r.patient || !bound.has(r.device) || ageS(r.taken, nowMs) <= unboundS);
}

/** Readings by the patient they belong to, unbound ones last under ''; patients by id, so that blocks never dance. */
export function byPatient(readings: Iterable<Reading>): [patient: string, readings: Reading[]][] {
  const groups = new Map<string, Reading[]>();
  for (const reading of readings) {
    const list = groups.get(reading.patient ?? '');
    if (list) list.push(reading);
    else groups.set(reading.patient ?? '', [reading]);
  }
  return [...groups].sort(([a], [b]) => Number(a === '') - Number(b === '') || (a < b ? -1 : 1));
}

/** Better first: a live number, then an old one, then a reason, then nothing. */
function rank(reading: Reading, nowMs: number): number {
  const shown = shownReading(reading, nowMs);
  return ['fresh', 'stale', 'absent', 'gone', 'never'].indexOf(shown.is);
}

/** Digits as monitors show them: temperature one decimal, the rest none. */
export function digits(name: VitalName, value: number): string {
  return name === 't1' || name === 't2' ? value.toFixed(1) : String(Math.round(value));
}
