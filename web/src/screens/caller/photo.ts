// A photo made small before it goes out: the phone turns and shrinks it, and nothing of the camera's own words is left in it.

/** The centre takes no more. */
const maxBytes = 512 * 1024;
const sides = [1600, 1280, 960, 640];
const quality = 0.8;

/** Gives a JPEG that the centre takes, or nothing: then another photo is asked for. */
export function shrink(file: File, done: (jpeg: Blob | undefined) => void): void {
  const asItIs = (): void => done(file.type === 'image/jpeg' && file.size <= maxBytes ? file : undefined);
  let url: string;
  try {
    url = URL.createObjectURL(file);
  } catch {
    asItIs();
    return;
  }
  const image = new Image();
  image.onerror = () => {
    URL.revokeObjectURL(url);
    asItIs();
  };
  image.onload = () => {
    URL.revokeObjectURL(url);
    attempt(image, 0, (jpeg) => (jpeg ? done(jpeg) : asItIs()));
  };
  image.src = url;
}

function attempt(image: HTMLImageElement, step: number, done: (jpeg: Blob | undefined) => void): void {
  const side = sides[step];
  if (side === undefined) {
    done(undefined);
    return;
  }
  const scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext('2d');
  if (!context) {
    done(undefined);
    return;
  }
  try {
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    bytes(canvas, (jpeg) => {
      if (jpeg && jpeg.size <= maxBytes) done(jpeg);
      else attempt(image, step + 1, done);
    });
  } catch {
    done(undefined);
  }
}

function bytes(canvas: HTMLCanvasElement, done: (jpeg: Blob | undefined) => void): void {
  if (typeof canvas.toBlob === 'function') {
    canvas.toBlob((blob) => done(blob ?? undefined), 'image/jpeg', quality);
    return;
  }
  const data = atob((canvas as HTMLCanvasElement).toDataURL('image/jpeg', quality).split(',')[1] ?? '');
  const raw = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) raw[i] = data.charCodeAt(i);
  done(new Blob([raw], { type: 'image/jpeg' }));
}
