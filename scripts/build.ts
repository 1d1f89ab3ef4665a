/** Bundles the command for the published package, where Node does not run TypeScript: `dist/`. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname, '..');
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  // The worker is found beside the chunk that starts it, by this name: see lib/trail/archive.ts.
  entryPoints: { main: 'cli/main.ts', 'archive-worker': 'lib/trail/archive/worker.ts' },
  splitting: true,
  outdir: 'dist',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  legalComments: 'inline',
  logLevel: 'warning',
});
