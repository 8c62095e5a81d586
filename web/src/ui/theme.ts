// Night is the default; day is for bright rooms. Remembered on the machine; ?theme=day or ?theme=night overrides it.
import { shallowRef } from 'vue';
import { keep, kept, keyOf } from './keep';

export type Theme = 'night' | 'day';

function first(): Theme {
  const asked = new URLSearchParams(location.search).get('theme') ?? kept('theme');
  return asked === 'day' ? 'day' : 'night';
}

/** What canvases watch, to take their colours anew. */
export const theme = shallowRef<Theme>(first());
document.documentElement.dataset.theme = theme.value;

function dress(next: Theme): void {
  document.documentElement.dataset.theme = next; // first: who watches the theme reads the new colours
  theme.value = next;
}

export function switchTheme(): void {
  dress(theme.value === 'night' ? 'day' : 'night');
  keep('theme', theme.value);
}

// Another window of this machine was switched: this one follows, unless its address names its own.
window.addEventListener('storage', (event) => {
  const next = event.key === keyOf('theme') ? event.newValue : undefined;
  if ((next === 'day' || next === 'night') && !new URLSearchParams(location.search).get('theme')) dress(next);
});
// Whoever else sets the attribute (a kiosk's own key) changes the canvases with it: text by day and waves by night cannot be read.
new MutationObserver(() => {
  const now = document.documentElement.dataset.theme;
  if ((now === 'day' || now === 'night') && now !== theme.value) theme.value = now;
}).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });

/** The colour of a token as it is now, for what is drawn on a canvas. */
export function colour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}
