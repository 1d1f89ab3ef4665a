import { describe, expect, it } from 'vitest';
import { parseRemediation, wakeUp } from '../../lib/remediation/message.ts';

const occasion = {
  finding: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  openedAt: null,
  since: 1_700,
};

describe('a message of remediation', () => {
  it('is the end of a grace period, with the occasion that it began with', () => {
    expect(parseRemediation(wakeUp(occasion))).toEqual({ kind: 'occasion', occasion });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['another event', '{"source":"aws.ec2","detail":{}}', /no event of "trailseal"/],
    [
      'a transition that lacks something',
      '{"source":"trailseal","detail":{"version":1}}',
      /detail is no transition/,
    ],
    [
      'an occasion without a finding',
      '{"trailseal":{"occasion":{"openedAt":null,"since":1}}}',
      /its occasion/,
    ],
  ])('is malformed, with the reason: %s', (_what, body, reason) => {
    const message = parseRemediation(body);
    expect(message.kind === 'malformed' && message.reason).toMatch(reason);
  });
});
