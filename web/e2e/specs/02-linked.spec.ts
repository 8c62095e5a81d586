// The linked screens: one call on four pages that are open at once, each within 2 s of every act, and all of them of one mind.
import type { Page } from '@playwright/test';
import { expect, sizes, test } from '../fixtures/test';
import { print, shownAfter, watcher, type Sight } from '../fixtures/watch';

// Four pages filmed at once cost more than the pages: a trace of this test has no film.
test.use({ trace: { mode: 'retain-on-failure', screenshots: false } });

/** From the act to the page that shows it. */
const linkedMs = 2_000;
const address = '联动路 8 号 2 单元 501';

test('one call on console, terminal, hospital and phone: the same event and state, each within 2 s of the act', async ({
  town,
  open,
}) => {
  // A crew that is free, and its terminal; all four pages stand open before anything happens.
  const desk = await open(`${town.console}?nomap=1`, sizes.desk, {}, watcher);
  const units = (await (await desk.request.get(`${town.api}/api/v1/units`)).json()) as {
    id: string;
    plate: string;
    mission?: string;
    duty: string;
  }[];
  const unit = units.find((u) => !u.mission && u.duty === 'on_duty' && town.terminals[u.id]);
  if (!unit) throw new Error('no crew is free');
  const stations = (await (await desk.request.get(`${town.api}/api/v1/stations`)).json()) as {
    pos: { lat: number; lon: number };
  }[];
  const at = stations[1]?.pos ?? { lat: 35, lon: 118 };
  const terminal = await open(`${town.terminals[unit.id]}/terminal?seat=cabin`, sizes.tablet, {}, watcher);
  const board = await open(`${town.hospital}?hospital=h1`, sizes.board, {}, watcher);
  const phone = await open(
    town.sos,
    sizes.phone,
    {
      geolocation: { latitude: at.lat + 0.006, longitude: at.lon + 0.006, accuracy: 14 },
      permissions: ['geolocation'],
      hasTouch: true,
    },
    watcher,
  );
  await expect(phone.getByText('误差约 14 米')).toBeVisible();
  await desk.getByLabel('姓名').fill('王芳');
  await desk.getByRole('button', { name: '登录', exact: true }).click();
  await expect(desk.getByRole('button', { name: '退出' })).toBeVisible();
  await expect(board.getByTestId('duty')).toBeVisible();
  await expect(terminal.getByTestId('owed')).toBeVisible();

  const table: Record<string, Record<string, number>> = {};
  /** Each page shows it within 2 s of the act. */
  async function linked(what: string, by: Page, act: () => Promise<unknown>, sights: Sight[]): Promise<void> {
    const took = await shownAfter(sights, act, by);
    table[what] = took;
    for (const [who, ms] of Object.entries(took))
      expect(ms, `${what}: ${who} after ${ms} ms`).toBeLessThanOrEqual(linkedMs);
  }
  const sight =
    (who: string, page: Page) =>
    (selector: string, text: RegExp): Sight => ({ who, page, selector, text });
  const onDesk = sight('console', desk);
  const onTerminal = sight('terminal', terminal);
  const onBoard = sight('hospital', board);
  const onPhone = sight('phone', phone);

  // A call. The hospital and the crew have no part in it yet.
  await linked('pressed', phone, () => phone.getByRole('button', { name: '家人需要急救' }).click(), [
    onDesk('[data-test="alarm-caller"]', /家属.*误差 14 米|误差 14 米.*家属|家属/),
    onPhone('#status', /120 已收到您的呼救/),
  ]);
  await linked('acknowledged', desk, () => desk.keyboard.press('F2'), [
    onDesk('[data-test="alarm-caller"]', /王芳 已确认/),
    onPhone('#status', /调度员正在处理/),
  ]);
  await desk.getByLabel('现场地址').fill(address);
  await desk.getByLabel('主诉').fill('胸痛 30 分钟');
  await desk.getByText('A 危重').click();
  await desk.getByLabel('绿色通道').selectOption('chest_pain');
  await linked('saved', desk, () => desk.keyboard.press('Control+Enter'), [
    onDesk('[data-test="waiting-queue"] .waiting', /联动路 8 号/),
  ]);
  const choice = desk.getByRole('radiogroup', { name: '推荐派车' }).getByRole('radio', { name: unit.plate });
  await choice.click();
  await expect(desk.getByRole('button', { name: /^派 .*（F8）/ })).toContainText(unit.plate);

  // The order. The phone may not hear of it before the crew has accepted (ALM-003), the hospital not before it is told (SCR-004).
  const mission = `[data-test="mission-${unit.id}"]`;
  await linked('order sent', desk, () => desk.keyboard.press('F8'), [
    onDesk(`${mission} h3 .tag`, /^派车$/),
    onTerminal('[data-test="order-card"]', /联动路 8 号 2 单元 501/),
  ]);
  await expect(terminal.getByTestId('order-card')).toContainText('胸痛 30 分钟');
  await expect(phone.locator('#status')).toContainText('救护车尚未派出');

  /** What the mission's state is called, on every page that shows one; the phone has its own words. */
  async function agree(node: string): Promise<void> {
    await expect(desk.locator(`${mission} h3 .tag`).first()).toHaveText(node);
    await expect(terminal.locator('[data-test="running"] .state')).toHaveText(node);
    const tile = board.getByTestId('mission-state');
    if ((await tile.count()) > 0) await expect(tile.first()).toHaveText(node);
  }
  /** The time of a node, to the minute, the same at the desk and in the cabin. */
  async function sameTime(node: string): Promise<string> {
    const there = ((await desk.getByTestId(`node-${node}`).first().textContent()) ?? '').match(
      /\d\d:\d\d(?=:\d\d)/,
    )?.[0];
    expect(there, `${node} at the desk`).toBeTruthy();
    const cabin = terminal.locator(`[data-test="key-${node}"], [data-test="undo-${node}"]`);
    await expect(cabin).toBeVisible();
    // A key that can still be taken back shows its countdown in place of the time.
    if ((await terminal.getByTestId(`key-${node}`).count()) > 0) await expect(cabin).toContainText(there ?? '');
    return there ?? '';
  }

  await linked('accepted', terminal, () => terminal.getByRole('button', { name: '接受任务' }).click(), [
    onDesk(`${mission} h3 .tag`, /^接收任务$/),
    onTerminal('[data-test="running"]', /接收任务.*联动路 8 号/),
    onPhone('#status', /救护车已接受任务/),
  ]);
  await agree('接收任务');
  await expect(phone.getByText(unit.plate)).toBeVisible();

  const nodes: [node: string, name: string, words: RegExp][] = [
    ['departed', '出车', /已出发，正在赶来/],
    ['at_scene', '到达现场', /救护车已到达.*请到门口/],
    ['contact', '接触患者', /急救人员已到您身边/],
  ];
  for (const [node, name, words] of nodes) {
    await linked(node, terminal, () => terminal.getByTestId(`key-${node}`).click(), [
      onDesk(`${mission} h3 .tag`, new RegExp(`^${name}$`)),
      onDeskNode(node),
      onTerminal('[data-test="running"] .state', new RegExp(`^${name}$`)),
      onPhone('#status', words),
    ]);
    await agree(name);
    await sameTime(node);
  }
  function onDeskNode(node: string): Sight {
    return {
      who: 'console, node',
      page: desk,
      selector: `${mission} [data-test="node-${node}"]`,
      text: /\d\d:\d\d:\d\d/,
    };
  }

  // Whose numbers they are, then the notice: from here on the hospital is one of the four.
  await expect(terminal.locator('[data-test^="wave-"]').first()).toBeVisible();
  await terminal.getByTestId('open-patient').click();
  await terminal.getByLabel('姓名（可空）').first().fill('周建');
  await terminal.getByRole('button', { name: '男', exact: true }).first().click();
  await terminal.getByLabel('年龄').first().fill('61');
  await linked('bound', terminal, () => terminal.getByRole('button', { name: '绑定新患者' }).first().click(), [
    onDesk(mission, /周建 男 61 岁/),
    onTerminal('[data-test="sheet-patient"]', /周建 男 61 岁/),
  ]);
  await terminal.getByTestId('back').click();
  await expect(board.getByText('周建')).toHaveCount(0); // bound, but bound for nobody yet (SCR-004)
  await terminal.getByTestId('open-hospital').click();
  await terminal.getByTestId('hospital-h1').click();
  await linked('notice', terminal, () => terminal.getByTestId('tell').click(), [
    onDesk(mission, /已发出|已送达医院屏/),
    onTerminal('[data-test="notice"]', /已发出|已送达/),
    onBoard('[data-test^="inbound-"]', /周建/),
    onBoard2('[data-test^="patient-"] h2', /周建/),
  ]);
  function onBoard2(selector: string, text: RegExp): Sight {
    return { who: 'hospital, tile', page: board, selector, text };
  }
  await terminal.getByTestId('back').click();
  await expect(board.locator('[data-test^="inbound-"]').filter({ hasText: '周建' })).toContainText(unit.plate);
  await expect(board.locator('[data-test^="patient-"]').filter({ hasText: '周建' })).toContainText('胸痛 30 分钟');
  await agree('接触患者');
  await board.getByTestId('duty').getByLabel('值班人姓名').fill('李医生');
  await board.getByRole('button', { name: '由我值班' }).click();
  await board.locator('[data-test^="inbound-"]').filter({ hasText: '周建' }).click();
  const tile = board.locator('[data-test^="patient-"]').filter({ hasText: '周建' });
  await linked('answered', board, () => tile.getByRole('button', { name: '接受：李医生' }).click(), [
    onDesk(mission, /李医生 已接受/),
    onTerminal('[data-test="open-hospital"]', /李医生 已接受/),
    onBoard('[data-test="answer"]', /李医生 已接受/),
  ]);

  // On board, at the door, handed over: all four.
  await board.locator('[data-test^="inbound-"]').filter({ hasText: '周建' }).click();
  const last: [node: string, name: string, words: RegExp][] = [
    ['left_scene', '离开现场', /正在送往医院/],
    ['at_hospital', '到达医院', /已到达医院/],
    ['handed_over', '交接完成', /救护车已到达/],
  ];
  for (const [node, name, words] of last) {
    const sights = [
      onDesk(`${mission} h3 .tag`, new RegExp(`^${name}$`)),
      onDeskNode(node),
      onTerminal('[data-test="running"] .state', new RegExp(`^${name}$`)),
      onBoard('[data-test="mission-state"]', new RegExp(`^${name}$`)),
    ];
    if (node !== 'handed_over') sights.push(onPhone('#status', words)); // the phone has no word of its own for it
    await linked(node, terminal, () => terminal.getByTestId(`key-${node}`).click(), sights);
    await agree(name);
    const minute = await sameTime(node);
    if (node === 'at_hospital') await expect(tile.getByTestId('step-door')).toContainText(minute);
  }
  await expect(phone.locator('#status')).not.toContainText('尚未派出');

  print('linked screens, ms from the act', table);

  // Free again for the other tests.
  await terminal.getByTestId('key-available').click();
  await expect(terminal.getByText('没有任务').or(terminal.getByText('待命')).first()).toBeVisible();
});
