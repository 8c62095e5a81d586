// How many pixels a millimetre is on this screen: measured once with a bank card and kept on the machine.
import { shallowRef } from 'vue';
import { forget, keep, kept } from '../ui/keep';

/** Width of a bank card (ISO/IEC 7810 ID-1), mm. */
export const cardMm = 85.6;
/** CSS reference pixel: 96 to the inch. What is used until somebody measures. */
const cssPxPerMm = 96 / 25.4;
/** A 65 inch wall at 1080p has 1.3 px a mm, a telephone 16 CSS px; beyond these it is no screen. */
export const pxPerMmMin = 1;
export const pxPerMmMax = 16;

function stored(): number | undefined {
  const value = Number(kept('px_per_mm'));
  return value >= pxPerMmMin && value <= pxPerMmMax ? value : undefined;
}

export const pxPerMm = shallowRef(stored() ?? cssPxPerMm);
export const measured = shallowRef(stored() !== undefined);
function show(): void {
  // The grid of the waves is drawn by the style sheet.
  document.documentElement.style.setProperty('--px-per-mm', `${pxPerMm.value}px`);
}
show();

/** cardPx is how wide a bank card is on this screen; undefined forgets what was measured. */
export function measure(cardPx: number | undefined): void {
  const value = cardPx === undefined ? cssPxPerMm : cardPx / cardMm;
  if (!(value >= pxPerMmMin && value <= pxPerMmMax)) return;
  if (cardPx === undefined) forget('px_per_mm');
  else keep('px_per_mm', String(value));
  pxPerMm.value = value;
  measured.value = cardPx !== undefined;
  show();
}
