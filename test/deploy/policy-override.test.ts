/** Bundles of a deployment whose policy may be overridden hold what that needs, and no others hold anything of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunction } from '../../deploy/bundle.ts';
import { entryOf } from '../../deploy/parts.ts';
import { evaluators } from '../../lib/services/catalogue.ts';

const root = path.join(import.meta.dirname, '..', '..');
const policyFile = path.join(root, 'trailseal.policy.yml');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-override-bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Those that go by the policy. */
const functions = [...evaluators, 'scan', 'remediate', 'operator'];
const held = new Map<
  string,
  { readonly plain: readonly string[]; readonly overridable: readonly string[] }
>();

beforeAll(async () => {
  const inputsOf = async (name: string, overridable: boolean) => {
    const { inputs } = await bundleFunction(`${entryOf(name)}.ts`, folder, policyFile, overridable);
    return [...inputs].filter(([, bytes]) => bytes > 0).map(([file]) => file);
  };
  for (const name of functions) {
    held.set(name, { plain: await inputsOf(name, false), overridable: await inputsOf(name, true) });
  }
}, 120_000);

/** Modules that nothing but an override needs; remediation reads its kill switch from SSM as well. */
const ofOverrides =
  /^functions\/policy-overridden|^lib\/policy\/(override\.ts|file\/(?!assemble\.ts))|powertools\/parameters/;

describe.each(functions)('the bundle of %s', (name) => {
  it('holds nothing of an override where there is none', () => {
    expect(held.get(name)?.plain.filter((file) => ofOverrides.test(file))).toEqual([]);
  });

  it('reads and checks an override where there may be one', () => {
    expect(held.get(name)?.overridable).toEqual(
      expect.arrayContaining([
        'functions/policy-overridden.ts',
        'lib/pipeline/live/effective-policy.ts',
        'lib/policy/override.ts',
        'lib/policy/file/schema.ts',
      ]),
    );
  });

  it('reads no policy file, whether or not there may be an override', () => {
    expect(
      held
        .get(name)
        ?.overridable.filter((file) =>
          /^(cli|deploy\/esbuild\/policy)|\/node_modules\/yaml\/|^node_modules\/yaml\//.test(file),
        ),
    ).toEqual([]);
  });
});

describe.each(evaluators)('the evaluator %s', (name) => {
  it('takes an override that names the controls and actions of all services, as a whole policy does', async () => {
    // In a folder of this name, as the build tells evaluators by it.
    const entry = path.join(folder, 'evaluators', `${name}.ts`);
    mkdirSync(path.dirname(entry), { recursive: true });
    writeFileSync(
      entry,
      [
        `import { checkedPolicy } from ${JSON.stringify(path.join(root, 'functions/policy.ts'))};`,
        `import { overrideReader } from ${JSON.stringify(path.join(root, 'lib/policy/override.ts'))};`,
        `import { controls } from ${JSON.stringify(path.join(root, 'lib/services/catalogue.ts'))};`,
        'const read = overrideReader(checkedPolicy.checked, controls);',
        "export const faults = read(JSON.stringify(checkedPolicy.checked), 'override').faults ?? [];",
      ].join('\n'),
    );
    const active = path.join(root, 'examples', 'policy.active.yml');
    const { file } = await bundleFunction(entry, folder, active, true);
    const { faults } = createRequire(import.meta.url)(file);
    expect(faults).toEqual([]);
  });
});

it('an evaluator with an override has one client more, SSM’s', () => {
  const clients = held
    .get('kms')
    ?.overridable.flatMap((file) => /@aws-sdk\/client-([^/]+)/.exec(file)?.[1] ?? []);
  expect([...new Set(clients)].sort()).toEqual(['dynamodb', 'kms', 'securityhub', 'sqs', 'ssm']);
});
