// The terminal: both seats, an order that comes late, photos on their way to desk and hospital, and all of it away from the vehicle.
import { chooseFirst } from '../fixtures/choose';
import type { Page, WebSocketRoute } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test } from '../fixtures/test';
import type { Town } from '../fixtures/town';

/** Terminals of their own: the other specs use the first three. */
function terminal(town: Town, n: number): { unit: string; address: string } {
  const [unit, address] = Object.entries(town.terminals)[n] ?? [];
  if (!unit || !address) throw new Error(`the town has no terminal ${n}`);
  return { unit, address };
}

/** A picture as a camera gives it, larger than what is sent. */
async function camera(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 2400;
    canvas.height = 1800;
    const c = canvas.getContext('2d');
    if (!c) throw new Error('no canvas');
    for (let i = 0; i < 400; i++) {
      c.fillStyle = `hsl(${(i * 37) % 360} 60% 50%)`;
      c.fillRect((i % 20) * 120, Math.floor(i / 20) * 90, 120, 90);
    }
    return canvas.toDataURL('image/jpeg', 0.95);
  });
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

async function photograph(page: Page): Promise<void> {
  await page.getByTestId('camera').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: await camera(page) });
}

test('the driver takes the order full screen, refuses by touch, sees a correction and reaches every node', async ({
  town,
  open,
}) => {
  const { unit, address } = terminal(town, 3);
  const desk = await Dispatcher.at(town);
  const page = await open(`${address}/terminal?seat=driver`, sizes.tablet);
  await expect(page.getByTestId('seat')).toHaveText('司机座');
  await desk.send(unit, { address: '新华路 1 号' });
  await expect(page.getByTestId('order-card')).toContainText('新华路 1 号');
  await expect(page.getByTestId('left')).toContainText(/剩 01:/);
  await page.getByRole('button', { name: '不能执行…' }).click();
  await page.getByTestId('reasons').getByRole('button', { name: '车辆故障' }).click();
  await expect(page.getByTestId('order-card')).toBeHidden();

  const sent = await desk.send(unit, { address: '解放路 5 号', text: '东门进' });
  await page.getByRole('button', { name: '接受任务' }).click();
  await expect(page.getByTestId('running')).toContainText('解放路 5 号');
  await expect(page.getByTestId('running')).toContainText('直线');
  await page.getByTestId('next').click(); // departed, by the large key
  await expect(page.getByTestId('undo-departed')).toContainText(/撤销 \d/);
  await page.getByTestId('next').dblclick({ delay: 20 }); // a shaking finger is one touch: at_scene, and no more
  await expect(page.getByTestId('undo-at_scene')).toBeVisible();
  await page.waitForTimeout(1_000);
  await expect(page.getByTestId('key-contact')).toBeEnabled();
  await page.getByTestId('key-left_scene').click(); // a later one stays in reach (DSP-004)
  await expect(page.getByTestId('next')).toContainText('到达医院');

  await desk.post(`incidents/${sent.incident}/change`, { place: { address: '解放路 50 号' } });
  await expect(page.getByTestId('changes')).toContainText('解放路 5 号');
  await expect(page.getByTestId('changes')).toContainText('解放路 50 号');
  await expect(page.getByTestId('key-contact')).toBeVisible();
  await page.getByRole('button', { name: '已阅' }).click();
  await expect(page.getByTestId('changes')).toBeHidden();
  await desk.post(`missions/${sent.mission}/abort`, { reason: '测试结束' });
});

test('SCR-004 a photo of the crew reaches the desk and the hospital of that patient, and no other', async ({
  town,
  open,
}) => {
  const { unit, address } = terminal(town, 4);
  const desk = await Dispatcher.at(town);
  const sent = await desk.send(unit, { address: '照片街 2 号' });
  const page = await open(`${address}/terminal?seat=cabin`, sizes.tablet);
  await page.getByRole('button', { name: '接受任务' }).click();
  await page.getByTestId('open-patient').click();
  await page.getByLabel('姓名（可空）').first().fill('赵敏');
  await page.getByRole('button', { name: '绑定新患者' }).first().click();
  await expect(page.getByTestId('whose')).toContainText('赵敏');
  await page.getByTestId('back').click();
  await photograph(page);
  await expect(page.getByTestId('photos')).toContainText('1 张');
  await expect(page.getByTestId('photos')).toHaveText('1 张', { timeout: 30_000 }); // nothing waits any more

  const found = async (): Promise<{ id: string; patient?: string; width: number; size: number } | undefined> => {
    const journal = (await desk.get('journal?limit=1000')).body.toString();
    const lines = JSON.parse(journal) as { type: string; body: { photo?: { mission?: string; id: string } } }[];
    return lines.find((l) => l.type === 'photo.added' && l.body.photo?.mission === sent.mission)?.body.photo as never;
  };
  await expect.poll(async () => (await found())?.patient ?? '', { timeout: 30_000 }).toMatch(/^p-/);
  const photo = await found();
  if (!photo) throw new Error('no photo');
  expect(photo.width).toBeLessThanOrEqual(1600);
  expect(photo.size).toBeLessThanOrEqual(200 * 1024);
  const bytes = await desk.get(`photos/${photo.id}`);
  expect([bytes.status, bytes.type, bytes.body.length]).toEqual([200, 'image/jpeg', photo.size]);

  await page.getByTestId('open-hospital').click();
  await page.getByTestId('pathway-chest_pain').click();
  const hospital = await chooseFirst(page);
  expect((await desk.get(`photos/${photo.id}?hospital=${hospital}`)).status).toBe(404);
  await page.getByTestId('activate').click(); // one press tells nobody
  await expect(page.getByTestId('activate')).toContainText('再按一次');
  expect((await desk.get(`photos/${photo.id}?hospital=${hospital}`)).status).toBe(404);
  await page.waitForTimeout(800);
  await page.getByTestId('activate').click();
  await expect(page.getByTestId('notice')).toContainText(/已发出|已送达/);
  await expect.poll(async () => (await desk.get(`photos/${photo.id}?hospital=${hospital}`)).status).toBe(200);
  expect((await desk.get(`photos/${photo.id}?hospital=nowhere`)).status).not.toBe(200);
  await desk.post(`missions/${sent.mission}/recall`, { reason: '测试结束' });
});

test('away from the vehicle: an order that ran out is 已失效, a photo waits on the tablet and comes along', async ({
  town,
  open,
  tolerate,
}) => {
  tolerate.push(/ERR_FAILED|ERR_INTERNET_DISCONNECTED|WebSocket/);
  const { unit, address } = terminal(town, 5);
  const desk = await Dispatcher.at(town);
  let away = false;
  const sockets: WebSocketRoute[] = [];
  const page = await open(`${address}/terminal?seat=cabin`, sizes.tablet, {}, async (p) => {
    await p.routeWebSocket(/\/ws$/, (socket) => {
      sockets.push(socket);
      if (away) void socket.close();
      else socket.connectToServer();
    });
    await p.route('**/api/**', (route) => (away ? route.abort() : route.continue()));
  });
  const sent = await desk.send(unit, { address: '离车路 3 号' });
  await page.getByRole('button', { name: '接受任务' }).click();
  await expect(page.getByTestId('running')).toBeVisible();
  await page.waitForTimeout(3_000); // a heartbeat or two, so that the tablet's clock is measured
  away = true;
  for (const socket of sockets) void socket.close();
  await expect(page.getByTestId('away')).toBeVisible();
  await photograph(page);
  await expect(page.getByTestId('photos')).toContainText('存于平板 1');
  await page.getByTestId('next').click();
  await expect(page.getByText('平板待交接 2 项')).toBeVisible();
  await expectNoOverflow(page);
  away = false;
  await expect(page.getByTestId('away')).toBeHidden({ timeout: 30_000 });
  await expect(page.getByTestId('photos')).toHaveText('1 张', { timeout: 60_000 });
  await expect(page.getByText('平板待交接')).toBeHidden();
  await desk.post(`missions/${sent.mission}/recall`, { reason: '测试结束' });
  await expect(page.getByTestId('expired')).toContainText('撤回');
  await page.getByRole('button', { name: '知道了' }).first().click();
});

for (const lang of ['zh', 'en'])
  for (const theme of ['day', 'night'])
    test(`no accessibility fault and no overflow in ${lang} by ${theme}, at both seats and on every sheet`, async ({
      town,
      open,
    }) => {
      const { unit, address } = terminal(town, 3);
      const desk = await Dispatcher.at(town);
      const sent = await desk.send(unit, { address: '人民东路与沿河大道交叉口 12 号楼 3 单元' });
      const driver = await open(`${address}/terminal?seat=driver&lang=${lang}&theme=${theme}`, sizes.tablet);
      const look = async (page: Page): Promise<void> => {
        await expectNoOverflow(page);
        await expectAccessible(page);
      };
      await expect(driver.getByTestId('order-card')).toBeVisible();
      await look(driver);
      await driver.getByTestId('order-card').getByRole('button').first().click();
      await expect(driver.getByTestId('running')).toBeVisible();
      await look(driver);
      await driver.close();
      const cabin = await open(`${address}/terminal?seat=cabin&lang=${lang}&theme=${theme}`, sizes.tablet);
      await expect(cabin.getByTestId('vital-hr')).toBeVisible();
      await look(cabin);
      for (const sheet of ['open-patient', 'open-hospital', 'open-notes', 'owed']) {
        await cabin.getByTestId(sheet).click();
        await look(cabin);
        await cabin.getByTestId('back').click();
      }
      await desk.post(`missions/${sent.mission}/recall`, { reason: '测试结束' });
    });
