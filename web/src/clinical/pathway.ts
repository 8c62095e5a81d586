// Clocks of a case. The server has said what is left at the case's own time; a screen only counts on from there, by the server's clock. Pure.
import type { CaseStep, PathwayCase } from '../wire/entity';

/** Seconds left of a step's target now; negative when over; undefined when nothing runs. */
export function leftS(of: PathwayCase, step: CaseStep, nowMs: number): number | undefined {
  if (step.remaining_s === undefined) return undefined;
  const done = step.state === 'met' || step.state === 'missed' || step.state === 'done';
  return done ? step.remaining_s : step.remaining_s - (nowMs - Date.parse(of.at)) / 1000;
}

/** Seconds that the lead clock has run; undefined when it has not begun. */
export function leadS(of: PathwayCase, nowMs: number): number | undefined {
  return of.since === undefined ? undefined : Math.max(0, (nowMs - Date.parse(of.since)) / 1000);
}

/** The step that runs out next, and what is left of it. */
export function pressing(of: PathwayCase, nowMs: number): { step: CaseStep; left: number } | undefined {
  let out: { step: CaseStep; left: number } | undefined;
  for (const step of [...of.steps, ...(of.windows ?? [])]) {
    if (step.state !== 'running' && step.state !== 'near' && step.state !== 'over') continue;
    const left = leftS(of, step, nowMs);
    if (left !== undefined && (!out || left < out.left)) out = { step, left };
  }
  return out;
}
