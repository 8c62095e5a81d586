// What was touched on this tablet and that the vehicle has not taken yet: kept on the tablet's own disk before anything is sent,
// handed over when the vehicle answers again. Pure over a storage that is handed in.

export interface Entry {
  /** Names the touch: sent twice, it is one. */
  id: string;
  kind: 'node' | 'sos' | 'note';
  /** The tablet's clock, ms. */
  atMs: number;
  /** The tablet's clock minus the vehicle's when it was touched, ms; undefined when never measured. */
  offsetMs: number | undefined;
  /** How far off that may be, ms. */
  uncertaintyMs?: number;
  body: {
    mission?: string;
    patient?: string;
    node?: string;
    seat?: string;
    text?: string;
    by?: string;
    /** The touch confirmed when positions saw the vehicle arrive; handed over later it is an ordinary touch. */
    stood?: boolean;
  };
}

export interface Disk {
  read(): string | undefined;
  write(text: string): boolean;
}

/** The agent takes at most this many at once; the rest follow in the next hand-over. */
const batch = 500;
/** Bytes of entries in one hand-over: below the 64 KiB that a vehicle takes at least, with room for the rest of the body. */
export const batchBytes = 48_000;

export class AwayQueue {
  private entries: Entry[];
  /** False when the tablet refused to store: what is kept lives only as long as this page. */
  safe = true;

  constructor(private readonly disk: Disk) {
    this.entries = parse(disk.read());
  }

  list(): readonly Entry[] {
    return this.entries;
  }

  add(entry: Entry): void {
    if (this.entries.some((e) => e.id === entry.id)) return;
    this.entries.push(entry);
    this.save();
  }

  /** The vehicle has these for good, or they were taken back before it heard of them. */
  remove(ids: readonly string[]): number {
    const before = this.entries.length;
    this.entries = this.entries.filter((e) => !ids.includes(e.id));
    if (this.entries.length !== before) this.save();
    return before - this.entries.length;
  }

  private save(): void {
    this.safe = this.disk.write(JSON.stringify(this.entries));
  }
}

function parse(text: string | undefined): Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.filter(
    (e: unknown): e is Entry =>
      typeof e === 'object' &&
      e !== null &&
      typeof (e as Entry).id === 'string' &&
      typeof (e as Entry).atMs === 'number' &&
      ['node', 'sos', 'note'].includes((e as Entry).kind) &&
      typeof (e as Entry).body === 'object',
  );
}

/** The tablet's clock minus the vehicle's as it is measured now, and how far off that may be. */
export interface Measured {
  offsetMs: number;
  uncertaintyMs: number;
}

/** How far off a touch may be on the vehicle's clock, ms: the tablet's clock may have been set between touching and now. */
export function doubtMs(entry: Entry, measured: Measured): number {
  const move = entry.offsetMs === undefined ? 0 : measured.offsetMs - entry.offsetMs;
  return measured.uncertaintyMs + Math.abs(move) / 2;
}

export interface HandoverBody {
  tablet: string;
  offset_ms: number;
  uncertainty_ms: number;
  entries: { id: string; kind: string; at: string; body: Entry['body'] }[];
}

/** As many as fit into one hand-over, oldest first; at least one, or nothing would ever go. */
function fitting(entries: readonly Entry[]): readonly Entry[] {
  const bytes = new TextEncoder();
  let used = 0;
  let n = 0;
  for (const entry of entries.slice(0, batch)) {
    used += bytes.encode(JSON.stringify(entry)).length;
    if (n > 0 && used > batchBytes) break;
    n++;
  }
  return entries.slice(0, n);
}

/**
 * The body of a hand-over. Each entry was timed by the tablet's clock as it then stood: where the clock was set in between,
 * the entry is moved by the difference, so that one offset is true for all, and the uncertainty grows by the largest move.
 */
export function handover(tablet: string, entries: readonly Entry[], measured: Measured): HandoverBody {
  let uncertainty = measured.uncertaintyMs;
  const sent = fitting(entries).map((entry) => {
    const move = entry.offsetMs === undefined ? 0 : measured.offsetMs - entry.offsetMs;
    uncertainty = Math.max(uncertainty, doubtMs(entry, measured));
    return { id: entry.id, kind: entry.kind, at: new Date(entry.atMs + move).toISOString(), body: entry.body };
  });
  return { tablet, offset_ms: measured.offsetMs, uncertainty_ms: uncertainty, entries: sent };
}
