// One picture for the documents: as WebP, which the browser itself makes, because a folder of PNGs is ten times as large.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

const folder = process.env.PICTURES ?? fileURLToPath(new URL('../results/pictures', import.meta.url));
const quality = 0.74;
export const themes = ['night', 'day'] as const;
/** A sweep's length, so that the waves fill the screen. */
export const sweepMs = 9_000;

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.bringToFront();
  const png = (await page.screenshot({ animations: 'disabled', caret: 'hide' })).toString('base64');
  const context = await page.context().browser()?.newContext();
  if (!context) throw new Error(`take the picture ${name}: the browser is gone`);
  const desk = await context.newPage();
  const webp = await desk.evaluate(
    async ([bytes, q]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${bytes}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', q).split(',')[1] ?? '';
    },
    [png, quality] as const,
  );
  await context.close();
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(webp, 'base64'));
}

/** The page by night and by day, as it stands; waves need a sweep to fill again. */
export async function both(page: Page, name: string, waitMs = 1_500): Promise<void> {
  for (const theme of themes) {
    const was = await page.evaluate((to) => {
      const before = document.documentElement.dataset.theme;
      // The phone's page holds its theme itself, and has a key for it.
      const key = document.querySelector<HTMLElement>('button#theme');
      if (!key) document.documentElement.dataset.theme = to;
      else if (before !== to) key.click();
      return before;
    }, theme);
    await page.waitForTimeout(was === theme ? 500 : waitMs);
    await shoot(page, `${name}-${theme}`);
  }
}
