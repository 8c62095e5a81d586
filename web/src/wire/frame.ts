// Binary wave frames of the live feed; internal/wire/waveframe.go is the other end and testdata/wire has frames that both read.

/** Bytes before the samples, and the newest version this page can read. */
const headerBytes = 36;
const version = 1;
const maxLeads = 16;

export type WaveKind = 'ecg' | 'pleth' | 'resp' | 'co2';
export type WaveUnit = 'device' | 'millivolt' | 'percent';

/** A run of samples of one or more leads taken at the same instants. */
export interface WaveFrame {
  slot: number;
  seq: number;
  /** First sample, server clock, milliseconds since 1970. */
  t0Ms: number;
  rateHz: number;
  /** Microvolts a step; 0 = not calibrated. */
  lsbUv: number;
  pacer: boolean;
  /** Samples before this frame are missing and may come by back-fill (DLV-004). */
  gap: boolean;
  /** Stamped by the server (SCR-002). */
  source: 'live' | 'backfilled';
  simulated: boolean;
  /** Of no patient (CLN-006). */
  unbound: boolean;
  /** Number of the first sample in its stream. */
  counter: number;
  kind: WaveKind;
  unit: WaveUnit;
  /** samples[lead][i], in steps. */
  samples: Int16Array[];
  /** Per lead: electrode or probe off (CLN-005). */
  off: boolean[];
}

const kinds: (WaveKind | undefined)[] = [undefined, 'ecg', 'pleth', 'resp', 'co2'];
const units: (WaveUnit | undefined)[] = ['device', 'millivolt', 'percent'];

/** Reads exactly one frame, or says why the bytes are none. */
export function decodeWaveFrame(bytes: Uint8Array): WaveFrame | { error: string } {
  if (bytes.byteLength < headerBytes) return { error: `${bytes.byteLength} bytes are less than a header` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== version) return { error: `version ${view.getUint8(0)} is not known` };
  const leads = view.getUint8(1);
  const n = view.getUint16(18, true);
  const flags = view.getUint16(22, true);
  const hasOff = (flags & 1) !== 0;
  const want = headerBytes + 2 * leads * n + (hasOff ? 2 : 0);
  if (leads === 0 || leads > maxLeads || want !== bytes.byteLength) {
    return { error: `${bytes.byteLength} bytes do not hold ${leads} leads of ${n} samples` };
  }
  const kind = kinds[view.getUint8(32)];
  const unit = units[view.getUint8(33)];
  if (!kind || !unit) return { error: `kind ${view.getUint8(32)} or unit ${view.getUint8(33)} is not known` };
  const samples: Int16Array[] = [];
  for (let lead = 0; lead < leads; lead++) {
    const run = new Int16Array(n);
    for (let i = 0; i < n; i++) run[i] = view.getInt16(headerBytes + 2 * (lead * n + i), true);
    samples.push(run);
  }
  const mask = hasOff ? view.getUint16(headerBytes + 2 * leads * n, true) : 0;
  return {
    slot: view.getUint16(2, true),
    seq: view.getUint32(4, true),
    t0Ms: Number(view.getBigInt64(8, true)) / 1000,
    rateHz: view.getUint16(16, true) / 10,
    lsbUv: view.getUint16(20, true) / 100,
    pacer: (flags & 2) !== 0,
    gap: (flags & 4) !== 0,
    source: (flags & 8) !== 0 ? 'live' : 'backfilled',
    simulated: (flags & 32) !== 0,
    unbound: (flags & 64) !== 0,
    counter: Number(view.getBigUint64(24, true)),
    kind,
    unit,
    samples,
    off: samples.map((_, lead) => (mask & (1 << lead)) !== 0),
  };
}
