/** What an operator names on the command line, a finding or a resource, and the findings that it stands for. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import { parseArn } from '../../lib/core/arn.ts';
import type { Control } from '../../lib/core/control.ts';
import { namePartsIn } from '../../lib/core/resource-name.ts';
import { findingId } from '../../lib/findings/id.ts';
import { resourceTypeOf } from '../../lib/services/catalogue.ts';
import { checkRegion } from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { resourceNamed } from './resource-forms.ts';

export interface Subject {
  /** As it was written. */
  readonly name: string;
  /** `undefined` where the name does not contain it: the ARN of a snapshot has no account, that of an account no Region. */
  readonly account: string | undefined;
  readonly region: string | undefined;
  /** `id`: a resource's own id alone, which may be of any type. */
  readonly kind: 'finding' | 'resource' | 'id';
}

/**
 * @param name a finding's id, or a resource by its id, by its ARN, by its name where it has none, or as Security Hub's findings name it.
 * @throws UsageError when it is neither, or contains an invalid Region.
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
  const parts = namePartsIn(name);
  if (parts !== undefined && resourceNamed(name) !== undefined) {
    checkRegion(parts.region, "a resource's name");
    return { name, account: parts.account, region: parts.region, kind: 'resource' };
  }
  if (/^[\w.-]+$/.test(name)) return { name, account: undefined, region: undefined, kind: 'id' };
  const arn = parseArn(name);
  if (arn === undefined || resourceNamed(name) === undefined) {
    throw new UsageError(
      `${printable(name) || 'nothing'} is neither the id of a finding (trailseal/…) nor the id or ARN (or ACCOUNT/REGION/TYPE/ID, where it has none) of a resource that Trailseal evaluates`,
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
      `the findings and resources are in several Regions (${regions.map(printable).join(', ')}): run the command once for each Region`,
    );
  }
  return regions[0];
}

/** @throws UsageError for the first one of another account or Region, which has a deployment of its own. */
export function checkAccountRegion(subjects: readonly Subject[], { account, region }: AccountRegion): void {
  for (const subject of subjects) {
    if (subject.account !== undefined && subject.account !== account) {
      throw new UsageError(
        `${printable(subject.name)} belongs to account ${printable(subject.account)}, but the credentials to ${account}: name a profile of that account with --profile`,
      );
    }
    if (subject.region !== undefined && subject.region !== region) {
      throw new UsageError(
        `${printable(subject.name)} is in ${printable(subject.region)}, not in ${region}: leave --region out, or set it to ${printable(subject.region)}`,
      );
    }
  }
}

/** The ids of all findings that these controls can have for a subject in this account and Region. */
export function findingIdsOf(
  { name, kind }: Subject,
  accountRegion: AccountRegion,
  controls: readonly Pick<Control, 'id' | 'resourceType'>[],
): readonly string[] {
  if (kind === 'finding') return [name];
  if (kind === 'id') {
    return controls
      .filter(({ resourceType }) => resourceTypeOf(resourceType).hasOwnId(name))
      .map((control) => findingId(control.id, { ...accountRegion, id: name }));
  }
  const found = resourceNamed(name);
  if (found === undefined) return [];
  const { type, id = accountRegion.account } = found;
  return controls
    .filter(({ resourceType }) => resourceType === type)
    .map((control) => findingId(control.id, { ...accountRegion, id }));
}
