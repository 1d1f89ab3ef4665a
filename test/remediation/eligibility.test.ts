import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import { isOwnResource, isPermitted } from '../../lib/remediation/eligibility.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';

const own = {
  stack: 'trailseal-dev',
  keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
};
const arn = 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0';

describe('a resource is Trailseal’s own', () => {
  it('when CloudFormation says that the stack made it', () => {
    expect(isOwnResource({ arn, tags: { 'aws:cloudformation:stack-name': 'trailseal-dev' } }, own)).toBe(
      true,
    );
  });

  it('when it is a key that the deployment encrypts with, of which DescribeKey returns no tags', () => {
    expect(isOwnResource({ arn: own.keyArns[0] ?? '' }, own)).toBe(true);
  });

  it.each([
    ['another stack', { 'aws:cloudformation:stack-name': 'trailseal-prod' }],
    ['a tag that any user can set', { service: 'trailseal', stage: 'dev' }],
    ['a tag with a similar name', { 'AWS:cloudformation:stack-name': 'trailseal-dev' }],
  ])('but not because of %s', (_what, tags) => {
    expect(isOwnResource({ arn, tags }, own)).toBe(false);
  });
});

function permitted(text: string) {
  const parsed = parsePolicy(`version: 1\n${text}`, 'trailseal.policy.yml', kmsControls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return (['tag', 'fix:enable-key', 'fix:enable-rotation'] as const).filter((action) =>
    isPermitted(parsed.policy, kmsControls, action),
  );
}

describe('a deployment may do', () => {
  it('nothing, where the policy only reports', () => {
    expect(permitted('')).toEqual([]);
  });

  it('what the policy asks for', () => {
    expect(permitted('controls: { kms-key-disabled: { actions: [tag, fix:enable-key] } }')).toEqual([
      'tag',
      'fix:enable-key',
    ]);
  });

  it('what operators may request', () => {
    expect(permitted('operators: { customActions: [fix:enable-rotation, undo] }')).toEqual([
      'fix:enable-rotation',
    ]);
  });

  it('nothing for a control that is not enabled', () => {
    const off = 'controls: { kms-key-disabled: { enabled: false, actions: [fix:enable-key] } }';
    expect(permitted(off)).toEqual([]);
  });
});
