import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { expect, sizes, test } from '../fixtures/test';

// A caller without a fix, and an address that nobody has coordinates of: what happens every night.
test('DSP-001 DSP-002 ALM-005 a caller without a position is sent a unit, and the desk is told whom to ring', async ({
  town,
  open,
}) => {
  const desk = await open(town.console, sizes.desk);
  await desk.getByLabel('姓名').fill('王芳');
  await desk.getByRole('button', { name: '登录', exact: true }).click();
  await expect(desk.getByRole('button', { name: '退出' })).toBeVisible();

  const phone = await open(town.sos, sizes.phone); // no permission to ask where it is
  await phone.getByRole('button', { name: '我需要急救' }).click();
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  await expect(desk.getByTestId('alarm-caller').first()).toBeVisible();
  // Nobody takes it for 30 s, and no supervisor is there.
  await expect(desk.getByTestId('duty-phone')).toContainText('0000-0000120', { timeout: 60_000 });
  // One of those without a position: the others of this town may stand above it, and it moves when it is acknowledged.
  const id = await desk.getByTestId('alarm-caller').filter({ hasText: '无位置' }).first().getAttribute('data-id');
  const alarm = desk.locator(`[data-id="${id}"]`);
  await alarm.getByRole('button', { name: '受理' }).click();
  await expect(alarm).toContainText('王芳 已确认');

  await desk.getByLabel('现场地址').fill('北关老街 7 号后院');
  await desk.keyboard.press('Control+Enter');
  const choices = desk.getByRole('radiogroup', { name: '推荐派车' }).getByRole('radio');
  await expect(choices.first()).toContainText('预计未知');
  await expect(choices.first()).toHaveAttribute('aria-checked', 'false'); // people decide
  await expect(desk.getByRole('button', { name: '派车 F8' })).toBeDisabled();
  await expectNoOverflow(desk);
  await expectAccessible(desk);

  const plate = /演A·L\d{4}/.exec((await choices.nth(1).textContent()) ?? '')?.[0] ?? 'no plate';
  await choices.nth(1).click();
  await expect(desk.getByRole('button', { name: `派 ${plate}（F8）` })).toBeEnabled();
  await desk.keyboard.press('F8');
  await expect(desk.locator('[data-test^="mission-"]', { hasText: plate })).toBeVisible();
});
