// What else a desk lives by: sound that a browser holds back, a place picked on the map, a flood that opens.
import type { Page } from '@playwright/test';
import { Dispatcher } from '../fixtures/sent';
import { quiet } from '../fixtures/quiet';
import { expect, sizes, test } from '../fixtures/test';

async function sit(page: Page): Promise<void> {
  await page.getByLabel('姓名').fill('王芳');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}
async function middle(desk: Dispatcher): Promise<{ lat: number; lon: number }> {
  const all = JSON.parse((await desk.get('stations')).body.toString()) as { pos: { lat: number; lon: number } }[];
  return all[4]?.pos ?? { lat: 35.4, lon: 118.5 };
}

/** A browser that keeps sound back until a person touches the page. */
async function held(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const Real = AudioContext;
    let free = false;
    class Held extends Real {
      override get state(): AudioContextState {
        return free ? super.state : 'suspended';
      }
      override async resume(): Promise<void> {
        if (!navigator.userActivation.isActive) return;
        free = true;
        await super.resume();
      }
    }
    Object.assign(globalThis, { AudioContext: Held });
  });
}

test('sound held back by the browser is said, and one touch frees it: the alarm that waits sounds', async ({
  town,
  open,
}) => {
  const desk = await Dispatcher.at(town);
  const page = await open(`${town.console}?nomap=1`, sizes.desk, {}, held);
  const strip = page.getByRole('button', { name: '点击启用声音' });
  await expect(strip).toBeVisible();
  await sit(page);
  await quiet(town, page);
  const { lat, lon } = await middle(desk);
  const { alarm } = await desk.post<{ alarm: string }>('alarms/caller', {
    press_id: `sound-${lat}`,
    who: 'relative',
    phone: '13600000001',
    place: { pos: { lat: lat + 0.05, lon }, accuracy_m: 20, source: 'gps' },
  });
  await expect(page.locator(`[data-id="${alarm}"]`)).toBeVisible(); // seen, although it cannot be heard
  await expect(page.getByTestId('sounding')).toBeHidden(); // and nothing claims that it is
  await expect(strip).toBeVisible();
  await strip.click();
  await expect(strip).toBeHidden();
  await expect(page.getByTestId('sounding')).toBeVisible();
  // Nothing is said of silence afterwards: an order of another test that nobody has accepted sounds at this desk too.
  await desk.post(`alarms/${alarm}/close`, { reason: '测试' });
});

test('a place picked on the map stands in the sheet; the plain map is there at once and takes the click', async ({
  town,
  open,
}) => {
  const page = await open(town.console, sizes.desk, {}, async (p) => {
    await p.route('**/api/v1/map', () => undefined); // never answered: the base map does not come
  });
  await sit(page);
  await expect(page.getByTestId('map-say')).toContainText('位置已可用');
  await page.getByRole('button', { name: '地图选点' }).click();
  const canvas = page.locator('.map canvas.overlay');
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the map has no place');
  const at = async (x: number, y: number): Promise<[number, number]> => {
    if (!(await page.getByTestId('map').locator('.hint[role=status]').isVisible()))
      await page.getByRole('button', { name: '地图选点' }).click();
    await canvas.click({ position: { x, y } });
    const field = page.getByPlaceholder('坐标（纬度,经度 WGS-84）');
    await expect(field).toHaveValue(/^\d+\.\d+,\s*\d+\.\d+$/);
    const [lat = 0, lon = 0] = (await field.inputValue()).split(',').map(Number);
    return [lat, lon];
  };
  // Two corners of the map, where nothing stands: north is up, east is right, and both are near the city.
  const [north, west] = await at(20, box.height - 60 > 80 ? 60 : 20);
  const [south, east] = await at(box.width - 120, box.height - 40);
  expect(north).toBeGreaterThan(south);
  expect(east).toBeGreaterThan(west);
  const city = await middle(await Dispatcher.at(town));
  expect(Math.abs((north + south) / 2 - city.lat)).toBeLessThan(0.6);
  expect(Math.abs((west + east) / 2 - city.lon)).toBeLessThan(0.6);
  // Shown on the map where it was picked, and kept by the sheet.
  await page.getByLabel('现场地址').fill('地图上选的地方');
  await page.reload();
  await expect(page.getByPlaceholder('坐标（纬度,经度 WGS-84）')).toHaveValue(/^\d+\.\d+/);
});

test('ALM-006 a flood from one source is one line that opens: each alarm is reached, and ends by itself', async ({
  town,
  open,
}) => {
  const desk = await Dispatcher.at(town);
  const page = await open(`${town.console}?nomap=1`, sizes.desk);
  await sit(page);
  const { lat, lon } = await middle(desk);
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    const answer = await desk.post<{ alarm: string }>('alarms/caller', {
      press_id: `flood-${i}`,
      who: 'stranger',
      phone: `1350000000${i}`,
      place: { pos: { lat: lat + 0.09, lon: lon + 0.00001 * i }, accuracy_m: 20, source: 'gps' },
    });
    ids.push(answer.alarm);
  }
  // Other floods may stand beside this one: the calls that other tests left waiting.
  const own = page.locator(ids.map((id) => `[data-id="${id}"]`).join(', '));
  const opener = own.getByRole('button', { name: /同一来源 \d+ 条，展开/ });
  await expect(opener).toBeVisible();
  await opener.click();
  for (const id of ids) await expect(page.locator(`[data-id="${id}"]`)).toBeVisible();
  // Nothing leaves a list under the pointer or the focus: both go elsewhere.
  await page.mouse.move(1000, 20);
  await page.getByLabel('主诉').focus();
  for (const id of ids) await desk.post(`alarms/${id}/close`, { reason: '测试' });
  for (const id of ids) await expect(page.locator(`[data-id="${id}"]`)).toHaveCount(0);
});
