import { afterEach, describe, expect, it, vi } from 'vitest';
import { oneAtATime, restMs } from './once';

describe('one act at a time', () => {
  afterEach(() => void vi.useRealTimers());
  it('lets no second click through, also not the moment after', async () => {
    vi.useFakeTimers();
    const once = oneAtATime();
    const act = vi.fn(() => new Promise<string>((done) => setTimeout(() => done('lifted'), 300)));
    const first = once.run(act);
    expect(await once.run(act)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(300);
    expect(await first).toBe('lifted');
    expect([once.busy.value, await once.run(act)]).toEqual([true, undefined]);
    await vi.advanceTimersByTimeAsync(restMs);
    expect(once.busy.value).toBe(false);
    void once.run(act);
    expect(act).toHaveBeenCalledTimes(2);
  });
  it('rests after an act that failed, too, and then goes on', async () => {
    vi.useFakeTimers();
    const once = oneAtATime();
    await expect(once.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(once.busy.value).toBe(true);
    await vi.advanceTimersByTimeAsync(restMs);
    expect(once.busy.value).toBe(false);
  });
});
