// Checks of what comes from outside: nothing is believed before its shape has been seen (STYLE §3, TypeScript).

export type Check<T> = (value: unknown) => value is T;

export const text: Check<string> = (value): value is string => typeof value === 'string';
export const number: Check<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);
export const flag: Check<boolean> = (value): value is boolean => typeof value === 'boolean';
/** An instant as RFC 3339 text that this page can read. */
export const time: Check<string> = (value): value is string => text(value) && !Number.isNaN(Date.parse(value));

/** One of the given words, no other. */
export function word<const T extends string>(...words: T[]): Check<T> {
  return (value): value is T => (words as unknown[]).includes(value);
}

export function list<T>(check: Check<T>): Check<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every((v) => check(v));
}

/** Absent is fine; null counts as absent, as Go's encoders write empty lists. */
export function maybe<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || value === null || check(value);
}

/** The check of an object, with the names of the fields that the screens read: tests hold them against the server's goldens. */
export type ShapeCheck<T> = Check<T> & { fields: string[] };

/** An object with each of T's fields checked; fields this page does not know are let pass (the server may be newer). */
export function shape<T extends object>(fields: { [K in keyof Required<T>]: Check<T[K]> }): ShapeCheck<T> {
  const names = Object.keys(fields); // old web views have no Object.entries, and the caller's page is read by this too
  const checks = fields as unknown as Record<string, Check<unknown>>;
  const check = (value: unknown): value is T => {
    if (typeof value !== 'object' || value === null) return false;
    const object = value as Record<string, unknown>;
    return names.every((name) => checks[name]?.(object[name]));
  };
  return Object.assign(check, { fields: names });
}
