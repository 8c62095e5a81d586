import { expect, test } from 'vitest';
import { Presses, shakeMs } from './presses';

test('a second press of the same key takes nothing back until it can have been meant', () => {
  const presses = new Presses();
  expect(presses.shaken('lvo yes', 0)).toBe(false);
  expect(presses.shaken('lvo yes', shakeMs - 1)).toBe(true);
  // From the last press, not from the first.
  expect(presses.shaken('lvo yes', shakeMs + 10)).toBe(true);
  expect(presses.shaken('lvo yes', 2 * shakeMs + 10)).toBe(false);
});

test('another key at once is a correction and counts', () => {
  const presses = new Presses();
  expect(presses.shaken('lvo yes', 1000)).toBe(false);
  expect(presses.shaken('lvo no', 1100)).toBe(false);
  expect(presses.shaken('unstable no', 1200)).toBe(false);
});
