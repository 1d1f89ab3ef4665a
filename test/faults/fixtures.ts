/** The resources that fail and are remediated, of several kinds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnableKeyRotationCommand, ListKeysCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { findingId } from '../../lib/findings/id.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { keyWasEnabled } from '../../lib/services/kms/memory.ts';
import { stage } from '../e2e/deployment.ts';
import { account, region } from '../e2e/emulated-aws.ts';
import { createVolume } from '../e2e/resources.ts';
import { type EventToPut, put, type StackClients } from '../e2e/stack.ts';
import { enabledEvent, type FixtureKind, kinds, type ServiceClients } from './fixture-kinds.ts';

export interface FailingFixture {
  readonly kind: FixtureKind;
  readonly id: string;
  readonly finding: string;
  readonly event: EventToPut;
}

/** Creates all of them, twenty at a time. */
export async function createFixtures(stack: ServiceClients): Promise<readonly FailingFixture[]> {
  await createDefaultKey(stack);
  const fixtures: FailingFixture[] = [];
  for (const kind of kinds) {
    for (let made = 0; made < kind.count; made += 20) {
      const some = Array.from({ length: Math.min(20, kind.count - made) }, async (_, at) => {
        const id = await kind.make(stack, made + at);
        return { kind, id, finding: findingOf(kind.control, id), event: kind.eventOf(id) };
      });
      fixtures.push(...(await Promise.all(some)));
    }
  }
  return fixtures;
}

/** moto makes the default key of EBS when it is first needed, and as a customer managed key without rotation. */
async function createDefaultKey(stack: ServiceClients): Promise<void> {
  await createVolume(stack, true);
  const { Keys: keys = [] } = await stack.kms.send(new ListKeysCommand({}));
  for (const { KeyId } of keys) await stack.kms.send(new EnableKeyRotationCommand({ KeyId }));
}

function findingOf(control: string, id: string): string {
  if (!controls.some((one) => one.id === control)) throw new Error(`there is no control ${control}`);
  return findingId(control, { id, account, region });
}

/** How a fixture differs from what is wanted; `undefined` where it does not. */
export async function difference(
  stack: ServiceClients,
  { kind, id }: FailingFixture,
  wanted: unknown,
): Promise<string | undefined> {
  const found = JSON.stringify(await kind.describe(stack, id));
  return found === JSON.stringify(wanted) ? undefined : `${kind.name}: ${id} is ${found}`;
}

/** Schedules the deletion of the keys of that kind, when the state table knows that they were enabled. */
export async function scheduleDeletions(
  stack: ServiceClients & Pick<StackClients, 'eventBridge'>,
  fixtures: readonly FailingFixture[],
): Promise<void> {
  const keys = fixtures.filter(({ kind }) => kind.control === 'kms-key-deletion');
  await put(
    stack,
    keys.map(({ id }) => enabledEvent(id)),
  );
  const memory = new DynamoMemory({
    client: dynamodbClient({ region }),
    table: tableName(stage),
    wait: sleep,
    random: Math.random,
  });
  const giveUp = Date.now() + 60_000;
  for (const { id } of keys) {
    const arn = `arn:aws:kms:${region}:${account}:key/${id}`;
    while ((await keyWasEnabled(memory, { type: 'AwsKmsKey', id, arn, account, region }))?.value !== true) {
      if (Date.now() > giveUp)
        throw new Error(`the state table does not know that ${id} is enabled: see the log`);
      await sleep(500);
    }
    await stack.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
  }
}
