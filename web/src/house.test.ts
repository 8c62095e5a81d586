import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './text/en';
import { pickWords, type PickKey } from './text/pick';
import { roadsWords, type RoadsKey } from './text/roads';
import { zh } from './text/zh';
import { translateCode } from './text/t';
import { clock, span } from './text/time';
import { patterns, render } from './ui/sound';

const src = __dirname;
function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : /\.(ts|vue)$/.test(name) ? [path] : [];
  });
}
const sources = files(src).map((path) => ({ path: relative(src, path), text: readFileSync(path, 'utf8') }));
const isScreen = (path: string): string | undefined => /^screens\/([^/]+)\//.exec(path)?.[1];

describe('the house', () => {
  it('screens never import each other, and nothing below imports a screen', () => {
    for (const { path, text } of sources) {
      for (const [, target] of text.matchAll(/from '(\.[^']*)'/g)) {
        const aim = isScreen(relative(src, join(src, dirname(path), target ?? '')));
        if (aim) expect(isScreen(path), `${path} imports ${target}`).toBe(aim);
      }
    }
  });

  it('nothing that the content policy refuses: no v-html, no style attribute, no eval', () => {
    for (const { path, text } of sources.filter((s) => !s.path.endsWith('.test.ts'))) {
      expect(text, path).not.toMatch(/v-html|\sstyle="|innerHTML|insertAdjacentHTML|\beval\(|new Function\(/);
    }
  });

  it('the caller page needs no framework', () => {
    const seen = new Set<string>();
    const follow = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      const text = readFileSync(path, 'utf8');
      expect(text, path).not.toMatch(/from 'vue'/);
      for (const [line, target] of text.matchAll(/^import [^;]*from '(\.[^']*)'/gm)) {
        if (!line.startsWith('import type')) follow(`${join(dirname(path), target ?? '')}.ts`);
      }
    };
    follow(join(src, 'screens/caller/main.ts'));
    expect(seen.size).toBeGreaterThan(5);
  });

  it('English has the same holes as Chinese in every text', () => {
    const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect(holes(en[key]), key).toEqual(holes(zh[key]));
    for (const key of Object.keys(roadsWords.zh) as RoadsKey[])
      expect(holes(roadsWords.en[key]), key).toEqual(holes(roadsWords.zh[key]));
    for (const key of Object.keys(pickWords.zh) as PickKey[])
      expect(holes(pickWords.en[key]), key).toEqual(holes(pickWords.zh[key]));
  });

  it('a code without a text is shown as it came, never hidden', () => {
    expect(translateCode('zh', 'why', 'a_new_reason', { s: '12' })).toBe('a_new_reason s 12');
  });

  it('TIM-002 shows Asia/Shanghai', () => {
    expect(clock(Date.parse('2026-11-21T16:00:07Z'))).toBe('00:00:07');
    expect([span(7), span(3723), span(-1)]).toEqual(['00:07', '1:02:03', '00:00']);
  });
});

describe('sounds', () => {
  it('each pattern sounds, rests within its repeat, and stays within full scale', () => {
    for (const [name, pattern] of Object.entries(patterns)) {
      const samples = render(pattern, 8000);
      expect(samples, name).toHaveLength(pattern.repeatS * 8000);
      const peak = Math.max(...samples.map(Math.abs));
      expect(peak, name).toBeGreaterThan(0.05);
      expect(peak, name).toBeLessThanOrEqual(1);
    }
  });
});
