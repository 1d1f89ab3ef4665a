/** Security Hub's custom actions: reading them, making, changing and removing them. CloudFormation has no type for them. */
import {
  CreateActionTargetCommand,
  DeleteActionTargetCommand,
  paginateDescribeActionTargets,
  ResourceConflictException,
  ResourceNotFoundException,
  type SecurityHubClient,
  UpdateActionTargetCommand,
} from '@aws-sdk/client-securityhub';
import { parseArn } from '../../lib/core/arn.ts';
import { type Seen, see, seeIfThere } from '../aws/answer.ts';
import type { DeployedCustomAction, Step } from './changes.ts';

/** The IAM actions that the steps need, and reading what there is. */
export const customActionPermissions = {
  read: 'securityhub:DescribeActionTargets',
  make: 'securityhub:CreateActionTarget',
  change: 'securityhub:UpdateActionTarget',
  remove: 'securityhub:DeleteActionTarget',
} as const;

/** By these errors Security Hub refuses all questions where it is off. Source: AWS Security Hub API Reference, "DescribeHub". */
export const hubIsOff = ['InvalidAccessException', 'ResourceNotFoundException'];

/** All custom actions of the account and Region, page by page; `undefined` where Security Hub is off. */
export function customActions(
  client: SecurityHubClient,
): Promise<Seen<readonly DeployedCustomAction[] | undefined>> {
  return seeIfThere(customActionPermissions.read, hubIsOff, async () => {
    const all: DeployedCustomAction[] = [];
    for await (const page of paginateDescribeActionTargets({ client }, {})) {
      for (const {
        ActionTargetArn: arn = '',
        Name: name = '',
        Description: description = '',
      } of page.ActionTargets ?? []) {
        all.push({ arn, name, description });
      }
    }
    return all;
  });
}

/**
 * Does a step. Somebody else may do the same at the same time, and a call whose answer was lost is made again: what has
 * already come about is what was wanted.
 */
export async function carryOutStep(
  client: SecurityHubClient,
  { what, action }: Step,
): Promise<Seen<undefined>> {
  if (what === 'keep') return { known: true, value: undefined };
  return see(customActionPermissions[what], async () => {
    if (what === 'make') await make(client, action);
    else if (what === 'change') await change(client, action);
    else await remove(client, action);
    return undefined;
  });
}

async function make(client: SecurityHubClient, action: DeployedCustomAction): Promise<void> {
  const { name: Name, description: Description } = action;
  try {
    await client.send(new CreateActionTargetCommand({ Id: idOf(action), Name, Description }));
  } catch (error) {
    if (!(error instanceof ResourceConflictException)) throw error;
    await change(client, action);
  }
}

async function change(
  client: SecurityHubClient,
  { arn, name, description }: DeployedCustomAction,
): Promise<void> {
  await client.send(
    new UpdateActionTargetCommand({ ActionTargetArn: arn, Name: name, Description: description }),
  );
}

async function remove(client: SecurityHubClient, { arn }: DeployedCustomAction): Promise<void> {
  try {
    await client.send(new DeleteActionTargetCommand({ ActionTargetArn: arn }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}

/** The id that Security Hub makes the ARN of. */
export function idOf({ arn }: Pick<DeployedCustomAction, 'arn'>): string {
  return parseArn(arn)?.resource.split('/').at(-1) ?? '';
}
