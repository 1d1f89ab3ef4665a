/**
 * Packages the deployment as it is without parameters, and leaves it in `.serverless/` for whoever wants to see it.
 * The tests are handed the template, so that whatever is packaged meanwhile does not change it under them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { sls } from './sls.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packaged CloudFormation template, as JSON. */
    readonly template: string;
  }
}

const folder = path.join(import.meta.dirname, '..', '..', '.serverless');

export default function setup(project: TestProject): void {
  const { status, output } = sls('package');
  if (status !== 0) throw new Error(`sls package failed:\n${output}`);
  project.provide(
    'template',
    readFileSync(path.join(folder, 'cloudformation-template-update-stack.json'), 'utf8'),
  );
}
