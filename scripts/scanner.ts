/**
 * Compiles lib/trail/archive/scanner/*.as.ts (AssemblyScript) and writes what comes out, as base64, into
 * scanner.wasm.ts beside them. Needed only after a change of the sources; the result is committed, so that
 * neither users nor the tests need the compiler. A test holds that the two belong together.
 *
 *     node scripts/scanner.ts          writes
 *     node scripts/scanner.ts --check  exits 1 when the committed module is not what the compiler makes
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const compiler = 'assemblyscript@0.28.20';
const folder = join(import.meta.dirname, '..', 'lib', 'trail', 'archive', 'scanner');
const target = join(folder, 'scanner.wasm.ts');

const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.as.ts'))
  .sort();
const work = mkdtempSync(join(tmpdir(), 'trailseal-scanner-'));
let wasm: Buffer;
try {
  // The name of the source becomes the name of the module that the imports come from.
  for (const name of sources) copyFileSync(join(folder, name), join(work, name));
  copyFileSync(join(folder, 'scanner.as.ts'), join(work, 'host.ts'));
  const options = [
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
    '--memoryBase',
    '0',
    '--initialMemory',
    '17',
  ];
  const call = ['asc', 'host.ts', '--outFile', 'scanner.wasm', '-O3', '--converge', '--noAssert', ...options];
  execFileSync('npm', ['exec', '--yes', `--package=${compiler}`, '--', ...call], {
    cwd: work,
    stdio: 'inherit',
  });
  wasm = readFileSync(join(work, 'scanner.wasm'));
} finally {
  rmSync(work, { recursive: true });
}

const lines = wasm.toString('base64').match(/.{1,100}/g) ?? [];
const hash = createHash('sha256');
for (const name of sources) hash.update(readFileSync(join(folder, name)));
const made = `// Made by scripts/scanner.ts from the .as.ts files with ${compiler}. Do not edit.

/** The sources that this was made from, one after the other in the order of their names. */
export const sourceSha256 = '${hash.digest('hex')}';

/** WebAssembly, base64. */
export const scannerWasm =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;

if (process.argv.includes('--check')) {
  const fresh = readFileSync(target, 'utf8') === made;
  console.log(fresh ? 'scanner.wasm.ts is fresh.' : 'scanner.wasm.ts is stale: run node scripts/scanner.ts');
  process.exitCode = fresh ? 0 : 1;
} else {
  writeFileSync(target, made);
  console.log(`Wrote ${target}: ${wasm.length} bytes of WebAssembly.`);
}
