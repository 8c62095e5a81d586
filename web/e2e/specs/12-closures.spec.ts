// A closed road: drawn on the map, gone around by the way and the arrival of a unit, lifted by name; and by name without any map.
import type { Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { quiet } from '../fixtures/quiet';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test } from '../fixtures/test';

interface Pos {
  lat: number;
  lon: number;
}
interface Way {
  seconds: number;
  line: [number, number][];
  steps: { name: string; metres: number }[];
}
async function sit(page: Page): Promise<void> {
  await page.getByLabel('姓名').fill('王芳');
  await page.getByLabel('席位', { exact: true }).selectOption('d1');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}
const metres = (a: Pos, b: Pos): number =>
  Math.hypot((b.lon - a.lon) * Math.cos((a.lat * Math.PI) / 180), b.lat - a.lat) * 111_195;

async function wayOf(desk: Dispatcher, mission: string): Promise<Way> {
  return JSON.parse((await desk.get(`missions/${mission}/route`)).body.toString()) as Way;
}

test('a road closed on the map is gone around, and driven again when it is lifted', async ({ town, open }) => {
  test.setTimeout(240_000); // axe looks at four pages, and a shared machine is slow
  const desk = await Dispatcher.at(town);
  const page = await open(town.console, sizes.desk, {}, async (p) => {
    await p.route('**/api/v1/map', () => undefined); // the plain map: its clicks are exact at once
  });
  await sit(page);
  await quiet(town, page);
  const stations = JSON.parse((await desk.get('stations')).body.toString()) as { pos: Pos }[];
  const units = JSON.parse((await desk.get('units')).body.toString()) as { id: string; station: string }[];
  const unit = units[0]?.id ?? '';
  const far = stations[4]?.pos ?? { lat: 0, lon: 0 };
  const incident = await desk.post<{ id: string }>('incidents', {
    priority: 'A',
    place: { address: '北关', pos: far },
    complaint: '胸痛',
  });
  try {
    const sent = await desk.post<{ mission: { id: string }; order: { id: string } }>(
      `incidents/${incident.id}/dispatch`,
      {
        unit,
      },
    );
    await desk.post(`orders/${sent.order.id}/voice`, { name: '李医生' });
    await desk.post(`missions/${sent.mission.id}/nodes`, { node: 'departed' });
    await expect
      .poll(async () => (await wayOf(desk, sent.mission.id)).line.length, { timeout: 20_000 })
      .toBeGreaterThan(4);
    const before = await wayOf(desk, sent.mission.id);

    // The map at the unit, near enough to click on a road.
    await page.keyboard.press('Alt+c');
    await page.getByTestId(`unit-${unit}`).click();
    await page.keyboard.press('Control+m');
    await page.getByRole('button', { name: '放大' }).click();
    await page.keyboard.press('Alt+l');
    const panel = page.getByTestId('roads');
    await expect(panel).toContainText('没有封闭的道路');
    await expect(page.getByTestId('roads-now')).toContainText('自由流');

    // Two clicks somewhere say which place is which pixel.
    const canvas = page.locator('.map canvas.overlay');
    const box = await canvas.boundingBox();
    if (!box) throw new Error('the map has no place');
    const asked = async (points: { x: number; y: number }[]): Promise<Pos[]> => {
      await page.getByTestId('draw-line').click();
      for (const at of points.slice(0, -1)) await canvas.click({ position: at });
      const request = page.waitForRequest((r) => r.url().endsWith('/api/v1/closures/preview'));
      await canvas.click({ position: points.at(-1) ?? { x: 0, y: 0 } });
      return ((await request).postDataJSON() as { line: Pos[] }).line;
    };
    const [p, q] = [
      { x: 200, y: 80 },
      { x: box.width - 260, y: box.height - 60 },
    ];
    const [a, b] = await asked([p, q]);
    if (!a || !b) throw new Error('nothing was drawn');
    await page.keyboard.press('Escape'); // a drawing that is given up closes nothing
    await expect(page.getByTestId('closure-draft')).toBeHidden();
    const pixel = (pos: Pos): { x: number; y: number } => ({
      x: p.x + ((pos.lon - a.lon) / (b.lon - a.lon)) * (q.x - p.x),
      y: p.y + ((pos.lat - a.lat) / (b.lat - a.lat)) * (q.y - p.y),
    });
    const inside = (at: { x: number; y: number }): boolean =>
      at.x > 20 && at.y > 60 && at.x < box.width - 120 && at.y < box.height - 20;
    // The longest straight of the way that is in sight; well within it.
    let best: [Pos, Pos] | undefined;
    for (let i = 1; i < before.line.length; i++) {
      const [x, y] = [before.line[i - 1], before.line[i]];
      if (!x || !y) continue;
      const at = (f: number): Pos => ({ lon: x[0] + (y[0] - x[0]) * f, lat: x[1] + (y[1] - x[1]) * f });
      const [from, to] = [at(0.3), at(0.7)];
      if (!inside(pixel(from)) || !inside(pixel(to))) continue;
      if (!best || metres(from, to) > metres(...best)) best = [from, to];
    }
    if (!best) throw new Error('no straight of the way is in sight');
    const drawn = await asked([pixel(best[0]), pixel(best[1])]);
    expect(metres(drawn[0] ?? a, best[0])).toBeLessThan(12);
    await expect(page.getByTestId('closure-preview')).toContainText('将封闭：');
    await page.getByLabel('原因').fill('交通事故');
    await page.getByLabel('原因').press('Enter');
    const row = panel.locator('[data-test^="closure-cl"]').first();
    await expect(row).toContainText('生效中');
    await expect(row).toContainText(/路况 \d\d:\d\d:\d\d 已更新/);
    await expect(row).toContainText('交通事故');
    await expect(row).toContainText('王芳');

    // The way goes around it, and takes longer.
    const around = await wayOf(desk, sent.mission.id);
    expect(around.seconds).toBeGreaterThan(before.seconds);
    for (const [lon, lat] of around.line) for (const end of best) expect(metres({ lat, lon }, end)).toBeGreaterThan(4);

    if (process.env.LIFELINE_PICTURES) await page.screenshot({ path: `${process.env.LIFELINE_PICTURES}/closure.png` });

    // It looks right in both languages, by day and by night, with a drawing under way.
    for (const look of ['lang=en&theme=day', 'lang=zh&theme=night', 'lang=en&theme=night', 'lang=zh&theme=day']) {
      await page.goto(`${town.console}?${look}`);
      await expect(page.getByTestId('map')).toBeVisible();
      await expect(page.getByRole('button', { name: /^(退出|Log off|Leave)/ })).toBeVisible();
      await page.keyboard.press('Alt+l');
      await expect(page.getByTestId('roads')).toBeVisible();
      await page.getByTestId('draw-names').click();
      await expect(page.getByTestId('closure-draft')).toBeVisible();
      if (process.env.LIFELINE_PICTURES)
        await page.screenshot({ path: `${process.env.LIFELINE_PICTURES}/closure-${look}.png` });
      await expectNoOverflow(page);
      await expectAccessible(page);
    }

    // Lifted, the old way holds again; closed again by one key.
    await page.getByTestId('closure-draft').getByRole('button', { name: '取消 Esc' }).click();
    await page.getByRole('button', { name: '解除', exact: true }).click();
    await expect(panel).toContainText('没有封闭的道路');
    await expect.poll(async () => (await wayOf(desk, sent.mission.id)).seconds).toBeLessThan(around.seconds);
    await page.getByRole('button', { name: /已结束的/ }).click();
    await page.getByRole('button', { name: '再次封闭' }).first().click();
    await expect(panel.locator('[data-test^="closure-cl"]').first()).toContainText('生效中');
    await page.getByRole('button', { name: '解除', exact: true }).first().click();
    await expect(panel.locator('[data-test^="closure-cl"]').first()).toContainText('已解除');
  } finally {
    // Nothing of it stays: what waits would sound in the tests that follow, and a closed road would send their units around.
    await desk.post(`incidents/${incident.id}/cancel`, { reason: '测试' });
    const all = JSON.parse((await desk.get('closures')).body.toString()) as { id: string; ended?: string }[];
    for (const c of all) if (!c.ended) await desk.post(`closures/${c.id}/lift`, {});
  }
});

test('without a map a road is closed by its name and two crossings, from the command line too', async ({
  town,
  open,
}) => {
  const page = await open(`${town.console}?nomap=1`, sizes.desk);
  await sit(page);
  await page.keyboard.press('Alt+l');
  await page.getByTestId('draw-names').click();
  await expect(page.getByLabel('层')).toContainText('不限');
  await page.getByLabel('道路', { exact: true }).fill('兴虹东路');
  await page.getByLabel('起：与哪条路的路口').fill('凌宁北路');
  await page.getByLabel('止：与哪条路的路口').fill('无此路');
  await expect(page.getByTestId('closure-preview')).toContainText('找不到');
  await page.getByLabel('止：与哪条路的路口').fill('澄宁北路');
  await expect(page.getByTestId('closure-preview')).toContainText('兴虹东路');
  await page.getByLabel('原因').fill('积水');
  await page.getByRole('button', { name: '封闭', exact: true }).click();
  const panel = page.getByTestId('roads');
  await expect(panel.getByText('兴虹东路')).toBeVisible();
  await page.getByRole('button', { name: '解除', exact: true }).click();
  await expect(panel).toContainText('没有封闭的道路');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('f 兴虹东路 凌宁北路 澄宁北路 大型活动');
  await expect(page.getByTestId('command-echo')).toContainText('封闭 兴虹东路');
  await page.keyboard.press('Enter');
  await expect(panel).toContainText('大型活动');
  await page.getByRole('button', { name: '解除', exact: true }).click();
});

test('the area that is reached is drawn on demand, with its legend, and said without a map', async ({ town, open }) => {
  test.setTimeout(240_000); // axe looks at four pages, and a shared machine is slow
  const page = await open(town.console, sizes.desk, {}, async (p) => {
    await p.route('**/api/v1/map', () => undefined);
  });
  await sit(page);
  await page.keyboard.press('Alt+i');
  const legend = page.getByTestId('reach-legend');
  await expect(legend).toContainText('空闲车');
  for (const band of ['4 分钟', '8 分钟', '12 分钟']) await expect(legend).toContainText(band);
  // The widest area is painted: the ground under the legend's colour is not the bare one.
  const painted = await page.locator('.map canvas.overlay').evaluate((canvas) => {
    const c = canvas as HTMLCanvasElement;
    const data = c.getContext('2d')?.getImageData(0, 0, c.width, c.height).data ?? new Uint8ClampedArray();
    let n = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]) n++;
    return n / (data.length / 4);
  });
  expect(painted).toBeGreaterThan(0.02);
  for (const look of ['lang=en&theme=day', 'lang=zh&theme=night']) {
    await page.goto(`${town.console}?${look}`);
    await expect(page.getByRole('button', { name: /^(退出|Log off)/ })).toBeVisible();
    await page.keyboard.press('Alt+l');
    await page.keyboard.press('Alt+i');
    await expect(legend).toBeVisible();
    if (process.env.LIFELINE_PICTURES)
      await page.screenshot({ path: `${process.env.LIFELINE_PICTURES}/reach-${look}.png` });
    await expectNoOverflow(page);
    await expectAccessible(page);
  }
  await page.keyboard.press('Alt+i');
  await expect(legend).toBeHidden();

  await page.goto(`${town.console}?nomap=1&lang=zh`);
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
  await page.keyboard.press('Alt+l');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('r 中心急救站');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('reach-say')).toContainText(/4 分钟 [\d.]+ km²/);
  await page.getByTestId('reach-hide').click();
  await expect(page.getByTestId('reach-say')).toBeHidden();
});
