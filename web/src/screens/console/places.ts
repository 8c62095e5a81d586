// Places that the centre finds for an address while it is typed, and what taking one writes into the sheet. Pure.
import type { Place, Pos } from '../../wire/entity';
import { list, maybe, number, shape, text, word } from '../../wire/check';
import { posText } from './model';
import { placeOf, type Sheet } from './sheets';

export const kinds = [
  'area',
  'road',
  'village',
  'hospital',
  'school',
  'transport',
  'landmark',
  'station',
  'aed',
  'crossing',
  'house',
  'post',
  'called',
] as const;

export interface PlaceHit {
  name: string;
  kind: (typeof kinds)[number];
  pos: Pos;
  match: 'exact' | 'prefix' | 'inside' | 'fuzzy';
  by: 'name' | 'pinyin' | 'initials' | 'sound' | 'short' | 'part' | 'typo';
  /** Number of the house or kilometre post at pos. */
  house?: string | undefined;
  /** The number that was asked for and is not known: pos is that of house, or of the road. */
  asked?: string | undefined;
  /** Two kilometre posts: pos is worked out along the road between them. */
  between?: string | undefined;
  /** Of a road: west, south, east, north. */
  box?: number[] | undefined;
  /** How often help was called to it before. */
  times?: number | undefined;
  rest?: string | undefined;
  area?: string | undefined;
}
export const hits = list(
  shape<PlaceHit>({
    name: text,
    kind: word(...kinds),
    pos: shape<Pos>({ lat: number, lon: number }),
    match: word('exact', 'prefix', 'inside', 'fuzzy'),
    by: word('name', 'pinyin', 'initials', 'sound', 'short', 'part', 'typo'),
    house: maybe(text),
    asked: maybe(text),
    between: maybe(text),
    box: maybe(list(number)),
    times: maybe(number),
    rest: maybe(text),
    area: maybe(text),
  }),
);

/** How many are shown: as many as an eye takes in at once. */
export const shown = 8;

export function query(typed: string, near: Pos | undefined): string {
  const at = near ? `&lat=${near.lat}&lon=${near.lon}` : '';
  return `/api/v1/places?q=${encodeURIComponent(typed)}&n=${shown}${at}`;
}

/** What of a hit is only near what was said: its position must not pass for the place itself. */
export function roughly(hit: PlaceHit): 'near' | 'middle' | undefined {
  if (hit.asked && (hit.house || hit.between)) return 'near';
  return ['road', 'area', 'village'].includes(hit.kind) ? 'middle' : undefined;
}

/** The corners of a road that is shown whole. */
export function cornersOf(hit: PlaceHit): Pos[] | undefined {
  const [west, south, east, north] = hit.box ?? [];
  if (west === undefined || south === undefined || east === undefined || north === undefined) return undefined;
  return [
    { lat: south, lon: west },
    { lat: north, lon: east },
  ];
}

/** The fields after a hit was taken. A number that is not known stays as it was said, and where the position is stands behind it. */
export function taken(
  typed: string,
  hit: PlaceHit,
  near: (name: string) => string,
  between: (posts: string) => string,
): { address: string; position: string; found: Place } {
  const said = hit.between ? between(hit.between) : near(hit.name);
  const address = hit.asked ? typed.trim() + said : hit.name + (hit.rest ?? '');
  return { address, position: posText(hit.pos), found: { address, pos: hit.pos, source: 'address' } };
}

/** The address whose position the sheet still has, when another was typed since. */
export function stale(sheet: Sheet): string {
  const of = sheet.found?.address;
  if (!of || placeOf(sheet).source !== 'address' || sheet.address.trim().startsWith(of)) return '';
  return of;
}
