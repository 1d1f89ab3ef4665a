/**
 * How EC2's events name their instances, and tags. EC2 writes lists as `…Set.items[]`, and an empty one as `{}`.
 * Source: real records (invictus-ir/aws_dataset; cloud-custodian tests/data/cwe) and the EC2 API model. The other
 * files of this folder read volumes, snapshots and launch templates.
 */
import { arnOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import type { Tags } from '../../../core/fact-provider.ts';
import { at, isObject, list, text, texts } from '../../../core/json.ts';

/**
 * An instance, as a resource of the event's account and Region.
 * @example instance(event, 'i-0123456789abcdef0').type // 'AwsEc2Instance'
 */
export function instance(event: TrailEvent, id: string): ArnResource {
  const { account, region } = event;
  return {
    type: 'AwsEc2Instance',
    id,
    arn: arnOf('ec2', region, account, `instance/${id}`),
    account,
    region,
  };
}

/**
 * RunInstances, StartInstances, TerminateInstances: every instance that the response names; without a response, those
 * in the request.
 * @returns the instances with their tags, where the event contains tags.
 * @example instancesInSet({ ...event, request: { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } } }).length // 1
 */
export function instancesInSet(event: TrailEvent): readonly ArnResource[] {
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

/**
 * ModifyInstanceAttribute and similar calls: the instance in the request.
 * @returns one instance, or none.
 * @example instanceInRequest({ ...event, request: { instanceId: 'i-0123456789abcdef0' } })[0]?.id // 'i-0123456789abcdef0'
 */
export function instanceInRequest(event: TrailEvent): readonly ArnResource[] {
  const id = text(event.request, 'instanceId');
  return id === undefined ? [] : [instance(event, id)];
}

/**
 * BidEvictedEvent, an event of EC2 itself: the Spot Instances that it reclaims. The event does not say which of them
 * EC2 stopped instead of terminating, as a Spot request may want; a later StartInstances triggers their evaluation
 * again.
 * Source: Amazon EC2 User Guide, "Determine whether Amazon EC2 terminated a Spot Instance".
 * @example instancesEvicted({ ...event, serviceEventDetails: { instanceIdSet: ['i-0123456789abcdef0'] } }).length // 1
 */
export function instancesEvicted(event: TrailEvent): readonly ArnResource[] {
  return texts(event.serviceEventDetails, 'instanceIdSet').map((id) => instance(event, id));
}

/**
 * ModifyInstanceAttribute: the instance, unless the event certainly concerns another attribute than the type.
 * @returns one instance, or none.
 * @example instanceWhoseTypeChanged({ ...event, request: { instanceId: 'i-0123456789abcdef0', ebsOptimized: { value: true } } }) // []
 */
export function instanceWhoseTypeChanged(event: TrailEvent): readonly ArnResource[] {
  return typeChange(event) === undefined ? [] : instanceInRequest(event);
}

/** A change of an instance's type, or what may be one. */
export interface TypeChange {
  /** Whether the event says that the type changed. */
  readonly stated: boolean;
  /** The new type, where it can be read. */
  readonly to: string | undefined;
}

/**
 * What a ModifyInstanceAttribute does to the type. The attribute is a member of the request, with `value` in it
 * (`instanceType.value`), or `attribute` names it, in several spellings, with `value` beside it, which CloudTrail may
 * log as `<sensitiveDataRemoved>`. Source: real records (adanalvarez/TrailDiscover, docs/logExamples); EC2 API
 * Reference, "ModifyInstanceAttribute".
 * @returns the change; `undefined` where the event concerns another attribute.
 * @example typeChange({ ...event, request: { instanceType: { value: 'm6i.large' } } }) // { stated: true, to: 'm6i.large' }
 */
export function typeChange({ request }: TrailEvent): TypeChange | undefined {
  const direct = at(request, 'instanceType') ?? undefined;
  if (direct !== undefined) return { stated: true, to: typeIn(direct) };
  const named = (text(request, 'attribute') ?? '').replace(/[-_]/g, '').toLowerCase();
  if (named === 'instancetype') return { stated: true, to: typeIn(at(request, 'value')) };
  const members = isObject(request) ? Object.keys(request) : [];
  const other = /^[a-z]+$/.test(named) || members.some((name) => !besideAttributes.includes(name));
  return other ? undefined : { stated: false, to: undefined };
}

/** The members of the request that are not attributes; a `null` instance type counts as absent too. */
const besideAttributes = ['instanceId', 'attribute', 'value', 'dryRun', 'instanceType'];

function typeIn(value: unknown): string | undefined {
  const found = text(value, 'value') ?? text(value) ?? '';
  return /^[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}$/.test(found) ? found : undefined;
}

/**
 * Tags as EC2 writes them, `[{key, value}]`, in either letter case.
 * @returns the tags by name; `undefined` when there are none.
 * @example tagsIn([{ key: 'team', value: 'web' }]) // { team: 'web' }
 */
export function tagsIn(items: readonly unknown[]): Tags | undefined {
  const pairs = items.flatMap((item): [string, string][] => {
    const key = text(item, 'key') ?? text(item, 'Key');
    return key === undefined ? [] : [[key, text(item, 'value') ?? text(item, 'Value') ?? '']];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/**
 * The tags that a request sets on new resources of a type, in `tagSpecificationSet`.
 * @param resourceType as EC2 spells it, `volume`.
 * @returns the tags by name; `undefined` when there are none.
 * @example tagsAsked({ tagSpecificationSet: { items: [{ resourceType: 'volume', tags: [{ key: 'team', value: 'web' }] }] } }, 'volume') // { team: 'web' }
 */
export function tagsAsked(request: unknown, resourceType: string): Tags | undefined {
  return tagsIn(
    list(request, 'tagSpecificationSet')
      .filter((item) => text(item, 'resourceType') === resourceType)
      .flatMap((item) => list(item, 'tags')),
  );
}

/**
 * A resource with tags.
 * @param tags `undefined` where the event contains none.
 * @returns a copy with the tags; the resource itself without any.
 * @example tagged(resource, { team: 'web' }).tags // { team: 'web' }
 */
export function tagged(resource: ArnResource, tags: Tags | undefined): ArnResource {
  return tags === undefined ? resource : { ...resource, tags };
}
