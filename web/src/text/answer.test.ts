import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerWords, reasonWords } from './answer';
import { en } from './en';
import { zh } from './zh';

const refused = { is: 'refused' as const, status: 409, detail: 'order o1 cannot go from accepted to withdrawn' };

describe('words for what became of an act', () => {
  it('DLV-006 what went out is never called failed', () => {
    const said = answerWords('zh', { is: 'done', value: undefined, unrecorded: true });
    expect(said.text).toContain('已发出，未落盘');
    expect(said.text).not.toContain('未完成');
    expect(answerWords('zh', { is: 'done', value: 1, unrecorded: false }).text).toBe('');
  });

  it('a refusal is Chinese on a Chinese screen, with the English behind it', () => {
    const said = answerWords('zh', { ...refused, from: 'accepted', to: 'withdrawn' });
    expect(said).toEqual({ text: '未完成：现为“已接受”，不能变为“已撤回”', detail: refused.detail });
    for (const answer of [
      refused,
      { ...refused, status: 404 },
      { ...refused, status: 503 },
      { ...refused, status: 418 },
    ]) {
      const words = answerWords('zh', answer);
      expect(words.text).toMatch(/^未完成：[^a-zA-Z]+$/);
      expect(words.detail).toBe(refused.detail);
    }
  });

  it("a refusal is the server's own words on an English screen", () => {
    expect(answerWords('en', refused)).toEqual({ text: `Not done: ${refused.detail}`, detail: '' });
  });

  it("a reason that is a code has words, a person's words stand", () => {
    expect(reasonWords('zh', 'hand_over')).toBe('交接完成');
    expect(reasonWords('en', 'out_of_order')).toBe(en['why_code.out_of_order']);
    expect(reasonWords('zh', '误报')).toBe('误报');
    expect(reasonWords('zh', undefined)).toBe('');
  });
});

describe('the catalogue of technical alarms', () => {
  const go = readFileSync(join(__dirname, '../../../internal/alarm/catalogue.go'), 'utf8');
  const codes = Object.fromEntries(
    [...go.matchAll(/(\w+)\s+Code = "(\w+)"/g)].map(([, name, code]) => [name ?? '', code ?? '']),
  );
  const entries = [...go.matchAll(/\{(\w+), \d+, \w+, "([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)"/g)];

  it('has words for every code in both languages, those of the catalogue', () => {
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.length).toBe(Object.keys(codes).length);
    for (const [, name, ...words] of entries) {
      const code = codes[name ?? ''] ?? '';
      const own = [`tech.${code}`, `tech_do.${code}`].flatMap((key) => [
        (zh as Record<string, string>)[key],
        (en as Record<string, string>)[key],
      ]);
      expect(own, code).toEqual(words);
    }
  });

  it("the ranking's reasons have words", () => {
    const dir = join(__dirname, '../../../internal/match');
    const match = readdirSync(dir)
      .filter((file) => file.endsWith('.go') && !file.endsWith('_test.go'))
      .map((file) => readFileSync(join(dir, file), 'utf8'))
      .join('');
    const known = [...match.matchAll(/(?:why\(|Code: )"(\w+)"/g)].map(([, code]) => `why.${code}`);
    expect(known.length).toBeGreaterThan(5);
    for (const key of known) expect(Object.keys(zh), key).toContain(key);
  });
});
