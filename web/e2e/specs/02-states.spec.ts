import type { Page, WebSocketRoute } from '@playwright/test';
import { expectNoOverflow } from '../fixtures/look';
import { expect, sizes, test } from '../fixtures/test';

/** Keeps in the page how long after the press its warning stood there. */
async function timeWarnings(page: Page): Promise<void> {
  await page.addInitScript(() => {
    let pressed = 0;
    addEventListener('click', () => (pressed ||= performance.now()), { capture: true });
    new MutationObserver(() => {
      const there = globalThis as unknown as { warnedMs?: number };
      const alert = document.querySelector('[role=alert]');
      const shown = alert?.textContent?.includes('请立即拨打 120') && alert.getClientRects().length > 0;
      if (pressed && shown && there.warnedMs === undefined) there.warnedMs = performance.now() - pressed;
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

test('ALM-003 a phone without an answer for 5 s says 请立即拨打120 full screen, and goes on sending', async ({
  town,
  open,
}) => {
  const phone = await open(town.sos, sizes.phone, {}, timeWarnings);
  let attempts = 0;
  let silent = true;
  await phone.route('**/api/v1/alarms/caller', async (route) => {
    attempts++;
    if (silent) return; // never answered
    await route.continue();
  });
  await phone.getByRole('button', { name: '我需要急救' }).click();
  await expect(phone.getByRole('alert')).toContainText('请立即拨打 120');
  // Measured inside the page: a busy machine delays what we see of it, not its own timer.
  const waited = await phone.evaluate(() => (globalThis as unknown as { warnedMs: number }).warnedMs);
  expect(waited).toBeGreaterThan(4_900);
  expect(waited).toBeLessThan(6_500);
  await expect(phone.getByText('已收到您的呼救')).toBeHidden();
  await expect(phone.getByRole('link', { name: '拨打 120' })).toHaveAttribute('href', 'tel:120');
  await expectNoOverflow(phone);
  silent = false;
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  expect(attempts).toBeGreaterThan(1);
});

test('the SOS key: held 1.5 s, pending, then received when the centre has stored it', async ({ town, open }) => {
  const desk = await open(`${town.console}?nomap=1`, sizes.desk);
  const address = Object.values(town.terminals)[1];
  const terminal = await open(`${address}/terminal?seat=cabin`, sizes.tablet);
  const bar = terminal.getByTestId('sos');
  await expect(bar).toBeVisible();
  await bar.hover();
  await terminal.mouse.down();
  await terminal.mouse.up(); // let go too early: nothing happens
  await expect(terminal.getByTestId('lamp')).toContainText('按住 1.5 秒');
  await terminal.mouse.down();
  await expect(terminal.getByTestId('lamp')).toContainText('中心已收到');
  await terminal.mouse.up();
  await expect(desk.getByTestId('alarm-crew_sos').first()).toBeVisible();
});

test('a tablet that is away keeps its SOS and notes, and hands them over on return', async ({
  town,
  open,
  tolerate,
}) => {
  tolerate.push(/ERR_FAILED|ERR_INTERNET_DISCONNECTED|WebSocket/);
  const address = Object.values(town.terminals)[2];
  let away = false;
  let pongs = 0;
  const sockets: WebSocketRoute[] = [];
  const terminal = await open(`${address}/terminal?seat=cabin`, sizes.tablet, {}, async (page) => {
    await page.routeWebSocket(/\/ws$/, (socket) => {
      sockets.push(socket);
      if (away) {
        void socket.close();
        return;
      }
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (typeof message === 'string' && /"t":\s*"pong"/.test(message)) pongs++;
        socket.send(message);
      });
    });
    await page.route('**/api/**', (route) => (away ? route.abort() : route.continue()));
  });
  await expect(terminal.getByTestId('owed')).toBeVisible();
  await expect.poll(() => pongs).toBeGreaterThan(1); // so that the tablet's clock is measured

  away = true;
  for (const socket of sockets) void socket.close();
  await expect(terminal.getByTestId('away')).toContainText('离开车载');
  await expect(terminal.getByTestId('away')).toContainText(/偏差 -?\d+\.\d ± \d+\.\d 秒/);
  await terminal.getByTestId('open-notes').click();
  await terminal.getByPlaceholder('记录').fill('离车记录 一');
  await terminal.getByRole('button', { name: '保存' }).click();
  await terminal.getByTestId('sos').hover();
  await terminal.mouse.down();
  await expect(terminal.getByTestId('lamp')).toContainText('尚未发出');
  await terminal.mouse.up();
  await expect(terminal.getByText('平板待交接 2 项')).toBeVisible();
  await expectNoOverflow(terminal);

  away = false;
  await expect(terminal.getByTestId('away')).toBeHidden({ timeout: 30_000 });
  await expect(terminal.getByTestId('lamp')).toContainText('中心已收到', { timeout: 30_000 });
  await expect(terminal.getByText('离车记录 一')).toBeVisible({ timeout: 30_000 });
  await expect(terminal.getByText('平板待交接')).toBeHidden({ timeout: 30_000 });
});

for (const lang of ['zh', 'en']) {
  test(`no page overflows in ${lang}`, async ({ town, open }) => {
    const first = Object.values(town.terminals)[0];
    for (const [url, size] of [
      [`${town.console}?lang=${lang}`, sizes.desk],
      [`${town.console}?lang=${lang}`, sizes.tablet],
      [`${town.hospital}?hospital=h1&lang=${lang}`, sizes.board],
      [`${town.hospital}?lang=${lang}`, sizes.tablet],
      [`${town.sos}?lang=${lang}`, sizes.phone],
      [`${first}/terminal?lang=${lang}&seat=cabin`, sizes.tablet],
      [`${first}/terminal?lang=${lang}&seat=driver`, sizes.tablet],
    ] as const) {
      const page = await open(url, size);
      await expect(page.locator('h1').first()).toBeVisible();
      await expectNoOverflow(page);
      await page.close();
    }
  });
}
