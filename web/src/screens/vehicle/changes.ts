// What a correction changed, old beside new. Pure.
import type { Order } from '../../wire/entity';

export interface Change {
  what: 'place' | 'priority' | 'complaint' | 'phone' | 'text';
  was: string;
  now: string;
}

function words(o: Order): Record<Change['what'], string> {
  const at = o.place.pos;
  return {
    place: o.place.address || (at ? `${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}` : ''),
    priority: o.priority,
    complaint: o.complaint ?? '',
    phone: o.phone ?? '',
    text: o.text,
  };
}

/** The fields that say something else than before. The desk's own words are left out where they only repeat what another field says. */
export function changes(earlier: Order | undefined, order: Order): Change[] {
  if (!earlier) return [];
  const was = words(earlier);
  const now = words(order);
  const all = (Object.keys(now) as Change['what'][])
    .filter((what) => was[what] !== now[what])
    .map((what) => ({ what, was: was[what], now: now[what] }));
  const others = all.filter((c) => c.what !== 'text');
  return others.some((c) => now.text.includes(c.now) && c.now) ? others : all;
}
