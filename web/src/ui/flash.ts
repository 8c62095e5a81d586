// All flashing in phase: one shared timer toggles classes on <body> (cheaper than CSS animation, and tests can freeze it).
// High: 2 Hz, half on (IEC 60601-1-8); medium: 0.625 Hz. prefers-reduced-motion keeps the fill steady, in CSS.
const beatMs = 250;

export function startFlash(body: HTMLElement = document.body): number {
  let beat = 0;
  return window.setInterval(() => {
    beat = (beat + 1) % 16;
    body.classList.toggle('flash-high', beat % 2 === 0);
    body.classList.toggle('flash-medium', beat % 6 < 3);
  }, beatMs);
}
