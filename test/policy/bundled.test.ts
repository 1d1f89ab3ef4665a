import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { bundledPolicy, type CheckedPolicy } from '../../lib/policy/bundled.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import { control, policyOf, rotation, sampleControls, sharing } from './fixtures.ts';

const text = `
version: 1
allowedAccounts: ['444455556666']
defaults: { actions: [notify, tag] }
controls:
  volume-encryption: { severity: HIGH, settings: { key: customer } }
  key-rotation: { enabled: false }
exemptions:
  - { tags: { environment: sandbox }, reason: Sandbox, owner: platform-team, expires: 2027-01-31 }
exemptionTags: { controls: [key-rotation], maxDays: 30 }
actions: { tag: { prefix: 'acme:' } }
guardrails:
  actionsPerHour: { fix: { total: 5 } }
  protectedTags: { environment: [prod] }
  gracePeriod: { fix: 1 hour }`;

/** The policy as a deployment carries it, which is JSON in between. */
function bundled(): CheckedPolicy {
  const parsed = parsePolicy(text, 'policy.yml', sampleControls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return JSON.parse(JSON.stringify({ file: 'policy.yml', checked: parsed.checked }));
}

describe('the policy that a deployment carries', () => {
  it('is the same as that of the file', () => {
    expect(bundledPolicy(bundled(), sampleControls)).toEqual(policyOf(text));
  });

  it('has the entries of the given controls alone', () => {
    const some = [sharing, rotation];
    const { controls, ...rest } = policyOf(text);
    expect(bundledPolicy(bundled(), some)).toEqual({
      ...rest,
      controls: new Map([...controls].filter(([id]) => some.some((one) => one.id === id))),
    });
  });

  it('is rejected for a control that does not accept it', () => {
    const choosy = control(
      'choosy',
      [],
      z.strictObject({ allowedAccounts: z._default(z.array(z.string()).check(z.maxLength(0)), []) }),
    );
    expect(() => bundledPolicy(bundled(), [choosy])).toThrow(
      'the policy policy.yml was not checked for these controls (allowedAccounts: choosy does not accept these ' +
        'accounts); deploy again, with all functions built from the same sources',
    );
  });
});
