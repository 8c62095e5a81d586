import { gzipSync } from 'node:zlib';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type Plugin } from 'vite';

// Each page is a build of its own, so that it carries its own words and checks only, and goes into the folder of the Go binary that serves it:
// neither carries the other's files (UI §11). The first of a folder empties it. The caller's page is one plain script that web views of 2016
// can read (UI §10.7).
const outputs: Record<string, { folder: string; first: boolean }> = {
  console: { folder: 'centre', first: true },
  hospital: { folder: 'centre', first: false },
  caller: { folder: 'centre', first: false },
  vehicle: { folder: 'onboard', first: true },
};

const here = fileURLToPath(new URL('.', import.meta.url));

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

/** Writes FILE.gz beside each text file, which the Go handler sends where accepted, and keeps the tracked .keep. */
function gzipBeside(dir: string): Plugin {
  return {
    name: 'gzip-beside',
    apply: 'build',
    closeBundle() {
      for (const path of walk(dir)) {
        if (/\.(html|m?js|css|svg|json)$/.test(path))
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
      writeFileSync(join(dir, '.keep'), '');
    },
  };
}

/**
 * Leaves out of an output the words that none of its sources can ask for. A word is asked for by its whole key ('node.departed'), by the
 * beginning of one (`node.${...}`), or by its group, as the first argument of tc() or a group of ui/lang.ts.
 */
function ownWords(pages: string[]): Plugin {
  const seen = new Map<string, string>();
  const follow = (path: string): void => {
    const file = [path, `${path}.ts`].find((one) => existsSync(one) && statSync(one).isFile());
    if (!file || seen.has(file) || !/\.(ts|vue)$/.test(file) || /\/text\/(zh|en)\.ts$/.test(file)) return;
    const code = readFileSync(file, 'utf8');
    seen.set(file, code);
    for (const [, to] of code.matchAll(/(?:from|import|import\()\s*'(\.[^']*)'/g))
      follow(join(dirname(file), to ?? ''));
  };
  for (const page of pages) follow(join(here, 'src/screens', page, 'main.ts'));
  const sources = [...seen].map(([path, code]) => ({ path, code }));
  const all = (pattern: RegExp, of = sources): string[] =>
    of.flatMap(({ code }) => [...code.matchAll(pattern)].map((found) => found[1] ?? ''));
  const keys = new Set(all(/['"`]([a-z]\w*(?:\.\w+)+)['"`]/g));
  const beginnings = all(/`([a-z]\w*\.[\w.]*)\$\{/g);
  const groups = [
    ...all(/\btc\(\s*['"]([\w.]+)['"]/g),
    ...all(
      /['"]([\w.]+)['"]/g,
      sources.filter(({ path }) => path.endsWith('ui/lang.ts')),
    ),
  ].map((group) => `${group}.`);
  const wanted = (key: string): boolean =>
    keys.has(key) || [...beginnings, ...groups].some((beginning) => key.startsWith(beginning));
  return {
    name: 'own-words',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/src\/text\/(zh|en)\.ts$/.test(id)) return null;
      return code.replace(/^ {2}'([\w.]+)':\s+(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),$/gm, (line, key: string) =>
        wanted(key) ? line : '',
      );
    },
  };
}

/** The built page asks for a plain script: modules are younger than the web views it must run in. */
function plainScript(): Plugin {
  return {
    name: 'plain-script',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) =>
        html.replace(/<script type="module" crossorigin/g, '<script defer').replace(/ crossorigin/g, ''),
    },
  };
}

export default defineConfig(({ mode }) => {
  const caller = mode === 'caller';
  const built = outputs[mode];
  const pages = built ? [mode] : Object.keys(outputs);
  const outDir = join(here, built?.folder ?? 'centre', 'dist');
  return {
    root: here,
    publicDir: built && !built.first ? false : `public/${built?.folder ?? 'centre'}`,
    plugins: caller
      ? [plainScript(), gzipBeside(outDir)]
      : [...(built ? [ownWords(pages)] : []), vue(), gzipBeside(outDir)],
    define: {
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    build: {
      outDir,
      emptyOutDir: built?.first ?? true,
      cssCodeSplit: !caller, // else the script would write the styles into the page, which the content policy refuses
      target: caller ? ['es2015', 'chrome51', 'safari10'] : 'chrome109',
      ...(caller ? { cssTarget: ['chrome51', 'safari10'] } : {}),
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: {
        output: caller ? { format: 'iife' } : {},
        input: Object.fromEntries(pages.map((page) => [page, join(here, `${page}.html`)])),
      },
    },
  };
});
