/**
 * `trailseal undo`, `action runs`, `breaker` and `kill-switch` as people run them, on resources, a state table and a parameter in
 * moto. What moto cannot refuse, and what is asked at a terminal, is held by `test/cli/`.
 */
import { randomUUID } from 'node:crypto';
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
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runBreakerClose } from '../../cli/breaker/run.ts';
import { runKillSwitchOff } from '../../cli/kill-switch/run.ts';
import { runUndo } from '../../cli/undo/run.ts';
import { autoScalingClient, elbClient, ssmClient } from '../../lib/aws/acting.ts';
import { eventBridgeClient } from '../../lib/aws/eventbridge.ts';
import { busName, killSwitchName, tableName } from '../../lib/aws/names.ts';
import { eventBridgeClient, sqsClient, ssmClient } from '../../lib/aws/sdk.ts';
import type { ActionDeps, AnyAction, Target } from '../../lib/core/action.ts';
import { at } from '../../lib/core/json.ts';
import { findingId } from '../../lib/findings/id.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { carryOut } from '../../lib/remediation/actions/carry-out.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
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

/** Runs in this process, where a test can answer; what it prints is held by the other tests. */
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
    throw new Error('moto does not tell a key');
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

/** A queue to which the bus brings all that it is told. */
async function listen() {
  const events = eventBridgeClient(config);
  const sqs = sqsClient(config);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${busName(stage)}-heard` }));
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
    async heard(): Promise<readonly unknown[]> {
      const heard: unknown[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
        if (Messages.length === 0) return heard;
        for (const { Body = '', ReceiptHandle } of Messages) {
          heard.push(JSON.parse(Body));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
  };
}

/** Does it as the policy would. */
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
  it('puts back what was there, by the finding', async () => {
    const { arn, finding } = await enabledKey();
    const { stdout, stderr, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, stderr, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: undone\n` +
        'The policy does none of this again for the same failure; it may once the finding is closed and opened anew.\n',
      '',
      'Disabled',
    ]);
    expect(code).toBe(0);
  });

  it('puts back what was there, by the resource', async () => {
    const { arn } = await enabledKey();
    await trailseal('undo', arn, ...agreed);
    expect(await stateOf(arn)).toBe('Disabled');
  });

  it('tells the bus, with who did it and why', async () => {
    const listening = await listen();
    const { arn, finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    expect(await listening.heard()).toMatchObject([
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

  it('tells the bus that it was refused', async () => {
    const listening = await listen();
    const { id, finding } = await enabledKey();
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    await trailseal('undo', finding, ...agreed);
    expect((await listening.heard()).map((event) => at(event, 'detail', 'outcome'))).toEqual([
      'undo-refused',
    ]);
  });

  it('tells the bus nothing of what is only tried', async () => {
    const listening = await listen();
    const { finding } = await enabledKey();
    await trailseal('undo', finding, '--dry-run');
    expect(await listening.heard()).toEqual([]);
  });

  it('is done where there is no bus to be told, and says so', async () => {
    await eventBridgeClient(config).send(new DeleteEventBusCommand({ Name: busName(stage) }));
    const { arn, finding } = await enabledKey();
    const { stderr, code } = await trailseal('undo', finding, ...agreed);
    expect(stderr).toBe(
      `others are not told of this: the bus ${busName(stage)} did not take it (events:PutEvents: ` +
        `ResourceNotFoundException (Event bus ${busName(stage)} does not exist))\n`,
    );
    expect([await stateOf(arn), code]).toEqual(['Disabled', 0]);
  });

  it('looks in the Region that the resource is in', async () => {
    const { arn } = await enabledKey();
    await trailsealAt(inject('moto'), ['undo', arn, ...agreed, '--stage', stage]);
    expect(await stateOf(arn)).toBe('Disabled');
  });

  it('puts back all since a time', async () => {
    const keys = [await enabledKey(), await enabledKey()];
    const { code } = await trailseal('undo', '--since', '1 hour', ...agreed);
    expect(await Promise.all(keys.map(({ arn }) => stateOf(arn)))).toEqual(['Disabled', 'Disabled']);
    expect(code).toBe(0);
  });

  it('keeps in the journal who asked for it, and why', async () => {
    const { finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    const [actionRun] = await journal().of(finding);
    expect([actionRun?.status, actionRun?.undo]).toEqual([
      'undone',
      { actor: 'operator', name: caller, reason: 'It was wrong.' },
    ]);
  });

  it('is done when it was done before', async () => {
    const { finding } = await enabledKey();
    await trailseal('undo', finding, ...agreed);
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect(stdout).toContain(`already undone by operator ${caller} at `);
    expect(code).toBe(0);
  });

  it('is refused where somebody else has changed the resource, and says what differs', async () => {
    const { arn, id, finding } = await enabledKey();
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: NOT undone: The resource is not as it was left: somebody else has changed it. ` +
        'What differs: the key is PendingDeletion\n',
      'PendingDeletion',
    ]);
    expect(code).toBe(1);
  });

  it('prints the command that would put data at risk, and does not run it', async () => {
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

  it('that is only tried tells what it would do, and changes nothing', async () => {
    const { arn, finding } = await enabledKey();
    const { stdout, code } = await trailseal('undo', finding, '--dry-run');
    expect(stdout).toMatch(/now {7}would be undone\n\nNothing was changed\.\n$/);
    expect([await stateOf(arn), code]).toEqual(['Enabled', 0]);
  });

  it('is stopped by the kill switch', async () => {
    const { arn, finding } = await enabledKey();
    await setSwitch('engaged');
    const { stdout, code } = await trailseal('undo', finding, ...agreed);
    expect([stdout, await stateOf(arn)]).toEqual([
      `fix:enable-key of ${arn}: NOT undone: The kill switch is engaged. --despite-kill-switch undoes all the same.\n`,
      'Enabled',
    ]);
    expect(code).toBe(1);
  });

  it('overrides the kill switch when it is told to, and keeps that in the journal', async () => {
    const { arn, finding } = await enabledKey();
    await setSwitch('engaged');
    const { stderr } = await trailseal('undo', finding, ...agreed, '--despite-kill-switch');
    const [actionRun] = await journal().of(finding);
    expect([stderr, await stateOf(arn), actionRun?.undo?.reason]).toEqual([
      'The kill switch is engaged, and is overridden for this undo.\n',
      'Disabled',
      'It was wrong. (despite the kill switch, which was engaged)',
    ]);
  });

  it('tells programs what came of it', async () => {
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

  it('names what nothing was done for', async () => {
    const { arn } = await makeKey();
    const { stderr, code } = await trailseal('undo', arn, ...agreed);
    expect(stderr).toBe(`nothing was done for ${arn}\n`);
    expect(code).toBe(3);
  });

  it('of another account is wrong usage', async () => {
    const arn = `arn:aws:kms:${region}:111122223333:key/k`;
    const { stderr, code } = await trailseal('undo', arn, ...agreed);
    expect(stderr).toBe(
      `trailseal: ${arn} is of account 111122223333, and the credentials are of ${account}: name a profile of that account with --profile\n`,
    );
    expect(code).toBe(2);
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    stage = 'nowhere';
    const { stderr, code } = await trailseal('undo', '--since', '1 hour', ...agreed);
    expect(stderr).toBe(
      `trailseal: trailseal-nowhere has no state table in ${region}; \`trailseal doctor --stage nowhere --region ${region}\` tells what is deployed\n`,
    );
    expect(code).toBe(2);
  });

  it.each([
    ['agrees', 'y', 'Disabled', 0],
    ['does not agree', 'n', 'Enabled', 1],
  ])('at a terminal does it when the person %s', async (_what, answer, state, expected) => {
    const { arn, finding } = await enabledKey();
    const flags = { stage, region, action: [], format: 'json', reason: 'It was wrong.' } as const;
    const ask = async () => answer;
    const code = await quietly(() => runUndo([finding], flags, new AbortController().signal, ask));
    expect([await stateOf(arn), code]).toEqual([state, expected]);
  });

  it('asks nothing where nothing would be undone', async () => {
    const { id, finding } = await enabledKey();
    await bystanders().kms.send(new DisableKeyCommand({ KeyId: id }));
    await bystanders().kms.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    const asked: string[] = [];
    const flags = { stage, region, action: [], format: 'json' } as const;
    const ask = async (question: string) => {
      asked.push(question);
      return '';
    };
    await quietly(() => runUndo([finding], flags, new AbortController().signal, ask));
    expect(asked).toEqual([]);
  });
});

describe('trailseal action runs', () => {
  it('lists what was done', async () => {
    const { arn } = await enabledKey();
    const { stdout, code } = await trailseal('actionRuns');
    expect(stdout).toMatch(/fix:enable-key +done +arn:aws:kms/);
    expect([stdout.replace(/\s+/g, '').includes(arn), code]).toEqual([true, 0]);
  });

  it('tells programs the whole of one finding', async () => {
    const { arn, finding } = await enabledKey();
    await enabledKey();
    const { stdout } = await trailseal('actionRuns', '--finding', finding, '--format', 'json');
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

  it('leaves out what was begun before', async () => {
    await enabledKey();
    const since = new Date();
    const { stdout } = await trailseal('actionRuns', '--since', since.toISOString());
    expect(stdout).toBe(
      `Nothing was done since ${since.toISOString()} in stage ${stage}, account ${account}, ${region}.\n`,
    );
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    stage = 'nowhere';
    expect((await trailseal('actionRuns')).code).toBe(2);
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

  /** Two fixes, the second of which is one too many. */
  async function open(): Promise<void> {
    for (const actionRun of ['a', 'b']) {
      await limiter().admit('fix', { perAccount: 1, total: 1 }, { name: actionRun, account });
    }
  }

  it('shows what was done in the last hour, and what is open', async () => {
    await open();
    const { stdout, code } = await trailseal('breaker', 'show', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      stage,
      policy: 'built in (report only)',
      breakers: [
        { kind: 'tag', open: false, usedInLastHour: [] },
        { kind: 'quarantine', open: false, usedInLastHour: [] },
        {
          kind: 'fix',
          open: true,
          because: expect.stringContaining('Rate limit reached: 1 of 1 fix in account'),
          usedInLastHour: [{ account, count: 1 }],
          limits: { perAccount: 10, total: 50 },
        },
      ],
    });
    expect(code).toBe(0);
  });

  it('shows one kind, for people', async () => {
    const { stdout } = await trailseal('breaker', 'show', 'tag');
    expect(stdout).toBe(
      `Breakers of stage ${stage}, account ${account}, ${region}\n\n` +
        'tag: closed\n  in the last hour: none; allowed: 10 in an account, 50 in all\n\n' +
        'What is allowed is as built in (report only) has it; a deployment goes by the policy it was made with.\n',
    );
  });

  it('closes one, and says what that allows', async () => {
    await open();
    const { stdout, code } = await trailseal('breaker', 'close', 'fix', ...agreed);
    expect(stdout).toContain(
      'The breaker of fix is closed. From now on fix is done again, in an hour at most: 10 in an account, 50 in all',
    );
    expect([(await limiter().show()).fix.breaker, code]).toEqual([undefined, 0]);
  });

  it('shows who closed one last, and why, whatever was done since', async () => {
    await open();
    await trailseal('breaker', 'close', 'fix', ...agreed);
    await limiter().admit('fix', { perAccount: 1, total: 1 }, { name: 'c', account });
    const { stdout } = await trailseal('breaker', 'show', 'fix', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      breakers: [{ open: false, lastClosed: { by: caller, why: 'It was wrong.' } }],
    });
  });

  it.each([
    ['agrees', 'y', false, 0],
    ['does not agree', 'n', true, 1],
  ])('at a terminal closes it when the person %s', async (_what, answer, isOpen, expected) => {
    await open();
    const flags = { stage, region, format: 'json', reason: 'mended' } as const;
    const { signal } = new AbortController();
    const code = await quietly(() => runBreakerClose('fix', flags, signal, async () => answer));
    expect([(await limiter().show()).fix.breaker !== undefined, code]).toEqual([isOpen, expected]);
  });

  it('leaves one that is closed as it is', async () => {
    await limiter().admit('tag', { perAccount: 5, total: 5 }, { name: 'a', account });
    const { stdout } = await trailseal('breaker', 'close', 'tag', ...agreed);
    expect([stdout, (await limiter().show()).tag.runs.length]).toEqual([
      'The breaker of tag was closed already; nothing was changed.\n',
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

  it('stops everything when it is engaged', async () => {
    const { stdout, stderr, code } = await trailseal('kill-switch', 'on', '--reason', 'too much');
    expect([stdout, stderr, await switchValue()]).toEqual([
      `The kill switch of stage ${stage}, account ${account}, ${region} is engaged. No action is begun from now on; one that has begun writing is finished by its run.\n`,
      '',
      'engaged',
    ]);
    expect(code).toBe(0);
  });

  it('is made when it is missing and engaged, and says so', async () => {
    await remove();
    const { stderr, code } = await trailseal('kill-switch', 'on');
    expect([stderr, await switchValue()]).toEqual([
      `there was no ${killSwitchName(stage)} in ${region}, and it was made: see that stage ${stage} is deployed there, and not elsewhere\n`,
      'engaged',
    ]);
    expect(code).toBe(0);
  });

  it('shows who set it, and why', async () => {
    await trailseal('kill-switch', 'on', '--reason', 'too much');
    const { stdout, code } = await trailseal('kill-switch', 'show', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      parameter: killSwitchName(stage),
      state: 'engaged',
      because: null,
      changes: [
        { version: 2, value: 'engaged', why: `engaged by ${caller}: too much` },
        { version: 1, value: 'disengaged' },
      ],
    });
    expect(code).toBe(0);
  });

  it('that is missing can not be read', async () => {
    await remove();
    const { stdout, code } = await trailseal('kill-switch', 'show');
    expect(stdout).toContain('UNREADABLE, so that nothing is changed: ');
    expect(code).toBe(3);
  });

  it('is disengaged', async () => {
    await setSwitch('engaged');
    const { stdout, code } = await trailseal('kill-switch', 'off', '--yes', '--reason', 'mended');
    expect([stdout, await switchValue()]).toEqual([
      `The kill switch of stage ${stage}, account ${account}, ${region} is disengaged. What the policy asks for is done again.\n`,
      'disengaged',
    ]);
    expect(code).toBe(0);
  });

  it('that is missing is not made by a release', async () => {
    await remove();
    const { stderr, code } = await trailseal('kill-switch', 'off', '--yes', '--reason', 'mended');
    expect(stderr).toContain(`there is no ${killSwitchName(stage)} in ${region}`);
    expect(code).toBe(2);
  });

  it.each([
    ['agrees', 'y', 'disengaged', 0],
    ['does not agree', '', 'engaged', 1],
  ])('at a terminal is disengaged when the person %s', async (_what, answer, value, expected) => {
    await setSwitch('engaged');
    const flags = { stage, region, format: 'json', reason: 'mended' } as const;
    const { signal } = new AbortController();
    const code = await quietly(() => runKillSwitchOff(flags, signal, async () => answer));
    expect([await switchValue(), code]).toEqual([value, expected]);
  });
});
