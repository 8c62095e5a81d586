// The look of the base map: layers over our tiles (docs/maps.md), in the tokens of the page's theme. There are no glyphs: all text is
// drawn from the fonts of the machine, Chinese included.
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { components } from '../wire/api.gen';

export type MapInfo = components['schemas']['MapInfo'];

/** The colours that the map is drawn with. */
export const mapTokens = [
  'map-ground', 'map-built', 'map-industrial', 'map-building', 'map-water', 'map-green', 'map-wood', 'map-boundary', 'map-rail', 'map-casing', 'map-motorway', 'map-trunk', 'map-primary', 'map-secondary', 'map-minor', 'map-service', 'map-text', 'map-text-2', 'map-text-water', 'map-halo',
] as const; // prettier-ignore

type Colours = Record<string, string>;

const zoomed = (...stops: number[]): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], ...stops] as unknown as ExpressionSpecification;

/** Classes of roads from the least important up, with widths in pixels at zooms 8, 12, 14 and 18. */
const classes: [
  name: string,
  match: string[],
  from: number,
  widths: [number, number, number, number],
  token: string,
][] = [
  ['path', ['footway', 'cycleway', 'path', 'steps', 'track', 'pedestrian'], 14, [0, 0, 0.8, 4], 'map-service'],
  ['service', ['service'], 14, [0, 0, 0.8, 7], 'map-service'],
  ['minor', ['residential', 'unclassified', 'living_street'], 12, [0, 0.5, 1.6, 14], 'map-minor'],
  ['tertiary', ['tertiary'], 11, [0, 1, 2.6, 18], 'map-minor'],
  ['secondary', ['secondary'], 10, [0.4, 1.6, 3.4, 22], 'map-secondary'],
  ['primary', ['primary'], 8, [0.8, 2.2, 4, 24], 'map-primary'],
  ['trunk', ['trunk'], 7, [1, 2.6, 4.4, 26], 'map-trunk'],
  ['motorway', ['motorway'], 5, [1.2, 3, 5, 28], 'map-motorway'],
];

/**
 * A style for the tiles that info names; origin is this page's, because the map's worker needs whole addresses. Where the overlay draws
 * signs that stand still (signs, as longitude and latitude) no name of the map is written: it would lie under the sign.
 */
export function mapStyle(
  info: MapInfo,
  colours: Colours,
  lang: 'zh' | 'en',
  origin: string,
  signs: readonly [number, number][] = [],
): StyleSpecification {
  const c = (token: (typeof mapTokens)[number]): string => colours[token] || '#808080';
  const name: ExpressionSpecification =
    lang === 'en' ? ['coalesce', ['get', 'name_en'], ['get', 'name']] : ['coalesce', ['get', 'name'], ''];
  const text = (size: number | ExpressionSpecification): Record<string, unknown> => ({
    'text-field': name,
    'text-font': ['sans-serif'],
    'text-size': size,
    'text-max-width': 8,
    'text-padding': 4,
  });
  /** The name of a place: on it, or beside it where a sign stands. */
  const beside = { 'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'], 'text-radial-offset': 1 };
  const halo = { 'text-color': c('map-text'), 'text-halo-color': c('map-halo'), 'text-halo-width': 1.6 };
  const layers: unknown[] = [
    { id: 'ground', type: 'background', paint: { 'background-color': c('map-ground') } },
    {
      id: 'built',
      type: 'fill',
      'source-layer': 'built',
      paint: { 'fill-color': ['match', ['get', 'kind'], 'industrial', c('map-industrial'), c('map-built')] },
    },
    {
      id: 'green',
      type: 'fill',
      'source-layer': 'green',
      paint: { 'fill-color': ['match', ['get', 'kind'], 'wood', c('map-wood'), c('map-green')] },
    },
    {
      id: 'water',
      type: 'fill',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': c('map-water') },
    },
    {
      id: 'brook',
      type: 'line',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'LineString'],
      paint: { 'line-color': c('map-water'), 'line-width': zoomed(8, 0.8, 14, 3) },
    },
    {
      id: 'building',
      type: 'fill',
      'source-layer': 'building',
      minzoom: 14,
      paint: { 'fill-color': c('map-building') },
    },
    {
      id: 'boundary',
      type: 'line',
      'source-layer': 'boundary',
      paint: { 'line-color': c('map-boundary'), 'line-width': zoomed(6, 0.8, 14, 2), 'line-dasharray': [4, 3] },
    },
    {
      id: 'rail',
      type: 'line',
      'source-layer': 'roads',
      filter: ['==', ['get', 'class'], 'rail'],
      paint: { 'line-color': c('map-rail'), 'line-width': zoomed(9, 0.8, 16, 3) },
    },
    {
      id: 'rail-ties',
      type: 'line',
      'source-layer': 'roads',
      minzoom: 12,
      filter: ['==', ['get', 'class'], 'rail'],
      paint: { 'line-color': c('map-ground'), 'line-width': zoomed(12, 0.6, 16, 1.6), 'line-dasharray': [4, 4] },
    },
  ];
  const kinds: [suffix: string, bridge: boolean][] = [
    ['', false],
    ['-bridge', true],
  ];
  for (const [suffix, bridge] of kinds) {
    const bridges: ExpressionSpecification = bridge ? ['==', ['get', 'bridge'], true] : ['!=', ['get', 'bridge'], true];
    for (const [id, match, from, w, token] of classes) {
      const filter = ['all', ['in', ['get', 'class'], ['literal', match]], bridges];
      const link = (x: number): unknown => ['case', ['==', ['get', 'link'], true], x * 0.6, x];
      const width = (more: number): unknown => [
        'interpolate',
        ['exponential', 1.5],
        ['zoom'],
        8,
        link(w[0] + (w[0] ? more : 0)),
        12,
        link(w[1] + (w[1] ? more : 0)),
        14,
        link(w[2] + more),
        18,
        link(w[3] + more * 1.5),
      ];
      const cap = bridge ? 'butt' : 'round';
      if (id !== 'path')
        layers.push({
          id: `${id}-casing${suffix}`,
          type: 'line',
          'source-layer': 'roads',
          minzoom: Math.max(from, 10),
          filter,
          layout: { 'line-cap': 'butt', 'line-join': 'round' },
          paint: { 'line-color': bridge ? c('map-text-2') : c('map-casing'), 'line-width': width(1.6) },
        });
      layers.push({
        id: `${id}${suffix}`,
        type: 'line',
        'source-layer': 'roads',
        minzoom: from,
        filter,
        layout: { 'line-cap': cap, 'line-join': 'round' },
        paint: { 'line-color': c(token as (typeof mapTokens)[number]), 'line-width': width(0) },
      });
    }
  }
  layers.push(
    {
      id: 'oneway',
      type: 'symbol',
      'source-layer': 'roads',
      minzoom: 15,
      filter: ['==', ['get', 'oneway'], true],
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 120,
        'text-field': '→',
        'text-font': ['sans-serif'],
        'text-size': 14,
        'text-keep-upright': false,
        'text-rotation-alignment': 'map',
      },
      paint: { 'text-color': c('map-text-2') },
    },
    {
      id: 'house',
      type: 'symbol',
      'source-layer': 'poi',
      minzoom: 16.5,
      filter: ['==', ['get', 'kind'], 'house'],
      layout: text(11),
      paint: { ...halo, 'text-color': c('map-text-2') },
    },
    {
      id: 'poi',
      type: 'symbol',
      'source-layer': 'poi',
      minzoom: 14.5,
      filter: ['!=', ['get', 'kind'], 'house'],
      layout: text(12),
      paint: { ...halo, 'text-color': c('map-text-2') },
    },
    {
      id: 'road-minor-name',
      type: 'symbol',
      'source-layer': 'roads',
      minzoom: 15,
      filter: ['in', ['get', 'class'], ['literal', ['residential', 'unclassified', 'living_street', 'service']]],
      layout: { ...text(12), 'symbol-placement': 'line', 'symbol-spacing': 320 },
      paint: halo,
    },
    {
      id: 'road-name',
      type: 'symbol',
      'source-layer': 'roads',
      minzoom: 12,
      filter: [
        'all',
        ['in', ['get', 'class'], ['literal', ['motorway', 'trunk', 'primary', 'secondary', 'tertiary']]],
        ['!=', ['get', 'link'], true],
        ['any', ['!', ['in', ['get', 'class'], ['literal', ['tertiary', 'secondary']]]], ['>=', ['zoom'], 13.5]],
      ],
      layout: { ...text(13), 'symbol-placement': 'line', 'symbol-spacing': 420 },
      paint: halo,
    },
    {
      id: 'ref',
      type: 'symbol',
      'source-layer': 'roads',
      minzoom: 8,
      maxzoom: 13,
      filter: [
        'all',
        ['in', ['get', 'class'], ['literal', ['motorway', 'trunk']]],
        ['has', 'ref'],
        ['!=', ['get', 'link'], true],
      ],
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 380,
        'text-field': ['get', 'ref'],
        'text-font': ['sans-serif'],
        'text-size': 12,
        'text-rotation-alignment': 'viewport',
      },
      paint: halo,
    },
    {
      id: 'nature-name',
      type: 'symbol',
      'source-layer': 'place',
      minzoom: 10,
      filter: ['in', ['get', 'kind'], ['literal', ['water', 'wood', 'park', 'grass']]],
      layout: { ...text(12), ...beside },
      paint: {
        'text-color': ['match', ['get', 'kind'], 'water', c('map-text-water'), c('map-text-2')],
        'text-halo-color': c('map-halo'),
        'text-halo-width': 1.4,
      },
    },
    {
      id: 'village-name',
      type: 'symbol',
      'source-layer': 'place',
      minzoom: 11.5,
      maxzoom: 16,
      filter: ['in', ['get', 'kind'], ['literal', ['village', 'hamlet', 'neighbourhood']]],
      layout: { ...text(12), ...beside },
      paint: { ...halo, 'text-color': c('map-text-2') },
    },
    {
      id: 'suburb-name',
      type: 'symbol',
      'source-layer': 'place',
      minzoom: 11,
      maxzoom: 15.5,
      filter: ['in', ['get', 'kind'], ['literal', ['suburb', 'quarter']]],
      layout: { ...text(14), ...beside },
      paint: { ...halo, 'text-color': c('map-text-2') },
    },
    {
      id: 'town-name',
      type: 'symbol',
      'source-layer': 'place',
      minzoom: 8,
      maxzoom: 15,
      filter: ['==', ['get', 'kind'], 'town'],
      layout: { ...text(zoomed(8, 12, 13, 16)), ...beside, 'symbol-sort-key': ['-', 0, ['get', 'population']] },
      paint: halo,
    },
    {
      id: 'city-name',
      type: 'symbol',
      'source-layer': 'place',
      maxzoom: 11,
      filter: ['==', ['get', 'kind'], 'city'],
      layout: { ...text(zoomed(6, 14, 10, 20)), ...beside },
      paint: halo,
    },
    // Above all names, and therefore placed before them: an unseen square for each sign, which no name may touch.
    {
      id: 'signs',
      type: 'symbol',
      source: 'signs',
      layout: {
        'text-field': '■',
        'text-font': ['sans-serif'],
        'text-size': 22,
        'text-padding': 2,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': c('map-text'), 'text-opacity': 0 },
    },
  );
  return {
    version: 8,
    sources: {
      city: {
        type: 'vector',
        tiles: info.tiles ? [`${origin}${info.tiles}`] : [],
        minzoom: info.min_zoom,
        maxzoom: info.max_zoom,
        bounds: info.bounds as [number, number, number, number],
        attribution: info.attribution ?? '',
      },
      signs: { type: 'geojson', data: { type: 'MultiPoint', coordinates: signs.map(([lon, lat]) => [lon, lat]) } },
    },
    layers: layers.map((layer) =>
      (layer as { type: string }).type === 'background' ? layer : { source: 'city', ...(layer as object) },
    ) as LayerSpecification[],
  };
}
