// The language of the page, remembered on the machine; ?lang=en or ?lang=zh overrides it.
import { shallowRef } from 'vue';
import { addEnglish, translate, translateCode, type Lang } from '../text/t';
import { minute } from '../text/time';
import type { Key } from '../text/zh';
import type { Reason } from '../wire/entity';
import { keep, kept } from './keep';

function first(): Lang {
  const asked = new URLSearchParams(location.search).get('lang') ?? kept('lang');
  return asked === 'en' ? 'en' : 'zh';
}

export const lang = shallowRef<Lang>(first());
document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';

/** Gets the words of a language; says whether they are here. A page waits for them before it is drawn, and stands in Chinese without. */
async function learn(what: Lang): Promise<boolean> {
  if (what === 'zh') return true;
  try {
    addEnglish((await import('../text/en')).en);
    return true;
  } catch {
    return false;
  }
}
export async function languageReady(): Promise<void> {
  if (!(await learn(lang.value))) lang.value = 'zh';
}

export function t(key: Key, args?: Record<string, string | number>): string {
  return translate(lang.value, key, args);
}

/** Words for a code of the server. */
export function tc(group: string, code: string, args?: Record<string, string>): string {
  return translateCode(lang.value, group, code, args);
}

/** Where the words of a reason's arguments stand; other arguments are numbers or free text. */
const argGroups: Record<string, string> = {
  duty: 'unit.duty',
  state: 'node',
  part: 'part',
  quality: 'quality',
  pathway: 'pathway',
  treatment: 'treatment',
  was: 'board.state',
  rule: 'rule',
};

/** Words for a reason of the server, its arguments in words, too. */
export function why(reason: Reason): string {
  const args = Object.entries(reason.args ?? {}).map(([name, value]) => {
    if (name === 'parts')
      return [
        name,
        value
          .split(' ')
          .map((part) => tc('part', part))
          .join(lang.value === 'zh' ? '、' : ', '),
      ] as const;
    if (name === 'incident') return [name, value.padStart(4, '0')] as const;
    const group = argGroups[name];
    return [name, group ? tc(group, value) : value] as const;
  });
  // Long times read in minutes, ends of a state on the clock.
  for (const [name, value] of Object.entries(reason.args ?? {})) {
    if (name.endsWith('_s')) args.push([`${name.slice(0, -2)}_min`, String(Math.round(Number(value) / 60))]);
    if (name === 'until') args.push(['until_at', minute(value)]);
  }
  return tc('why', reason.code, { reason: '', ...Object.fromEntries(args) }).trim();
}

export async function switchLang(): Promise<void> {
  const next = lang.value === 'zh' ? 'en' : 'zh';
  if (!(await learn(next))) return;
  lang.value = next;
  document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
  keep('lang', lang.value);
}
