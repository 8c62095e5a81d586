// The base map by MapLibre: roads, ground and names, and nothing that moves. This module is a chunk of its own, fetched only where a map
// is shown; the page lives without it (?nomap=1, WebGL refused).
import 'maplibre-gl/dist/maplibre-gl.css';
import { Map as GlMap, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { Pos } from '../wire/entity';

setWorkerUrl(workerUrl);

/** Faces of UI §7, for the map's own text. */
const faces =
  '"Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","HarmonyOS Sans SC",sans-serif';

export interface BaseMapEvents {
  /** The view changed, or the map was drawn anew. */
  view: () => void;
  click: (x: number, y: number, at: Pos) => void;
  hover: (x: number, y: number) => void;
  ready: () => void;
  failed: (why: 'webgl' | 'lost') => void;
}

/** Whether this machine gives a page WebGL2, and whether a graphics card does the work. */
export function renderer(): 'none' | 'software' | 'hardware' {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return 'none';
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : '';
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name) ? 'software' : 'hardware';
}

export class BaseMap {
  private readonly map: GlMap;

  constructor(box: HTMLElement, style: StyleSpecification, at: { centre: Pos; zoom: number }, on: BaseMapEvents) {
    this.map = new GlMap({
      container: box,
      style,
      center: [at.centre.lon, at.centre.lat],
      zoom: at.zoom,
      minZoom: 5,
      maxZoom: 18,
      fadeDuration: 0,
      attributionControl: false,
      localIdeographFontFamily: faces,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      keyboard: false, // arrow keys belong to the desk's lists
      renderWorldCopies: false,
      canvasContextAttributes: { failIfMajorPerformanceCaveat: false },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.on('render', on.view);
    this.map.once('idle', on.ready);
    this.map.on('click', (e) => on.click(e.point.x, e.point.y, { lat: e.lngLat.lat, lon: e.lngLat.lng }));
    this.map.on('mousemove', (e) => on.hover(e.point.x, e.point.y));
    this.map.getCanvas().addEventListener('webglcontextlost', () => on.failed('lost'));
    this.map.getCanvas().setAttribute('tabindex', '-1');
    this.map.getCanvas().setAttribute('aria-hidden', 'true');
    this.map.getCanvas().removeAttribute('aria-label');
    this.map.getCanvas().removeAttribute('role');
  }

  /** Where the overlay is put: it moves with nothing and lies above the map. */
  get box(): HTMLElement {
    return this.map.getCanvasContainer();
  }

  get zoom(): number {
    return this.map.getZoom();
  }

  get centre(): Pos {
    const c = this.map.getCenter();
    return { lat: c.lat, lon: c.lng };
  }

  readonly project = (pos: Pos): { x: number; y: number } => this.map.project([pos.lon, pos.lat]);

  restyle(style: StyleSpecification): void {
    this.map.setStyle(style, { diff: true });
  }

  look(centre: Pos, zoom?: number): void {
    this.map.jumpTo({ center: [centre.lon, centre.lat], ...(zoom === undefined ? {} : { zoom }) });
  }

  enlarge(by: number): void {
    this.map.jumpTo({ zoom: this.map.getZoom() + by });
  }

  resize(): void {
    this.map.resize();
  }

  cursor(over: boolean): void {
    this.map.getCanvas().classList.toggle('over-item', over);
  }

  close(): void {
    this.map.remove();
  }
}
