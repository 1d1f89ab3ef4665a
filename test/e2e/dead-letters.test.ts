/**
 * Messages that can't be handled are dead-lettered with a reason, and `trailseal dlq` shows and redrives them. Messages that
 * EventBridge and Scheduler could not deliver are not tested here: ministack keeps the settings of their DLQs and does not use
 * them; `test/template/` tests that these are set.
 */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { deadLetterQueueName, functionName, type QueueName } from '../../lib/aws/names.ts';
import { roleSession } from '../../lib/aws/sts.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { eventually, operatorEnv, stack } from './deployed-stack.ts';
import { type Ran, run, stage } from './deployment.ts';
import { region } from './emulated-aws.ts';
import { createVolume } from './resources.ts';
import { deadLetters, event, findingsAbout, queueUrl, send } from './stack.ts';

async function dlq(...args: readonly string[]): Promise<Ran> {
  return run(
    'bin/trailseal.mjs',
    ['dlq', ...args, '--stage', stage, '--region', region, '--format', 'json'],
    operatorEnv,
  );
}

interface DeadLetter {
  readonly id: string | undefined;
  readonly body: string | undefined;
  readonly reason: string | undefined;
}

async function letters(queue: string): Promise<readonly DeadLetter[]> {
  const { out } = await dlq('list', '--queue', queue);
  return list(JSON.parse(out)).map((letter) => ({
    id: text(letter, 'id'),
    body: text(letter, 'body'),
    reason: text(letter, 'reason'),
  }));
}

/**
 * SQS as a function uses it, which alone may put messages aside. Its role trusts Lambda; ministack lets its root user
 * through where a service may go.
 */
async function sqsOfFunction(name: QueueName): Promise<SQSClient> {
  const { Role: role = '' } = await new LambdaClient({ region }).send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName(stage, name) }),
  );
  return new SQSClient({
    region,
    credentials: roleSession(new STSClient({ region }), role, { name: 'a-test' }, Date.now),
  });
}

describe('a message that is neither an event nor of Trailseal', () => {
  it.each([
    ['that is not JSON', 'not JSON at all', /^it is no JSON: /],
    ['of a version that is not known', '{"trailseal":{"version":99,"kind":"re-evaluate"}}', /version is 99/],
  ])('%s is dead-lettered with its reason', async (_what, body, reason) => {
    await send(stack, 'ec2', [body]);
    await eventually(async () => expect((await letters('ec2')).map((letter) => letter.body)).toContain(body));
    const letter = (await letters('ec2')).find((each) => each.body === body);
    expect(letter?.reason).toMatch(reason);
  });

  it('stays in the DLQ when it is listed', async () => {
    await send(stack, 'kms', ['to be listed']);
    await eventually(async () => expect(await deadLetters(stack, 'kms')).toBe(1));
    await dlq('list', '--queue', 'kms');
    expect(await letters('kms')).toMatchObject([{ body: 'to be listed' }]);
  });

  it('harms no other message of its batch', async () => {
    const id = await createVolume(stack, false);
    const { source, detailType, detail } = event(
      'ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot',
      { 'vol-0a1b2c3d4e5f60002': id },
    );
    const envelope = JSON.stringify({ source, 'detail-type': detailType, detail });
    await send(stack, 'ec2', ['{"neither":"nor"}', envelope, '[]']);
    await eventually(async () =>
      expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']),
    );
  });
});

describe('a dead letter that is redriven', () => {
  it('is handled like a new message', async () => {
    const id = await createVolume(stack, false);
    const { source, detailType, detail } = event(
      'ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot',
      { 'vol-0a1b2c3d4e5f60002': id },
    );
    const { MessageId } = await (await sqsOfFunction('ec2')).send(
      new SendMessageCommand({
        QueueUrl: await queueUrl(stack, deadLetterQueueName(stage, 'ec2')),
        MessageBody: JSON.stringify({ source, 'detail-type': detailType, detail }),
        MessageAttributes: { reason: { DataType: 'String', StringValue: 'AWS was unavailable' } },
      }),
    );
    const redriven = await dlq('redrive', '--queue', 'ec2', '--id', MessageId ?? '');
    expect(at(JSON.parse(redriven.out), 'messages')).toMatchObject([{ id: MessageId, outcome: 'sent' }]);
    await eventually(async () =>
      expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']),
    );
    expect((await letters('ec2')).map((letter) => letter.id)).not.toContain(MessageId);
  });
});
