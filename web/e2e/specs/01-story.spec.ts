// Runs first: it wants a town in which nothing has happened yet. 02-states follows in the same town.
import { inkedColumns } from '../fixtures/canvas';
import { chooseFirst } from '../fixtures/choose';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { expect, sizes, test } from '../fixtures/test';

// The product's proof: one press on a phone, seen on every screen.
test('phone pressed, alarm sounds, unit sent, crew accepts, hospital sees the ECG', async ({ town, open }) => {
  const desk = await open(`${town.console}?nomap=1`, sizes.desk);
  await desk.getByLabel('姓名').fill('王芳');
  await desk.getByRole('button', { name: '登录', exact: true }).click();
  await expect(desk.getByRole('button', { name: '退出' })).toBeVisible();
  await expect(desk.getByTestId('demo')).toBeVisible();

  // The phone. ALM-003: "received" only when stored, and no word of a coming ambulance yet.
  const city = (await (await desk.request.get(`${town.api}/api/v1/stations`)).json()) as
    { stations?: { pos: { lat: number; lon: number } }[] } | { pos: { lat: number; lon: number } }[];
  const station = (Array.isArray(city) ? city : (city.stations ?? []))[0];
  if (!station) throw new Error('the demo city has no station');
  const phone = await open(town.sos, sizes.phone, {
    geolocation: { latitude: station.pos.lat + 0.004, longitude: station.pos.lon + 0.004, accuracy: 12 },
    permissions: ['geolocation'],
    hasTouch: true,
  });
  await expect(phone.getByText('误差约 12 米')).toBeVisible();
  await expectNoOverflow(phone);
  await expectAccessible(phone);
  await phone.getByRole('button', { name: '家人需要急救' }).click();
  await expect(phone.getByText('120 已收到您的呼救')).toBeVisible();
  await expect(phone.getByText('救护车尚未派出')).toBeVisible();

  // The alarm stands at the desk, and sounds.
  const alarm = desk.getByTestId('alarm-caller').first();
  await expect(alarm).toContainText('家属');
  await expect(desk.getByTestId('sounding')).toBeVisible();
  await desk.keyboard.press('F2');
  await expect(alarm).toContainText('王芳 已确认');
  await expect(desk.getByTestId('sounding')).toBeHidden();

  // The sheet: address, complaint, priority, pathway; one key saves and recommends.
  await desk.getByLabel('现场地址').fill('人民路 93 号 3 单元 1203');
  await desk.getByLabel('主诉').fill('胸痛 40 分钟');
  await desk.getByText('A 危重').click();
  await desk.getByLabel('绿色通道').selectOption('chest_pain');
  await desk.keyboard.press('Control+Enter');
  const choices = desk.getByRole('radiogroup', { name: '推荐派车' }).getByRole('radio');
  await expect(choices.first()).toBeVisible();
  await expect(desk.getByText('按路网行车时间')).toBeVisible();
  await expectNoOverflow(desk);

  // One key sends the order.
  const go = desk.getByRole('button', { name: /^派 .*（F8）/ });
  await expect(go).toBeEnabled();
  await desk.keyboard.press('F8');
  await expect(desk.getByTestId('order-queued')).not.toContainText('--:--');
  const mission = desk.locator('[data-test^="mission-"]').first();
  const unit = ((await mission.getAttribute('data-test')) ?? '').replace('mission-', '');
  const terminalAddress = town.terminals[unit];
  if (!terminalAddress) throw new Error(`the order went to ${unit}, which has no terminal in this town`);

  // The crew: the order with its address, accepted by touch.
  const terminal = await open(`${terminalAddress}/terminal?seat=cabin`, sizes.tablet);
  await expect(terminal.getByText('人民路 93 号 3 单元 1203', { exact: true })).toBeVisible();
  await expectNoOverflow(terminal);
  await terminal.getByRole('button', { name: '接受任务' }).click();
  await expect(desk.getByTestId('order-accepted')).not.toContainText('--:--');
  await expect(phone.getByText('救护车已接受任务')).toBeVisible();

  // One touch a node, seen at the desk.
  await terminal.getByTestId('key-departed').click();
  await expect(desk.getByTestId('node-departed').first()).not.toContainText('--:--');
  await terminal.getByTestId('key-at_scene').click();
  await expect(phone.getByText('救护车已到达')).toBeVisible();
  await terminal.getByTestId('key-contact').click();

  // A touch by mistake is taken back: the node is open again, here and at the desk (DSP-004).
  await terminal.getByTestId('key-left_scene').click();
  await terminal.getByRole('button', { name: /离开现场\s*撤销/ }).click();
  await expect(terminal.getByTestId('key-left_scene')).toContainText('已撤销');
  await expect(desk.getByTestId('node-left_scene').first()).toContainText('--:--');

  // Bound by a named act, then sent to a hospital (CLN-006).
  await expect(terminal.getByTestId('wave-ecg')).toBeVisible();
  await terminal.getByTestId('open-patient').click();
  await terminal.getByLabel('姓名（可空）').first().fill('张国');
  await terminal.getByRole('button', { name: '男', exact: true }).first().click();
  await terminal.getByLabel('年龄').first().fill('58');
  await terminal.getByRole('button', { name: '绑定新患者' }).first().click();
  await expect(terminal.getByText(/张国 男 58 岁/).first()).toBeVisible();
  await terminal.getByTestId('back').click();
  await terminal.getByTestId('open-hospital').click();
  const hospital = await chooseFirst(terminal);
  await terminal.getByTestId('tell').click();
  await expectAccessible(terminal);

  // The hospital: told, answers, sees numbers and the ECG.
  const board = await open(`${town.hospital}?hospital=${hospital}`, sizes.board);
  await expect(board.getByText('远程显示，仅供参考，以床旁监护仪为准')).toBeVisible();
  await expect(board.getByRole('button', { name: /张国/ }).first()).toBeVisible();
  // Named once a shift; from then on one touch answers.
  await board.getByTestId('duty').getByLabel('值班人姓名').fill('李医生');
  await board.getByRole('button', { name: '由我值班' }).click();
  await expect(board.getByTestId('duty')).toContainText('值班 李医生');
  await board.getByRole('button', { name: '接受：李医生' }).click();
  await expect(board.getByTestId('answer')).toContainText('李医生 已接受');
  await expect(desk.getByText('李医生 已接受').first()).toBeVisible();
  await expect(board.getByTestId('vital-hr')).toContainText(/\d{2,3}/);
  const ecg = board.locator('[data-test^="patient-"] canvas');
  await expect(ecg).toBeVisible();
  await expect.poll(() => inkedColumns(ecg), { timeout: 20_000 }).toBeGreaterThan(150);
  await expect(board.getByTestId('strip-ecg')).toContainText('模拟');
  await expect(board.getByTestId('step-fmc')).not.toContainText('--:--');
  await expectNoOverflow(board);
  await expectAccessible(board);
  await expectAccessible(desk);
});
