import { describe, expect, it } from 'vitest';
import { isOwnResource } from '../../lib/remediation/eligibility/own-resource.ts';

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

  it('when it is a key that the deployment encrypts with, of which no look tells the tags', () => {
    expect(isOwnResource({ arn: own.keyArns[0] ?? '' }, own)).toBe(true);
  });

  it.each([
    ['another stack', { 'aws:cloudformation:stack-name': 'trailseal-prod' }],
    ['a tag that any user can set', { service: 'trailseal', stage: 'dev' }],
    ['a tag that only looks like it', { 'AWS:cloudformation:stack-name': 'trailseal-dev' }],
  ])('but not by %s', (_what, tags) => {
    expect(isOwnResource({ arn, tags }, own)).toBe(false);
  });
});
