/**
 * For serverless.yml, which runs plain JavaScript only; Node 24 loads the rest. osls calls each of these for the
 * value that serverless.yml asks for.
 */
import { serverlessEsbuild } from './esbuild/options.ts';
import { parameterNames } from './parameters.ts';
import { stackOf } from './stack.ts';

export const esbuild = serverlessEsbuild;

export async function functions(osls) {
  return (await stack(osls)).functions;
}

export async function resources(osls) {
  return (await stack(osls)).resources;
}

/** The stack of the parameters that serverless.yml and `--param` set. */
async function stack({ options, resolveVariable }) {
  const given = (options.param ?? []).map((pair) => pair.split('=', 1)[0]);
  const names = new Set([...parameterNames, ...given]);
  const written = {};
  for (const name of names) {
    written[name] = await resolveVariable(name === 'stage' ? 'sls:stage' : `param:${name}`);
  }
  try {
    return await stackOf(written);
  } catch (error) {
    // osls would show the stack trace in place of the message.
    if (error instanceof Error) error.stack = undefined;
    throw error;
  }
}
