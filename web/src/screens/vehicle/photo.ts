// Photos of the crew: made small in the tablet, so that a weak link carries them and nothing the camera wrote goes along (a picture drawn
// anew has no place, no owner, no thumbnail). Pure but for shrink, which needs a browser.

/** The longest side, and the size: a wound and the print of a monitor can be read, and 64 kbit/s carry one in half a minute. */
export const sideMax = 1600;
export const bytesMax = 200 * 1024;
const sides = [sideMax, 1280, 1024, 800, 640, 480];
const qualities = [0.85, 0.72, 0.6, 0.45];

/** The size that fits a square of max, never enlarged; at least one pixel. */
export function fit(width: number, height: number, max: number): { width: number; height: number } {
  const scale = Math.min(1, max / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Tries sizes and qualities, the best first; undefined when nothing fits. */
export async function smallest<T extends { size: number }>(
  width: number,
  height: number,
  encode: (size: { width: number; height: number }, quality: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let before = 0;
  for (const side of sides) {
    const size = fit(width, height, side);
    if (size.width === before) continue; // smaller than this already
    before = size.width;
    for (const quality of qualities) {
      const made = await encode(size, quality);
      if (made && made.size <= bytesMax) return made;
    }
  }
  return undefined;
}

/** Makes a JPEG of what the camera gave; undefined when it is no picture. */
export async function shrink(file: Blob): Promise<Uint8Array | undefined> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    return undefined;
  }
  const canvas = document.createElement('canvas');
  const made = await smallest(
    picture.width,
    picture.height,
    (size, quality) =>
      new Promise<Blob | undefined>((resolve) => {
        Object.assign(canvas, size);
        canvas.getContext('2d')?.drawImage(picture, 0, 0, size.width, size.height);
        canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/jpeg', quality);
      }),
  );
  picture.close();
  return made && new Uint8Array(await made.arrayBuffer());
}

/** Base64 in steps, so that a large picture does not overflow the arguments of a call. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

export interface KeptPhoto {
  /** Names the photo: sent twice, it is one. */
  id: string;
  /** The tablet's clock, ms. */
  atMs: number;
  offsetMs: number | undefined;
  mission: string;
  patient: string;
  by: string;
  jpeg: Uint8Array;
}

/** What the vehicle takes. Its moment is put on the vehicle's clock by what the tablet had measured when it was taken. */
export function photoBody(p: KeptPhoto, measured: { offsetMs: number; uncertaintyMs: number }, late: boolean): object {
  const offset = p.offsetMs ?? measured.offsetMs;
  const uncertain = measured.uncertaintyMs + Math.abs(measured.offsetMs - offset);
  return {
    id: p.id,
    mission: p.mission,
    by: p.by,
    at: new Date(p.atMs - offset).toISOString(),
    ...(p.patient ? { patient: p.patient } : {}),
    ...(late ? { uncertain_s: Math.ceil(uncertain) / 1000 } : {}),
    jpeg: base64(p.jpeg),
  };
}

/** Where photos wait until the vehicle has them: on the tablet's own disk, and only in memory where that refuses. */
export class Shelf {
  private readonly here = new Map<string, KeptPhoto>();
  private readonly db: Promise<IDBDatabase | undefined>;
  /** False when the tablet refused to store: what is kept lives only as long as this page. */
  safe = true;

  constructor(open: () => IDBOpenDBRequest | undefined = () => globalThis.indexedDB?.open('lifeline', 1)) {
    this.db = new Promise((resolve) => {
      let asked: IDBOpenDBRequest | undefined;
      try {
        asked = open();
      } catch {
        asked = undefined;
      }
      if (!asked) {
        resolve(undefined);
        return;
      }
      const request = asked;
      request.onupgradeneeded = () => request.result.createObjectStore('photos', { keyPath: 'id' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(undefined);
      request.onblocked = () => resolve(undefined);
    });
  }

  /** What is kept, oldest first. */
  list(): KeptPhoto[] {
    return [...this.here.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  }

  /** Reads what an earlier page left. */
  async load(): Promise<void> {
    const found = await this.ask('readonly', (store) => store.getAll() as IDBRequest<KeptPhoto[]>);
    for (const p of Array.isArray(found) ? found : [])
      if (typeof p.id === 'string' && p.jpeg instanceof Uint8Array) this.here.set(p.id, p);
  }

  async put(p: KeptPhoto): Promise<void> {
    this.here.set(p.id, p);
    this.safe = (await this.ask('readwrite', (store) => store.put(p))) !== undefined;
  }

  async remove(id: string): Promise<void> {
    this.here.delete(id);
    await this.ask('readwrite', (store) => store.delete(id));
  }

  /** The answer once the disk has it; undefined when it refused. */
  private async ask<T>(
    mode: IDBTransactionMode,
    what: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | true | undefined> {
    const db = await this.db;
    if (!db) return undefined;
    return new Promise((resolve) => {
      try {
        const act = db.transaction('photos', mode);
        const request = what(act.objectStore('photos'));
        act.oncomplete = () => resolve(request.result ?? true);
        act.onerror = () => resolve(undefined);
        act.onabort = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }
}
