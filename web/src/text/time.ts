// Times on screen: 24 hours, Asia/Shanghai always (TIM-002). China has had no summer time since 1991: +8 h is exact.
const shanghaiMs = 8 * 3600_000;

function shanghai(ms: number): string {
  return new Date(ms + shanghaiMs).toISOString();
}

/** 14:22:08 */
export function clock(ms: number): string {
  return shanghai(ms).slice(11, 19);
}

/** 14:22 */
export function minute(iso: string): string {
  return shanghai(Date.parse(iso)).slice(11, 16);
}

/** A band of time to whole minutes, rounded outwards so that it never promises more than is known. */
export function band(from: string, to: string): string {
  return `${minute(from)}–${minute(new Date(Math.ceil(Date.parse(to) / 60_000) * 60_000).toISOString())}`;
}

/** 14:22:08 of an instant; --:--:-- when there is none. */
export function clockOf(iso: string | undefined): string {
  return iso ? clock(Date.parse(iso)) : '--:--:--';
}

/** 2026-11-21 */
export function day(ms: number): string {
  return shanghai(ms).slice(0, 10);
}

/** 00:07, 12:40, 1:02:03 */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const h = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return h > 0 ? `${h}:${rest}` : rest;
}

/** 4 分 10 秒 / 4 min 10 s, for travel times. */
export function travel(seconds: number, lang: 'zh' | 'en'): string {
  const whole = Math.round(seconds);
  const m = Math.floor(whole / 60);
  const s = whole % 60;
  return lang === 'zh' ? `${m} 分 ${String(s).padStart(2, '0')} 秒` : `${m} min ${String(s).padStart(2, '0')} s`;
}

/** RFC 3339 of a server instant. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
