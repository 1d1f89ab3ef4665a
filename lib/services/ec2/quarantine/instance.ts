/** The instance itself: what EC2 tells of it, its protection from termination, stopping and starting it. */
import {
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type Instance,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { type ActionDeps, UnderWay } from '../../../core/action.ts';
import type { Before } from './before.ts';
import { QuarantineError } from './error.ts';
import { type RetryDelay, until } from './until.ts';

/** A stop may take minutes, where the operating system takes its time to shut down. */
const switching: RetryDelay = { everySeconds: 5, forSeconds: 120 };

/** EC2 tells of a terminated instance for about an hour more. Source: EC2 User Guide, "Instance state changes". */
const deleted: readonly (string | undefined)[] = ['shutting-down', 'terminated'];

export interface Described {
  readonly instance: Instance;
  readonly owner: string | undefined;
}

/** The instance, also one that is terminated but still told of; `undefined` when EC2 knows none. */
export async function describeInstance(ec2: EC2Client, id: string): Promise<Described | undefined> {
  try {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    for (const { OwnerId, Instances } of Reservations ?? []) {
      const instance = Instances?.find(({ InstanceId }) => InstanceId === id);
      if (instance !== undefined) return { instance, owner: OwnerId };
    }
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidInstanceID.NotFound') return undefined;
    throw error;
  }
}

/** Why the instance is to be taken as deleted; `undefined` for one that is there. */
export function deletedBecause(id: string, described: Described | undefined): string | undefined {
  if (described === undefined) return `there is no instance ${id}`;
  const state = described.instance.State?.Name;
  return deleted.includes(state) ? `the instance ${id} is ${state}` : undefined;
}

export async function isProtectedFromTermination(ec2: EC2Client, id: string): Promise<boolean> {
  const answer = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiTermination' }),
  );
  return answer.DisableApiTermination?.Value ?? false;
}

export async function isProtectedFromStop(ec2: EC2Client, id: string): Promise<boolean> {
  const answer = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiStop' }),
  );
  return answer.DisableApiStop?.Value ?? false;
}

/** The association of the instance with its profile; `null` when it has none. */
export async function profileOf(ec2: EC2Client, id: string): Promise<Before['profile']> {
  const answer = await ec2.send(
    new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] }),
  );
  const association = answer.IamInstanceProfileAssociations?.find(
    ({ State }) => State === 'associated' || State === 'associating',
  );
  return association?.AssociationId === undefined
    ? null
    : { association: association.AssociationId, arn: association.IamInstanceProfile?.Arn ?? '' };
}

/** Sets the protection from termination, where it is otherwise. */
export async function protect(ec2: EC2Client, id: string, wanted: boolean): Promise<void> {
  if ((await isProtectedFromTermination(ec2, id)) === wanted) return;
  await ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: wanted } }),
  );
}

/** Stops the instance, and waits for it. Throws UnderWay when it does not come to rest in time. */
export async function stop(id: string, deps: ActionDeps): Promise<void> {
  await comeTo(id, 'stopped', deps, async (state) => {
    if (state === 'running') await deps.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  });
}

/** Starts the instance, and waits for it. Throws UnderWay when it does not run in time. */
export async function start(id: string, deps: ActionDeps): Promise<void> {
  await comeTo(id, 'running', deps, async (state) => {
    if (state === 'stopped') await deps.clients.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  });
}

/** Nudges the instance whenever it is at rest, until it is in the wanted state. */
async function comeTo(
  id: string,
  wanted: 'running' | 'stopped',
  deps: ActionDeps,
  nudge: (state: string | undefined) => Promise<void>,
): Promise<void> {
  let state: string | undefined;
  const arrived = await until(deps, switching, async () => {
    const described = await describeInstance(deps.clients.ec2, id);
    const deleted = deletedBecause(id, described);
    if (deleted !== undefined) throw new QuarantineError(`${deleted}, so that it will never be ${wanted}`);
    state = described?.instance.State?.Name;
    if (state === wanted) return true;
    await nudge(state);
    return undefined;
  });
  if (arrived === undefined) {
    throw new UnderWay(`the instance ${id} is ${state} after ${switching.forSeconds} seconds, not ${wanted}`);
  }
}
