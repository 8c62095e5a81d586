// Several windows of one desk (UI §10.6): what is selected in one is selected in all, by BroadcastChannel; each works alone as well.
// Their places on the monitors are remembered.
import type { Pause } from '../../live/pause';
import { keep, kept } from '../../ui/keep';
import type { Pos } from '../../wire/entity';

export const views = ['all', 'map', 'board', 'intake'] as const;
export type View = (typeof views)[number];

export function viewOf(search: string): View {
  const asked = new URLSearchParams(search).get('view');
  return views.find((v) => v === asked) ?? 'all';
}

export type Word =
  | { t: 'select'; desk: string; incident: string }
  | { t: 'unit'; desk: string; unit: string }
  | { t: 'picking'; desk: string; on: boolean }
  | { t: 'pick'; desk: string; pos: Pos }
  | { t: 'pause'; desk: string; pause: Pause | null }
  | { t: 'message'; desk: string; text: string };

/** A word of another window, if it is one: pages of an older version may still be open. */
export function readWord(value: unknown): Word | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const w = value as Record<string, unknown>;
  if (typeof w.desk !== 'string') return undefined;
  const pos = w.pos as Record<string, unknown> | undefined;
  const pause = w.pause as Record<string, unknown> | null | undefined;
  switch (w.t) {
    case 'select':
      return typeof w.incident === 'string' ? (w as unknown as Word) : undefined;
    case 'unit':
      return typeof w.unit === 'string' ? (w as unknown as Word) : undefined;
    case 'picking':
      return typeof w.on === 'boolean' ? (w as unknown as Word) : undefined;
    case 'pick':
      return typeof pos?.lat === 'number' && typeof pos.lon === 'number' ? (w as unknown as Word) : undefined;
    case 'pause':
      return pause === null || (typeof pause?.untilMs === 'number' && Array.isArray(pause.known))
        ? (w as unknown as Word)
        : undefined;
    case 'message':
      return typeof w.text === 'string' ? (w as unknown as Word) : undefined;
    default:
      return undefined;
  }
}

export class Share {
  private channel: BroadcastChannel | undefined;

  constructor(
    private readonly desk: () => string,
    private readonly hear: (word: Word) => void,
  ) {
    if (typeof BroadcastChannel === 'undefined') return;
    this.channel = new BroadcastChannel('lifeline.console');
    this.channel.onmessage = (event: MessageEvent<unknown>) => {
      const word = readWord(event.data);
      if (word && word.desk === this.desk()) this.hear(word);
    };
  }

  say(word: Word): void {
    this.channel?.postMessage(word);
  }
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

function boxOf(view: View): Box | undefined {
  try {
    const value: unknown = JSON.parse(kept(`window.${view}`) ?? 'null');
    if (typeof value !== 'object' || value === null) return undefined;
    const box = value as Record<string, unknown>;
    return ['left', 'top', 'width', 'height'].every((name) => Number.isFinite(box[name]))
      ? (box as unknown as Box)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a window of this desk where it last stood; says whether the browser let it. */
export function openView(view: View): boolean {
  const box = boxOf(view);
  const place = box ? `,left=${box.left},top=${box.top},width=${box.width},height=${box.height}` : '';
  const url = new URL(location.href);
  url.searchParams.set('view', view);
  url.hash = '';
  return window.open(url, `lifeline.${view}`, `popup${place}`) !== null;
}

/** Remembers where this window stands; browsers tell no move, so it is looked at now and then. */
export function rememberPlace(view: View): void {
  const save = (): void => {
    const box: Box = { left: screenX, top: screenY, width: outerWidth, height: outerHeight };
    keep(`window.${view}`, JSON.stringify(box));
  };
  window.setInterval(save, 5_000);
  window.addEventListener('pagehide', save);
}
