// The address of a sheet is found while it is typed: by keyboard, by pointer, with an input method; and nothing is taken by itself.
import type { Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { expect, sizes, test } from '../fixtures/test';

async function sit(page: Page): Promise<void> {
  await page.getByLabel('姓名').fill('王芳');
  await page.getByLabel('席位', { exact: true }).selectOption('d1');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}

test('GEO-002 an address is found while it is typed, and a number that is not known is never made up', async ({
  town,
  open,
}) => {
  const page = await open(`${town.console}?nomap=1`, sizes.desk);
  await sit(page);
  const field = page.getByRole('combobox', { name: '现场地址' });
  const position = page.getByPlaceholder('坐标（纬度,经度 WGS-84）');
  const list = page.getByTestId('address-choices');

  // Pinyin and a number; by keyboard. Enter before one is chosen takes nothing.
  await page.keyboard.press('F4');
  await page.keyboard.type('wenrongjie19');
  await expect(list.getByRole('option').first()).toContainText('文荣街19号');
  await expect(field).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('wenrongjie19');
  await page.keyboard.press('ArrowDown');
  await expect(field).toHaveAttribute('aria-activedescendant', 'address-0');
  // An input method's own Enter is not ours.
  await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
  await expect(field).toHaveValue('wenrongjie19');
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('文荣街19号');
  await expect(field).toBeFocused();
  await expect(list).toBeHidden();
  await expect(position).toHaveValue(/^35\.\d+,118\.\d+$/);
  await expect(page.getByText('地址匹配')).toBeVisible();

  // Building and unit may follow; another address may not go with this position unsaid.
  await page.keyboard.type('2单元');
  await expect(page.getByTestId('address-stale')).toHaveCount(0);
  await field.fill('三环路与丰田东路路口');
  await expect(page.getByTestId('address-stale')).toContainText('文荣街19号');
  await expect(list.getByRole('option').first()).toContainText('路口');
  await page.keyboard.press('Escape'); // closes the list, and nothing else
  await expect(list).toBeHidden();
  await expect(field).toHaveValue('三环路与丰田东路路口');
  await field.fill('三环路与丰田东路');
  await list.getByRole('option').first().click();
  await expect(field).toHaveValue('三环路与丰田东路路口');
  await expect(field).toBeFocused();
  await expect(page.getByTestId('address-stale')).toHaveCount(0);

  // A number that is not known: what was said stays, and where the position is stands behind it.
  await field.fill('文荣街31号');
  await expect(list.getByRole('option').first()).toContainText('31 未收录');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('文荣街31号（定位在文荣街23号附近）');

  // The list looks right in both languages, by day and by night, while it is open.
  await field.fill('人民医院');
  await expect(list.getByRole('option').first()).toContainText('医院');
  await page.keyboard.press('ArrowDown');
  await expectNoOverflow(page);
  await expectAccessible(page);
  await page.keyboard.press('Enter');

  const sent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/api/v1/incidents'));
  await page.keyboard.press('Control+Enter');
  const place = ((await sent).postDataJSON() as { place: { source: string; address: string; pos: object } }).place;
  expect(place.source).toBe('address');
  expect(place.address).toContain('人民医院');
  expect(place.pos).toBeTruthy();

  for (const look of ['lang=en&theme=day', 'lang=en&theme=night', 'lang=zh&theme=day', 'lang=zh&theme=night']) {
    await page.goto(`${town.console}?nomap=1&${look}`);
    const again = page.locator('#f-address');
    await again.fill('文荣街31号');
    await expect(list.getByRole('option').first()).toBeVisible();
    await expectNoOverflow(page);
    await expectAccessible(page);
    if (process.env.PLACES_PICTURES) await page.screenshot({ path: `${process.env.PLACES_PICTURES}/${look}.png` });
    await again.fill('');
  }
});
