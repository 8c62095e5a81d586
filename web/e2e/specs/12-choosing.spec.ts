// Choosing a unit: why each stands where it stands, who is about to be free, and who may be diverted, by a person's recall and never by an order alone.
import type { APIRequestContext, Page } from '@playwright/test';
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { quiet } from '../fixtures/quiet';
import { expect, sizes, test } from '../fixtures/test';
import type { Town } from '../fixtures/town';

interface Spot {
  lat: number;
  lon: number;
}
interface Unit {
  id: string;
  plate: string;
  station: string;
  duty: string;
  kind: string;
  mission?: string;
  crew?: string[];
  fix?: { pos: Spot };
}

async function get<T>(town: Town, request: APIRequestContext, path: string): Promise<T> {
  return (await (await request.get(`${town.api}/api/v1/${path}`)).json()) as T;
}
async function post<T>(town: Town, request: APIRequestContext, path: string, data: object): Promise<T> {
  const headers = { 'X-By': encodeURIComponent('王芳'), 'X-Desk': 'd1' };
  const answer = await request.post(`${town.api}/api/v1/${path}`, { headers, data });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as T;
}
async function sit(page: Page): Promise<void> {
  await page.getByLabel('姓名').fill('王芳');
  await page.getByLabel('席位', { exact: true }).selectOption('d1');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('button', { name: '退出' })).toBeVisible();
}
/** Sends a unit by voice and has it do what the nodes say. */
async function away(
  town: Town,
  request: APIRequestContext,
  unit: string,
  incident: string,
  nodes: string[],
): Promise<string> {
  const sent = await post<{ mission: { id: string }; order: { id: string } }>(
    town,
    request,
    `incidents/${incident}/dispatch`,
    { unit },
  );
  await post(town, request, `orders/${sent.order.id}/voice`, { name: '李师傅' });
  for (const node of nodes) await post(town, request, `missions/${sent.mission.id}/nodes`, { node });
  return sent.mission.id;
}

test('DSP-002 a unit that may be diverted is recalled first; who is about to be free cannot be sent', async ({
  town,
  open,
}) => {
  const desk = await open(`${town.console}?nomap=1`, sizes.desk);
  await sit(desk);
  await quiet(town, desk);
  const request = desk.request;
  const all = await get<Unit[]>(town, request, 'units');
  const ready = all.filter((u) => u.duty === 'on_duty' && !u.mission && u.kind !== 'transport' && u.fix);
  const [going, clearing] = ready;
  if (!going?.fix || !clearing) throw new Error('the town has no two units on duty');
  const suspended: Unit[] = [];
  const calls: string[] = [];
  const call = async (data: object): Promise<{ id: string; number: number }> => {
    const made = await post<{ id: string; number: number }>(town, request, 'incidents', data);
    calls.push(made.id);
    return made;
  };
  try {
    for (const u of ready)
      // whoever stands where it stands would be as near
      if (u.station === going.station && u.id !== going.id && u.id !== clearing.id) {
        await post(town, request, `units/${u.id}/duty`, { duty: 'suspended', reason: '测试' });
        suspended.push(u);
      }
    const at = going.fix.pos;
    const place = (north: number, address: string): object => ({ pos: { lat: at.lat + north, lon: at.lon }, address });
    const slight = await call({
      complaint: '扭伤',
      priority: 'D',
      place: place(0.05, '远处路 1 号'),
    });
    const other = await call({
      complaint: '转送',
      priority: 'B',
      place: place(0.02, '别处路 1 号'),
    });
    await away(town, request, going.id, slight.id, ['departed']);
    await away(town, request, clearing.id, other.id, [
      'departed',
      'at_scene',
      'contact',
      'left_scene',
      'at_hospital',
      'handed_over',
    ]);
    const grave = await call({
      complaint: '气促',
      priority: 'B',
      place: place(0.003, '近处路 1 号'),
    });
    const n = (x: { number: number }): string => String(x.number).padStart(4, '0');

    await desk.getByTestId('waiting-queue').getByText('近处路 1 号').click();
    await desk.getByRole('button', { name: '重新推荐' }).click();
    const divert = desk.getByTestId('divert');
    const soon = desk.getByTestId('soon');
    await expect(divert).toContainText(going.plate);
    await expect(divert).toContainText(`正前往 ${n(slight)}（D 级）`);
    await expect(divert).toContainText(/快 \d+ 分 \d+ 秒|无空闲车辆/);
    await expect(soon).toContainText(clearing.plate);
    await expect(soon).toContainText(/约 \d\d:\d\d 可用/);
    await expect(desk.getByTestId('to-divert')).toContainText('可改派 1 辆');
    await desk.getByTestId('to-soon').click();
    await expect(soon).toBeInViewport();
    // Neither can be chosen: the desk would refuse the order.
    await expect(divert.getByRole('radio')).toHaveCount(0);
    await expect(soon.getByRole('radio')).toHaveCount(0);

    // The basis, by the keyboard: of what the time is made, and what would make each the first.
    const list = desk.getByRole('radiogroup', { name: '推荐派车' });
    await list.focus();
    await expect(desk.getByTestId('basis')).toHaveAttribute('aria-expanded', 'false');
    await desk.keyboard.press('i');
    await expect(desk.getByTestId('basis')).toHaveAttribute('aria-expanded', 'true');
    await expect(list).toContainText(/行车 \d+ 秒 = \d+ 分/);
    await desk.getByText(/^未列入 \d+ 辆$/).click();
    await expect(desk.getByText(/召回即为首选|仍排第/).first()).toBeVisible();
    await expectNoOverflow(desk);
    await expectAccessible(desk);

    // A person recalls it, having read what that does; then it is recommended, and the order is an act of its own.
    await divert.getByRole('button', { name: '召回…' }).click();
    await expect(divert).toContainText(`将不再前往 ${n(slight)}`);
    await divert.getByRole('button', { name: `改派至 ${n(grave)}` }).click();
    await expect(list.getByRole('radio').filter({ hasText: going.plate })).toHaveAttribute('aria-checked', 'true');
    await expect(desk.getByTestId('divert')).toHaveCount(0);
    await desk.keyboard.press('F8');
    await expect(desk.getByTestId(`mission-${going.id}`)).toContainText('已下发');

    // One that has handed over is asked by radio, and entered as available.
    await desk.getByRole('button', { name: '重新推荐' }).click();
    await soon.getByRole('button', { name: '已问车组，记为途中待命' }).click();
    await expect(list.getByRole('radio').filter({ hasText: clearing.plate })).toBeVisible();
    await expect(desk.getByTestId('soon')).toHaveCount(0);
  } finally {
    // The town is as it was, whatever was found: others send these units.
    for (const u of suspended) await post(town, request, `units/${u.id}/duty`, { duty: 'on_duty', crew: u.crew ?? [] });
    for (const id of calls) await post(town, request, `incidents/${id}/cancel`, { reason: '测试' });
  }
});
