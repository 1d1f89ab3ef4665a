/** Reads an instance, protects it from termination, stops it and starts it. */
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
import { type ActionDeps, ActionError, UnderWay } from '../../../core/action.ts';
import type { Before } from './before.ts';
import { type RetryDelay, until } from './until.ts';

/** A stop may take minutes, where the operating system takes its time to shut down. */
const switching: RetryDelay = { everySeconds: 5, forSeconds: 120 };

/** EC2 returns a terminated instance for about an hour. Source: EC2 User Guide, "Instance state changes". */
const deleted: readonly (string | undefined)[] = ['shutting-down', 'terminated'];

export interface Described {
  readonly instance: Instance;
  readonly owner: string | undefined;
}

/**
 * Reads an instance.
 * @returns the instance with its owner's account, also one that is terminated but still shown; `undefined` when EC2
 *   knows none. Rejects with what the SDK throws.
 * @example (await describeInstance(ec2, 'i-0123456789abcdef0'))?.owner // '111122223333'
 */
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

/**
 * Why an instance counts as deleted.
 * @returns a clause for people; `undefined` for an instance that exists.
 * @example deletedBecause('i-0123456789abcdef0', undefined) // 'there is no instance i-0123456789abcdef0'
 */
export function deletedBecause(id: string, described: Described | undefined): string | undefined {
  if (described === undefined) return `there is no instance ${id}`;
  const state = described.instance.State?.Name;
  return deleted.includes(state) ? `the instance ${id} is ${state}` : undefined;
}

/**
 * Reads whether an instance is protected from termination. Rejects with what the SDK throws.
 * @example await isProtectedFromTermination(ec2, 'i-0123456789abcdef0') // true
 */
export async function isProtectedFromTermination(ec2: EC2Client, id: string): Promise<boolean> {
  const answer = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiTermination' }),
  );
  return answer.DisableApiTermination?.Value ?? false;
}

/**
 * Reads whether an instance is protected from stopping. Rejects with what the SDK throws.
 * @example await isProtectedFromStop(ec2, 'i-0123456789abcdef0') // false
 */
export async function isProtectedFromStop(ec2: EC2Client, id: string): Promise<boolean> {
  const answer = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiStop' }),
  );
  return answer.DisableApiStop?.Value ?? false;
}

/**
 * Reads the association of an instance with its instance profile.
 * @returns `null` when it has none. Rejects with what the SDK throws.
 * @example (await profileOf(ec2, 'i-0123456789abcdef0'))?.arn // 'arn:aws:iam::111122223333:instance-profile/web'
 */
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

/**
 * Sets the protection from termination, where it differs.
 * @param wanted whether the instance should be protected.
 * @example await protect(ec2, 'i-0123456789abcdef0', true);
 */
export async function protect(ec2: EC2Client, id: string, wanted: boolean): Promise<void> {
  if ((await isProtectedFromTermination(ec2, id)) === wanted) return;
  await ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: wanted } }),
  );
}

/**
 * Stops an instance and waits for it.
 * @throws UnderWay when that takes longer than two minutes; ActionError when the instance was deleted.
 * @example await stop('i-0123456789abcdef0', deps);
 */
export async function stop(id: string, deps: ActionDeps): Promise<void> {
  await comeTo(id, 'stopped', deps, async (state) => {
    if (state === 'running') await deps.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  });
}

/**
 * Starts an instance and waits for it.
 * @throws UnderWay when that takes longer than two minutes; ActionError when the instance was deleted.
 * @example await start('i-0123456789abcdef0', deps);
 */
export async function start(id: string, deps: ActionDeps): Promise<void> {
  await comeTo(id, 'running', deps, async (state) => {
    if (state === 'stopped') await deps.clients.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  });
}

/** Calls `nudge` with the instance's state, again and again, until it is in the wanted one. */
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
    if (deleted !== undefined) throw new ActionError(`${deleted}, so that it will never be ${wanted}`);
    state = described?.instance.State?.Name;
    if (state === wanted) return true;
    await nudge(state);
    return undefined;
  });
  if (arrived === undefined) {
    throw new UnderWay(`the instance ${id} is ${state} after ${switching.forSeconds} seconds, not ${wanted}`);
  }
}
