/** What is in the functions' bundles, and what is not. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultOptions } from '../../bench/cold-start/default-bundle.ts';
import { type Bundle, bundleFunction, bundleWith } from '../../deploy/bundle.ts';
import { withoutDescriptions } from '../../deploy/esbuild/descriptions.ts';
import { checkedPolicyIn } from '../../deploy/esbuild/policy-file.ts';
import { entryOf } from '../../deploy/parts.ts';
import { evaluators, services } from '../../lib/services/catalogue.ts';
import { readers } from '../../lib/services/readers.ts';

const root = path.join(import.meta.dirname, '..', '..');
const shipped = path.join(root, 'trailseal.policy.yml');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Those that are compared with the default bundle. */
const functions = [...evaluators, 'scan'];
const others = ['notify', 'operator', 'remediate', 'transitions', 'watchdog'] as const;
const bundles = new Map<string, { readonly lean: Bundle; readonly plain?: Bundle }>();

beforeAll(async () => {
  for (const name of functions) {
    const entry = `${entryOf(name)}.ts`;
    bundles.set(name, {
      lean: await bundleFunction(entry, path.join(folder, 'lean'), shipped),
      plain: await bundleWith(defaultOptions, entry, path.join(folder, 'default')),
    });
  }
  for (const name of others) {
    bundles.set(name, {
      lean: await bundleFunction(`functions/${name}.ts`, path.join(folder, 'lean'), shipped),
    });
  }
}, 120_000);

function servicesOf(evaluator: string) {
  return services.filter((service) => service.evaluator === evaluator);
}

/** The services of which an evaluator reads: its own, and those that its facts ask. */
function servicesReadBy(evaluator: string): readonly string[] {
  const facts = servicesOf(evaluator).flatMap(({ controls }) => controls.flatMap((control) => control.facts));
  const asked = facts.flatMap((name) => [name, ...(readers[name]?.asks ?? [])]);
  return [...new Set(asked.map((name) => name.slice(0, name.indexOf('.'))))];
}

/** The SDK's clients that services declare. */
function clientsOf(ids: readonly string[]): readonly string[] {
  return ids.flatMap((id) => {
    const declared = readFileSync(path.join(root, 'lib', 'services', id, 'clients.ts'), 'utf8');
    return [...declared.matchAll(/@aws-sdk\/client-([\w-]+)/g)].map(([, name = '']) => name);
  });
}

/** The files of which something is in a function's bundle. */
function inputs(name: string): readonly string[] {
  return [...(bundles.get(name)?.lean.inputs ?? [])].filter(([, bytes]) => bytes > 0).map(([file]) => file);
}

describe("a function's bundle", () => {
  it.each([
    ['ec2', ['dynamodb', 'ec2', 'kms', 'securityhub', 'sqs']],
    ['eks', ['dynamodb', 'ec2', 'eks', 'securityhub', 'sqs']],
    ['kms', ['dynamodb', 'kms', 'securityhub', 'sqs']],
    ...evaluators.map((name): [string, readonly string[]] => [
      name,
      ['dynamodb', 'securityhub', 'sqs', ...clientsOf(servicesReadBy(name))],
    ]),
    ['scan', ['dynamodb', 'sqs', ...clientsOf(services.map(({ id }) => id))]],
    ['notify', ['dynamodb', 'sns', 'sqs', 'ssm']],
    ['operator', ['dynamodb', 'securityhub', 'sqs']],
    ['watchdog', ['cloudwatch', 'dynamodb', 'eventbridge', 'lambda', 'scheduler']],
    [
      'remediate',
      [
        ...['dynamodb', 'eventbridge', 'scheduler', 'securityhub', 'sqs', 'ssm', 'sts'],
        // Of quarantine.
        ...['auto-scaling', 'elastic-load-balancing-v2'],
        ...clientsOf(services.map(({ id }) => id)),
      ],
    ],
    ['transitions', ['dynamodb', 'eventbridge', 'sqs']],
  ])('of %s holds the clients of %j and no others', (name, clients) => {
    const held = inputs(name).flatMap((file) => /@aws-sdk\/client-([^/]+)/.exec(file)?.[1] ?? []);
    expect([...new Set(held)].sort()).toEqual([...new Set(clients)].sort());
  });

  it.each(evaluators)('of %s holds the controls of its own services and no others', (name) => {
    const held = inputs(name).flatMap((file) => /^lib\/services\/(\w+)\/controls\//.exec(file)?.[1] ?? []);
    expect([...new Set(held)].sort()).toEqual(
      servicesOf(name)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it.each(functions)('of %s holds nothing that schemas say to people', (name) => {
    expect(readFileSync(bundles.get(name)?.lean.file ?? '', 'utf8')).not.toMatch(
      /Whether all volumes are snapshot first|Which encryption is good enough/,
    );
  });

  it.each(functions)('of %s holds nothing that reads policy files', (name) => {
    expect(
      inputs(name).filter((file) =>
        /^(cli|deploy\/esbuild\/policy)|\/yaml\/|^lib\/policy\/file\/(?!assemble\.ts)/.test(file),
      ),
    ).toEqual([]);
  });

  it.each(functions)('of %s holds no source of credentials but the environment', (name) => {
    const sources = inputs(name).flatMap(
      (file) =>
        /@(?:aws-sdk|smithy)\/(credential-provider-[^/]+|token-[^/]+|nested-[^/]+)/.exec(file)?.[1] ?? [],
    );
    expect([...new Set(sources)].sort()).toEqual(['credential-provider-env', 'credential-provider-node']);
  });

  it.each(functions)('of %s has at most 0.45 of the bytes of the default bundle', (name) => {
    const { lean, plain } = bundles.get(name) ?? {};
    expect((lean?.bytes ?? Number.NaN) / (plain?.bytes ?? Number.NaN)).toBeLessThanOrEqual(0.45);
  });
});

/** What `functions/policy.ts` exports in a bundle that is made with a policy file. */
async function policyIn(file: string): Promise<unknown> {
  const entry = path.join(folder, 'entry.ts');
  writeFileSync(entry, `export * from ${JSON.stringify(path.join(root, 'functions', 'policy.ts'))};`);
  const bundle = await bundleFunction(entry, path.join(folder, 'policy'), file);
  const require = createRequire(import.meta.url);
  delete require.cache[bundle.file];
  return require(bundle.file).checkedPolicy;
}

function policyFile(text: string): string {
  const file = path.join(folder, 'acme.policy.yml');
  writeFileSync(file, text);
  return file;
}

describe('the policy in a bundle', () => {
  it('is the file that was checked, by its name', async () => {
    const file = policyFile(
      [
        'version: 1',
        "allowedAccounts: ['444455556666']",
        'controls: { kms-key-rotation: { severity: HIGH, settings: { } } }',
        'exemptions: [{ tags: { environment: sandbox }, reason: Sandbox, owner: me, expires: 2027-01-31 }]',
      ].join('\n'),
    );
    expect(await policyIn(file)).toEqual({
      file: 'acme.policy.yml',
      checked: {
        version: 1,
        allowedAccounts: ['444455556666'],
        controls: { 'kms-key-rotation': { severity: 'HIGH', settings: {} } },
        exemptions: [
          { tags: { environment: 'sandbox' }, reason: 'Sandbox', owner: 'me', expires: '2027-01-31' },
        ],
      },
    });
  });

  it('is what the module reads that it replaces', async () => {
    expect(await policyIn(shipped)).toEqual(checkedPolicyIn(shipped));
  });

  it('is not made of a wrong file: each error is reported, at its place and with its hint', async () => {
    const file = policyFile('version: 1\nallowedAccounts: [é, 1]\ndefualts: {}\n');
    await expect(policyIn(file)).rejects.toMatchObject({
      errors: [
        {
          text: 'allowedAccounts[0]: must be an account id: 12 digits, in quotes, not "é"',
          location: { line: 2, column: 18, lineText: 'allowedAccounts: [é, 1]' },
        },
        {
          text: "allowedAccounts[1]: must be text, not the number 1 (put it in quotes: '1')",
          location: { line: 2, column: 22 },
        },
        {
          text: 'defualts: the key "defualts" is unknown (did you mean defaults?)',
          location: { line: 3, column: 0 },
        },
      ],
    });
  });

  it('is not made of a file that is not there', async () => {
    await expect(policyIn(path.join(folder, 'none.yml'))).rejects.toMatchObject({
      errors: [{ text: expect.stringMatching(/^cannot read .*none\.yml: ENOENT/) }],
    });
  });
});

describe('the description of a setting', () => {
  it.each([
    ["z.string().check(z.describe('It''s'.length))", "z.string().check(z.describe('It''s'.length))"],
    ["z.string().check(z.describe('What it is.'))", 'z.string()'],
    ["a\n  .check(\n    z.describe(\n      'One ' +\n        \"two's.\",\n    ),\n  ),", 'a\n  ,'],
    [
      "z.string().check(z.minLength(1), z.describe('x'))",
      "z.string().check(z.minLength(1), z.describe('x'))",
    ],
    [
      "z.string().check(z.describe('x'), z.minLength(1))",
      "z.string().check(z.describe('x'), z.minLength(1))",
    ],
    ['z.string().check(z.describe(words))', 'z.string().check(z.describe(words))'],
  ])('is left out where it stands alone: %s', (source, left) => {
    expect(withoutDescriptions(source)).toBe(left);
  });
});
