/** The resource of a finding as ASFF has it: what it is, where, and what is known of it. */
import type { Resource as AsffResource, Partition, ResourceDetails } from '@aws-sdk/client-securityhub';
import { parseArn, partitionOf } from '../core/arn.ts';
import type { Facts, Resource, ResourceType } from '../core/control.ts';
import type { ResourceTypeDefinition } from '../core/service.ts';
import { asffLimits } from './asff-limits.ts';
import type { Finding } from './finding.ts';
import { oneLine, plainObject, stringMap } from './plain.ts';

/** What is known of a resource beyond its identity. */
export interface ResourceDescription {
  /** As `detailsOf` gives it. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface AsffExtras extends ResourceDescription {
  /** What its service says of its type. */
  readonly type: Pick<ResourceTypeDefinition, 'asffType' | 'asffId'>;
}

/** Partitions as ASFF spells them; of the others it knows none. Source: Security Hub API model, Partition. */
const partitions: Readonly<Record<string, Partition>> = {
  aws: 'aws',
  'aws-cn': 'aws-cn',
  'aws-us-gov': 'aws-us-gov',
  'aws-iso': 'aws-us-iso',
  'aws-iso-b': 'aws-us-iso-b',
};

/**
 * The resource, with its details and tags cut to ASFF's limits. A tag without a value is left out: ASFF has no
 * blank values (API model, FieldMap), and Security Hub refuses the whole finding for one.
 */
export function asffResource(
  finding: Finding,
  { type: definition, details, tags }: AsffExtras,
): AsffResource {
  const { type, id, arn } = finding.resource;
  const { asffType, asffId } = definition;
  const partition = partitions[partitionOf(finding.region)];
  const tagMap = stringMap(Object.entries(tags ?? {}), {
    pairs: asffLimits.tags,
    key: asffLimits.tagKey,
    value: asffLimits.tagValue,
  });
  return {
    Type: asffType,
    Id: oneLine(
      asffId === undefined ? identify(id, arn) : asffId({ id, account: finding.account }),
      asffLimits.id,
    ),
    ...(partition === undefined ? {} : { Partition: partition }),
    Region: finding.region,
    ...(tagMap === undefined ? {} : { Tags: tagMap }),
    Details: detailsWith({ id, ...(arn === undefined ? {} : { arn }), type }, details),
  };
}

/** The details, and in their `Other` what the finding itself calls the resource. */
function detailsWith(
  identity: { readonly id: string; readonly arn?: string; readonly type: ResourceType },
  details: AsffExtras['details'],
): ResourceDetails {
  const { Other: others, ...typed } = details ?? {};
  const pairs = Object.entries(plainObject(others, asffLimits.detail) ?? {}).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  const Other = stringMap([...Object.entries(identity), ...pairs], {
    pairs: asffLimits.otherDetails,
    key: asffLimits.detailKey,
    value: asffLimits.detail,
  });
  return { ...plainObject(typed, asffLimits.detail), ...(Other === undefined ? {} : { Other }) };
}

/**
 * The ARN where it is the resource's own; where it is that of its parent, the id tells them apart. Of a resource without an
 * ARN, the id that its service gives it.
 * Source: ASFF, "Resources" (Id).
 */
function identify(id: string, arn: string | undefined): string {
  if (arn === undefined) return id;
  const own = parseArn(arn)?.resource.endsWith(id) === true;
  return own ? arn : `${arn}#${id}`;
}

/**
 * ASFF's details of a resource: what its service knows of it, as plain JSON within ASFF's limits.
 * @param type what the service says of the resource's type.
 * @returns the details as plain JSON; `undefined` when no fact is known, so that what an earlier evaluation published is not
 *   displaced by one that was denied.
 */
export function detailsOf(
  type: Pick<ResourceTypeDefinition, 'details'>,
  resource: Resource,
  facts: Partial<Facts>,
): Readonly<Record<string, unknown>> | undefined {
  if (!Object.values(facts).some((fact) => fact.known)) return undefined;
  return plainObject(type.details(resource, facts), asffLimits.detail);
}

/**
 * What an evaluation shows of its resource; what it does not show stays as an earlier one did.
 * @example describedBy(resourceTypeOf(resource.type), { resource, facts }).tags
 */
export function describedBy(
  type: Pick<ResourceTypeDefinition, 'details'>,
  { resource, facts }: { readonly resource: Resource; readonly facts: Partial<Facts> },
  before: ResourceDescription = {},
): ResourceDescription {
  return {
    details: detailsOf(type, resource, facts) ?? before.details,
    tags: resource.tags ?? before.tags,
  };
}
