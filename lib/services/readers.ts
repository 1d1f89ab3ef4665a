/** The reader of every fact, from the services' declarations. */
import type { Lookup } from '../aws/facts/lookups.ts';
import type { Readers, TagReaders } from '../aws/facts/reader.ts';
import type { ResourceType } from '../core/control.ts';
import type { FactName, RelatedFactName } from '../core/facts.ts';
import type { RelatedReaders } from '../core/service.ts';
import { liveServices } from './live-services.ts';

export const readers: Partial<Readers<FactName>> = Object.assign(
  {},
  ...liveServices.map(({ aws }) => aws.readers),
);
/** The readers of the tags that no fact reader returns, by type of resource. */
export const tagReaders: TagReaders = Object.assign({}, ...liveServices.map(({ aws }) => aws.tagReaders));
/** The readers of the facts that services provide to each other. */
export const related: Partial<RelatedReaders> = Object.assign(
  {},
  ...liveServices.map(({ aws }) => aws.related),
);

/** All lookups behind a fact, including those of the related facts that it uses. */
function lookupsOf(name: FactName): readonly Lookup<unknown>[] {
  const reader = readers[name];
  if (reader === undefined) throw new TypeError(`no service here has the fact ${name}`);
  const asked: readonly RelatedFactName[] = reader.asks ?? [];
  return [...reader.uses, ...asked.flatMap((each) => related[each]?.uses ?? [])];
}

/**
 * The IAM actions that are required to read facts.
 * @returns the actions, each once, in alphabetical order.
 * @throws TypeError for a fact that no service has.
 * @example permissionsFor(['ec2.snapshotSharing']) // ['ec2:DescribeSnapshotAttribute']
 */
export function permissionsFor(facts: readonly FactName[]): readonly string[] {
  const actions = facts.flatMap((name) => lookupsOf(name).flatMap((lookup) => lookup.permissions));
  return [...new Set(actions)].sort();
}

/**
 * The IAM actions that are required to read the tags of resources, beyond those of their facts.
 * @returns the actions, each once, in alphabetical order.
 * @example tagPermissionsFor(['AwsEc2LaunchTemplate']) // ['ec2:DescribeLaunchTemplates']
 */
export function tagPermissionsFor(types: readonly ResourceType[]): readonly string[] {
  return [...new Set(types.flatMap((type) => tagReaders[type]?.lookup.permissions ?? []))].sort();
}
