// Pictures of the vehicle terminal: nothing to do, an order, a patient on board, away from the vehicle; cabin and driver.
import { Dispatcher } from '../fixtures/sent';
import { Line } from '../fixtures/line';
import { expect, sizes, test } from '../fixtures/test';
import { both, sweepMs } from './shoot';

test.use({ trace: 'off', actionTimeout: 20_000 });

test('pictures of the terminal', async ({ town, open, tolerate }) => {
  test.setTimeout(600_000);
  tolerate.push(/ERR_|WebSocket/);
  const [unit, address] = Object.entries(town.terminals)[3] ?? ['', ''];
  const desk = await Dispatcher.at(town);
  const cable = await Line.to(`${address}/terminal?seat=cabin`);
  const cabin = await open(cable.url, sizes.tablet);
  await expect(cabin.getByTestId('vital-hr')).toContainText(/\d\d/, { timeout: 30_000 });
  await cabin.waitForTimeout(sweepMs);
  await both(cabin, 'vehicle-empty', sweepMs);

  const sent = await desk.send(unit, {
    address: '解放路与青年路交叉口西 80 米 阳光花园 3 号楼 2 单元 1203',
    complaint: '胸痛 40 分钟，大汗',
    text: '东门进，家属在楼下等候，电梯停用',
  });
  await expect(cabin.getByRole('button', { name: '接受任务' })).toBeVisible();
  await both(cabin, 'vehicle-alarming');
  const driver = await open(`${address}/terminal?seat=driver`, sizes.tablet);
  await driver.getByRole('button', { name: '接受任务' }).click();
  await driver.getByTestId('key-departed').click();
  await expect(driver.getByTestId('undo-departed')).toBeVisible();
  await both(driver, 'vehicle-driver');
  await driver.close();

  for (const node of ['at_scene', 'contact']) await cabin.getByTestId(`key-${node}`).click();
  await cabin.getByTestId('open-patient').click();
  await cabin.getByLabel('姓名（可空）').first().fill('张国');
  await cabin.getByRole('button', { name: '男', exact: true }).first().click();
  await cabin.getByLabel('年龄').first().fill('58');
  await cabin.getByRole('button', { name: '绑定新患者' }).first().click();
  await expect(cabin.getByTestId('whose')).toContainText('张国');
  await cabin.getByTestId('back').click();
  await cabin.getByTestId('open-hospital').click();
  await cabin.getByTestId('pathway-chest_pain').click();
  await cabin.getByTestId('hospital-h1').click();
  await cabin.getByTestId('activate').click();
  await cabin.waitForTimeout(900);
  await cabin.getByTestId('activate').click();
  await expect(cabin.getByTestId('notice')).toBeVisible();
  await cabin.getByTestId('back').click();
  await cabin.waitForTimeout(sweepMs + 3_000);
  await both(cabin, 'vehicle-live', sweepMs);

  cable.hold(true);
  await expect(cabin.getByTestId('away')).toBeVisible();
  await cabin.waitForTimeout(9_000);
  await both(cabin, 'vehicle-stale');
  await cabin.close();
  await cable.close();
  await desk.post(`missions/${sent.mission}/abort`, { reason: '测试结束' });
});
