// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { switchTheme, theme } from './theme';

const shown = (): string | undefined => document.documentElement.dataset.theme;
const told = (key: string, newValue: string): void => {
  window.dispatchEvent(new StorageEvent('storage', { key, newValue }));
};

describe('theme', () => {
  it('follows another window of this machine, and only its theme', () => {
    expect(theme.value).toBe('night');
    told('lifeline.theme', 'day');
    expect([theme.value, shown()]).toEqual(['day', 'day']);
    told('lifeline.lang', 'night');
    told('lifeline.theme', 'pink');
    expect(theme.value).toBe('day');
    switchTheme();
    expect([theme.value, shown()]).toEqual(['night', 'night']);
  });
  it('follows whoever sets the attribute, so that canvases change with the page', async () => {
    document.documentElement.dataset.theme = 'day';
    await new Promise((done) => setTimeout(done, 10));
    expect(theme.value).toBe('day');
  });
});
