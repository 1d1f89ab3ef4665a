/**
 * For serverless.yml, which runs plain JavaScript only; Node 24 loads the rest. osls calls each of these for the
 * value that serverless.yml asks for, and reports each that fails: so what is wrong fails `functions` alone.
 */

export async function functions(osls) {
  const { stack, problem } = await deployment(osls);
  if (problem === undefined) return stack.functions;
  // osls would show the stack trace in place of the message.
  if (problem instanceof Error) problem.stack = undefined;
  throw problem;
}

export async function resources(osls) {
  return (await deployment(osls)).stack?.resources ?? {};
}

export async function esbuild() {
  return isNode24 ? (await import('./esbuild/options.ts')).serverlessEsbuild : {};
}

const isNode24 = Number(process.versions.node.split('.', 1)[0]) >= 24;

/** The stack of the parameters that serverless.yml and `--param` set, or why there is none. */
async function deployment({ options, resolveVariable }) {
  if (!isNode24) {
    const here = `Node ${process.versions.node}`;
    const problem = new Error(
      `Trailseal is deployed on Node 24, which "npm run deploy" brings; this is ${here}`,
    );
    return { problem };
  }
  const { parameterNames } = await import('./parameters.ts');
  const { stackOf } = await import('./stack.ts');
  const given = (options.param ?? []).map((pair) => pair.split('=', 1)[0]);
  const names = new Set([...parameterNames, ...given]);
  const written = {};
  for (const name of names) {
    // Not caught: osls signals in its own way that a value is not known yet, and asks again.
    written[name] = await resolveVariable(name === 'stage' ? 'sls:stage' : `param:${name}`);
  }
  try {
    return { stack: await stackOf(written) };
  } catch (problem) {
    return { problem };
  }
}
