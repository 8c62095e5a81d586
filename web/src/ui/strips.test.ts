// @vitest-environment happy-dom
import { createApp, h } from 'vue';
import { describe, expect, it } from 'vitest';
import VitalTile from '../clinical/VitalTile.vue';
import { vitals } from '../clinical/vitals';
import StatusStrips from './StatusStrips.vue';

const t0 = Date.parse('2026-11-21T04:00:00Z');
function text(component: object, props: Record<string, unknown>): string {
  const root = document.createElement('div');
  const app = createApp({ render: () => h(component, props) });
  app.mount(root);
  const words = root.textContent ?? '';
  app.unmount();
  return words;
}
const calm = {
  link: { is: 'up' },
  now: t0,
  since: t0,
  demo: false,
  rejected: 0,
  refused: '',
  ready: true,
  soundOn: true,
};

describe('strips', () => {
  it('SCR-006 a lost link says so with the time of the last data and how long ago', () => {
    const words = text(StatusStrips, { ...calm, link: { is: 'lost', lastMs: t0 - 7_000 } });
    expect(words).toContain('连接中断 00:07');
    expect(words).toContain('11:59:53');
    expect(text(StatusStrips, calm)).toBe('');
  });
  it('SCR-003 a store created as a demo says so on every page', () => {
    expect(text(StatusStrips, { ...calm, demo: true })).toContain('模拟演示');
  });
  it('TIM-001 a machine whose clock is off by more than 1 s says so', () => {
    expect(text(StatusStrips, { ...calm, skewS: -3.24 })).toContain('本机时钟偏差 -3.2 秒');
    expect(text(StatusStrips, { ...calm, skewS: 0.9 })).toBe('');
  });
  it('says how many values could not be read', () => {
    expect(text(StatusStrips, { ...calm, rejected: 3 })).toContain('3 条数据');
  });
});

describe('a number on screen', () => {
  const reading = {
    unit: 'u1',
    patient: 'p1',
    device: 'm1',
    channel: 'hr',
    value: 72,
    quality: 'good',
    taken: new Date(t0).toISOString(),
    source: 'live' as const,
    stale_s: 3,
    gone_s: 10,
    simulated: true,
  };
  const tile = (after: number, more: object = {}): string =>
    text(VitalTile, { vital: vitals([{ ...reading, ...more }], t0 + after * 1000)[0] });

  it('SCR-001 shows its age when stale and is absent when gone', () => {
    expect(tile(1)).toContain('72');
    expect(tile(5)).toMatch(/72.*00:05 前/);
    expect(tile(12)).toContain('--');
    expect(tile(12)).toContain('无信号 00:12');
    expect(tile(12)).not.toContain('72');
  });
  it('SCR-003 a simulated number says so', () => {
    expect(tile(1)).toContain('模拟');
    expect(tile(1, { simulated: false })).not.toContain('模拟');
  });
  it('CLN-005 a probe that is off shows words and no number', () => {
    expect(tile(1, { value: undefined, quality: 'probe_off' })).toMatch(/--.*探头脱落/);
  });
});
