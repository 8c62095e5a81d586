// The pause of a desk's sounds: at most two minutes, seen counting down, and broken by whatever is new (UI §10.3). Never a mute. Pure.
import type { Alarm } from '../wire/entity';
import { levelOf, type Level } from './alarms';

export const pauseMaxS = 120;

export interface Pause {
  /** Server time, ms. */
  untilMs: number;
  /** The highest of what sounded then, and what it was: a press more, a wider reach or a new alarm is none of these. */
  level: Level;
  known: string[];
}

const rank: Record<Level, number> = { high: 0, medium: 1, low: 2 };
const face = (alarm: Alarm): string => [alarm.id, alarm.reach, alarm.presses, alarm.state].join('/');

export function startPause(alarms: Iterable<Alarm>, nowMs: number): Pause {
  const sounding = [...alarms].filter((a) => a.sounding);
  let level: Level = 'low';
  for (const a of sounding) if (rank[levelOf(a)] < rank[level]) level = levelOf(a);
  return { untilMs: nowMs + pauseMaxS * 1000, level, known: sounding.map(face) };
}

/** Seconds left; 0: it is over, or broken by an alarm that is new and at least as high. */
export function pauseLeft(pause: Pause | undefined, alarms: Iterable<Alarm>, nowMs: number): number {
  if (!pause) return 0;
  const left = Math.min(pauseMaxS, Math.ceil((pause.untilMs - nowMs) / 1000));
  if (left <= 0) return 0;
  const known = new Set(pause.known);
  for (const a of alarms) if (a.sounding && !known.has(face(a)) && rank[levelOf(a)] <= rank[pause.level]) return 0;
  return left;
}
