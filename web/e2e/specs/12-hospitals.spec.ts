// The choice of a hospital: what a hospital says of itself moves the desk's ranking at once, the stroke rule says what it weighs, a reason
// is asked after the choice, and the crew chooses from the same ranking.
import type { Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test } from '../fixtures/test';

async function sit(page: Page): Promise<void> {
  await page.getByLabel('姓名').fill('王芳');
  await page.getByLabel('席位', { exact: true }).selectOption('d1');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}
/** Hospitals in the order of the list, the recommended first. */
async function order(page: Page): Promise<string[]> {
  return page
    .locator('[data-test^="pick-h"]')
    .evaluateAll((all) => all.map((e) => (e.getAttribute('data-test') ?? '').replace('pick-', '')));
}
interface Answer {
  assessment: { lvo: string };
  hospitals: { hospital: string; board?: string }[];
  left_out?: { hospital: string; board?: string }[];
}
async function ranking(desk: Dispatcher, mission: string): Promise<Answer> {
  return JSON.parse((await desk.get(`missions/${mission}/hospitals`)).body.toString()) as Answer;
}
/** Whether anybody has said yet how a hospital is: a test before this one may have. */
function reported(answer: Answer, hospital: string): boolean {
  return Boolean([...answer.hospitals, ...(answer.left_out ?? [])].find((l) => l.hospital === hospital)?.board);
}

test('DSP-002 SCR-001 a hospital closes on its own page and is not first any more; the stroke rule says what it weighs', async ({
  town,
  open,
}) => {
  const desk = await Dispatcher.at(town);
  const page = await open(`${town.console}?nomap=1`, sizes.desk);
  await sit(page);
  await desk.post('units/u01/duty', { duty: 'on_duty', crew: ['李医生', '王驾驶'] });
  const stations = JSON.parse((await desk.get('stations')).body.toString()) as { pos: { lat: number; lon: number } }[];
  const at = stations[4]?.pos ?? { lat: 0, lon: 0 };
  const incident = await desk.post<{ id: string }>('incidents', {
    priority: 'A',
    pathway: 'stroke',
    complaint: '一侧手脚无力',
    place: { address: '北关路 8 号', pos: { lat: at.lat, lon: at.lon } },
  });
  const sent = await desk.post<{ mission: { id: string } }>(`incidents/${incident.id}/dispatch`, { unit: 'u01' });
  const before = await ranking(desk, sent.mission.id);
  try {
    // Accepted at once: an order has its 120 s.
    const terminal = await open(`${town.terminals.u01}/terminal?seat=cabin`, sizes.tablet);
    await terminal.getByRole('button', { name: '接受任务' }).click();
    await page.getByTestId('waiting-queue').getByText('北关路 8 号').first().click();

    // The list opens with the nearest needle first, and says what it does not know (CLN-001).
    await page.getByTestId('pick-open').click();
    await expect(page.getByTestId('pick-h4')).toContainText('溶栓');
    await expect(page.getByTestId('pick-h4')).toContainText(reported(before, 'h4') ? '开放' : '从未报告状态');
    await expect(page.getByTestId('pick-missing')).toContainText('未评估大血管闭塞');
    expect((await order(page))[0]).toBe('h4');
    await expectNoOverflow(page);
    await expectAccessible(page);

    // Suspected and stable: the thrombectomy centre goes first, with needle here, puncture there and the extra minutes.
    await page.getByTestId('lvo-yes').click();
    await page.getByTestId('unstable-no').click();
    await expect(page.getByTestId('bypass')).toContainText('建议绕过岚汀市中医医院，送岚汀市第一人民医院');
    await expect(page.getByTestId('bypass')).toContainText('取栓');
    await expect(page.getByTestId('bypass')).toContainText('分限内');
    await expect.poll(async () => (await order(page))[0]).toBe('h1');

    // The hospital closes its cath lab: two touches and a reason, by whoever is on duty.
    const board = await open(`${town.hospital}?hospital=h1`, sizes.board);
    await expect(board.getByTestId('state')).toContainText(reported(before, 'h1') ? '接收：开放' : '接收状态未报告');
    await board.getByTestId('state').click();
    await expect(board.getByTestId('whole-open')).toBeDisabled(); // by a named person, or not at all
    await board.getByTestId('duty').getByLabel('值班人姓名').fill('陈医生');
    await board.getByTestId('duty').getByRole('button', { name: '由我值班' }).click();
    await board.getByTestId('whole-open').click();
    await expect(board.getByTestId('state')).toContainText('接收：开放');
    await page.getByTestId(`pick-${(await order(page))[2]}`).hover();
    await board.getByTestId('cath_lab-closed').click();
    await board.getByRole('button', { name: '手术占用' }).click();
    await expect(board.getByTestId('state-box')).toContainText('导管室 关闭');
    await expectNoOverflow(board);
    await expectAccessible(board);
    // Nothing moves under the pointer: the order waits until it has left the list, and says so.
    await expect(page.getByTestId('pick-moved')).toContainText('顺序有变', { timeout: 15_000 });
    expect((await order(page))[0]).toBe('h1');
    await page.getByTestId('pick-send').hover();
    // The next thrombectomy centre is near enough, too.
    await expect.poll(async () => (await order(page))[0], { timeout: 15_000 }).toBe('h6');
    await expect(page.getByTestId('pick-h1')).toContainText('导管室关闭 手术占用');

    // And altogether, entered at the desk after a call: it is named apart, with the reason.
    await page.getByTestId('board-h1').click();
    await page.getByTestId('board-editor').getByTestId('whole-closed').click();
    // Keys of what stands inside the list choose and send nothing.
    const was = await page.getByTestId('pick-send').textContent();
    await page.getByTestId('board-editor').getByRole('textbox').fill('1');
    await page.keyboard.press('2');
    await expect(page.getByTestId('board-editor').getByRole('textbox')).toHaveValue('12');
    await expect(page.getByTestId('pick-send')).toHaveText(was ?? '');
    await page.getByTestId('close-reason').first().click();
    await expect(page.getByTestId('pick-h1')).toContainText('全院急诊关闭');
    await expect(board.getByTestId('state')).toContainText('接收：关闭');
    await board.getByTestId('whole-closed').scrollIntoViewIfNeeded();
    await expect(board.getByTestId('part-whole')).toContainText('席位 d1 代录');
    await page.getByTestId('pick-send').hover();
    await expect.poll(async () => (await order(page)).indexOf('h1')).toBeGreaterThan(3);
    await page.getByTestId('board-h1').click();

    // By keyboard; a closed one can be chosen by a person, and the reason is asked afterwards.
    const list = page.getByRole('radiogroup', { name: '送院选择…' });
    await list.focus();
    await page.keyboard.press('2');
    const second = (await order(page))[1];
    await expect(page.getByTestId(`pick-${second}`)).toHaveAttribute('aria-checked', 'true');
    await page.getByTestId('pick-h1').click();
    await page.getByTestId('pick-send').click();
    await expect(page.getByTestId('hospital-reason')).toContainText('不在推荐之列');
    await page.getByTestId('hospital-reason').getByRole('button', { name: '患方要求' }).click();
    await expect(page.getByTestId('hospital-reason')).toBeHidden();
    await expect(page.getByText('选择原因：患方要求')).toBeVisible();
    expect((await ranking(desk, sent.mission.id)).assessment.lvo).toBe('yes');

    // The crew has the same ranking while there is a link, and it says that it is the centre's.
    await terminal.getByTestId('open-hospital').click();
    await terminal.getByTestId('pathway-stroke').click();
    await expect(terminal.getByTestId('ranked')).toContainText('中心排序');
    const first = terminal.locator('[data-test^="hospital-h"]').first();
    await expect(first).toHaveAttribute('data-test', 'hospital-h6');
    await expect(first).toContainText('取栓');
    await expect(terminal.getByTestId('weighed')).toContainText('建议绕过');
    await expectNoOverflow(terminal);
    await expectAccessible(terminal);
  } finally {
    // The town as it was: the unit free, and the hospital open for the tests behind this one.
    await desk.post(`missions/${sent.mission.id}/abort`, { reason: '测试结束' });
    await desk.post(`incidents/${incident.id}/cancel`, { reason: '测试结束' });
    for (const part of ['whole', 'cath_lab']) await desk.post('hospitals/h1/board', { part, state: 'open' });
  }
});
