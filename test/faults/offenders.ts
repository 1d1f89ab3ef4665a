/** What is to be remediated: resources that fail, of eight kinds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnableKeyRotationCommand, ListKeysCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { dynamodbClient } from '../../lib/aws/dynamodb.ts';
import { tableName } from '../../lib/aws/names.ts';
import { findingId } from '../../lib/findings/id.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { keyWasEnabled } from '../../lib/services/kms/memory.ts';
import { stage } from '../e2e/deployment.ts';
import { account, region } from '../e2e/emulated-aws.ts';
import { createVolume } from '../e2e/resources.ts';
import { type BusEvent, put, type Stack } from '../e2e/stack.ts';
import { type Kind, kinds, type Part, toldEnabled } from './offender-kinds.ts';

export interface Offender {
  readonly kind: Kind;
  readonly id: string;
  readonly finding: string;
  readonly event: BusEvent;
}

/** Makes them all, twenty at a time. */
export async function offend(stack: Part): Promise<readonly Offender[]> {
  await settleDefaultKey(stack);
  const offenders: Offender[] = [];
  for (const kind of kinds) {
    for (let made = 0; made < kind.count; made += 20) {
      const some = Array.from({ length: Math.min(20, kind.count - made) }, async (_, at) => {
        const id = await kind.make(stack, made + at);
        return { kind, id, finding: findingOf(kind.control, id), event: kind.told(id) };
      });
      offenders.push(...(await Promise.all(some)));
    }
  }
  return offenders;
}

/** moto makes the default key of EBS when it is first needed, and as one of a customer. */
async function settleDefaultKey(stack: Part): Promise<void> {
  await createVolume(stack, true);
  const { Keys: keys = [] } = await stack.kms.send(new ListKeysCommand({}));
  for (const { KeyId } of keys) await stack.kms.send(new EnableKeyRotationCommand({ KeyId }));
}

function findingOf(control: string, id: string): string {
  const type = controls.find((one) => one.id === control)?.resourceType;
  if (type === undefined) throw new Error(`${control} is no control`);
  return findingId(control, { type, id, arn: '', account, region });
}

/** What a kind says of an offender that it is not as it should be; `undefined` where it is. */
export async function differs(
  stack: Part,
  { kind, id }: Offender,
  wanted: unknown,
): Promise<string | undefined> {
  const found = JSON.stringify(await kind.look(stack, id));
  return found === JSON.stringify(wanted) ? undefined : `${kind.name}: ${id} is ${found}`;
}

/** Schedules the deletion of the keys that are to be deleted, when the state table has seen that they were enabled. */
export async function doom(
  stack: Part & Pick<Stack, 'eventBridge'>,
  offenders: readonly Offender[],
): Promise<void> {
  const doomed = offenders.filter(({ kind }) => kind.control === 'kms-key-deletion');
  await put(
    stack,
    doomed.map(({ id }) => toldEnabled(id)),
  );
  const memory = new DynamoMemory({
    client: dynamodbClient({ region }),
    table: tableName(stage),
    wait: sleep,
    random: Math.random,
  });
  const giveUp = Date.now() + 60_000;
  for (const { id } of doomed) {
    const arn = `arn:aws:kms:${region}:${account}:key/${id}`;
    while ((await keyWasEnabled(memory, { type: 'AwsKmsKey', id, arn, account, region }))?.value !== true) {
      if (Date.now() > giveUp) throw new Error(`the stack does not see that ${id} is enabled: see its log`);
      await sleep(500);
    }
    await stack.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
  }
}
