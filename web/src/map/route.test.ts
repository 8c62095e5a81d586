import { afterEach, describe, expect, it, vi } from 'vitest';
import { effectScope } from 'vue';
import { noWay, routeEveryMs, useRoute, wayOf } from './route';

describe('the way of a unit', () => {
  const line = [
    [118.5, 35.4],
    [118.6, 35.5],
  ];
  it('is a line of places, lon before lat, with what is done on it', () => {
    const steps = [{ turn: 'left', name: '解放路', metres: 300, seconds: 20 }];
    expect(wayOf({ line, steps })).toEqual({
      line: [
        { lon: 118.5, lat: 35.4 },
        { lon: 118.6, lat: 35.5 },
      ],
      steps,
    });
    expect(wayOf({ line, steps: [{ turn: 7 }] }).steps).toEqual([]);
  });

  it('is nothing when the answer is none', () => {
    for (const bad of [undefined, null, {}, { line: 'x' }, { line: [[1]] }, { line: [[1, 'a']] }])
      expect(wayOf(bad)).toBe(noWay);
  });
});

describe('following a way', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  it('asks again while its part of the page stands, and never after it has gone', async () => {
    vi.useFakeTimers();
    const answers: (() => void)[] = [];
    const ask = vi.fn(
      () =>
        new Promise((done) => {
          answers.push(() => done(new Response('{"line":[]}', { headers: { 'Content-Type': 'application/json' } })));
        }),
    );
    vi.stubGlobal('fetch', ask);
    const scope = effectScope();
    scope.run(() => useRoute(() => 'm1'));
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(routeEveryMs);
    expect(ask).toHaveBeenCalledTimes(2);
    scope.stop(); // the second answer is still on its way
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(3 * routeEveryMs);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
