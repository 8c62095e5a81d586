// Pictures of the hospital's screen from a made-up ward of simulated patients, and labelled as such.
import { expect, sizes, test as base } from '../fixtures/test';
import { Ward, type WardOptions } from '../fixtures/ward';
import { both, sweepMs } from './shoot';

const test = base.extend<{ ward: (options: WardOptions) => Promise<Ward> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from this pattern
  ward: async ({}, use) => {
    const wards: Ward[] = [];
    await use(async (options) => {
      const made = await new Ward(options).start();
      wards.push(made);
      return made;
    });
    for (const one of wards) await one.stop();
  },
  // The pages are closed before their server: one that finds it gone says so in its console.
  open: async ({ ward, open }, use) => {
    expect(ward).toBeDefined();
    await use(open);
  },
});
test.use({ trace: 'off', actionTimeout: 20_000 });

test('pictures of the hospital', async ({ open, ward }) => {
  test.setTimeout(600_000);
  const town = await ward({ patients: 4, demo: true });
  const empty = await ward({ patients: 0, demo: true });
  const at = (w: Ward, more = ''): string => `${w.url}/hospital?hospital=h1&lang=zh${more}`;
  const [first, second] = town.patients;
  if (!first || !second) throw new Error('the ward is empty');

  const none = await open(at(empty), sizes.board);
  await expect(none.getByTestId('duty')).toBeVisible();
  await none.waitForTimeout(1_500);
  await both(none, 'hospital-empty');
  await none.close();

  const page = await open(at(town, '&tiles=1'), sizes.board);
  await page.getByTestId('duty').getByRole('button', { name: '陈主任' }).click();
  await page.getByTestId('tiles-1').click();
  await page.waitForTimeout(sweepMs);
  await both(page, 'hospital-live', sweepMs);
  await page.getByTestId('tiles-4').click();
  await page.waitForTimeout(sweepMs);
  await both(page, 'hospital-four', sweepMs);

  second.state = 'delivered';
  town.publishNotice(second, { escalated: 1, escalated_at: new Date().toISOString() });
  Object.assign(first.values, { hr: 48, pr: 48, nibp_sys: 86, nibp_dia: 52, nibp_map: 63 });
  first.bpm = 48;
  town.publishPressure(first);
  await page.waitForTimeout(sweepMs);
  await both(page, 'hospital-alarming', sweepMs);

  await page.getByTestId('tiles-1').click();
  await page.getByTestId('inbound-n1').click();
  await page.waitForTimeout(sweepMs);
  first.frozen = true;
  first.off = 1 << 6;
  await page.waitForTimeout(6_000);
  await both(page, 'hospital-stale', 1_500);
  first.frozen = false;
  await page.close();
  const wall = await open(at(town, '&layout=wall'), sizes.board);
  await wall.waitForTimeout(sweepMs);
  await both(wall, 'hospital-wall', sweepMs);
});
