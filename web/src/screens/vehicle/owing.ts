// What is still to be sent, lane by lane and act by act, in plain words. Pure.
import { ageS } from '../../live/age';
import type { Kept, LaneDepth, TerminalState } from '../../wire/entity';

/** Something kept on this tablet: a touch, or a photo. */
export interface OnTablet {
  id: string;
  kind: string;
  atMs: number;
  offsetMs: number | undefined;
  body: { node?: string; text?: string };
}

export interface OwedLane {
  lane: string;
  count: number;
  bytes: number;
  /** Age of the oldest, seconds; undefined when there is nothing. */
  oldestS: number | undefined;
  capped: boolean;
}

const lanes = ['urgent', 'reading', 'position', 'photo', 'wave'];
function rank(lane: string): number {
  const at = lanes.indexOf(lane);
  return at < 0 ? lanes.length : at;
}

/** Every lane, the most precious first; one that is empty says so. */
export function owedLanes(owed: Iterable<LaneDepth>, nowMs: number): OwedLane[] {
  return [...owed]
    .map((l) => ({
      lane: l.lane,
      count: l.count,
      bytes: l.bytes,
      oldestS: l.count > 0 && l.oldest !== undefined ? ageS(l.oldest, nowMs) : undefined,
      capped: l.capped === true,
    }))
    .sort((a, b) => rank(a.lane) - rank(b.lane) || (a.lane < b.lane ? -1 : 1));
}

export interface OwedAct {
  id: string;
  where: 'tablet' | 'vehicle';
  kind: string;
  atMs: number;
  text: string;
}

/** The crew's own acts that the centre has not stored yet, oldest first: on this tablet, then in the vehicle. */
export function owedActs(state: Pick<TerminalState, 'kept'>, entries: readonly OnTablet[]): OwedAct[] {
  const acts: OwedAct[] = entries.map((e) => ({
    id: e.id,
    where: 'tablet',
    kind: e.kind,
    atMs: e.atMs - (e.offsetMs ?? 0),
    text: e.body.node ?? e.body.text ?? '',
  }));
  for (const [id, k] of state.kept as Map<string, Kept>)
    if (!acts.some((a) => a.id === id))
      acts.push({ id, where: 'vehicle', kind: k.kind, atMs: Date.parse(k.at), text: k.text ?? '' });
  return acts.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

/** 812 B, 43 KB, 2.1 MB. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
