// The way and the arrival of one unit: on the console, at the wheel, and at the hospital that it goes to.
import { expectAccessible, expectNoOverflow } from '../fixtures/look';
import { Dispatcher } from '../fixtures/sent';
import { expect, sizes, test } from '../fixtures/test';

interface Way {
  seconds: number;
  metres: number;
  steps: { turn: string; name?: string }[];
}
interface Arrivals {
  arrivals: {
    mission: string;
    forecast: { node: string; at: string; from: string; to: string; method: string };
    arrived?: string;
    error_s?: number;
  }[];
}

test('the way is drawn at the wheel, told to the hospital, and its arrival kept with its band', async ({
  town,
  open,
}) => {
  const desk = await Dispatcher.at(town);
  const units = JSON.parse((await desk.get('units')).body.toString()) as {
    id: string;
    mission?: string;
    duty: string;
  }[];
  const unit = units.find((u) => !u.mission && u.duty === 'on_duty' && town.terminals[u.id])?.id ?? '';
  const sent = await desk.send(unit, { address: '解放路与青年路交叉口', complaint: '胸痛' });
  try {
    const wheel = await open(`${town.terminals[unit]}/terminal?seat=driver`, sizes.tablet);
    await wheel.getByRole('button', { name: '接受任务' }).click();
    await expect(wheel.getByTestId('way')).toHaveCount(0); // nobody drives yet
    await wheel.getByTestId('key-departed').click();

    // At the wheel: as many metres as the centre's own answer, its first turn, and a band about the arrival.
    const way = wheel.getByTestId('way');
    await expect(way.locator('svg')).toBeVisible({ timeout: 20_000 });
    const route = JSON.parse((await desk.get(`missions/${sent.mission}/route`)).body.toString()) as Way;
    const turn = route.steps.find((s, i) => i > 0 && s.turn !== 'continue');
    if (turn?.name) await expect(wheel.getByTestId('turn')).toContainText(turn.name);
    await expect(way).toContainText(/剩余 [\d.]+ k?m/);
    await expect(way).toContainText(/\d\d:\d\d–\d\d:\d\d/);
    await expectNoOverflow(wheel);
    await expectAccessible(wheel);

    // What was foretold when it left is kept.
    const kept = async (): Promise<Arrivals['arrivals']> =>
      (JSON.parse((await desk.get('arrivals')).body.toString()) as Arrivals).arrivals.filter(
        (a) => a.mission === sent.mission,
      );
    await expect.poll(async () => (await kept()).map((a) => a.forecast.node)).toEqual(['at_scene']);
    const told = (await kept())[0]!.forecast;
    expect(told.method).toBe('roads');
    expect(Date.parse(told.from)).toBeLessThan(Date.parse(told.at));
    expect(Date.parse(told.to)).toBeGreaterThan(Date.parse(told.at));

    // The hospital sees the way of its patient from leaving the scene on, another none.
    await desk.post(`missions/${sent.mission}/destination`, { hospital: 'h1', pathway: 'chest_pain' });
    const board = await open(`${town.hospital}?hospital=h1`, sizes.board);
    const mine = board.locator('[data-test^="inbound-"]').filter({ hasText: '胸痛' });
    await expect(mine.first()).toBeVisible();
    await expect(board.getByTestId('way')).toHaveCount(0);
    for (const node of ['at_scene', 'contact', 'left_scene']) await wheel.getByTestId(`key-${node}`).click();
    await expect(board.getByTestId('way').locator('svg')).toBeVisible({ timeout: 20_000 });
    await expect(board.getByTestId('way')).toContainText(/\d\d:\d\d–\d\d:\d\d/);
    await expectNoOverflow(board);
    await expectAccessible(board);
    const other = JSON.parse((await desk.get(`missions/${sent.mission}/route?hospital=h2`)).body.toString()) as {
      line: unknown[];
    };
    expect(other.line).toEqual([]);
    await expect.poll(async () => (await kept()).map((a) => a.forecast.node)).toEqual(['at_hospital', 'at_scene']);
    const scene = (await kept())[1]!;
    expect(scene.error_s).toBeLessThan(0); // nobody drove: the key came long before the arrival that was foretold
    expect(Date.parse(scene.arrived ?? '')).toBeLessThan(Date.parse(scene.forecast.at));
  } finally {
    await desk.post(`missions/${sent.mission}/abort`, { reason: '测试结束' });
  }
});
