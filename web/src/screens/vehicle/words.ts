// Words of places, people and hospitals, in the language of the page.
import { lang, t, tc } from '../../ui/lang';
import type { CrewNotice, Hospital, Order, Patient, Place } from '../../wire/entity';

export function where(place: Place): string {
  return (
    place.address || (place.pos ? `${place.pos.lat.toFixed(5)}, ${place.pos.lon.toFixed(5)}` : t('alarm.no_place'))
  );
}
export function who(p: Patient): string {
  const sex = p.sex === 'm' || p.sex === 'f' ? t(`sex.${p.sex}`) : '';
  return [p.name || t('hospital.unknown_patient'), sex, p.age_years ? t('age.years', { n: p.age_years }) : '']
    .filter(Boolean)
    .join(' ');
}
/** As wide as two lines of the largest type: written smaller, so that nothing below it is pushed out of sight. */
const wide = 44;
export function long(text: string): boolean {
  return [...text].reduce((n, c) => n + (c > '\u2e7f' ? 2 : 1), 0) > wide;
}
/** The complaint, and the desk's own words where they say more: cross streets, floor, who waits below. */
export function more(o: Order): string {
  const known = [o.complaint ?? '', where(o.place)];
  return known.reduce((text, part) => (part ? text.replace(part, '') : text), o.text).trim();
}
export function hospitalName(h: Hospital | undefined, id: string): string {
  return h ? (lang.value === 'en' && h.name_en ? h.name_en : h.name) : id;
}
export function noticeWord(n: CrewNotice): string {
  return tc('notice.state', n.state, { by: n.by ?? '', reason: n.text ?? '' });
}
/** Colour of an answer: refused or withdrawn wants to be read. */
export function noticeTone(n: CrewNotice): 'ok' | 'warn' | 'bad' {
  if (n.state === 'accepted') return 'ok';
  return n.state === 'rejected' || n.state === 'withdrawn' ? 'bad' : 'warn';
}
