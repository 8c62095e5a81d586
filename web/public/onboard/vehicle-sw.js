// Keeps the terminal's shell (page, scripts, styles) so that it opens while the tablet is away from the vehicle.
// It never touches /api or /ws: what is live is live, or is shown as lost.
const shell = 'shell-v1';
const page = '/terminal';
const shellMax = 40; // files of a few versions; the oldest go first

async function keep(request, response) {
  if (!response.ok) return;
  const cache = await caches.open(shell);
  await cache.put(request, response);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - shellMax))) await cache.delete(old);
}

async function fill() {
  const response = await fetch(page);
  const html = await response.clone().text();
  await keep(page, response);
  const kept = new Set();
  const take = async (path) => {
    if (kept.has(path)) return;
    kept.add(path);
    const response = await fetch(path);
    const script = path.endsWith('.js') ? await response.clone().text() : '';
    await keep(path, response);
    // What a script fetches later, it names: the tablet may be away by then.
    for (const [, name] of script.matchAll(/["'`](?:\.\/|\/?assets\/)([\w.-]+\.(?:js|css))["'`]/g)) await take(`/assets/${name}`);
  };
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) await take(path);
}

async function answer(request) {
  const hashed = new URL(request.url).pathname.startsWith('/assets/');
  const known = await caches.match(request.mode === 'navigate' ? page : request);
  if (hashed && known) return known;
  try {
    const response = await fetch(request);
    await keep(request.mode === 'navigate' ? page : request, response.clone());
    return response;
  } catch (error) {
    if (known) return known;
    throw error;
  }
}

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const live = url.pathname.startsWith('/api/') || url.pathname === '/ws';
  const ours = url.pathname === page || url.pathname === '/' || url.pathname.startsWith('/assets/') || url.pathname === '/favicon.svg';
  if (event.request.method === 'GET' && url.origin === self.location.origin && ours && !live) event.respondWith(answer(event.request));
});
