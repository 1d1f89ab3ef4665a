/** Instances: DescribeInstances. */
import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type Instance,
} from '@aws-sdk/client-ec2';
import { allPages, type Describe, describeAll } from '../../../aws/facts/calls.ts';
import { derive, type Lookup, type Lookups } from '../../../aws/facts/lookups.ts';
import type { Aws } from '../../../aws/facts/reader.ts';
import { withEc2Tags } from '../../../aws/facts/tags.ts';
import type { ArnResource } from '../../../core/control.ts';
import { type Fact, unknownFact } from '../../../core/facts.ts';

const action = 'ec2:DescribeInstances';

function describe(input: DescribeInstancesCommandInput, lookups: Lookups): Promise<readonly Instance[]> {
  return allPages(async (token) => {
    const answer = await lookups.call(({ ec2 }) =>
      ec2.send(
        new DescribeInstancesCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    const items = (answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
    return { items, next: answer.NextToken };
  });
}

const byIds: Describe<Instance> = {
  action,
  // A filter takes 200 values. Source: EC2 API Reference, "DescribeInstances": Filter.
  size: 200,
  byId: (ids, lookups) => describe({ InstanceIds: [...ids] }, lookups),
  byFilter: (ids, lookups) => describe({ Filters: [{ Name: 'instance-id', Values: [...ids] }] }, lookups),
  idsOf: (instance) => [instance.InstanceId],
};

/**
 * Instances by id. EC2 returns a terminated instance for about an hour; here it counts as deleted. Source: Amazon EC2
 * User Guide, "Amazon EC2 instance state changes".
 */
export const instances: Lookup<Instance> = {
  permissions: [action],
  async find(ids, lookups, waitsFor) {
    const found = await describeAll(byIds, ids, lookups, waitsFor);
    return new Map([...found].map(([id, fact]) => [id, derive(fact, (it) => present(it, fact))]));
  },
};

function present(instance: Instance, fact: Fact<Instance>): Fact<Instance> {
  const state = instance.State?.Name;
  return state === 'terminated' || state === 'shutting-down'
    ? unknownFact('not-found', `the instance ${instance.InstanceId} is ${state}`)
    : fact;
}

/**
 * The instance with its current tags.
 * @returns one resource; unchanged where EC2 does not return the instance.
 * @example (await identifyInstance(resource, aws))[0]?.tags // { team: 'web' }
 */
export async function identifyInstance(resource: ArnResource, aws: Aws): Promise<readonly ArnResource[]> {
  const fact = await aws.ask(instances, resource.id);
  return [fact.known ? withEc2Tags(resource, fact.value.Tags) : resource];
}
