// What became of an act, in words: one sentence in the page's language, and the server's English behind it where that differs.
import type { Answer, Refused } from '../live/api';
import { translate, translateCode, type Lang } from './t';
import { zh, type Key } from './zh';

export interface Said {
  text: string;
  /** The server's own words, for the small print; empty when the sentence says it all. */
  detail: string;
}

export function answerWords(lang: Lang, answer: Answer): Said {
  switch (answer.is) {
    case 'done':
      return { text: answer.unrecorded ? translate(lang, 'act.unrecorded') : '', detail: '' };
    case 'silent':
      return { text: translate(lang, 'act.silent'), detail: '' };
    case 'refused': {
      const detail = lang === 'zh' ? refusalWords(lang, answer) : answer.detail;
      return { text: translate(lang, 'act.failed', { detail }), detail: detail === answer.detail ? '' : answer.detail };
    }
  }
}

/** Why the server said no: by its code, else by both ends of the move, else by what the status means. */
export function refusalWords(lang: Lang, refused: Refused): string {
  const coded = `refusal.${refused.code ?? ''}`;
  if (Object.hasOwn(zh, coded)) return translateCode(lang, 'refusal', refused.code ?? '', refused.args);
  const from = stateWord(lang, refused.from);
  const to = stateWord(lang, refused.to);
  if (from && to) return translate(lang, 'refusal.move', { from, to });
  if (from) return translate(lang, 'refusal.stands', { from });
  const byStatus = `refusal.${refused.status}`;
  if (Object.hasOwn(zh, byStatus)) return translate(lang, byStatus as Key);
  return translate(lang, refused.status >= 500 ? 'refusal.500' : 'refusal.400');
}

/** Where the words of states stand. */
const stateGroups = ['order', 'node', 'incident.state', 'alarm.state', 'unit.duty'];

function stateWord(lang: Lang, state: string | undefined): string {
  const group = stateGroups.find((name) => state && Object.hasOwn(zh, `${name}.${state}`));
  const words = group && state ? translateCode(lang, group, state) : '';
  return words.includes('{') ? '' : words;
}

/** Words for a reason that may be a code of the system or what a person wrote. */
export function reasonWords(lang: Lang, reason: string | undefined): string {
  if (!reason) return '';
  return Object.hasOwn(zh, `why_code.${reason}`) ? translateCode(lang, 'why_code', reason) : reason;
}
