/**
 * Where EC2's events name their instances, and tags. EC2 writes lists as `…Set.items[]`, and an empty one as
 * `{}`. Source: real records (invictus-ir/aws_dataset; cloud-custodian tests/data/cwe) and the EC2 API model.
 * The resources of EBS and the launch templates are beside this file, in `ec2/`.
 */
import { arnOf } from '../../arn.ts';
import type { Resource } from '../../control.ts';
import { list, text } from '../../json.ts';
import type { TrailEvent } from '../event.ts';

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
