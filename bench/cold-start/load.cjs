/**
 * The time to load a bundle: `node load.cjs FILE`, in the environment of its function. Prints milliseconds.
 * JavaScript, so that only Node itself is loaded before the clock starts.
 */
const file = process.argv[2];
const start = performance.now();
require(file);
process.stdout.write(`${performance.now() - start}\n`);
