/** Starts an emulated AWS and deploys to it once, for all tests; removes everything again, also after a failure. */
import type { TestProject } from 'vitest/node';
import type { Callers } from './callers.ts';
import { deploy, remove } from './deployment.ts';
import { startEmulatedAws } from './emulated-aws.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The environment in which programs use the emulated AWS. */
    readonly emulatedAws: Readonly<Record<string, string>>;
    readonly callers: Callers;
    /** The file with the logs of the functions. */
    readonly log: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const aws = await startEmulatedAws();
  try {
    await deploy(aws.env);
  } catch (error) {
    await aws.stop();
    throw error;
  }
  project.provide('emulatedAws', { ...aws.env });
  project.provide('callers', aws.callers);
  project.provide('log', aws.log);
  return async () => {
    try {
      await remove(aws.env);
    } finally {
      await aws.stop();
    }
  };
}
