// Whose numbers are on the cabin's screen. Pure.
import type { Patient, Reading, TerminalState, WaveSlot } from '../../wire/entity';
import { unboundS } from '../../clinical/vitals';
import { ageS } from '../../live/age';

export interface Person {
  /** Patient's id; '' stands for what is bound to nobody (CLN-006). */
  key: string;
  patient: Patient | undefined;
  devices: string[];
  readings: Reading[];
  slots: WaveSlot[];
}

/** Everybody that a device is bound to, by id, then what belongs to nobody: numbers of two people are never one block. */
export function people(
  state: Pick<TerminalState, 'bindings' | 'patients' | 'readings' | 'slots' | 'devices'>,
  nowMs: number,
): Person[] {
  const out = new Map<string, Person>();
  const of = (key: string): Person => {
    const found = out.get(key);
    if (found) return found;
    const made: Person = {
      key,
      patient: key ? (state.patients.get(key) ?? { id: key }) : undefined,
      devices: [],
      readings: [],
      slots: [],
    };
    out.set(key, made);
    return made;
  };
  for (const d of state.devices.values())
    if (d.kind === 'monitor') of(state.bindings.get(d.device)?.patient ?? '').devices.push(d.device);
  for (const r of state.readings.values()) {
    const key = r.patient ?? '';
    // The last word of a device about somebody it is bound to no longer goes when it is too old, and no earlier. What it said before it
    // was bound to anybody stays in sight for as long as a crew needs to see it: a blood pressure would stand as somebody's for an hour.
    const age = ageS(r.taken, nowMs);
    const left = key === '' ? Math.min(r.gone_s, unboundS) : r.gone_s;
    if (out.has(key) || age <= left) of(key).readings.push(r);
  }
  for (const s of state.slots.values()) out.get(s.patient ?? '')?.slots.push(s);
  for (const p of out.values()) p.slots.sort((a, b) => a.kind - b.kind || a.slot - b.slot);
  return [...out.values()].sort((a, b) => Number(a.key === '') - Number(b.key === '') || (a.key < b.key ? -1 : 1));
}

/** Who is shown: the one chosen while it is there, or the first. */
export function shownPerson(all: readonly Person[], chosen: string | undefined): Person | undefined {
  return all.find((p) => p.key === chosen) ?? all[0];
}
