/**
 * `trailseal undo`, `history`, `breaker` and `kill-switch` as people run them, on resources, a state table and a parameter in
 * moto. What moto cannot refuse, and what is asked at a terminal, is held by `test/cli/`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { CreateScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runBreakerReset } from '../../cli/breaker/run.ts';
import { runKillSwitchOff, runKillSwitchOn } from '../../cli/kill-switch/run.ts';
import { runUndo } from '../../cli/undo/run.ts';
import { busName, killSwitchName, queueName, scheduleGroupName, tableName } from '../../lib/aws/names.ts';
import { eventBridgeClient, sqsClient, ssmClient } from '../../lib/aws/sdk.ts';
import type { ActionDeps, AnyAction, Target } from '../../lib/core/action.ts';
import { at } from '../../lib/core/json.ts';
import { findingId } from '../../lib/findings/id.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import type { ActionKind, RateLimits } from '../../lib/policy/model.ts';
import { carryOut } from '../../lib/remediation/actions/carry-out.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { scheduleGracePeriodEnd, scheduleNextTry } from '../../lib/remediation/grace-period.ts';
import { killSwitch } from '../../lib/remediation/kill-switch.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { cancelKeyDeletion } from '../../lib/services/kms/fixes/cancel-key-deletion.ts';
import { enableKey } from '../../lib/services/kms/fixes/enable-key.ts';
import type { Ended } from '../cli/command.ts';
import { account, bystanders, makeTable, region } from './action-deps.ts';
import { trailsealAt } from './command.ts';

/** A deployment of its own for each test. */
let stage = '';
let serial = 0;
const config = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const caller = `arn:aws:sts::${account}:user/moto`;

// The way in which users point Trailseal at an emulator.
const environment = {
  AWS_ENDPOINT_URL: inject('moto'),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, environment);
});
afterAll(() => {
  for (const name of Object.keys(environment)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

beforeEach(async () => {
  serial += 1;
  stage = `operator-${serial}`;
  await makeTable(tableName(stage));
  await eventBridgeClient(config).send(new CreateEventBusCommand({ Name: busName(stage) }));
  await setSwitch('disengaged');
});

/** Runs in this process, where a test can answer; the other tests check what is printed. */
async function quietly(run: () => Promise<number>): Promise<number> {
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockReturnValue(true),
  );
  try {
    return await run();
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}

function trailseal(...args: readonly string[]): Promise<Ended> {
  return trailsealAt(inject('moto'), [...args, '--stage', stage, '--region', region]);
}

async function setSwitch(value: string): Promise<void> {
  await ssmClient(config).send(
    new PutParameterCommand({ Name: killSwitchName(stage), Value: value, Type: 'String', Overwrite: true }),
  );
}

async function switchValue(): Promise<string | undefined> {
  const { Parameter } = await ssmClient(config).send(
    new GetParameterCommand({ Name: killSwitchName(stage) }),
  );
  return Parameter?.Value;
}

async function makeKey(): Promise<{ readonly id: string; readonly arn: string }> {
  const { KeyMetadata } = await bystanders().kms.send(new CreateKeyCommand({}));
  if (KeyMetadata?.KeyId === undefined || KeyMetadata.Arn === undefined)
    throw new Error('moto returned no key');
  return { id: KeyMetadata.KeyId, arn: KeyMetadata.Arn };
}

async function stateOf(key: string): Promise<string | undefined> {
  return (await bystanders().kms.send(new DescribeKeyCommand({ KeyId: key }))).KeyMetadata?.KeyState;
}

function journal(): DynamoRunHistory {
  return new DynamoRunHistory({
    client: bystanders().dynamodb,
    table: tableName(stage),
    now: () => new Date(),
  });
}

/** A queue that receives all events of the bus. */
async function subscribe() {
  const events = eventBridgeClient(config);
  const sqs = sqsClient(config);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${busName(stage)}-received` }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Rule = `${busName(stage)}-all`;
  const EventBusName = busName(stage);
  await events.send(
    new PutRuleCommand({ Name: Rule, EventBusName, EventPattern: '{"source":["trailseal"]}' }),
  );
  await events.send(
    new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: '1', Arn: Attributes?.['QueueArn'] }] }),
  );
  return {
    async events(): Promise<readonly unknown[]> {
      const received: unknown[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
        if (Messages.length === 0) return received;
        for (const { Body = '', ReceiptHandle } of Messages) {
          received.push(JSON.parse(Body));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
  };
}

/** Carries out an action as the policy does. */
async function act(
  action: AnyAction,
  control: string,
  { id, arn }: { readonly id: string; readonly arn: string },
) {
  const { dynamodb, ...clients } = bystanders();
  const wait = async () => undefined;
  const deps: ActionDeps = {
    clients,
    memory: new DynamoMemory({ client: dynamodb, table: tableName(stage), wait, random: () => 0 }),
    now: () => new Date(),
    wait,
  };
  const resource = { type: 'AwsKmsKey', id, arn, account, region } as const;
  const finding = {
    id: findingId(control, resource),
    control,
    title: 'It fails',
    severity: 'HIGH',
    openedAt: null,
  } as const;
  const target: Target = { resource, finding, settings: {} };
  const outcome = await carryOut(action, target, {
    history: journal(),
    deps,
    accountRegion: { account, region },
    run: randomUUID(),
    decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'The control fails.' },
    admit: async () => ({ admitted: true }),
    leaseFor: 60_000,
  });
  if (outcome.kind !== 'done') throw new Error(`it was not done: ${outcome.kind}`);
  return finding.id;
}

/** A key that was disabled, and that the policy had enabled. */
async function enabledKey() {
  const key = await makeKey();
  await bystanders().kms.send(new DisableKeyCommand({ KeyId: key.id }));
  return { ...key, finding: await act(enableKey, 'kms-key-disabled', key) };
}

const agreed = ['--yes', '--reason', 'It was wrong.'];

describe('trailseal undo', () => {
  it('undoes by finding', async () => {
    const { arn, finding } = await enabledKey();
    const { stdout, stderr, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, stderr, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: undone\n` +
        'The policy does not repeat these actions for the same failure, but may once the finding is closed and opened again.\n',
      '',
      'Disabled',
    ]);
    expect(code).toBe(0);
  });

  it('undoes by resource', async () => {
    const { arn } = await enabledKey();
    await trailseal('undo', arn, ...agreed);
    expect(await stateOf(arn)).toBe('Disabled');
  });

  it('publishes an event with the operator and the reason', async () => {
    const subscription = await subscribe();
    const { arn, finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    expect(await subscription.events()).toMatchObject([
      {
        'detail-type': 'Action Undone',
        source: 'trailseal',
        detail: {
          finding,
          resource: { arn },
          action: 'fix:enable-key',
          outcome: 'undone',
          decision: { actor: 'operator', name: caller, reason: 'It was wrong.' },
        },
      },
    ]);
  });

  it('publishes a refusal', async () => {
    const subscription = await subscribe();
    const { id, finding } = await enabledKey();
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    await trailseal('undo', finding, ...agreed);
    expect((await subscription.events()).map((event) => at(event, 'detail', 'outcome'))).toEqual([
      'undo-refused',
    ]);
  });

  it('publishes nothing with --dry-run', async () => {
    const subscription = await subscribe();
    const { finding } = await enabledKey();
    await trailseal('undo', finding, '--dry-run');
    expect(await subscription.events()).toEqual([]);
  });

  it('undoes without an event bus, and says so', async () => {
    await eventBridgeClient(config).send(new DeleteEventBusCommand({ Name: busName(stage) }));
    const { arn, finding } = await enabledKey();
    const { stderr, code } = await trailseal('undo', finding, ...agreed);
    expect(stderr).toBe(
      `the outcome was not published on the event bus ${busName(stage)}, so that nobody is notified of it: ` +
        `events:PutEvents: ResourceNotFoundException (Event bus ${busName(stage)} does not exist)\n`,
    );
    expect([await stateOf(arn), code]).toEqual(['Disabled', 0]);
  });

  it('uses the Region of the resource', async () => {
    const { arn } = await enabledKey();
    await trailsealAt(inject('moto'), ['undo', arn, ...agreed, '--stage', stage]);
    expect(await stateOf(arn)).toBe('Disabled');
  });

  it('undoes all since a time', async () => {
    const keys = [await enabledKey(), await enabledKey()];
    const { code } = await trailseal('undo', '--since', '1 hour', ...agreed);
    expect(await Promise.all(keys.map(({ arn }) => stateOf(arn)))).toEqual(['Disabled', 'Disabled']);
    expect(code).toBe(0);
  });

  it('records the operator and the reason in the journal', async () => {
    const { finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    const [actionRun] = await journal().of(finding);
    expect([actionRun?.status, actionRun?.undo]).toEqual([
      'undone',
      { actor: 'operator', name: caller, reason: 'It was wrong.' },
    ]);
  });

  it('succeeds when it was undone before', async () => {
    const { finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect(stdout).toContain(`already undone by operator ${caller} at `);
    expect(code).toBe(0);
  });

  it('is refused where somebody else has changed the resource, with the differences', async () => {
    const { arn, id, finding } = await enabledKey();
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: NOT undone: The resource is not as it was left: somebody else has changed it. ` +
        'Differences: the key is PendingDeletion\n',
      'PendingDeletion',
    ]);
    expect(code).toBe(1);
  });

  it('prints a command that would put data at risk, and does not run it', async () => {
    const key = await makeKey();
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.id }));
    const finding = await act(cancelKeyDeletion, 'kms-key-deletion', key);
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout.split('\n')[1]?.trim(), await stateOf(key.arn)]).toEqual([
      `aws kms schedule-key-deletion --region ${region} --key-id ${key.arn} --pending-window-in-days 30`,
      'Disabled',
    ]);
    expect(code).toBe(1);
  });

  it('with --dry-run shows what it would do, and changes nothing', async () => {
    const { arn, finding } = await enabledKey();
    const { stdout, code } = await trailseal('undo', finding, '--dry-run');
    expect(stdout).toMatch(
      /now {7}as Trailseal left it: would be undone, and is then as before\n\nNothing was changed\.\n$/,
    );
    expect([await stateOf(arn), code]).toEqual(['Enabled', 0]);
  });

  it('is stopped by the kill switch', async () => {
    const { arn, finding } = await enabledKey();
    await setSwitch('engaged');
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: NOT undone: The kill switch is engaged. To undo all the same, use --despite-kill-switch.\n`,
      'Enabled',
    ]);
    expect(code).toBe(1);
  });

  it('ignores the kill switch with --despite-kill-switch, and records that in the journal', async () => {
    const { arn, finding } = await enabledKey();
    await setSwitch('engaged');
    const { stderr } = await trailseal('undo', finding, ...agreed, '--despite-kill-switch');
    const [actionRun] = await journal().of(finding);
    expect([stderr, await stateOf(arn), actionRun?.undo?.reason]).toEqual([
      'The kill switch is engaged; this undo goes on all the same.\n',
      'Disabled',
      'It was wrong. (although the kill switch was engaged)',
    ]);
  });

  it('prints the outcome as JSON', async () => {
    const { arn, finding } = await enabledKey();
    const { stdout } = await trailseal('undo', finding, ...agreed, '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      stage,
      account,
      region,
      dryRun: false,
      declined: false,
      actionRuns: [{ finding, resource: arn, action: 'fix:enable-key', outcome: 'undone' }],
      notFound: [],
    });
  });

  it('names a resource without actions', async () => {
    const { arn } = await makeKey();
    const { stderr, code } = await trailseal('undo', arn, ...agreed);
    expect(stderr).toBe(`no actions for ${arn}\n`);
    expect(code).toBe(3);
  });

  it('of another account is wrong usage', async () => {
    const arn = `arn:aws:kms:${region}:111122223333:key/k`;
    const { stderr, code } = await trailseal('undo', arn, ...agreed);
    expect(stderr).toBe(
      `trailseal: ${arn} belongs to account 111122223333, but the credentials to ${account}: name a profile of that account with --profile\n`,
    );
    expect(code).toBe(2);
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    stage = 'nowhere';
    const { stderr, code } = await trailseal('undo', '--since', '1 hour', ...agreed);
    expect(stderr).toBe(
      `trailseal: trailseal-nowhere has no state table in ${region}; no stage is deployed in ${region}: check --region\n`,
    );
    expect(code).toBe(2);
  });

  it.each([
    ['agrees', 'y', 'Disabled', 0],
    ['does not agree', 'n', 'Enabled', 1],
  ])('at a terminal does it when the person %s', async (_what, answer, state, expected) => {
    const { arn, finding } = await enabledKey();
    const flags = { stage, region, action: [], format: 'json', reason: 'It was wrong.' } as const;
    const prompt = async () => answer;
    const code = await quietly(() => runUndo([finding], flags, new AbortController().signal, prompt));
    expect([await stateOf(arn), code]).toEqual([state, expected]);
  });

  it('does not ask where nothing would be undone', async () => {
    const { id, finding } = await enabledKey();
    await bystanders().kms.send(new DisableKeyCommand({ KeyId: id }));
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    const questions: string[] = [];
    const flags = { stage, region, action: [], format: 'json' } as const;
    const prompt = async (question: string) => {
      questions.push(question);
      return '';
    };
    await quietly(() => runUndo([finding], flags, new AbortController().signal, prompt));
    expect(questions).toEqual([]);
  });
});

describe('trailseal history', () => {
  it('lists actions', async () => {
    const { arn } = await enabledKey();
    const { stdout, code } = await trailseal('history');
    expect(stdout).toMatch(/fix:enable-key +done +arn:aws:kms/);
    expect([stdout.replace(/\s+/g, '').includes(arn), code]).toEqual([true, 0]);
  });

  it('prints the actions for a finding as JSON', async () => {
    const { arn, finding } = await enabledKey();
    await enabledKey();
    const { stdout } = await trailseal('history', '--finding', finding, '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        finding: { id: finding },
        action: 'fix:enable-key',
        resource: { arn },
        status: 'done',
        before: { keyState: 'Disabled' },
        after: ['the key is Enabled'],
        decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'The control fails.' },
      },
    ]);
  });

  it('leaves out earlier actions', async () => {
    await enabledKey();
    const since = new Date();
    const { stdout } = await trailseal('history', '--since', since.toISOString());
    expect(stdout).toBe(
      `No actions since ${since.toISOString()} in stage ${stage}, account ${account}, ${region}.\n`,
    );
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    stage = 'nowhere';
    expect((await trailseal('history')).code).toBe(2);
  });
});

describe('trailseal breaker', () => {
  function limiter(): Limiter {
    const { dynamodb: client } = bystanders();
    return new Limiter({
      client,
      table: tableName(stage),
      now: Date.now,
      wait: async () => undefined,
      random: () => 0,
    });
  }

  /** Fixes because of three principals, the last of which exceeds the limit. */
  async function open(): Promise<void> {
    for (const name of ['a', 'b', 'c']) await admit('fix', name, two);
  }

  const two = { perAccount: 2, perActor: 1, total: 2, reservedForCritical: 0 };

  /** Each is of a principal of its own. */
  async function admit(kind: ActionKind, name: string, limits: RateLimits): Promise<void> {
    await limiter().admit(kind, limits, {
      name,
      finding: `finding ${name}`,
      severity: 'HIGH',
      account,
      region,
      actor: actorOf(name),
      mayWait: true,
    });
  }

  const actorOf = (name: string) => `arn:aws:iam::${account}:role/${name}`;

  it('shows the actions of the last hour, and open breakers', async () => {
    await open();
    const { stdout, code } = await trailseal('breaker', 'show', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      stage,
      policy: 'built-in (only reports)',
      breakers: [
        { kind: 'tag', open: false, usedInLastHour: [] },
        { kind: 'quarantine', open: false, usedInLastHour: [] },
        {
          kind: 'fix',
          open: true,
          breakers: [
            { account, reason: expect.stringContaining('Rate limit reached: 2 of 2 fixes in account') },
          ],
          usedInLastHour: [{ account, count: 2 }],
          parts: {
            general: {
              byActor: [
                { actor: actorOf('a'), count: 1 },
                { actor: actorOf('b'), count: 1 },
              ],
            },
          },
          limits: { perAccount: 10, perActor: 4, total: 50, reservedForCritical: 30 },
        },
      ],
    });
    expect(code).toBe(0);
  });

  it('shows one kind as text', async () => {
    const { stdout } = await trailseal('breaker', 'show', 'tag');
    expect(stdout).toBe(
      `Circuit breakers of stage ${stage}, account ${account}, ${region}\n\n` +
        'tag: closed\n  actions in the last hour: none; limit: 10 per account, 50 in total\n' +
        '  for all findings: none; limit: 4 because of one principal, 7 per account, 35 in total\n' +
        '  for CRITICAL findings alone: none; limit: 2 because of one principal, 3 per account, 15 in total\n\n' +
        'Limits of the policy: built-in (only reports). The deployment applies those of its effective policy.\n',
    );
  });

  it('resets one, and says what that allows', async () => {
    await open();
    const { stdout, code } = await trailseal('breaker', 'reset', 'fix', ...agreed);
    expect(stdout).toContain(
      'The fix breaker is closed, and its count starts anew. Limit per hour: 10 per account, 50 in total',
    );
    expect([(await limiter().show()).fix.breakers, code]).toEqual([[], 0]);
  });

  it('shows actor and reason of the last reset', async () => {
    await open();
    await trailseal('breaker', 'reset', 'fix', ...agreed);
    await admit('fix', 'd', two);
    const { stdout } = await trailseal('breaker', 'show', 'fix', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      breakers: [{ open: false, lastReset: { actor: caller, reason: 'It was wrong.' } }],
    });
  });

  it.each([
    ['agrees', 'y', false, 0],
    ['does not agree', 'n', true, 1],
  ])('at a terminal resets it when the person %s', async (_what, answer, isOpen, expected) => {
    await open();
    const flags = { stage, region, format: 'json', reason: 'fixed' } as const;
    const { signal } = new AbortController();
    const code = await quietly(() => runBreakerReset('fix', flags, signal, async () => answer));
    expect([(await limiter().show()).fix.breakers.length > 0, code]).toEqual([isOpen, expected]);
  });

  it('shows what waits for budget, and by a reset makes room for it at once', async () => {
    await admit('fix', 'a', two);
    await limiter().admit('fix', two, {
      name: 'waits',
      finding: 'trailseal/kms-key-disabled/waits',
      severity: 'HIGH',
      account,
      region,
      actor: actorOf('a'),
      mayWait: true,
    });
    const { stdout } = await trailseal('breaker', 'show', 'fix');
    expect(stdout).toContain(
      `  waiting for budget: 1\n    HIGH trailseal/kms-key-disabled/waits (because of ${actorOf('a')}), tried again at 2`,
    );
    await trailseal('breaker', 'reset', 'fix', ...agreed);
    expect((await limiter().show()).fix).toMatchObject({ runs: [], waiting: [] });
  });

  it('leaves a closed breaker as it is', async () => {
    await admit('tag', 'a', two);
    const { stdout } = await trailseal('breaker', 'reset', 'tag', ...agreed);
    expect([stdout, (await limiter().show()).tag.runs.length]).toEqual([
      'The tag breaker was not open, and nothing waited for budget; nothing was changed.\n',
      1,
    ]);
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    stage = 'nowhere';
    expect((await trailseal('breaker', 'show')).code).toBe(2);
  });
});

describe('trailseal kill-switch', () => {
  async function remove(): Promise<void> {
    await ssmClient(config).send(new DeleteParameterCommand({ Name: killSwitchName(stage) }));
  }

  /** What a stage has that is stopped: a grace period, a wait for budget, a request, and a run that has begun. */
  async function busy(): Promise<string> {
    const scheduler = new SchedulerClient({ ...config, endpoint: inject('moto') });
    const GroupName = scheduleGroupName(stage);
    await scheduler.send(new CreateScheduleGroupCommand({ Name: GroupName }));
    const request = { finding: 'f', openedAt: null, reminder: false, waited: false };
    const ends = {
      client: scheduler,
      group: GroupName,
      queueArn: `arn:aws:sqs:${region}:${account}:q`,
      deadLetterArn: `arn:aws:sqs:${region}:${account}:d`,
      roleArn: `arn:aws:iam::${account}:role/r`,
    };
    const due = new Date(Date.now() + 3_600_000);
    await scheduleGracePeriodEnd(ends, request, 'quarantine', due);
    await scheduleNextTry(ends, request, 'quarantine', due);
    const sqs = sqsClient(config);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: queueName(stage, 'remediate') }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    const { arn, finding } = await enabledKey();
    const [run] = await journal().of(finding);
    if (run === undefined) throw new Error('there is no run');
    await journal().save({ ...run, status: 'undoing', version: run.version + 1 });
    return arn;
  }

  it('says what it stopped', async () => {
    const arn = await busy();
    const { stdout, stderr, code } = await trailseal('kill-switch', 'on', '--reason', 'too much');
    expect([stdout.replace(/undoing \S+/, 'undoing TIME'), stderr, await switchValue()]).toEqual([
      `The kill switch of stage ${stage}, account ${account}, ${region} is engaged. No new action begins; an action that has begun writing is finished by its run.\n` +
        'What this stops:\n' +
        '  1 grace period that runs: nothing is done at its end\n' +
        '  1 request that waits in the queue of remediate\n' +
        '  0 actions that wait for budget\n' +
        '  1 open run that has begun: it finishes the writes that it is at, and stops where it waits\n' +
        `    undoing TIME  fix:enable-key  ${arn}\n`,
      '',
      'engaged',
    ]);
    expect(code).toBe(0);
  });

  it('says what it stopped as JSON, and what could not be read', async () => {
    const { stdout, code } = await trailseal('kill-switch', 'on', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      stage,
      state: 'engaged',
      stopped: { requests: 0, waitingForBudget: 0, openRuns: [] },
    });
    expect(code).toBe(0);
  });

  it('is in effect within two seconds where AWS answers', async () => {
    const read = () => killSwitch(ssmClient(config), killSwitchName(stage));
    expect(await read()).toEqual({ state: 'disengaged' });
    let before = 0;
    const watched = (async () => {
      while ((await read()).state !== 'engaged') await setTimeout(20);
      return performance.now() - before;
    })();
    before = performance.now();
    const flags = { stage, region, format: 'json' } as const;
    expect(await quietly(() => runKillSwitchOn(flags))).toBe(0);
    expect(await watched).toBeLessThan(2_000);
  });

  it.each(['on', 'off'])(
    '%s of a stage that does not exist creates nothing, and says which there are',
    async (to) => {
      const there = stage;
      await sqsClient(config).send(new CreateQueueCommand({ QueueName: queueName(there, 'scan') }));
      stage = 'operator-';
      const { stderr, code } = await trailseal(
        'kill-switch',
        to,
        '--reason',
        'too much',
        ...(to === 'off' ? ['--yes'] : []),
      );
      expect(stderr).toContain(
        `trailseal-operator- has no kill switch /trailseal/operator-/kill-switch in ${region}; the stages in ${region} are: `,
      );
      expect(stderr).toContain(there);
      await expect(switchValue()).rejects.toThrow();
      expect(code).toBe(2);
    },
  );

  it('has a status with the actor and reason of each change', async () => {
    await trailseal('kill-switch', 'on', '--reason', 'too much');
    const { stdout, code } = await trailseal('kill-switch', 'status', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      parameter: killSwitchName(stage),
      state: 'engaged',
      reason: null,
      changes: [
        { version: 2, value: 'engaged', reason: `engaged by ${caller}: too much` },
        { version: 1, value: 'disengaged' },
      ],
    });
    expect(code).toBe(0);
  });

  it('that is missing is unreadable', async () => {
    await remove();
    const { stdout, code } = await trailseal('kill-switch', 'status');
    expect(stdout).toContain('UNREADABLE, so that no resource is changed: ');
    expect(code).toBe(3);
  });

  it('is disengaged', async () => {
    await setSwitch('engaged');
    const { stdout, code } = await trailseal('kill-switch', 'off', '--yes', '--reason', 'fixed');
    expect([stdout, await switchValue()]).toEqual([
      `The kill switch of stage ${stage}, account ${account}, ${region} is disengaged. Actions are carried out again as the policy says.\n`,
      'disengaged',
    ]);
    expect(code).toBe(0);
  });

  it('that is missing is not created when it is disengaged', async () => {
    await remove();
    const { stderr, code } = await trailseal('kill-switch', 'off', '--yes', '--reason', 'fixed');
    expect(stderr).toContain(`has no kill switch ${killSwitchName(stage)} in ${region}`);
    expect(code).toBe(2);
  });

  it.each([
    ['agrees', 'y', 'disengaged', 0],
    ['does not agree', '', 'engaged', 1],
  ])('at a terminal is disengaged when the person %s', async (_what, answer, value, expected) => {
    await setSwitch('engaged');
    const flags = { stage, region, format: 'json', reason: 'fixed' } as const;
    const { signal } = new AbortController();
    const code = await quietly(() => runKillSwitchOff(flags, signal, async () => answer));
    expect([await switchValue(), code]).toEqual([value, expected]);
  });
});
