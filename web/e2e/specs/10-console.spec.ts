// The console as a dispatcher uses it: by keyboard, at two desks, in several windows, with and without the map.
import type { APIRequestContext, Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { quiet } from '../fixtures/quiet';
import { expect, sizes, test } from '../fixtures/test';
import type { Town } from '../fixtures/town';

interface Spot {
  lat: number;
  lon: number;
}
let pressed = 0;

async function spot(town: Town, request: APIRequestContext, north = 0): Promise<Spot> {
  const stations = (await (await request.get(`${town.api}/api/v1/stations`)).json()) as { pos: Spot }[];
  const first = stations[0];
  if (!first) throw new Error('the demo city has no station');
  return { lat: first.pos.lat + 0.004 + north, lon: first.pos.lon + 0.004 };
}
/** A caller's press, as a page of its own; returns the alarm's id. */
async function press(town: Town, request: APIRequestContext, pos: Spot, phone: string): Promise<string> {
  pressed++;
  const answer = await request.post(`${town.api}/api/v1/alarms/caller`, {
    headers: { 'X-Desk': `page-${phone}-${pressed}` },
    data: {
      press_id: `press-${phone}-${pressed}`,
      who: 'relative',
      phone,
      place: { pos, accuracy_m: 80, source: 'gps' },
    },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return ((await answer.json()) as { alarm: string }).alarm;
}
async function post(town: Town, request: APIRequestContext, path: string, data: object): Promise<{ id: string }> {
  const headers = { 'X-By': encodeURIComponent('王芳'), 'X-Desk': 'd1' };
  const answer = await request.post(`${town.api}/api/v1/${path}`, { headers, data });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as { id: string };
}
async function sit(page: Page, name: string, desk: string): Promise<void> {
  await page.getByLabel('姓名').fill(name);
  await page.getByLabel('席位', { exact: true }).selectOption(desk);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}
const card = (page: Page, id: string) => page.locator(`[data-id="${id}"]`);
const url = (town: Town, query = ''): string => `${town.console}?nomap=1${query}`;

test('a call is taken, ranked, sent and taken back by keyboard alone', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  await quiet(town, desk);
  const pos = await spot(town, desk.request);
  const id = await press(town, desk.request, pos, '13700000001');
  await expect(card(desk, id)).toBeVisible();

  await desk.keyboard.press('F2');
  await expect(card(desk, id)).toContainText('王芳 已确认');
  await expect(desk.getByLabel('现场地址')).toBeFocused();
  await desk.keyboard.type('建国路 93 号');
  await expect(desk.getByText(/误差 80 米 · 定位/).first()).toBeVisible(); // the sheet shows source and accuracy
  for (let i = 0; i < 6; i++) await desk.keyboard.press('Tab'); // place, pick, phone, complaint, pathway, type
  await desk.keyboard.press('Tab');
  await desk.keyboard.press('1');
  await expect(desk.getByText('A 危重')).toHaveClass(/on/);
  await desk.keyboard.press('Control+Enter');
  const list = desk.getByRole('radiogroup', { name: '推荐派车' });
  await expect(list.getByRole('radio').first()).toBeVisible();
  await expect(list).toBeFocused();
  await desk.keyboard.press('2');
  await expect(list.getByRole('radio').nth(1)).toHaveAttribute('aria-checked', 'true');
  await desk.keyboard.press('Control+ArrowUp');
  await expect(list.getByRole('radio').first()).toHaveAttribute('aria-checked', 'true');
  await expect(desk.getByRole('button', { name: /^派 .*（F8）/ })).toBeEnabled();
  await desk.keyboard.press('F8');
  await expect(desk.getByTestId('order-queued').first()).not.toContainText('--:--');
  await expect(desk.getByTestId('undo')).toBeVisible();
  await desk.keyboard.press('Alt+z');
  await expect(desk.getByTestId('missions')).toContainText('已撤回');
  await expect(desk.getByTestId('message')).toContainText('已撤回');
});

test('the command line says what it will do, completes, and does it on Enter', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  const pos = await spot(town, desk.request);
  const made = await post(town, desk.request, 'incidents', {
    complaint: '命令行',
    priority: 'D',
    place: { pos, address: '红旗路 1 号' },
  });
  const number = String((made as unknown as { number: number }).number).padStart(4, '0');
  await expect(desk.getByTestId('waiting-queue')).toContainText('红旗路');
  await desk.keyboard.press('Control+k');
  const line = desk.getByTestId('command');
  await expect(line).toBeFocused();
  await desk.keyboard.type('/hql'); // initials of 红旗路
  await expect(desk.getByTestId('command-echo')).toContainText('红旗路');
  await desk.keyboard.press('Enter');
  await expect(desk.getByTestId('missions')).toContainText('红旗路');
  await desk.keyboard.type('d ');
  await expect(desk.locator('#command-choices [role="option"]').first()).toBeVisible();
  await desk.keyboard.type(`${number} 1208`);
  await expect(desk.getByTestId('command-echo')).toContainText(/回车：派 .*1208/);
  expect(await desk.locator('[data-test="mission-u08"]').count()).toBe(0); // nothing before Enter
  await desk.keyboard.press('Enter');
  await expect(desk.getByTestId('mission-u08')).toBeVisible();
  await desk.keyboard.type('s 1208 3');
  await expect(desk.getByTestId('command-echo')).toContainText('出车');
  await desk.keyboard.press('Enter');
  await expect(desk.getByTestId('node-departed').first()).not.toContainText('--:--');
  await expect(desk.getByTestId('node-departed').first()).toContainText('席位');
  await desk.keyboard.type('h 1208 dyrm');
  await desk.keyboard.press('Enter');
  await expect(desk.getByTestId('mission-u08')).toContainText('第一人民医院');
  await post(town, desk.request, `incidents/${made.id}/cancel`, { reason: '测试' });
});

test('a further call over a sheet with words in it opens its own tab; a reload loses nothing', async ({
  town,
  open,
}) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  await quiet(town, desk);
  await desk.keyboard.press('Alt+n');
  await desk.getByLabel('现场地址').fill('写了一半的地址');
  await desk.getByLabel('主诉').focus();
  const id = await press(town, desk.request, await spot(town, desk.request, 0.02), '13700000002');
  await expect(card(desk, id)).toBeVisible();
  await expect(desk.getByLabel('主诉')).toBeFocused(); // nothing incoming moves the focus
  await desk.keyboard.press('F2');
  await expect(desk.getByTestId('sheet-tab')).toHaveCount(2);
  await expect(desk.getByLabel('联系电话')).toHaveValue('13700000002');
  await expect(desk.getByLabel('现场地址')).toHaveValue('');
  await desk.keyboard.press('Alt+PageUp');
  await expect(desk.getByLabel('现场地址')).toHaveValue('写了一半的地址');
  await desk.keyboard.press('Escape');
  await expect(desk.getByLabel('现场地址')).toHaveValue('写了一半的地址'); // Esc never discards
  await desk.reload();
  await expect(desk.getByTestId('sheet-tab')).toHaveCount(2);
  await expect(desk.getByLabel('现场地址')).toHaveValue('写了一半的地址');
  // Thrown away only by pressing twice.
  await desk.getByRole('button', { name: '清空' }).click();
  await expect(desk.getByTestId('sheet-tab')).toHaveCount(2);
  await desk.getByRole('button', { name: '再按一次丢弃' }).click();
  await expect(desk.getByTestId('sheet-tab')).toHaveCount(1);
});

test('two desks: each sees what the other has open, and the second of two acts is told both ends', async ({
  town,
  open,
  tolerate,
}) => {
  tolerate.push(/409/);
  const one = await open(url(town), sizes.desk);
  await sit(one, '王芳', 'd1');
  await quiet(town, one);
  const two = await open(url(town), sizes.desk);
  await sit(two, '李雷', 'd2');
  const id = await press(town, one.request, await spot(town, one.request, 0.03), '13700000003');
  await expect(card(one, id)).toBeVisible();
  await expect(card(two, id)).toBeVisible();
  await one.keyboard.press('F2');
  await expect(card(two, id).getByTestId('attending')).toContainText('d1 王芳');
  await card(two, id).locator('.head').click(); // acknowledged ones are one line until they are asked for
  await card(two, id).getByRole('button', { name: /^受理/ }).click();
  await expect(two.getByTestId('also')).toContainText('d1 王芳');
  await expect(one.getByTestId('also')).toContainText('d2 李雷');
  // Both save: one incident comes of it.
  await one.getByLabel('现场地址').fill('两席街 1 号');
  await two.getByLabel('现场地址').fill('两席街 1 号');
  await one.keyboard.press('Control+Enter');
  await expect(one.getByTestId('waiting-queue')).toContainText('两席街');
  await two.keyboard.press('Control+Enter');
  await expect(two.getByTestId('message')).toContainText('未完成');
  await expect(two.getByTestId('message')).toHaveClass(/bad/);
  await expect(two.getByLabel('现场地址')).toHaveValue('两席街 1 号'); // a refused sheet keeps its words
  await expect(two.getByTestId('duplicates')).toContainText('两席街'); // and is offered for merging
});

test('windows of one desk: one of them sounds, what is selected is selected in all', async ({ town, open }) => {
  const main = await open(url(town), sizes.desk);
  await sit(main, '王芳', 'd1');
  await quiet(town, main);
  const board = await main.context().newPage();
  await board.goto(url(town, '&view=board'));
  await expect(board.getByRole('button', { name: '退出' })).toBeVisible(); // the same person, the same desk
  const made = await post(town, main.request, 'incidents', {
    complaint: '多窗口',
    priority: 'C',
    place: { address: '多窗口路 1 号' },
  });
  await main.getByTestId('waiting-queue').getByText('多窗口路').click();
  await expect(board.getByTestId('missions')).toContainText('多窗口路');
  await press(town, main.request, await spot(town, main.request, 0.05), '13700000004');
  await expect(main.getByTestId('sounding')).toBeVisible();
  await expect(board.getByText('声音由本席的另一窗口播放')).toBeVisible();
  await expect(board.getByTestId('sounding')).toBeHidden();
  // Paused, seen counting down in both; broken by a new alarm.
  await board.keyboard.press('Shift+F9');
  await expect(main.getByTestId('sounding')).toBeHidden();
  await expect(main.getByTestId('pause')).toContainText(/声音暂停 0[12]:\d\d/);
  await press(town, main.request, await spot(town, main.request, 0.06), '13700000005');
  await expect(main.getByTestId('sounding')).toBeVisible();
  await expect(main.getByTestId('pause')).toContainText('暂停声音');
  // The window that sounds is closed: another one takes over.
  await main.close();
  await expect(board.getByTestId('sounding')).toBeVisible();
  await quiet(town, board);
  await post(town, board.request, `incidents/${made.id}/cancel`, { reason: '测试' });
});

test('nothing covers the queues: not the help, not the command line, not a menu', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  const covered = (): Promise<string[]> =>
    desk.evaluate(() => {
      const bad: string[] = [];
      for (const name of ['alarm-queue', 'waiting-queue']) {
        const queue = document.querySelector(`[data-test="${name}"]`);
        if (!queue) return [`${name} is not there`];
        const box = queue.getBoundingClientRect();
        if (box.height < 150 || box.bottom > innerHeight || box.right > innerWidth) bad.push(`${name} is cut off`);
        for (let i = 1; i < 10; i++)
          for (let j = 1; j < 10; j++) {
            const at = document.elementFromPoint(box.left + (box.width * i) / 10, box.top + (box.height * j) / 10);
            if (!at || !queue.contains(at)) bad.push(`${name} is covered by ${at?.className ?? '?'}`);
          }
      }
      return bad;
    });
  expect(await covered()).toEqual([]);
  await desk.keyboard.press('?');
  await expect(desk.getByTestId('help')).toBeVisible();
  expect(await covered()).toEqual([]);
  await expectNoOverflow(desk);
  await desk.keyboard.press('Escape');
  await expect(desk.getByTestId('help')).toBeHidden();
  await desk.keyboard.press('`');
  await desk.keyboard.type('s ');
  await expect(desk.getByTestId('command-echo')).toBeVisible();
  expect(await covered()).toEqual([]);
  await desk.keyboard.press('Escape');
  await desk.getByRole('button', { name: '窗口 ▾' }).click();
  expect(await covered()).toEqual([]);
});

test('keys are left alone while an input method composes', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  await desk.evaluate(() => {
    const seen: boolean[] = [];
    Object.assign(window, { composing: seen });
    window.addEventListener('keydown', (e) => seen.push(e.isComposing || e.keyCode === 229), true);
  });
  await desk.keyboard.press('Control+k');
  const line = desk.getByTestId('command');
  const session = await desk.context().newCDPSession(desk);
  await session.send('Input.imeSetComposition', { text: 'jianguolu', selectionStart: 9, selectionEnd: 9 });
  await session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Process', windowsVirtualKeyCode: 229 });
  for (const key of ['Enter', 'F2', 'Escape']) {
    const code = { Enter: 13, F2: 113, Escape: 27 }[key] ?? 0;
    await session.send('Input.imeSetComposition', { text: 'jianguolu', selectionStart: 9, selectionEnd: 9 });
    await session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key, windowsVirtualKeyCode: code });
  }
  expect(await desk.evaluate(() => (window as unknown as { composing: boolean[] }).composing.slice(-4))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  await expect(line).toBeFocused(); // F2 opened nothing, Esc and Enter did nothing
  await expect(desk.getByTestId('message')).not.toContainText('未完成');
  await session.send('Input.insertText', { text: '建国路' });
  await expect(line).toHaveValue(/建国路/);
});

test('what waits is not scrolled away by what runs', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  const pos = await spot(town, desk.request);
  const incident = (complaint: string) =>
    post(town, desk.request, 'incidents', { complaint, priority: 'C', place: { pos, address: '长队路 1 号' } });
  const waits = await incident('等车的人');
  for (let i = 0; i < 14; i++) {
    const over = await incident(`已结束 ${i}`);
    await post(town, desk.request, `incidents/${over.id}/cancel`, { reason: '测试' });
  }
  const list = desk.locator('.part.running ul');
  await expect(list).toContainText('已结束 13');
  await list.evaluate((e) => (e.scrollTop = e.scrollHeight));
  expect(await list.evaluate((e) => e.scrollTop)).toBeGreaterThan(50); // else nothing was shown
  await expect(desk.locator('.part.waiting .item').first()).toBeInViewport({ ratio: 1 }); // the most urgent of those that wait
  await expect(desk.locator('.part.waiting h2')).toBeInViewport({ ratio: 1 });
  await post(town, desk.request, `incidents/${waits.id}/cancel`, { reason: '测试' });
});

test('a map whose first answer is lost is asked for again', async ({ town, open, tolerate }) => {
  tolerate.push(/api\/v1\/map/, /ERR_FAILED/);
  let asked = 0;
  const desk = await open(town.console, sizes.desk, {}, async (page) => {
    await page.route('**/api/v1/map', async (route) => {
      asked++;
      if (asked === 1) await route.abort();
      else await route.fulfill({ json: { datum: 'wgs84' } }); // a centre without a base map
    });
  });
  await expect(desk.locator('.map[data-without="failed"]')).toBeVisible();
  await expect(desk.locator('.map[data-without="none"]')).toBeVisible();
  expect(asked).toBe(2);
});

test('the table of units is walked by keyboard and stands where the map would', async ({ town, open }) => {
  const desk = await open(url(town), sizes.desk);
  await sit(desk, '王芳', 'd1');
  await expect(desk.getByTestId('units')).toBeVisible();
  expect(await desk.locator('canvas.maplibregl-canvas').count()).toBe(0);
  expect(await desk.locator('[data-test="units"] tbody tr').count()).toBeLessThanOrEqual(60);
  await desk.keyboard.press('Alt+c');
  await desk.keyboard.type('1204');
  await expect(desk.locator('[data-test="units"] tbody tr')).toHaveCount(1);
  await desk.keyboard.press('ArrowDown');
  await expect(desk.getByTestId('live')).toContainText('1204');
  await expect(desk.getByTestId('unit-u04')).toHaveClass(/on/);
});

for (const lang of ['zh', 'en'] as const) {
  for (const theme of ['day', 'night'] as const) {
    test(`nothing hangs out and axe finds nothing, ${lang}, ${theme}`, async ({ town, open }) => {
      const desk = await open(url(town, `&lang=${lang}&theme=${theme}`), sizes.desk);
      const request = desk.request;
      const pos = await spot(town, request, 0.01);
      await request.post(`${town.api}/api/v1/desks/d1/log-on`, {
        headers: { 'X-By': encodeURIComponent('王芳'), 'X-Desk': 'd1' },
        data: { role: 'dispatcher' },
      });
      await press(town, request, pos, '13700000006');
      await post(town, request, 'incidents', {
        complaint: '车祸，多人受伤，需要破拆',
        priority: 'A',
        place: { pos, address: '滨河大道与建设街交叉路口东北角的公交站旁' },
      });
      await desk.getByLabel(lang === 'zh' ? '姓名' : 'Name').fill('王芳');
      await desk.getByRole('button', { name: lang === 'zh' ? '登录' : 'Log on', exact: true }).click();
      await desk.locator('[data-test="waiting-queue"] .item').first().click();
      await desk.keyboard.press('F2');
      await desk.locator('[data-test="units"] .plate').first().click();
      await expectNoOverflow(desk);
      await expectAccessible(desk);
      await desk.keyboard.press('Control+k');
      await desk.keyboard.type('d ');
      await expect(desk.locator('#command-choices [role="option"]').first()).toBeVisible();
      await expectAccessible(desk);
      for (const view of ['map', 'board', 'intake']) {
        await desk.goto(url(town, `&lang=${lang}&theme=${theme}&view=${view}`));
        await expect(desk.locator('[data-test="alarm-queue"] [data-id]').first()).toBeVisible();
        await expectNoOverflow(desk);
        await expectAccessible(desk);
      }
    });
  }
}
