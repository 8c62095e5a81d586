// What the two heaviest screens cost a desk's computer, each beside the bare cost in the same run: the same bytes, taken and drawn on the
// same number of pixels by a page that does nothing else. `make bench-screens`; the figures stand in docs/benchmarks.md.
import { cpus, loadavg } from 'node:os';
import type { Page } from '@playwright/test';
import { Fleet } from '../fixtures/fleet';
import { expect, sizes, test } from '../fixtures/test';
import { Ward } from '../fixtures/ward';
import { counted, measure, table, type Cost } from './measure';

test.use({ trace: 'off' });
const seconds = Number(process.env.SECONDS ?? 60);
const settleMs = 12_000;
/** Percent of one core that a page's main thread may take, whatever the machine: beyond it touches and keys wait. */
const mainMax = 30;
/** A picture that grows by more than this a minute does not live through a shift. */
const growthMaxMB = 4;

function say(title: string, rows: [string, Cost][]): void {
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`\n${title} (${cpus().length} cores, ${cpus()[0]?.model}, load ${load})\n${table(rows)}\n`);
}
function judge(name: string, page: Cost, raw: Cost): void {
  process.stdout.write(`${name}: main × ${(page.main / Math.max(raw.main, 0.1)).toFixed(1)} of raw, renderer × ${(page.renderer / Math.max(raw.renderer, 0.1)).toFixed(1)}\n`); // prettier-ignore
  expect(page.main, `${name}: main thread`).toBeLessThan(mainMax);
  expect(page.growthMB, `${name}: growth a minute`).toBeLessThan(growthMaxMB);
}

/** Takes each message whole and draws 200 marks with labels ten times a second. */
async function rawFleet(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((done) => {
        const canvas = document.querySelector('canvas') ?? document.createElement('canvas');
        canvas.width = 1030;
        canvas.height = 480;
        const c = canvas.getContext('2d');
        const units = new Map<string, { fix: { pos: { lat: number; lon: number } }; plate: string }>();
        const socket = new WebSocket(`ws://${location.host}/ws`, 'lifeline.v1');
        socket.onopen = () => socket.send(JSON.stringify({ t: 'hello', topics: ['console'] }));
        socket.onmessage = (event) => {
          const frame = JSON.parse(String(event.data)) as {
            t: string;
            data?: { units: Record<string, never> };
            ops?: { c: string; k: string; v: never }[];
          };
          for (const [k, v] of Object.entries(frame.data?.units ?? {})) units.set(k, v);
          for (const op of frame.ops ?? []) if (op.c === 'units') units.set(op.k, op.v);
          if (frame.t === 'snap') done();
        };
        setInterval(() => {
          if (!c) return;
          c.clearRect(0, 0, canvas.width, canvas.height);
          c.font = '600 13px sans-serif';
          for (const u of units.values()) {
            const x = ((u.fix.pos.lon * 1000) % 1030 + 1030) % 1030;
            const y = ((u.fix.pos.lat * 1000) % 480 + 480) % 480;
            c.beginPath();
            c.arc(x, y, 9, 0, 6.3);
            c.fill();
            c.fillText(u.plate, x - 30, y + 20);
          }
        }, 100);
      }),
  ); // prettier-ignore
}

/** Takes each wave frame as an array over its bytes and strokes its samples, 30 pictures a second. */
async function rawWard(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.body.replaceChildren();
    const lanes = new Map<number, { c: CanvasRenderingContext2D; todo: Int16Array[][]; x: number }>();
    const socket = new WebSocket(`ws://${location.host}/ws`, 'lifeline.v1');
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(JSON.stringify({ t: 'hello', topics: ['hospital:h1'] }));
    socket.onmessage = (event) => {
      if (!(event.data instanceof ArrayBuffer)) {
        JSON.parse(String(event.data));
        return;
      }
      const view = new DataView(event.data);
      const [leads, slot, n] = [view.getUint8(1), view.getUint16(2, true), view.getUint16(18, true)];
      let lane = lanes.get(slot);
      if (!lane) {
        const canvas = document.createElement('canvas');
        canvas.width = 390;
        canvas.height = leads > 1 ? 160 : 40;
        document.body.append(canvas);
        const c = canvas.getContext('2d');
        if (!c) return;
        lanes.set(slot, (lane = { c, todo: [], x: 0 }));
      }
      lane.todo.push(Array.from({ length: leads }, (_, l) => new Int16Array(event.data as ArrayBuffer, 36 + 2 * l * n, n)));
    };
    let last = 0;
    const draw = (now: number): void => {
      requestAnimationFrame(draw);
      if (now - last < 31) return;
      last = now;
      for (const lane of lanes.values()) {
        const { c } = lane;
        for (const frame of lane.todo.splice(0)) {
          const wide = 9.45;
          c.clearRect(lane.x, 0, wide + 12, c.canvas.height);
          c.beginPath();
          for (const [l, samples] of frame.entries()) {
            const y = ((l + 0.5) * c.canvas.height) / frame.length;
            for (let i = 0; i < samples.length; i++) {
              const [px, py] = [lane.x + (wide * i) / samples.length, y - (samples[i] ?? 0) / 40];
              if (i === 0) c.moveTo(px, py);
              else c.lineTo(px, py);
            }
          }
          c.stroke();
          lane.x = lane.x + wide > c.canvas.width ? 0 : lane.x + wide;
        }
      }
    };
    requestAnimationFrame(draw);
  }); // prettier-ignore
}

test('console with its map: 200 units at 1 Hz', async ({ browser, town, open }) => {
  test.setTimeout(900_000);
  const fleet = await new Fleet(new URL(town.console).origin, 200).start();
  const rows: [string, Cost][] = [];
  const one = async (name: string, url: string, before?: (page: Page) => Promise<void>): Promise<Cost> => {
    const page = await open(url, sizes.desk, {}, counted);
    await before?.(page);
    await page.waitForTimeout(settleMs);
    const cost = await measure(browser, page, seconds);
    rows.push([name, cost]);
    await page.close();
    return cost;
  };
  await one('an empty page that counts its frames', `${fleet.url}/raw`);
  const raw = await one('the same bytes and marks, bare', `${fleet.url}/raw`, rawFleet);
  const plain = await one('console, map without base', `${fleet.url}/console`, async (page) => {
    await page.route('**/api/v1/map', (route) =>
      route.fulfill({ json: { datum: 'wgs84', min_zoom: 0, max_zoom: 14, bounds: [] } }),
    );
    await page.reload();
    await expect(page.locator('[data-without="none"]')).toBeVisible();
  });
  const map = await one('console with its map', `${fleet.url}/console`, async (page) => {
    await expect(page.locator('.map[data-ready="true"]')).toBeVisible({ timeout: 120_000 });
  });
  say('console, 200 units at 1 Hz', rows);
  judge('console with its map', map, raw);
  judge('console without base map', plain, raw);
  await fleet.stop();
});

test('hospital: 8 patients × 12 leads × 500 Hz', async ({ browser, open }) => {
  test.setTimeout(900_000);
  const ward = await new Ward({ patients: 8, demo: true }).start();
  const rows: [string, Cost][] = [];
  const bare = await open(`${ward.url}/raw`, sizes.board, {}, counted);
  await rawWard(bare);
  await bare.waitForTimeout(settleMs);
  const raw = await measure(browser, bare, seconds);
  rows.push(['the same bytes and samples, bare', raw]);
  await bare.close();
  for (const tiles of [1, 4, 8]) {
    const page = await open(`${ward.url}/hospital?hospital=h1`, sizes.board, {}, counted);
    await page.getByTestId(`tiles-${tiles}`).click();
    await page.waitForTimeout(settleMs);
    const cost = await measure(browser, page, seconds);
    rows.push([`hospital, ${tiles} side by side of 8`, cost]);
    await page.close();
    if (tiles === 8) {
      say('hospital, 8 patients × 12 leads × 500 Hz', rows);
      judge('hospital, 8 side by side', cost, raw);
    }
  }
  await ward.stop();
});
