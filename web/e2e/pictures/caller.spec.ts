// Pictures of the caller's page: before, while the ambulance comes, with a dead line, and without an answer.
import { Line } from '../fixtures/line';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test } from '../fixtures/test';
import { both } from './shoot';

test.use({ trace: 'off', actionTimeout: 20_000 });

test("pictures of the caller's page", async ({ town, open, tolerate }) => {
  test.setTimeout(300_000);
  tolerate.push(/ERR_/);
  const desk = await Dispatcher.at(town);
  const stations = JSON.parse((await desk.get('stations')).body.toString()) as { pos: { lat: number; lon: number } }[];
  const at = stations[3]?.pos ?? { lat: 35.4, lon: 118.5 };
  const here = {
    geolocation: { latitude: at.lat + 0.012, longitude: at.lon + 0.008, accuracy: 12 },
    permissions: ['geolocation'],
    hasTouch: true,
  };
  const cable = await Line.to(`${town.sos}?lang=zh`);
  const page = await open(cable.url, sizes.phone, here);
  await expect(page.getByText('误差约 12 米')).toBeVisible();
  await both(page, 'caller-empty');

  // No answer for 5 s.
  cable.hold(true);
  await page.getByRole('button', { name: '家人需要急救' }).click();
  await expect(page.getByRole('alert')).toContainText('请立即拨打 120');
  await both(page, 'caller-alarming', 300);
  cable.hold(false);
  await expect(page.getByText('120 已收到您的呼救')).toBeVisible({ timeout: 30_000 });

  const token = await page.evaluate(() => localStorage.getItem('lifeline.token'));
  const { alarm } = JSON.parse((await desk.get(`sos/${token}`)).body.toString()) as { alarm: string };
  await desk.post(`alarms/${alarm}/ack`, {});
  const incident = await desk.post<{ id: string }>('incidents', { alarm, priority: 'A', complaint: '胸痛' });
  const unit = Object.keys(town.terminals)[4] ?? '';
  const sent = await desk.post<{ mission: { id: string }; order: { id: string } }>(
    `incidents/${incident.id}/dispatch`,
    {
      unit,
    },
  );
  await desk.post(`orders/${sent.order.id}/voice`, { name: '李医生' });
  await desk.post(`missions/${sent.mission.id}/nodes`, { node: 'departed' });
  await expect(page.getByText(/预计/).first()).toBeVisible();
  await both(page, 'caller-live');
  cable.hold(true);
  await expect(page.locator('#status')).toHaveClass(/stale/);
  await both(page, 'caller-stale', 300);
  await page.close();
  await cable.close();
  await desk.post(`missions/${sent.mission.id}/recall`, { reason: '测试结束' });
  await desk.post(`incidents/${incident.id}/cancel`, { reason: '测试结束' });
});
