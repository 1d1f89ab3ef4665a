/**
 * Packages the deployment as it is without parameters, and leaves it in `.serverless/` for whoever wants to see it; and
 * as it is with a policy that asks for actions.
 * The tests are handed the template, so that whatever is packaged meanwhile does not change it under them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { moto, pythonWith } from '../../scripts/emulators.ts';
import { sls } from './sls.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packaged CloudFormation template, as JSON. */
    readonly template: string;
    /** The same with `examples/policy.active.yml`. */
    readonly activeTemplate: string;
  }
}

const folder = path.join(import.meta.dirname, '..', '..', '.serverless');

export default function setup(project: TestProject): void {
  // The matcher of patterns is moto's: its installation takes longer than a test may.
  pythonWith([moto]);
  project.provide('template', packagedInto(folder));
  const temporary = mkdtempSync(path.join(tmpdir(), 'trailseal-package-'));
  try {
    const active = packagedInto(temporary, '--param', 'policy=examples/policy.active.yml');
    project.provide('activeTemplate', active);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function packagedInto(to: string, ...args: readonly string[]): string {
  const { status, output } = sls('package', '--package', to, ...args);
  if (status !== 0) throw new Error(`sls package failed:\n${output}`);
  return readFileSync(path.join(to, 'cloudformation-template-update-stack.json'), 'utf8');
}
