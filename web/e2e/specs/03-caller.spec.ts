// The caller's page with the console: text both ways, photo, correction, arrival, cards, reload, no network. Runs in the town of 01.
import type { Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { expect, sizes, test } from '../fixtures/test';
import type { Town } from '../fixtures/town';

/** A small JPEG, drawn by the browser. */
async function picture(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 240];
    const context = canvas.getContext('2d');
    for (let i = 0; i < 24; i++) {
      if (context) context.fillStyle = `hsl(${i * 15} 80% 50%)`;
      context?.fillRect(i * 14, 0, 14, 240);
    }
    return canvas.toDataURL('image/jpeg', 0.9);
  });
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

async function logOn(desk: Page): Promise<void> {
  if (await desk.getByRole('button', { name: '退出' }).isVisible()) return;
  await desk.getByLabel('姓名').fill('王芳');
  await desk.getByRole('button', { name: '登录', exact: true }).click();
  await expect(desk.getByRole('button', { name: '退出' })).toBeVisible();
}

async function act<T>(town: Town, page: Page, path: string, body: object): Promise<T> {
  const answer = await page.request.post(`${town.api}${path}`, {
    data: body,
    headers: { 'X-By': 'Wang', 'X-Desk': 'd1' },
  });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as T;
}

/** The alarm of a phone, by what the phone keeps. */
async function alarmOf(town: Town, phone: Page): Promise<string> {
  const token = await phone.evaluate(() => localStorage.getItem('lifeline.token'));
  const view = (await (await phone.request.get(`${town.api}/api/v1/sos/${token}`)).json()) as { alarm: string };
  return view.alarm;
}

const here = { geolocation: { latitude: 35.41, longitude: 118.51, accuracy: 18 }, permissions: ['geolocation'] };

test('text both ways within 2 s, a photo and a correction reach the desk, and the crew hears of the place', async ({
  town,
  open,
}) => {
  const desk = await open(`${town.console}?nomap=1`, sizes.desk); // the talk stands beside the map and needs none
  await logOn(desk);
  const phone = await open(town.sos, sizes.phone, { ...here, hasTouch: true });
  await phone.getByRole('button', { name: '家人需要急救' }).click();
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  const alarm = await alarmOf(town, phone);
  const row = desk.locator(`[data-id="${alarm}"]`);
  await expect(row).toBeVisible();

  await phone.getByRole('button', { name: '发文字' }).click();
  await phone.getByRole('button', { name: '我不能说话，请用文字联系' }).click();
  await expect(row.getByTestId('unread')).toBeVisible({ timeout: 2_000 }); // noticed at the alarm's own row
  await expect(phone.locator('#talk').getByText('已送达')).toBeVisible({ timeout: 2_000 });
  const chat = desk.getByTestId('chat');
  await chat.getByRole('button', { name: /✉/ }).first().click();
  await expect(chat.getByText('我不能说话，请用文字联系')).toBeVisible();
  await expect(phone.locator('#talk').getByText('120 已读')).toBeVisible({ timeout: 4_000 });
  await chat.getByLabel('写给呼救者').fill('患者有呼吸吗？');
  await desk.keyboard.press('Enter');
  await expect(phone.locator('#talk').getByText('患者有呼吸吗？')).toBeVisible({ timeout: 2_000 });
  await expect(chat.getByText(/手机 .* 已显示/)).toBeVisible({ timeout: 4_000 });
  await expectNoOverflow(desk);

  // A photo.
  await phone.getByRole('button', { name: '返回' }).click();
  const jpeg = await picture(desk);
  await phone.locator('#photo').setInputFiles({ name: 'p.jpg', mimeType: 'image/jpeg', buffer: jpeg });
  await expect(chat.getByRole('img', { name: '呼救者照片' })).toBeVisible();
  const shown = chat.getByRole('img', { name: '呼救者照片' });
  await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(320);

  // A correction: both values stay, and the order that a crew holds follows.
  const incident = await act<{ id: string }>(town, phone, '/api/v1/incidents', { alarm, priority: 'A' });
  const units = (await (await phone.request.get(`${town.api}/api/v1/units`)).json()) as {
    id: string;
    mission?: string;
  }[];
  const unit = units.filter((u) => !u.mission && town.terminals[u.id]).at(-1);
  if (!unit) throw new Error('no unit is free');
  await act(town, phone, `/api/v1/units/${unit.id}/duty`, { duty: 'on_duty', crew: ['李', '王'] });
  const sent = await act<{ mission: { id: string }; order: { id: string } }>(
    town,
    phone,
    `/api/v1/incidents/${incident.id}/dispatch`,
    { unit: unit.id },
  );
  await phone.getByRole('button', { name: '位置不对？' }).click();
  await phone.getByLabel('地址、路口、楼栋楼层、旁边有什么').fill('幸福小区3号楼2单元');
  await phone.getByRole('button', { name: '告诉 120' }).click();
  await expect(chat.getByText('位置更正为：幸福小区3号楼2单元')).toBeVisible();
  await expect(chat.getByTestId('place-history')).toContainText('位置更正记录 1 条');
  const terminal = await open(`${town.terminals[unit.id]}/terminal`, sizes.tablet);
  await expect(terminal.getByText('幸福小区3号楼2单元').first()).toBeVisible({ timeout: 20_000 });

  // The ambulance: nothing is claimed before a crew has accepted; then plate, band and how it was found.
  await phone.getByRole('button', { name: '返回' }).click();
  await expect(phone.getByText('救护车尚未派出')).toBeVisible();
  await act(town, phone, `/api/v1/orders/${sent.order.id}/voice`, { name: '李医生' });
  await expect(phone.locator('#status').getByText('救护车已接受任务')).toBeVisible();
  await act(town, phone, `/api/v1/missions/${sent.mission.id}/nodes`, { node: 'departed' });
  await expect(phone.getByText(/预计 \d+–\d+ 分钟到达|预计马上到达/)).toBeVisible();
  await expect(phone.getByText(/按道路估计.*车辆位置/)).toBeVisible();

  // A reload in the middle goes on with the same press and the same secret.
  await phone.reload();
  await expect(phone.locator('#status').getByText('救护车已接受任务')).toBeVisible();
  expect(await alarmOf(town, phone)).toBe(alarm);

  // A card that the desk sends opens by itself.
  await chat.getByLabel('发送急救卡…').selectOption('cpr_adult');
  await chat.getByRole('button', { name: '发到手机' }).click();
  await expect(phone.getByRole('heading', { name: '成人心肺复苏' })).toBeVisible({ timeout: 4_000 });

  await act(town, phone, `/api/v1/missions/${sent.mission.id}/nodes`, { node: 'at_scene' });
  await phone.getByRole('button', { name: '返回' }).click();
  await phone.getByRole('button', { name: '返回' }).click();
  await expect(phone.locator('#status').getByText('救护车已到达')).toBeVisible();

  // The incident ends, and with it the page and the link.
  await act(town, phone, `/api/v1/incidents/${incident.id}/cancel`, { reason: '演练结束' });
  await expect(phone.getByText('此次呼救已结束')).toBeVisible();
  await expect(phone.getByText('幸福小区3号楼2单元')).toBeHidden();
  expect(await phone.evaluate(() => localStorage.getItem('lifeline.token'))).toBeNull();
});

test('ALM-003 pressed without a network: 请立即拨打120, what was written is kept, and all of it goes out when it is back', async ({
  town,
  open,
  tolerate,
}) => {
  tolerate.push(/ERR_INTERNET_DISCONNECTED/);
  const phone = await open(town.sos, sizes.phone);
  await expect(phone.getByRole('button', { name: '我需要急救' })).toBeVisible();
  await phone.context().setOffline(true);
  await phone.getByRole('button', { name: '我需要急救' }).click();
  await expect(phone.getByRole('alert')).toContainText('请立即拨打 120', { timeout: 6_500 });
  await expect(phone.getByRole('link', { name: '拨打 120' })).toHaveAttribute('href', 'tel:120');
  await expectNoOverflow(phone);
  // Cards need no network, and the beat runs.
  await phone.getByRole('button', { name: '急救指导' }).click();
  await phone.getByRole('button', { name: '成人心肺复苏' }).click();
  await expect(phone.getByText('请立即拨打 120').first()).toBeVisible();
  await phone.getByRole('button', { name: '开始节拍' }).click();
  const count = async (): Promise<number> =>
    Number(/第 (\d+) 次/.exec((await phone.locator('#beat-count').textContent()) ?? '')?.[1] ?? 0);
  await expect.poll(count).toBeGreaterThan(1);
  const [n0, t0] = [await count(), Date.now()];
  await phone.waitForTimeout(3_000);
  const rate = ((await count()) - n0) / ((Date.now() - t0) / 60_000);
  expect(rate).toBeGreaterThan(85);
  expect(rate).toBeLessThan(135);
  await phone.getByRole('button', { name: '停止节拍' }).click();
  await phone.getByRole('button', { name: '返回' }).click();
  await phone.getByRole('button', { name: '返回' }).click();
  await phone.getByRole('button', { name: '发文字' }).click();
  await phone.getByRole('button', { name: '大量出血' }).click();
  await expect(phone.getByText('发送中')).toBeVisible();
  await phone.context().setOffline(false);
  await expect(phone.getByText('已送达')).toBeVisible({ timeout: 10_000 });
  await phone.getByRole('button', { name: '返回' }).click();
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  const alarm = await alarmOf(town, phone);
  await act(town, phone, `/api/v1/alarms/${alarm}/close`, { reason: '测试' });
  await expect(phone.getByText('此次呼救已结束')).toBeVisible();
});

test('an old web view: no storage, no position, no sound, no fetch', async ({ town, open }) => {
  const phone = await open(town.sos, sizes.phone, {}, async (page) => {
    await page.addInitScript((): void => {
      const gone = (on: object, name: string): void => {
        Object.defineProperty(on, name, { get: () => undefined, configurable: true });
      };
      gone(window, 'localStorage');
      gone(window, 'sessionStorage');
      gone(window, 'fetch');
      gone(window, 'WebSocket');
      gone(window, 'AudioContext');
      gone(window, 'webkitAudioContext');
      gone(window, 'matchMedia');
      gone(Navigator.prototype, 'geolocation');
      gone(Object, 'entries');
      gone(Object, 'values');
      gone(Element.prototype, 'append');
      gone(Element.prototype, 'replaceChildren');
      gone(String.prototype, 'padStart');
    });
  });
  await expect(phone.getByText('无法定位，请告诉 120 地址')).toBeVisible();
  await phone.getByRole('button', { name: '路人需要急救' }).click();
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  await phone.reload(); // the address itself remembers the press
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  await phone.getByRole('button', { name: '急救指导' }).click();
  await phone.getByRole('button', { name: '成人心肺复苏' }).click();
  await phone.getByRole('button', { name: '开始节拍' }).click();
  await expect(phone.getByText('手机不能出声，请看闪动')).toBeVisible();
});

for (const lang of ['zh', 'en']) {
  for (const theme of ['day', 'night']) {
    test(`the caller's page is accessible and fits, ${lang} ${theme}, normal and large`, async ({ town, open }) => {
      for (const size of ['normal', 'large']) {
        const phone = await open(`${town.sos}?lang=${lang}&theme=${theme}&size=${size}`, sizes.phone, here);
        await expect(phone.locator('html')).toHaveAttribute('data-size', size);
        if (size === 'large')
          expect(await phone.locator('body').evaluate((b) => getComputedStyle(b).fontSize)).toBe('24px');
        const look = async (): Promise<void> => {
          await expectNoOverflow(phone);
          expect(await phone.locator('#main').evaluate((m) => m.scrollWidth - m.clientWidth)).toBeLessThanOrEqual(0);
          await expectAccessible(phone);
        };
        await look();
        await phone.locator('#press-relative').click();
        await expect(phone.locator('body')).toHaveClass('received');
        await look();
        for (const sheet of ['#chat-key', '#place-key', '#aid-key']) {
          await phone.locator(sheet).click();
          await look();
          if (sheet === '#aid-key') {
            await phone.locator('.aid').nth(3).click();
            await look();
            await phone.locator('#back').click();
          }
          await phone.locator('#back').click();
        }
        await phone.close();
      }
    });
  }
}
