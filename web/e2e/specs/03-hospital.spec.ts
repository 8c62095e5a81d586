// The hospital's screen on a ward made up for it: what a running town cannot do at will.
import { inkedColumns } from '../fixtures/canvas';
import { expectAccessible, expectNoOverflow, expectNumbersWhole } from '../fixtures/look';
import { expect, sizes, test as base } from '../fixtures/test';
import { Ward, type WardOptions } from '../fixtures/ward';

const test = base.extend<{ ward: (options: WardOptions) => Promise<Ward> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from this pattern
  ward: async ({}, use) => {
    const wards: Ward[] = [];
    await use(async (options) => {
      const ward = await new Ward(options).start();
      wards.push(ward);
      return ward;
    });
    for (const ward of wards) await ward.stop();
  },
  // Set up after the ward, so that the pages are closed before their server: one that finds it gone says so in its console.
  open: async ({ ward, open }, use) => {
    expect(ward).toBeDefined();
    await use(open);
  },
});
const at = (ward: Ward, more = ''): string => `${ward.url}/hospital?hospital=h1${more}`;

test('CLN-004 one touch answers, in the name of who is on duty; rejecting needs a reason', async ({ open, ward }) => {
  const town = await ward({ patients: 2 });
  for (const p of town.patients) p.state = 'delivered';
  const page = await open(at(town, '&tiles=2'), sizes.board);
  await expect(page.getByTestId('alarm-bar')).toContainText('新的病情预报待应答');
  await expect(page.getByText('已通知：陈主任').first()).toBeVisible();
  // Nobody is named yet: the touch itself names them, once for the shift.
  await page.getByTestId('patient-n1').getByRole('button', { name: '接受：李医生' }).click();
  await expect(page.getByTestId('patient-n1')).toContainText('李医生 已接受');
  await expect(page.getByTestId('duty')).toContainText('值班 李医生');
  expect(town.asked.at(-1)).toMatchObject({ path: '/api/v1/notices/n1/accept', by: '李医生' });
  await page.getByTestId('patient-n2').getByRole('button', { name: '拒绝' }).click();
  await page.getByRole('button', { name: '导管室占用' }).click();
  await expect(page.getByTestId('patient-n2')).toContainText('李医生 拒绝：导管室占用');
  await expect(page.getByTestId('patient-n2')).toContainText('车辆仍按原目的地行驶');
  await page.reload();
  await expect(page.getByTestId('duty')).toContainText('值班 李医生');
});

test('several patients side by side, by keyboard and by touch; each has its own waves', async ({ open, ward }) => {
  const town = await ward({ patients: 8 });
  const page = await open(at(town), sizes.board);
  const tiles = page.locator('section[data-test^="patient-"]');
  await expect(tiles).toHaveCount(8);
  await page.getByTestId('tiles-4').click();
  await expect(tiles).toHaveCount(4);
  await page.keyboard.press('F8');
  await expect(tiles).toHaveCount(6);
  await page.getByTestId('tiles-2').click();
  await page.keyboard.press('Alt+ArrowDown');
  await expect(tiles.first()).toHaveAttribute('data-test', 'patient-n2');
  await expect(tiles.first().getByTestId('strip-ecg')).toContainText('25 mm/s · 10 mm/mV');
  for (const lead of ['I', 'aVR', 'V6']) await expect(tiles.first().getByText(lead, { exact: true })).toBeVisible();
  await expect.poll(() => inkedColumns(tiles.first().locator('canvas')), { timeout: 20_000 }).toBeGreaterThan(100);
});

test('SCR-001 SCR-006 a frozen source is stale at 3 s and gone at 10 s; a cut link is said within 5 s', async ({
  open,
  ward,
  tolerate,
}) => {
  tolerate.push(/WebSocket/);
  const town = await ward({ patients: 1 });
  const page = await open(at(town), sizes.board);
  const hr = page.getByTestId('vital-hr');
  await expect(hr).toContainText('68');
  const first = town.patients[0];
  if (!first) throw new Error('the ward is empty');
  first.frozen = true;
  await expect(hr).toContainText(/00:0[3-9] 前/, { timeout: 7_000 });
  await expect(page.getByTestId('strip-ecg')).toContainText('无信号', { timeout: 7_000 });
  await expect(hr).toContainText('--', { timeout: 12_000 });
  await expect(hr).not.toContainText('68');
  await expect(page.getByTestId('last-data')).toBeVisible();
  town.cut(true);
  const began = Date.now();
  await expect(page.getByTestId('link-lost')).toBeVisible({ timeout: 15_000 });
  expect(Date.now() - began).toBeLessThan(6_500); // 5 s, and a beat of the page and of this test
  town.cut(false);
});

test('a value beyond its limit alarms, is acknowledged by name, and is not coloured over', async ({ open, ward }) => {
  const town = await ward({ patients: 1 });
  const page = await open(at(town), sizes.board);
  const hr = page.getByTestId('vital-hr');
  await expect(hr.getByTestId('bounds')).toContainText('111');
  const colour = (): Promise<string> => hr.locator('.value').evaluate((e) => getComputedStyle(e).color);
  const before = await colour();
  const first = town.patients[0];
  if (!first) throw new Error('the ward is empty');
  first.values.hr = 36;
  await expect(page.getByTestId('alarm-bar')).toContainText('心率 36 ≤ 40');
  await expect(hr).toHaveClass(/alarm high active/);
  expect(await colour()).toBe(before);
  await page.getByTestId('duty').getByRole('button', { name: '陈主任' }).click();
  await page.keyboard.press('F9');
  await expect(hr).toHaveClass(/alarm high acknowledged/);
  await expect(page.getByTestId('alarm-bar')).toContainText('无报警');
});

test('DLV-004 a gap stays a gap until back-fill closes it, and that says so', async ({ open, ward }) => {
  const town = await ward({ patients: 1 });
  const page = await open(at(town), sizes.board);
  const strip = page.getByTestId('strip-ecg');
  await expect(strip).toContainText('缓冲');
  const first = town.patients[0];
  if (!first) throw new Error('the ward is empty');
  await page.waitForTimeout(1_500);
  const from = first.counter / first.rate;
  first.gap = true;
  await page.waitForTimeout(1_000);
  first.gap = false;
  const to = first.counter / first.rate;
  await expect(strip).toContainText(/间断 [01]\.\d s/);
  town.fill(first, Math.floor(from * 10) / 10, to);
  await expect(strip).toContainText('补传');
  await expect(strip).not.toContainText('间断');
});

test('frozen the picture stands', async ({ open, ward }) => {
  const town = await ward({ patients: 1 });
  const page = await open(at(town), sizes.board);
  const canvas = page.locator('section[data-test^="patient-"] canvas');
  await expect.poll(() => inkedColumns(canvas), { timeout: 20_000 }).toBeGreaterThan(150);
  await page.keyboard.press('F4');
  await expect(page.locator('section[data-test^="patient-"] [role=application]')).toBeVisible();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // the last drawing is done
  const stood = await canvas.evaluate((e) => (e as HTMLCanvasElement).toDataURL());
  await page.waitForTimeout(1_000);
  expect((await canvas.evaluate((e) => (e as HTMLCanvasElement).toDataURL())) === stood).toBe(true);
});

test('what is frozen is measured, thawed it runs on; the bank card measures the screen', async ({ open, ward }) => {
  const town = await ward({ patients: 1 });
  const page = await open(at(town), sizes.board);
  const canvas = page.locator('section[data-test^="patient-"] canvas');
  await expect.poll(() => inkedColumns(canvas), { timeout: 20_000 }).toBeGreaterThan(150);
  await page.keyboard.press('F4');
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the canvas has no place');
  await page.mouse.move(box.x + 200, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 200 + 94.5, box.y + 60 + 37.8, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByTestId('calipers')).toContainText(/(99\d|100\d) ms · (0\.99|1\.0\d) mV/);
  const stood = await canvas.evaluate((e) => (e as HTMLCanvasElement).toDataURL());
  await page.keyboard.press('F4');
  await expect.poll(() => canvas.evaluate((e) => (e as HTMLCanvasElement).toDataURL())).not.toBe(stood);
  await page.getByTestId('settings').click();
  await page.getByTestId('scale').getByRole('button', { name: '保存' }).click();
  await expect(page.getByTestId('scale')).toContainText('已校准');
  await expect(page.getByTestId('strip-ecg')).not.toContainText('屏幕未校准');
});

for (const lang of ['zh', 'en'] as const) {
  for (const theme of ['day', 'night'] as const) {
    test(`no axe violation and no overflow: ${lang}, ${theme}`, async ({ open, ward }) => {
      const town = await ward({ patients: 4 });
      if (town.patients[1]) town.patients[1].state = 'delivered';
      if (town.patients[0]) town.patients[0].values.hr = 36;
      const page = await open(at(town, `&lang=${lang}&theme=${theme}`), sizes.board);
      await expect(page.locator('section[data-test^="patient-"]')).toHaveCount(4);
      // Who waits for an answer stands above: the alarm is looked for where it is.
      await expect(page.getByTestId('patient-n1').getByTestId('vital-hr')).toHaveClass(/alarm/);
      for (const tiles of ['tiles-1', 'tiles-4']) {
        await page.getByTestId(tiles).click();
        await expectNoOverflow(page);
        await expectAccessible(page);
      }
      await page.getByTestId('wall').click();
      await expect(page.getByTestId('wall-n1')).toBeVisible();
      await expectNoOverflow(page);
      await expectAccessible(page);
    });
  }
}

for (const lang of ['zh', 'en'] as const)
  test(`every number stands whole in its tile, however many patients and however large the number: ${lang}`, async ({
    open,
    ward,
  }) => {
    const town = await ward({ patients: 8 });
    for (const [i, p] of town.patients.entries()) {
      if (i % 2) p.state = 'delivered'; // asked for an answer: less room
      Object.assign(p.values, {
        hr: 188,
        pr: 188,
        spo2: 100,
        rr: 44,
        nibp_sys: 204,
        nibp_dia: 118,
        nibp_map: 147,
        t1: 41.2,
      });
    }
    const page = await open(at(town, `&lang=${lang}`), sizes.board);
    for (const tiles of ['tiles-1', 'tiles-2', 'tiles-4', 'tiles-6', 'tiles-8']) {
      await page.getByTestId(tiles).click();
      await expect(page.getByTestId('vital-hr').first()).toHaveClass(/alarm/);
      await expect(page.getByTestId('vital-hr').first()).toContainText('188');
      await expectNumbersWhole(page);
    }
    // Old numbers carry their age.
    for (const p of town.patients) p.frozen = true;
    await expect(page.getByTestId('vital-hr').first()).toContainText(lang === 'zh' ? '前' : 'old', { timeout: 8_000 });
    await expectNumbersWhole(page);
  });
