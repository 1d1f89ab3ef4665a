/**
 * Where EC2's events name their resources. EC2 writes lists as `…Set.items[]`, and an empty one as `{}`.
 * Source: real records (invictus-ir/aws_dataset; cloud-custodian tests/data/cwe) and the EC2 API model.
 */
import { arnOf } from '../../arn.ts';
import type { Resource } from '../../control.ts';
import { list, text } from '../../json.ts';
import type { TrailEvent } from '../event.ts';

/** An instance, as a resource of the event's account and Region. */
export function instance(event: TrailEvent, id: string): Resource {
  const { account, region } = event;
  return { type: 'AwsEc2Instance', id, arn: arnOf('ec2', region, account, `instance/${id}`), account, region };
}

/** RunInstances, StartInstances, TerminateInstances: every instance that the response, else the request, names. */
export function instancesInSet(event: TrailEvent): readonly Resource[] {
  const answered = list(event.response, 'instancesSet');
  const items = answered.length > 0 ? answered : list(event.request, 'instancesSet');
  return items.flatMap((item) => {
    const id = text(item, 'instanceId');
    if (id === undefined) return [];
    const tags = tagsIn(list(item, 'tagSet'));
    return [tags === undefined ? instance(event, id) : { ...instance(event, id), tags }];
  });
}

/** ModifyInstanceAttribute and its like: the one instance in the request. */
export function instanceInRequest(event: TrailEvent): readonly Resource[] {
  const id = text(event.request, 'instanceId');
  return id === undefined ? [] : [instance(event, id)];
}

/** Tags as EC2 writes them, `[{key, value}]`; `undefined` when there are none. */
export function tagsIn(items: readonly unknown[]): Readonly<Record<string, string>> | undefined {
  const pairs = items.flatMap((item): [string, string][] => {
    const key = text(item, 'key');
    return key === undefined ? [] : [[key, text(item, 'value') ?? '']];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
