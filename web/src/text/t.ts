// Words on screen: Chinese first, English by switch. The keys are typed by the Chinese dictionary.
import { zh, type Key } from './zh';

export type Lang = 'zh' | 'en';
/** English is its own download; until it is here Chinese stands. */
const dictionaries: Record<Lang, Record<Key, string>> = { zh, en: zh };

export function addEnglish(en: Record<Key, string>): void {
  dictionaries.en = en;
}

export function translate(lang: Lang, key: Key, args: Record<string, string | number> = {}): string {
  const words = dictionaries[lang][key] as string | undefined; // an output carries its own words only (vite.config.ts)
  return (words ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** Words for a code that the server sent; the code itself, with its numbers, when the dictionary lacks it. */
export function translateCode(lang: Lang, group: string, code: string, args: Record<string, string> = {}): string {
  const key = `${group}.${code}`;
  if (Object.hasOwn(zh, key)) return translate(lang, key as Key, args);
  const numbers = Object.entries(args).map(([name, value]) => `${name} ${value}`);
  return [code, ...numbers].join(' ');
}
