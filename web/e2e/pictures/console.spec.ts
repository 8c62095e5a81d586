// Pictures of the console in a town of forty units: a quiet desk, a night's work, a crew's SOS over a call, and a dead line.
import { Line } from '../fixtures/line';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test as base } from '../fixtures/test';
import { startTown, type Town } from '../fixtures/town';
import { both } from './shoot';

const test = base.extend<object, { city: Town }>({
  city: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from this pattern
    async ({}, use) => {
      const { town, stop } = await startTown(['--fleet=40']);
      await use(town);
      await stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});
test.use({ trace: 'off', actionTimeout: 20_000 });

/** What a desk has on its hands: how urgent, what, where, and how far the unit is. */
const work: [priority: string, complaint: string, address: string, nodes: number][] = [
  ['A', '胸痛 40 分钟，大汗', '人民路 93 号 3 单元 1203', 4],
  ['B', '孕 38 周，阴道出血', '滨河大道 17 号', 2],
  ['A', '车祸，两人受伤', '建设街与青年路路口', 3],
  ['C', '发热 2 天', '解放路 5 号', 1],
  ['B', '右侧肢体无力', '新华路 118 号', 0],
];
const nodes = ['departed', 'at_scene', 'contact', 'left_scene'];

test('pictures of the console', async ({ city, open, tolerate }) => {
  test.setTimeout(600_000);
  tolerate.push(/ERR_|WebSocket/);
  const desk = await Dispatcher.at(city);
  const cable = await Line.to(`${city.console}?lang=zh`);
  const page = await open(cable.url, sizes.desk);
  await page.getByLabel('姓名').fill('王芳');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
  await expect(page.locator('.map[data-ready="true"]')).toBeVisible({ timeout: 120_000 });
  await both(page, 'console-empty', 6_000);

  /** The first crew takes its order itself, and binds its patient. */
  const bind = async (address: string): Promise<void> => {
    const cabin = await open(address, sizes.tablet);
    await cabin.getByRole('button', { name: '接受任务' }).click();
    await cabin.getByTestId('open-patient').click();
    await cabin.getByLabel('姓名（可空）').first().fill('张国');
    await cabin.getByRole('button', { name: '男', exact: true }).first().click();
    await cabin.getByLabel('年龄').first().fill('58');
    await cabin.getByRole('button', { name: '绑定新患者' }).first().click();
    await expect(cabin.getByTestId('whose')).toContainText('张国');
    await cabin.close();
  };
  const stations = JSON.parse((await desk.get('stations')).body.toString()) as { pos: { lat: number; lon: number } }[];
  const units = Object.keys(city.terminals);
  let first = '';
  for (const [i, [priority, complaint, address, done]] of work.entries()) {
    const at = stations[i]?.pos ?? { lat: 35.4, lon: 118.5 };
    const incident = await desk.post<{ id: string }>('incidents', {
      priority,
      complaint,
      phone: `1380000${1000 + i}`,
      place: { address, pos: { lat: at.lat + 0.011, lon: at.lon + 0.007 } },
      ...(i === 0 ? { pathway: 'chest_pain' } : {}),
    });
    const sent = await desk.post<{ mission: { id: string }; order: { id: string } }>(`incidents/${incident.id}/dispatch`, { unit: units[i] }); // prettier-ignore
    if (i === 0) await bind(`${city.terminals[units[0] ?? '']}/terminal?seat=cabin`);
    else if (done > 0) await desk.post(`orders/${sent.order.id}/voice`, { name: '李医生' });
    for (const node of nodes.slice(0, done)) await desk.post(`missions/${sent.mission.id}/nodes`, { node });
    if (i > 0) continue;
    first = incident.id;
    await desk.post(`missions/${sent.mission.id}/destination`, { hospital: 'h1', pathway: 'chest_pain' });
  }
  for (let i = 0; i < 3; i++) await page.getByRole('button', { name: '放大' }).click();
  await page.getByTestId('waiting-queue').getByText('人民路 93 号').first().click();
  await expect(page.getByTestId(`mission-${units[0]}`)).toContainText('离开现场');
  const asked = { priority: 'A', complaint: '呼吸困难', place: { address: '平安路 2 号', pos: stations[6]?.pos } };
  const waiting = await desk.post<{ id: string }>('incidents', asked);
  await desk.post(`incidents/${waiting.id}/recommend`, {});
  await page.waitForTimeout(9_000);
  await both(page, 'console-live', 9_000);
  await page.getByTestId('waiting-queue').getByText('平安路 2 号').first().click();
  await expect(page.getByRole('radiogroup', { name: '推荐派车' }).getByRole('radio').first()).toBeVisible();
  await page.waitForTimeout(3_000);
  await both(page, 'console-choosing', 6_000);
  await page.getByTestId('waiting-queue').getByText('人民路 93 号').first().click();

  // A call from a phone, and a crew that needs help.
  const caller = (at: { lat: number; lon: number }): object => ({
    press_id: `picture-${at.lat}`,
    who: 'relative',
    phone: '13900001234',
    place: { pos: at, accuracy_m: 30, source: 'gps' },
  });
  const here = stations[2]?.pos ?? { lat: 35.4, lon: 118.5 };
  await desk.post('alarms/caller', caller({ lat: here.lat - 0.006, lon: here.lon + 0.009 }));
  const terminal = await open(`${city.terminals[units[2] ?? '']}/terminal?seat=cabin`, sizes.tablet);
  await terminal.getByTestId('sos').hover();
  await terminal.mouse.down();
  await expect(terminal.getByTestId('lamp')).toContainText('中心已收到');
  await terminal.mouse.up();
  await terminal.close();
  await expect(page.getByTestId('alarm-crew_sos').first()).toBeVisible();
  await page.waitForTimeout(2_000);
  await both(page, 'console-alarming', 6_000);

  cable.hold(true);
  await expect(page.getByTestId('link-lost')).toBeVisible();
  await page.waitForTimeout(12_000);
  await both(page, 'console-stale', 3_000);
  await page.close();
  await cable.close();
  expect(first).not.toBe('');
});
