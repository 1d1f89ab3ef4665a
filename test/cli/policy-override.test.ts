/** What `trailseal policy show`, `push` and `clear` say and refuse; `test/emulator/policy-override.test.ts` has them work. */
import {
  DeleteParameterCommand,
  PutParameterCommand,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { ParameterVersion } from '../../cli/aws/parameter.ts';
import { changesText, policyChanges } from '../../cli/policy/override/changes.ts';
import { effectivePolicy, isoTime } from '../../cli/policy/override/effective.ts';
import { deleteOverride, parameterValue, putOverride } from '../../cli/policy/override/parameter.ts';
import { effectivePolicyJson, effectivePolicyText } from '../../cli/policy/override/text.ts';
import { policyDigest } from '../../lib/policy/bundled.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../lib/policy/file/schema.ts';
import { overrideReader } from '../../lib/policy/override.ts';
import { policyOf, sampleControls } from '../policy/fixtures.ts';
import { put, trailseal, workFolder } from './command.ts';

const name = '/trailseal/dev/policy';
const ana = 'arn:aws:iam::111122223333:user/ana';

function checked(text: string): PolicyFile {
  const parsed = parsePolicy(text, 'policy.yml', sampleControls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.checked;
}

const exemptions = (...reasons: readonly string[]) =>
  `exemptions: [${reasons.map((reason) => `{ controls: [key-rotation], reason: '${reason}', owner: me, expires: 2027-01-31 }`).join(', ')}]`;

describe('the changes of a policy', () => {
  const changed = (before: string, after: string) =>
    changesText(policyChanges(policyOf(`version: 1\n${before}`), policyOf(`version: 1\n${after}`)));

  it.each([
    [
      'a value',
      '',
      'controls: { key-rotation: { severity: HIGH, enabled: false } }',
      '  controls.key-rotation.enabled: true → false\n  controls.key-rotation.severity: MEDIUM → HIGH',
    ],
    [
      'an entry of a list',
      "allowedAccounts: ['111122223333']",
      "allowedAccounts: ['444455556666']",
      [
        '  allowedAccounts: 111122223333 → none',
        '  allowedAccounts: none → 444455556666',
        '  controls.snapshot-sharing.settings.allowedAccounts: 111122223333 → none',
        '  controls.snapshot-sharing.settings.allowedAccounts: none → 444455556666',
      ].join('\n'),
    ],
    [
      'a custom action',
      'operators: { customActions: [undo, exempt] }',
      'operators: { customActions: [undo] }',
      '  operators.customActions: exempt → none',
    ],
    [
      'an exemption',
      exemptions('one'),
      exemptions('one', 'two'),
      '  exemptions: none → {"controls":["key-rotation"],"reason":"two","owner":"me","expires":"2027-01-31"}',
    ],
    [
      'protected tags',
      '',
      'guardrails: { protectedTags: { tier: [one] } }',
      '  guardrails.protectedTags.tier: none → ["one"]',
    ],
    [
      'a removed key',
      'exemptionTags: { controls: all, maxDays: 30 }',
      '',
      '  exemptionTags: {"controls":"all","maxDays":30} → none',
    ],
  ])('list %s', (_what, before, after, text) => {
    expect(changed(before, after)).toBe(text);
  });

  it('list exemptions in another order, as the first one counts', () => {
    expect(changed(exemptions('one', 'two'), exemptions('two', 'one'))).toMatch(
      /^ {2}exemptions: \[.*\] → \[.*\]$/,
    );
  });

  it('are empty where the files differ only in writing', () => {
    expect(changed('', 'defaults: { enabled: true }\nexemptions: []')).toBe('');
  });

  it('escape what a terminal would interpret', () => {
    expect(changed('', exemptions('\u202e'))).toContain(String.raw`\u{202e}`);
  });
});

describe('a policy as the value of a parameter', () => {
  it('is JSON of the checked policy', () => {
    const file = checked('version: 1\ncontrols: { key-rotation: { severity: HIGH } }');
    expect(parameterValue(file)).toBe('{"version":1,"controls":{"key-rotation":{"severity":"HIGH"}}}');
  });

  it('has no "{{", which SSM takes for another parameter, and means the same', () => {
    const file = checked(`version: 1\n${exemptions('{{{x}}} {{ssm:other}}')}`);
    const value = parameterValue(file);
    expect(value).not.toContain('{{');
    expect(JSON.parse(value)).toEqual(file);
  });

  it('is at most as long as the largest parameter', () => {
    const shortest = Buffer.byteLength(parameterValue(checked(`version: 1\n${exemptions('x')}`)));
    const fits = `version: 1\n${exemptions('x'.repeat(8_192 - shortest + 1))}`;
    expect(Buffer.byteLength(parameterValue(checked(fits)))).toBe(8_192);
    expect(() => parameterValue(checked(fits.replace('xx', 'xé')))).toThrow(
      'the policy has 8193 bytes as JSON, and a parameter holds at most 8192',
    );
  });
});

it('the digest is the same only for the same policy', () => {
  const [one, same, other] = ['1', '1', '1\nallowedAccounts: []'].map((rest) =>
    policyDigest(checked(`version: ${rest}`)),
  );
  expect([one === same, one === other]).toEqual([true, false]);
});

const valid = (severity: string) =>
  JSON.stringify({ version: 1, controls: { 'key-rotation': { severity } } });
const change = (version: number, value: string): ParameterVersion => ({
  version,
  value,
  at: new Date(Date.UTC(2026, 10, version, 10)),
  actor: ana,
  reason: `by ${ana}: too much`,
});

describe('the effective policy', () => {
  const deployed = { parameter: name, digest: undefined, deployedAt: '2026-11-01T09:00:00.000Z' };
  const file = { known: true, checked: { version: 1 }, name: 'acme.policy.yml' } as const;
  const read = overrideReader(file.checked, sampleControls);
  const textOf = (versions: readonly ParameterVersion[]) =>
    effectivePolicyText(effectivePolicy(versions, read), deployed, file);

  it('has the version, time, actor and reason of the override', () => {
    expect(textOf([change(3, valid('HIGH')), change(2, valid('CRITICAL'))])).toBe(
      `In effect: ${name}, version 3, since 2026-11-03T10:00:00.000Z, by ${ana} (by ${ana}: too much)`,
    );
  });

  it('is the deployed one where there is no override', () => {
    expect(textOf([])).toBe(
      'In effect: the deployed policy, acme.policy.yml (deployed 2026-11-01T09:00:00.000Z)\n' +
        `There is no override in ${name}.`,
    );
  });

  it('is the newest valid version, with all errors of the newest', () => {
    expect(
      textOf([change(3, '{"version":2}'), change(2, 'no'), change(1, valid('CRITICAL'))]).split('\n'),
    ).toEqual([
      expect.stringContaining(`In effect: ${name}, version 1, since 2026-11-01T10:00:00.000Z`),
      expect.stringContaining(
        `INVALID and not in effect: ${name}, version 3, since 2026-11-03T10:00:00.000Z`,
      ),
      '  version: must be 1, not the number 2',
    ]);
  });

  it('is the deployed one where no version is valid', () => {
    expect(textOf([change(1, 'no')])).toMatch(/^In effect: the deployed policy.*\nINVALID and not in effect/);
  });

  it('says so where the override cannot be checked against the deployed policy', () => {
    const unknown = { known: false, because: 'there is no trailseal.policy.yml here' } as const;
    const text = effectivePolicyText(
      effectivePolicy([change(1, valid('CRITICAL'))], read),
      deployed,
      unknown,
    );
    expect(text.split('\n').at(-1)).toBe(
      'Not checked whether the override goes beyond the deployed policy: there is no trailseal.policy.yml here',
    );
  });

  it('escapes what others wrote', () => {
    const text = textOf([{ ...change(1, '{"version":1,"\u001b[2J":1}'), actor: '\u202e', reason: '\n' }]);
    expect(text).not.toMatch(/[^\n\x20-\x7e]/);
  });

  it('has the time of deployment in ISO 8601', () => {
    expect(isoTime('2026-11-01T09:00:00.000+0000')).toBe('2026-11-01T09:00:00.000Z');
  });

  it('is JSON', () => {
    expect(
      effectivePolicyJson(
        effectivePolicy([change(3, '{}'), change(2, valid('CRITICAL'))], read),
        deployed,
        file,
      ),
    ).toEqual({
      parameter: name,
      effective: 'override',
      override: { version: 2, at: '2026-11-02T10:00:00.000Z', actor: ana, reason: `by ${ana}: too much` },
      newest: { version: 3, at: '2026-11-03T10:00:00.000Z', actor: ana, reason: `by ${ana}: too much` },
      errors: [{ path: 'version', message: '"version" is missing', hint: 'add "version: …"' }],
      deployedAt: '2026-11-01T09:00:00.000Z',
      checkedAgainstDeployed: true,
    });
  });
});

// moto denies nothing.
describe('a denial is returned', () => {
  const client = new SSMClient({ region: 'eu-central-1' });
  const denied = new SSMServiceException({
    name: 'AccessDeniedException',
    message: 'not authorized',
    $fault: 'client',
    $metadata: {},
  });

  it('by writing', async () => {
    mockClient(client).on(PutParameterCommand).rejects(denied);
    expect(await putOverride(client, name, '{}', { actor: ana, reason: 'x' })).toMatchObject({
      known: false,
      detail: 'ssm:PutParameter was denied (not authorized)',
    });
  });

  it('by deleting', async () => {
    mockClient(client).on(DeleteParameterCommand).rejects(denied);
    expect(await deleteOverride(client, name)).toMatchObject({
      known: false,
      detail: 'ssm:DeleteParameter was denied (not authorized)',
    });
  });
});

describe('trailseal policy', () => {
  it.each<[readonly string[], string]>([
    [['push', 'none.yml'], 'cannot read none.yml'],
    [['push', 'wrong.yml'], 'wrong.yml:1:10 version: must be 1, not the number 2'],
    [
      ['push', 'right.yml'],
      'policy push asks before it changes anything, and there is no terminal: use --yes',
    ],
    [['push', 'right.yml', '--yes'], 'policy push --yes needs --reason'],
    [['clear'], 'policy clear asks before it changes anything, and there is no terminal: use --yes'],
    [['show', '--stage', 'A'], '--stage takes lower-case letters'],
  ])('%j is wrong usage', (args, text) => {
    const folder = workFolder();
    put(folder, 'wrong.yml', 'version: 2\n');
    put(folder, 'right.yml', 'version: 1\n');
    const { code, stderr } = trailseal(folder, ['policy', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
