/**
 * Where EC2's events name their instances, and tags. EC2 writes lists as `…Set.items[]`, and an empty one as
 * `{}`. Source: real records (invictus-ir/aws_dataset; cloud-custodian tests/data/cwe) and the EC2 API model.
 * The resources of EBS and the launch templates are beside this file, in `ec2/`.
 */
import { arnOf } from '../../../core/arn.ts';
import type { Resource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { at, isObject, list, text, texts } from '../../../core/json.ts';

/** An instance, as a resource of the event's account and Region. */
export function instance(event: TrailEvent, id: string): Resource {
  const { account, region } = event;
  return {
    type: 'AwsEc2Instance',
    id,
    arn: arnOf('ec2', region, account, `instance/${id}`),
    account,
    region,
  };
}

/** RunInstances, StartInstances, TerminateInstances: every instance that the response, else the request, names. */
export function instancesInSet(event: TrailEvent): readonly Resource[] {
  const answered = list(event.response, 'instancesSet');
  const items = answered.length > 0 ? answered : list(event.request, 'instancesSet');
  return items.flatMap((item) => {
    const id = text(item, 'instanceId');
    if (id === undefined) return [];
    return [
      tagged(instance(event, id), tagsIn(list(item, 'tagSet')) ?? tagsAsked(event.request, 'instance')),
    ];
  });
}

/** ModifyInstanceAttribute and its like: the one instance in the request. */
export function instanceInRequest(event: TrailEvent): readonly Resource[] {
  const id = text(event.request, 'instanceId');
  return id === undefined ? [] : [instance(event, id)];
}

/**
 * BidEvictedEvent, an event of EC2 itself: the Spot Instances that it reclaims. Which of them it stopped instead,
 * as their request may have it, is not told: a later StartInstances has these evaluated anew.
 * Source: Amazon EC2 User Guide, "Determine whether Amazon EC2 terminated a Spot Instance".
 */
export function instancesEvicted(event: TrailEvent): readonly Resource[] {
  return texts(event.serviceEventDetails, 'instanceIdSet').map((id) => instance(event, id));
}

/** ModifyInstanceAttribute: the instance, unless it is certain that the event is not about its type. */
export function instanceWhoseTypeChanged(event: TrailEvent): readonly Resource[] {
  return typeChange(event) === undefined ? [] : instanceInRequest(event);
}

/** A change of an instance's type, or what may be one. */
export interface TypeChange {
  /** Whether the event tells that it was the type that changed. */
  readonly told: boolean;
  /** The new type, where it can be read. */
  readonly to: string | undefined;
}

/**
 * What a ModifyInstanceAttribute does to the type; `undefined` where it is about another attribute. The attribute
 * is a member of the request, with `value` in it (`instanceType.value`), or is named by `attribute`, in several
 * spellings, with `value` beside it, which CloudTrail may log as `<sensitiveDataRemoved>`. Source: real records
 * (adanalvarez/TrailDiscover, docs/logExamples); EC2 API Reference, "ModifyInstanceAttribute".
 */
export function typeChange({ request }: TrailEvent): TypeChange | undefined {
  const direct = at(request, 'instanceType') ?? undefined;
  if (direct !== undefined) return { told: true, to: typeIn(direct) };
  const named = (text(request, 'attribute') ?? '').replace(/[-_]/g, '').toLowerCase();
  if (named === 'instancetype') return { told: true, to: typeIn(at(request, 'value')) };
  const members = isObject(request) ? Object.keys(request) : [];
  const other = /^[a-z]+$/.test(named) || members.some((name) => !besideAttributes.includes(name));
  return other ? undefined : { told: false, to: undefined };
}

/** The members of the request that are no attributes; a `null` instance type is none either. */
const besideAttributes = ['instanceId', 'attribute', 'value', 'dryRun', 'instanceType'];

function typeIn(value: unknown): string | undefined {
  const found = text(value, 'value') ?? text(value) ?? '';
  return /^[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}$/.test(found) ? found : undefined;
}

type Tags = Readonly<Record<string, string>>;

/** Tags as EC2 writes them, `[{key, value}]`; `undefined` when there are none. */
export function tagsIn(items: readonly unknown[]): Tags | undefined {
  const pairs = items.flatMap((item): [string, string][] => {
    const key = text(item, 'key') ?? text(item, 'Key');
    return key === undefined ? [] : [[key, text(item, 'value') ?? text(item, 'Value') ?? '']];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** The tags that a request asks for on resources of a type (`volume`), in `tagSpecificationSet`. */
export function tagsAsked(request: unknown, resourceType: string): Tags | undefined {
  return tagsIn(
    list(request, 'tagSpecificationSet')
      .filter((item) => text(item, 'resourceType') === resourceType)
      .flatMap((item) => list(item, 'tags')),
  );
}

/** The resource with its tags, where there are any. */
export function tagged(resource: Resource, tags: Tags | undefined): Resource {
  return tags === undefined ? resource : { ...resource, tags };
}
