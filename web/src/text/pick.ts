// Words of the choice of a hospital that only its panel says: a part of its download.
import type { Lang } from './t';

const zh = {
  moved: '顺序有变，离开列表后更新',
  first: '首选现为 {name}，尚未选它',
  no_ranking: '排序没有回答，按名称列出；仍可选定并通知',
};
export type PickKey = keyof typeof zh;

const en: Record<PickKey, string> = {
  moved: 'Order has changed; it moves when you leave the list',
  first: 'First is now {name}, which is not chosen',
  no_ranking: 'No ranking answered: listed by name; one can be told all the same',
};
export const pickWords = { zh, en };

export function pickText(lang: Lang, key: PickKey, args: Record<string, string> = {}): string {
  const words: string = pickWords[lang][key];
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => args[name] ?? whole);
}
