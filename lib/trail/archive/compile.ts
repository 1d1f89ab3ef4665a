/** The scanner's code, compiled: once, for all threads. Apart from scanner.ts, so that threads need not load it. */

import { scannerWasm } from './scanner/scanner.wasm.ts';
import type { CompiledScanner } from './scanner.ts';

/** Node's global, of which TypeScript knows nothing without the browser's library. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => CompiledScanner };

export function compileScanner(): CompiledScanner {
  return new WebAssembly.Module(Buffer.from(scannerWasm, 'base64'));
}
