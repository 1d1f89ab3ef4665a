#!/usr/bin/env node
import { existsSync } from 'node:fs';
import path from 'node:path';
import { launch } from './launch.mjs';

// From a clone the source runs as it is; the published package holds it bundled.
const root = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const source = path.join(root, 'cli', 'main.ts');
await launch(existsSync(source) ? source : path.join(root, 'dist', 'main.js'), process.argv.slice(2));
