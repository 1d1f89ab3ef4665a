/** What `trailseal policy show`, `push` and `clear` say and refuse; `test/emulator/policy-override.test.ts` has them work. */
import {
  DeleteParameterCommand,
  PutParameterCommand,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../cli/kill-switch/parameter.ts';
import { changesText, policyChanges } from '../../cli/policy/override/changes.ts';
import { standing } from '../../cli/policy/override/effective.ts';
import { deleteOverride, parameterValue, putOverride } from '../../cli/policy/override/parameter.ts';
import { standingJson, standingText } from '../../cli/policy/override/text.ts';
import { policyDigest } from '../../lib/policy/digest.ts';
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

describe('what a policy changes', () => {
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
        '  allowedAccounts: 111122223333 → nothing',
        '  allowedAccounts: nothing → 444455556666',
        '  controls.snapshot-sharing.settings.allowedAccounts: 111122223333 → nothing',
        '  controls.snapshot-sharing.settings.allowedAccounts: nothing → 444455556666',
      ].join('\n'),
    ],
    [
      'an order',
      'operators: { customActions: [undo, exempt] }',
      'operators: { customActions: [undo] }',
      '  operators.customActions: exempt → nothing',
    ],
    [
      'an exemption',
      exemptions('one'),
      exemptions('one', 'two'),
      '  exemptions: nothing → {"controls":["key-rotation"],"reason":"two","owner":"me","expires":"2027-01-31"}',
    ],
    [
      'tags that protect',
      '',
      'guardrails: { protectedTags: { tier: [one] } }',
      '  guardrails.protectedTags.tier: nothing → ["one"]',
    ],
    [
      'what was there and is no more',
      'exemptionTags: { controls: all, maxDays: 30 }',
      '',
      '  exemptionTags: {"controls":"all","maxDays":30} → nothing',
    ],
  ])('is told of %s', (_what, before, after, text) => {
    expect(changed(before, after)).toBe(text);
  });

  it('is told of exemptions in another order, of which the first counts', () => {
    expect(changed(exemptions('one', 'two'), exemptions('two', 'one'))).toMatch(
      /^ {2}exemptions: \[.*\] → \[.*\]$/,
    );
  });

  it('is nothing where only the words of the file differ', () => {
    expect(changed('', 'defaults: { enabled: true }\nexemptions: []')).toBe('');
  });

  it('is told without anything that a terminal would obey', () => {
    expect(changed('', exemptions('\u202e'))).toContain(String.raw`\u{202e}`);
  });
});

describe('a policy as the value of a parameter', () => {
  it('is JSON of what was checked', () => {
    const file = checked('version: 1\ncontrols: { key-rotation: { severity: HIGH } }');
    expect(parameterValue(file)).toBe('{"version":1,"controls":{"key-rotation":{"severity":"HIGH"}}}');
  });

  it('has no "{{", by which SSM means another parameter, and says the same', () => {
    const file = checked(`version: 1\n${exemptions('{{{x}}} {{ssm:other}}')}`);
    const value = parameterValue(file);
    expect(value).not.toContain('{{');
    expect(JSON.parse(value)).toEqual(file);
  });

  it('may be as long as the largest parameter, and no longer', () => {
    const shortest = Buffer.byteLength(parameterValue(checked(`version: 1\n${exemptions('x')}`)));
    const fits = `version: 1\n${exemptions('x'.repeat(8_192 - shortest + 1))}`;
    expect(Buffer.byteLength(parameterValue(checked(fits)))).toBe(8_192);
    expect(() => parameterValue(checked(fits.replace('xx', 'xé')))).toThrow(
      'the policy is 8193 bytes long as JSON, and a parameter holds 8192 at most',
    );
  });
});

it('the digest tells one policy from another', () => {
  const [one, same, other] = ['1', '1', '1\nallowedAccounts: []'].map((rest) =>
    policyDigest(checked(`version: ${rest}`)),
  );
  expect([one === same, one === other]).toEqual([true, false]);
});

const right = (severity: string) =>
  JSON.stringify({ version: 1, controls: { 'key-rotation': { severity } } });
const change = (version: number, value: string): Change => ({
  version,
  value,
  at: new Date(Date.UTC(2026, 10, version, 10)),
  by: ana,
  why: `by ${ana}: too much`,
});

describe('the effective policy', () => {
  const deployed = { parameter: name, digest: undefined, at: '2026-11-01T09:00:00.000+0000' };
  const bundled = { known: true, checked: { version: 1 }, name: 'acme.policy.yml' } as const;
  const read = overrideReader(bundled.checked, sampleControls);
  const told = (versions: readonly Change[]) => standingText(standing(versions, read), deployed, bundled);

  it('is told with its version, since when, by whom and why', () => {
    expect(told([change(3, right('HIGH')), change(2, right('LOW'))])).toBe(
      `In force: ${name}, version 3, since 2026-11-03T10:00:00.000Z, by ${ana} (by ${ana}: too much)`,
    );
  });

  it('is told to be the deployed one where nothing overrides it', () => {
    expect(told([])).toBe(
      'In force: the deployed policy, acme.policy.yml (deployed 2026-11-01T09:00:00.000+0000)\n' +
        `There is no ${name} that overrides it.`,
    );
  });

  it('is told to be the last right version, with all that is wrong with the newest', () => {
    expect(told([change(3, '{"version":2}'), change(2, 'no'), change(1, right('LOW'))]).split('\n')).toEqual([
      expect.stringContaining(`In force: ${name}, version 1, since 2026-11-01T10:00:00.000Z`),
      expect.stringContaining(
        `WRONG, and not deleted by: ${name}, version 3, since 2026-11-03T10:00:00.000Z`,
      ),
      '  version: must be 1, not the number 2',
    ]);
  });

  it('is told to be the deployed one where no version is right', () => {
    expect(told([change(1, 'no')])).toMatch(/^In force: the deployed policy.*\nWRONG, and not deleted by/);
  });

  it('says so where nobody can tell whether it asks for more than was deployed', () => {
    const unknown = { known: false, because: 'there is no trailseal.policy.yml here' } as const;
    const text = standingText(standing([change(1, right('LOW'))], read), deployed, unknown);
    expect(text.split('\n').at(-1)).toBe(
      'Whether it asks for nothing beyond the deployed policy is not known: there is no trailseal.policy.yml here',
    );
  });

  it('escapes what others wrote', () => {
    const text = told([{ ...change(1, '{"version":1,"\u001b[2J":1}'), by: '\u202e', why: '\n' }]);
    expect(text).not.toMatch(/[^\n\x20-\x7e]/);
  });

  it('is told to programs', () => {
    expect(
      standingJson(standing([change(3, '{}'), change(2, right('LOW'))], read), deployed, bundled),
    ).toEqual({
      parameter: name,
      effective: 'override',
      override: { version: 2, at: '2026-11-02T10:00:00.000Z', by: ana, why: `by ${ana}: too much` },
      newest: { version: 3, at: '2026-11-03T10:00:00.000Z', by: ana, why: `by ${ana}: too much` },
      faults: [{ path: 'version', message: '"version" is missing', hint: 'add "version: …"' }],
      deployedAt: '2026-11-01T09:00:00.000+0000',
      fitKnown: true,
    });
  });
});

// moto denies nothing.
describe('a denial is told of', () => {
  const client = new SSMClient({ region: 'eu-central-1' });
  const denied = new SSMServiceException({
    name: 'AccessDeniedException',
    message: 'not authorized',
    $fault: 'client',
    $metadata: {},
  });

  it('writing', async () => {
    mockClient(client).on(PutParameterCommand).rejects(denied);
    expect(await putOverride(client, name, '{}', { who: ana, why: 'x' })).toMatchObject({
      known: false,
      detail: 'ssm:PutParameter was denied (not authorized)',
    });
  });

  it('deleting', async () => {
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
