/** Runs moto while the tests against it run, and gives them its address. */
import type { TestProject } from 'vitest/node';
import { startMoto } from '../../scripts/emulators.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where moto answers. */
    readonly moto: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const emulator = await startMoto();
  project.provide('moto', emulator.endpoint);
  return emulator.stop;
}
