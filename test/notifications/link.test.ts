import { describe, expect, it } from 'vitest';
import { findingLink } from '../../lib/notifications/link.ts';

/** The filters that a link sets, decoded as the console does: the search, and then each value. */
function filtersIn(link: string | undefined): Readonly<Record<string, string>> {
  const [, search = ''] = /\?search=(.*)$/.exec(link ?? '') ?? [];
  const pairs = decodeURIComponent(search).split('&');
  return Object.fromEntries(pairs.map((pair) => pair.split('=').map(decodeURIComponent)));
}

describe('the link to a finding', () => {
  it.each([
    ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/securityhub/home?region=eu-west-1#/findings'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/securityhub/home?region=cn-north-1#/findings'],
    [
      'us-gov-west-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/securityhub/home?region=us-gov-west-1#/findings',
    ],
    [
      'eusc-de-east-1',
      'https://eusc-de-east-1.console.amazonaws-eusc.eu/securityhub/home?region=eusc-de-east-1#/findings',
    ],
  ])('leads to the console of the partition of %s', (region, start) => {
    expect(findingLink('trailseal/x', { account: '111122223333', region })?.split('?search=')[0]).toBe(start);
  });

  it.each(['trailseal/eks/111122223333/eu-west-1/a b', "trailseal/x/50%25&Title=\\:#é*_(~)'!"])(
    'searches for exactly this id: %s',
    (id) => {
      expect(filtersIn(findingLink(id, { account: '111122223333', region: 'eu-west-1' }))).toEqual({
        Id: `\\operator\\:EQUALS\\:${id}`,
      });
    },
  );

  it.each([
    ['the account is not known', 'unknown', 'eu-west-1'],
    ['the Region is not known', '111122223333', 'unknown'],
    ['the Region is no Region', '111122223333', 'evil.example/#eu-west-1'],
    ['the partition has no public console', '111122223333', 'us-iso-east-1'],
  ])('is missing where %s', (_why, account, region) => {
    expect(findingLink('trailseal/x', { account, region })).toBeUndefined();
  });
});
