/**
 * How long a bundle takes to load: `node load.cjs FILE`, in the environment of its function. Prints milliseconds.
 * Plain JavaScript, so that nothing but Node itself is loaded before the clock starts.
 */
const file = process.argv[2];
const start = performance.now();
require(file);
process.stdout.write(`${performance.now() - start}\n`);
