/** Reads and changes custom actions in Security Hub, for which CloudFormation has no resource type. */
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
import { type Answer, answered, ask, askIfExists } from '../aws/answer.ts';
import type { CustomActionChange, DeployedCustomAction } from './changes.ts';

/** The IAM actions that reading and changing them need. */
export const customActionPermissions = {
  read: 'securityhub:DescribeActionTargets',
  create: 'securityhub:CreateActionTarget',
  update: 'securityhub:UpdateActionTarget',
  remove: 'securityhub:DeleteActionTarget',
} as const;

/** Errors of every call while Security Hub is off. Source: AWS Security Hub API Reference, "DescribeHub". */
export const hubIsOff = ['InvalidAccessException', 'ResourceNotFoundException'];

/** All custom actions of the account and Region; `undefined` where Security Hub is off. */
export function customActions(
  client: SecurityHubClient,
): Promise<Answer<readonly DeployedCustomAction[] | undefined>> {
  return askIfExists(customActionPermissions.read, hubIsOff, async () => {
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
 * Makes a change. It is idempotent: another process may make the same change, and a call whose answer was lost is
 * repeated.
 */
export async function makeChange(
  client: SecurityHubClient,
  { change, action }: CustomActionChange,
): Promise<Answer<undefined>> {
  if (change === 'none') return answered(undefined);
  return ask(customActionPermissions[change], async () => {
    if (change === 'create') await create(client, action);
    else if (change === 'update') await update(client, action);
    else await remove(client, action);
    return undefined;
  });
}

async function create(client: SecurityHubClient, action: DeployedCustomAction): Promise<void> {
  const { name: Name, description: Description } = action;
  try {
    await client.send(new CreateActionTargetCommand({ Id: idOf(action), Name, Description }));
  } catch (error) {
    if (!(error instanceof ResourceConflictException)) throw error;
    await update(client, action);
  }
}

async function update(
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

/** The id from which Security Hub makes the ARN. */
export function idOf({ arn }: Pick<DeployedCustomAction, 'arn'>): string {
  return parseArn(arn)?.resource.split('/').at(-1) ?? '';
}
