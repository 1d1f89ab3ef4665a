/** The stack that comes of a policy, without packaging it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { type Made, resourcesOf } from './template.ts';

export interface MadeStack {
  /** As osls reads them, by their names. */
  readonly functions: Readonly<Record<string, unknown>>;
  readonly resources: ReadonlyMap<string, Made>;
}

/** The entries of a YAML mapping, one on each line. */
export function listed<T>(items: readonly T[], entry: (item: T) => string): string {
  return items.map((item) => `  ${entry(item)}`).join('\n');
}

/**
 * @param policy all of a policy file but its version.
 * @param parameters those that are not as by default.
 */
export async function madeWith(
  policy: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<MadeStack> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-made-'));
  try {
    const file = path.join(folder, 'policy.yml');
    writeFileSync(file, `version: 1\n${policy}\n`);
    const { functions, resources } = await stackOf({ ...defaultParameters(), policy: file, ...parameters });
    return { functions, resources: resourcesOf(resources) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
