// What a page costs: CPU time of its main thread and of its processes by the browser's own counters (so that other work on the machine
// changes them little), pictures drawn, tasks that held the page up, and how its heap grows.
import type { Browser, Page } from '@playwright/test';

export interface Cost {
  /** Of one core, percent: the page's main thread; of it scripts, and style with layout. */
  main: number;
  script: number;
  layout: number;
  /** All renderer processes, and the GPU process (drawn in software where there is no card). */
  renderer: number;
  gpu: number;
  /** Frames a second of the page, and the longest wait between two of them, ms. */
  fps: number;
  worstFrameMs: number;
  /** Tasks over 50 ms, and the longest, ms of wall time: other work on the machine makes them longer. */
  longTasks: number;
  longestMs: number;
  /** Heap after a collection, at the end and its growth in a minute, MB. */
  heapMB: number;
  growthMB: number;
}

interface Counters {
  frames: number;
  worst: number;
  long: number;
  longest: number;
}

/** Set up before the page is opened. */
export async function counted(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const c = { frames: 0, worst: 0, long: 0, longest: 0 };
    let last = 0;
    const beat = (now: number): void => {
      if (last) c.worst = Math.max(c.worst, now - last);
      last = now;
      c.frames++;
      requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
    new PerformanceObserver((list) => {
      for (const e of list.getEntries()) {
        c.long++;
        c.longest = Math.max(c.longest, e.duration);
      }
    }).observe({ entryTypes: ['longtask'] });
    Object.assign(globalThis, { counters: c });
  });
}

export async function measure(browser: Browser, page: Page, seconds: number): Promise<Cost> {
  const cdp = await page.context().newCDPSession(page);
  const all = await browser.newBrowserCDPSession();
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cdp.send('HeapProfiler.enable');
  const heap = async (): Promise<number> => {
    await cdp.send('HeapProfiler.collectGarbage');
    return (await metrics()).JSHeapUsedSize ?? 0;
  };
  const metrics = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]));
  const cpu = async (type: string): Promise<number> => {
    const { processInfo } = await all.send('SystemInfo.getProcessInfo');
    return processInfo.filter((p) => p.type.toLowerCase() === type).reduce((sum, p) => sum + p.cpuTime, 0);
  };
  const counters = (): Promise<Counters> =>
    page.evaluate(() => ({ ...(globalThis as unknown as { counters: Counters }).counters }));
  const heapThen = await heap();
  await page.evaluate(() => Object.assign((globalThis as unknown as { counters: Counters }).counters, { worst: 0, long: 0, longest: 0 })); // prettier-ignore
  const [m0, r0, g0, c0, t0] = [await metrics(), await cpu('renderer'), await cpu('gpu'), await counters(), Date.now()];
  await page.waitForTimeout(seconds * 1000);
  const [m1, r1, g1, c1, t1] = [await metrics(), await cpu('renderer'), await cpu('gpu'), await counters(), Date.now()];
  const heapNow = await heap();
  const s = (t1 - t0) / 1000;
  const share = (name: string): number => round((((m1[name] ?? 0) - (m0[name] ?? 0)) / s) * 100);
  return {
    main: share('TaskDuration'),
    script: share('ScriptDuration'),
    layout: round(share('LayoutDuration') + share('RecalcStyleDuration')),
    renderer: round(((r1 - r0) / s) * 100),
    gpu: round(((g1 - g0) / s) * 100),
    fps: round((c1.frames - c0.frames) / s),
    worstFrameMs: Math.round(c1.worst),
    longTasks: c1.long - c0.long < 0 ? c1.long : c1.long,
    longestMs: Math.round(c1.longest),
    heapMB: round(heapNow / 1e6),
    growthMB: round(((heapNow - heapThen) / 1e6) * (60 / s)),
  };
}
function round(x: number): number {
  return Math.round(x * 10) / 10;
}

export function table(rows: [string, Cost][]): string {
  const head = [
    '',
    'main %',
    'script',
    'layout',
    'renderer %',
    'gpu %',
    'frames/s',
    'worst ms',
    '> 50 ms',
    'longest',
    'heap MB',
    '+ MB/min',
  ];
  const line = (cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(([name, c]) =>
      line([name, c.main, c.script, c.layout, c.renderer, c.gpu, c.fps, c.worstFrameMs, c.longTasks, c.longestMs, c.heapMB, c.growthMB]),
    ),
  ].join('\n'); // prettier-ignore
}
