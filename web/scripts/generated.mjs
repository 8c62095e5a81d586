// The generated types are committed: fails when they are not what openapi.json makes (STYLE 30). `make gen` writes them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');
const { scripts } = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8'));
const committed = 'src/wire/api.gen.ts';
const [tool, ...args] = scripts.gen.split(' ');
if (args.at(-1) !== committed) throw new Error(`compare the generated types: \`gen\` does not end in ${committed}`);
const dir = mkdtempSync(join(tmpdir(), 'lifeline-gen-'));
try {
  const fresh = join(dir, 'api.gen.ts');
  execFileSync(join(web, 'node_modules/.bin', tool), [...args.slice(0, -1), fresh], { cwd: web, stdio: 'pipe' });
  if (readFileSync(fresh, 'utf8') !== readFileSync(join(web, committed), 'utf8')) {
    process.stderr.write(
      `web/${committed} is not what web/openapi.json makes: run \`make gen\` and commit what changes\n`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
