/** Controls, resources and policies for the tests of the policy. */
import * as z from 'zod/mini';
import { type Action, type ArnResource, type Control, defineControl, pass } from '../../lib/core/control.ts';
import { fewer, lower, type Narrowings, orOneOf, unchanged } from '../../lib/core/narrowing.ts';
import { type ParsedPolicy, type PolicyError, parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Exemption, Policy } from '../../lib/policy/model.ts';
import { quarantineSettings } from '../../lib/services/ec2/quarantine/settings.ts';

function narrowings<Settings>(parts: Narrowings<Settings>): Control['narrowing'] {
  return parts;
}

/** A control with an id, settings and actions, which evaluates nothing. */
export function control(
  id: string,
  actions: readonly Action[],
  settings: z.ZodMiniType = z.strictObject({}),
  narrowing: Control['narrowing'] = {},
): Control {
  return defineControl({
    id,
    title: `What ${id} evaluates should be encrypted`,
    description: 'Evaluates nothing.',
    severity: 'MEDIUM',
    resourceType: 'AwsKmsKey',
    standards: { 'NIST.800-53.r5': [], 'PCI DSS v4.0.1': [], 'AWS FSBP': [] },
    triggers: [],
    deletions: [],
    facts: [],
    settings,
    narrowing,
    evaluate: () => pass('Nothing was evaluated.', 'nothing', []),
    actions,
    ...(actions.includes('quarantine') ? { actionSettings: { quarantine: quarantineSettings } } : {}),
    remediation: 'None.',
    reference: 'https://docs.aws.amazon.com/',
  });
}

export const sharing = control(
  'snapshot-sharing',
  ['notify', 'tag', 'fix:unshare-snapshot'],
  z.strictObject({
    allowedAccounts: z._default(z.array(z.string().check(z.regex(/^\d{12}$/))), []),
    strict: z._default(z.boolean(), true),
  }),
  narrowings<{ allowedAccounts: string[]; strict: boolean }>({
    allowedAccounts: fewer(),
    strict: orOneOf(true),
  }),
);
export const volumes = control(
  'volume-encryption',
  ['notify', 'tag', 'quarantine'],
  z.strictObject({
    key: z._default(z.enum(['any', 'customer']).check(z.describe('The key that is required.')), 'any'),
    arn: z._default(z.string().check(z.startsWith('arn:')), 'arn:aws:kms'),
    graceDays: z._default(z.number().check(z.int(), z.gte(0), z.lte(30)), 0),
    owners: z._default(z.union([z.enum(['nobody', 'everybody']), z.array(z.string())]), []),
  }),
  narrowings<{ key: 'any' | 'customer'; arn: string; graceDays: number; owners: unknown }>({
    key: orOneOf('customer'),
    arn: unchanged(),
    graceDays: lower(),
    owners: unchanged(),
  }),
);
export const rotation = control('key-rotation', ['quarantine', 'fix:enable-rotation', 'tag', 'notify']);
export const sampleControls: readonly Control[] = [sharing, volumes, rotation];

export const key: ArnResource = {
  type: 'AwsKmsKey',
  id: '1234abcd-12ab-34cd-56ef-1234567890ab',
  arn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  account: '111122223333',
  region: 'eu-central-1',
};

/** The policy in a text without errors. */
export function policyOf(text: string, controls: readonly Control[] = sampleControls): Policy {
  const parsed = parsePolicy(text, 'policy.yml', controls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.policy;
}

/** The errors in a text. */
export function errorsIn(
  text: string,
  controls: readonly Control[] = sampleControls,
): readonly PolicyError[] {
  const parsed: ParsedPolicy = parsePolicy(text, 'policy.yml', controls);
  return parsed.ok ? [] : parsed.errors;
}

/** An exemption of everything and for ever, but for the given criteria. */
export function exemption(given: Partial<Exemption>): Exemption {
  return {
    controls: undefined,
    accounts: undefined,
    regions: undefined,
    resources: undefined,
    tags: undefined,
    reason: 'Sandbox',
    owner: 'platform-team',
    expires: '9999-12-31',
    ...given,
  };
}
