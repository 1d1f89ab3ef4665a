/**
 * Links into Security Hub's console. AWS does not document them: this is the form that the console itself uses, and the AWS
 * solution "Automated Security Response" too. The search is one parameter, `field=value` pairs joined by `&`, in which each
 * value is encoded before the whole is.
 */
import type { AccountRegion } from '../core/account-region.ts';
import { partitionOf } from '../core/arn.ts';

/** Sources: AWS General Reference (China, GovCloud); AWS European Sovereign Cloud, "Endpoints". Others have none. */
const consoles: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-eusc': 'console.amazonaws-eusc.eu',
};

/**
 * The link to one finding.
 * @returns `undefined` where Security Hub can't have it (see `whyUnpublishable`), or the partition has no public console.
 * @example
 * findingLink('trailseal/kms-key-policy/111122223333/eu-west-1/1234abcd…', { account: '111122223333', region: 'eu-west-1' });
 */
export function findingLink(finding: string, accountRegion: AccountRegion): string | undefined {
  return link(accountRegion, { Id: finding });
}

/**
 * The link to all findings of a control in an account that are not archived.
 * @example
 * controlLink('kms-key-policy', { account: '111122223333', region: 'eu-west-1' });
 */
export function controlLink(control: string, accountRegion: AccountRegion): string | undefined {
  return link(accountRegion, {
    GeneratorId: `trailseal/${control}`,
    AwsAccountId: accountRegion.account,
    RecordState: 'ACTIVE',
  });
}

function link(
  { account, region }: AccountRegion,
  filters: Readonly<Record<string, string>>,
): string | undefined {
  const host = consoles[partitionOf(region)];
  if (host === undefined || !/^\d{12}$/.test(account) || !/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region))
    return undefined;
  const search = Object.entries(filters)
    .map(([field, value]) => `${field}=${encoded(`\\operator\\:EQUALS\\:${value}`)}`)
    .join('&');
  return `https://${region}.${host}/securityhub/home?region=${region}#/findings?search=${encoded(search)}`;
}

/** Encodes also the characters that `encodeURIComponent` keeps and that Markdown or a mail program might interpret. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*~_]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
