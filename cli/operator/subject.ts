/** What an operator names on the command line, a finding or a resource, and the findings that it stands for. */
import { parseArn } from '../../lib/core/arn.ts';
import type { Control, Resource, ResourceType } from '../../lib/core/control.ts';
import { findingId } from '../../lib/findings/id.ts';
import { resourceTypeOf, resourceTypes } from '../../lib/services/catalogue.ts';
import { checkRegion } from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface Subject {
  /** As it was written. */
  readonly name: string;
  /** Where it is, as far as its name tells: the ARNs of a snapshot and of an account leave something out. */
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly kind: 'finding' | 'resource';
}

type AccountRegion = Pick<Resource, 'account' | 'region'>;

/**
 * @param name a finding's id, or a resource as its ARN or as Security Hub's findings name it.
 * @throws UsageError when it could be neither, or names what could be no Region.
 */
export function subjectOf(name: string): Subject {
  const finding = /^trailseal\/[^/]+\/([^/]+)\/([^/]+)\/./su.exec(name);
  if (finding !== null) {
    const [, account, region = ''] = finding;
    checkRegion(region, "a finding's id");
    return { name, account, region, kind: 'finding' };
  }
  const account = /^AWS::::Account:(\d{12})$/.exec(name)?.[1];
  if (account !== undefined) return { name, account, region: undefined, kind: 'resource' };
  const arn = parseArn(name);
  if (arn === undefined || typeAndId(name) === undefined) {
    throw new UsageError(
      `${printable(name) || 'nothing'} is neither the id of a finding (trailseal/…) nor the ARN of a resource that Trailseal's controls evaluate`,
    );
  }
  if (arn.region !== '') checkRegion(arn.region, "a resource's ARN");
  return { name, account: arn.account || undefined, region: arn.region || undefined, kind: 'resource' };
}

/** The one Region that the subjects name; `undefined` where they name none. @throws UsageError for several. */
export function regionOfAll(subjects: readonly Subject[]): string | undefined {
  const regions = [...new Set(subjects.flatMap(({ region }) => region ?? []))];
  if (regions.length > 1) {
    throw new UsageError(
      `what is named is in several Regions (${regions.map(printable).join(', ')}): take one Region at a time`,
    );
  }
  return regions[0];
}

/** @throws UsageError for the first that is of another account or Region: there is a deployment of its own for it. */
export function checkAccountRegion(subjects: readonly Subject[], { account, region }: AccountRegion): void {
  for (const subject of subjects) {
    if (subject.account !== undefined && subject.account !== account) {
      throw new UsageError(
        `${printable(subject.name)} is of account ${printable(subject.account)}, and the credentials are of ${account}: name a profile of that account with --profile`,
      );
    }
    if (subject.region !== undefined && subject.region !== region) {
      throw new UsageError(
        `${printable(subject.name)} is in ${printable(subject.region)}, not in ${region}: leave --region out, or name that one`,
      );
    }
  }
}

/** The ids of the findings that these controls can have of the subject, which is in this place. */
export function findingIdsOf(
  { name, kind }: Subject,
  accountRegion: AccountRegion,
  controls: readonly Pick<Control, 'id' | 'resourceType'>[],
): readonly string[] {
  if (kind === 'finding') return [name];
  const found = typeAndId(name);
  if (found === undefined) return [];
  const { type, id = accountRegion.account } = found;
  return controls
    .filter(({ resourceType }) => resourceType === type)
    .map((control) => findingId(control.id, { ...accountRegion, type, id, arn: name }));
}

interface TypeAndId {
  readonly type: ResourceType;
  /** Left out of an account: it is the account's own. */
  readonly id?: string;
}

/** As `lib/findings/asff-resource.ts` names what has no ARN of its own: that of what it is in, and its id. */
const formsWithParent: readonly {
  readonly service: string;
  readonly pattern: RegExp;
  readonly type: ResourceType;
}[] = [
  { service: 'ec2', pattern: /#(.+)$/s, type: 'AwsEc2Volume' },
  { service: 'eks', pattern: /#(.+)$/s, type: 'AwsEksNodegroup' },
  { service: 'kms', pattern: /#(.+)$/s, type: 'AwsKmsGrant' },
];

function typeAndId(name: string): TypeAndId | undefined {
  if (name.startsWith('AWS::::Account:')) return { type: 'AwsAccount' };
  const arn = parseArn(name);
  if (arn === undefined) return undefined;
  const { service, resource } = arn;
  if (service === 'iam' && resource === 'root') return { type: 'AwsAccount' };
  for (const type of resourceTypes) {
    const form = resourceTypeOf(type).arn;
    const id = form.service === service && form.ofParent !== true ? form.idIn(resource) : undefined;
    if (id !== undefined) return { type, id };
  }
  for (const form of formsWithParent) {
    const id = form.service === service ? form.pattern.exec(resource)?.[1] : undefined;
    if (id !== undefined) return { type: form.type, id };
  }
  return undefined;
}
