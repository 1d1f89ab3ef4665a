/**
 * Every action on real resources, made by the SDK in moto: from failing to fixed, and back, undisturbed and with the
 * process killed at each of its calls. What moto has no way to do (updates of a cluster that take their time or fail,
 * the period of a rotation, tags of node groups) is held by `test/actions/`, with the SDK mocked.
 */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Target } from '../../lib/core/action.ts';
import type { Resource } from '../../lib/core/control.ts';
import { writeActions } from '../../lib/core/write.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { actionRunKey } from '../../lib/remediation/actions/run-history-items.ts';
import { account, bystanders, deployment, Killed, makeTable, region } from './action-deps.ts';
import { type Case, cases } from './failing.ts';

let tables = 0;
let deployed: ReturnType<typeof deployment>;

// The way in which users point Trailseal at an emulator.
const before = process.env['AWS_ENDPOINT_URL'];
beforeAll(() => {
  process.env['AWS_ENDPOINT_URL'] = inject('moto');
});
afterAll(() => {
  if (before === undefined) delete process.env['AWS_ENDPOINT_URL'];
  else process.env['AWS_ENDPOINT_URL'] = before;
});

beforeEach(async () => {
  tables += 1;
  await makeTable(`actions-${tables}`);
  deployed = deployment(`actions-${tables}`);
});

function actionRunsOf({ finding }: Target): Promise<readonly ActionRun[]> {
  return deployed.journal.of(finding.id);
}

const reversible = cases.flatMap((one) =>
  typeof one.undone === 'string' ? [] : [{ ...one, undone: one.undone }],
);

describe.each(cases)('$name', (one: Case) => {
  it('changes the failing resource to what it should be', async () => {
    const target = await one.make(deployed.memory);
    const was = await one.readState(target);
    await deployed.carryOut(one.action, target);
    expect([was, await one.readState(target)]).toEqual([one.before, one.after]);
  });

  it('is done, and says so', async () => {
    const target = await one.make(deployed.memory);
    const outcome = await deployed.carryOut(one.action, target);
    expect([outcome.kind, 'because' in outcome ? outcome.because : '']).toEqual(['done', '']);
  });

  it('makes no write that it need not', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    expect(deployed.writes).toEqual(one.writes);
  });

  it('calls only what its permissions name', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    const { reads, writes } = one.action.permissions;
    const named: readonly string[] = [...reads, ...writeActions(writes)];
    expect(deployed.calls.filter((call) => !call.startsWith('dynamodb:') && !named.includes(call))).toEqual(
      [],
    );
  });

  it('writes nothing when it is called again', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    const { kind } = await deployed.carryOut(one.action, target);
    expect([kind, deployed.writes]).toEqual(['already-done', one.writes]);
  });

  it('makes the same of it, with one set of writes and one action run, wherever its process is killed', async () => {
    await killedEverywhere(one, async (target) => {
      await deployed.carryOut(one.action, target);
    });
    expect.assertions(2);
  });
});

describe.each(cases)('what was there before $name', (one: Case) => {
  it('is said in words', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    const [run] = await actionRunsOf(target);
    const clauses = one.action.was(one.action.before.parse(run?.before));
    expect(clauses).not.toEqual([]);
    for (const clause of clauses) expect(clause).toMatch(/^[\w-]+ \w+ \w+/);
  });
});

describe.each(reversible)('the undo of $name', (one) => {
  it('brings back what was there', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    const { kind } = await deployed.undo(one.action, target);
    expect([kind, await one.readState(target)]).toEqual(['undone', one.before]);
  });

  it('makes no write that it need not', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    await deployed.undo(one.action, target);
    expect(deployed.writes).toEqual([...one.writes, ...one.undone]);
  });

  it('writes nothing when it is called again', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    await deployed.undo(one.action, target);
    const { kind } = await deployed.undo(one.action, target);
    expect([kind, deployed.writes]).toEqual(['already-undone', [...one.writes, ...one.undone]]);
  });

  it('makes the same of it, with one set of writes, wherever its process is killed', async () => {
    await killedEverywhere(
      one,
      async (target) => {
        await deployed.undo(one.action, target);
      },
      async (target) => {
        await deployed.carryOut(one.action, target);
      },
    );
    expect.assertions(2);
  });
});

describe.each(cases.filter(({ undone }) => undone === 'command'))('the undo of $name', (one: Case) => {
  it('is a command that is printed and not run', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    const { kind } = await deployed.undo(one.action, target);
    expect([kind, await one.readState(target)]).toEqual(['command', one.after]);
  });
});

describe.each(cases.filter(({ meddle }) => meddle !== undefined))('the undo of $name', (one: Case) => {
  it('is refused when somebody else has changed the resource, and changes nothing', async () => {
    const target = await one.make(deployed.memory);
    await deployed.carryOut(one.action, target);
    await one.meddle?.(target);
    const found = await one.readState(target);
    const { kind } = await deployed.undo(one.action, target);
    expect([kind, await one.readState(target)]).toEqual(['refused', found]);
  });
});

describe('several findings of one resource', () => {
  const [volume] = cases;

  it('share its tags, and each takes its own part away', async () => {
    if (volume === undefined) throw new Error('there is no case');
    const one = await volume.make(deployed.memory);
    const control = 'another-control';
    const finding = { ...one.finding, id: findingId(control, one.resource), control };
    const other: Target = { ...one, finding };
    await deployed.carryOut(volume.action, one);
    await deployed.carryOut(volume.action, other);
    const both = await volume.readState(one);
    await deployed.undo(volume.action, one);
    const left = await volume.readState(one);
    await deployed.undo(volume.action, other);
    expect([both, left, await volume.readState(one)]).toEqual([
      tagsOf('another-control ec2-volume-encryption'),
      tagsOf('another-control'),
      ['owner=ana'],
    ]);
  });
});

function tagsOf(controls: string): readonly string[] {
  return [
    'owner=ana',
    'trailseal:at',
    `trailseal:controls=${controls}`,
    'trailseal:finding',
    'trailseal:status=failed',
  ];
}

describe('the undo', () => {
  it.each(reversible)('of $name calls only what its permissions name', async ({ action, make }) => {
    const target = await make(deployed.memory);
    await deployed.carryOut(action, target);
    const before = deployed.calls.length;
    await deployed.undo(action, target);
    const { reads, writes } = action.undo.kind === 'restores' ? action.undo.permissions : action.permissions;
    const named: readonly string[] = [...action.permissions.reads, ...reads, ...writeActions(writes)];
    const calls = deployed.calls.slice(before).filter((call) => !call.startsWith('dynamodb:'));
    expect(calls.filter((call) => !named.includes(call))).toEqual([]);
  });
});

describe('the journal', () => {
  const resource: Resource = {
    type: 'AwsKmsKey',
    id: 'k',
    arn: `arn:aws:kms:${region}:${account}:key/k`,
    account,
    region,
  };
  const id = findingId('a', resource);
  const actionRun: ActionRun = {
    finding: { id, control: 'a', title: 'A', severity: 'LOW', openedAt: null },
    action: 'fix:enable-key',
    sequence: 1,
    resource,
    settings: {},
    status: 'begun',
    decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It fails.' },
    plan: [],
    before: {},
    after: [],
    begunAt: '2026-11-21T10:00:00.000Z',
    doneAt: null,
    undoneAt: null,
    undo: null,
    notes: [],
    lease: null,
    version: 1,
    writer: 'run-1',
  };

  it('takes one action run of a sequence', async () => {
    const { journal } = deployed;
    expect([await journal.begin(actionRun), await journal.begin({ ...actionRun, writer: 'run-2' })]).toEqual([
      true,
      false,
    ]);
  });

  it('knows a write of which the answer was lost', async () => {
    const { journal } = deployed;
    expect([await journal.begin(actionRun), await journal.begin(actionRun)]).toEqual([true, true]);
  });

  it('takes one version after another, from one run', async () => {
    const { journal } = deployed;
    await journal.begin(actionRun);
    const first = await journal.save({ ...actionRun, version: 2 });
    expect([first, await journal.save({ ...actionRun, version: 2, writer: 'run-2' })]).toEqual([true, false]);
  });

  it('knows a version of which the answer was lost', async () => {
    const { journal } = deployed;
    await journal.begin(actionRun);
    const first = await journal.save({ ...actionRun, version: 2 });
    expect([first, await journal.save({ ...actionRun, version: 2 })]).toEqual([true, true]);
  });

  it('finds the newest action run of an action, beyond the tenth', async () => {
    const { journal } = deployed;
    for (const sequence of [1, 2, 9, 10, 11]) await journal.begin({ ...actionRun, sequence });
    await journal.begin({ ...actionRun, action: 'fix:enable-rotation', sequence: 20 });
    expect((await journal.latest(id, 'fix:enable-key'))?.sequence).toBe(11);
  });

  it('refuses an action run that was changed by hand', async () => {
    const { journal } = deployed;
    await journal.begin(actionRun);
    const { dynamodb } = bystanders();
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: `actions-${tables}`,
        Key: actionRunKey(actionRun),
        UpdateExpression: 'SET formatVersion = :v',
        ExpressionAttributeValues: { ':v': { N: '0' } },
      }),
    );
    await expect(journal.latest(id, 'fix:enable-key')).rejects.toThrow(/Another version of Trailseal/);
  });

  it('lists the action runs begun since a time, in their order', async () => {
    const targets = await Promise.all(reversible.slice(0, 3).map((one) => one.make(deployed.memory)));
    for (const [index, target] of targets.entries()) {
      await deployed.carryOut(reversible[index]?.action ?? cases[0]?.action ?? fail(), target);
    }
    const actionRuns = await deployed.journal.since(
      { account, region },
      new Date('2026-11-19T00:00:00.000Z'),
    );
    expect(actionRuns.map(({ finding }) => finding.id)).toEqual(targets.map(({ finding }) => finding.id));
  });

  it('lists no action run from before that time', async () => {
    const [one] = reversible;
    const target = await one?.make(deployed.memory);
    if (one === undefined || target === undefined) fail();
    await deployed.carryOut(one.action, target);
    expect(await deployed.journal.since({ account, region }, new Date('2026-11-21T11:00:00.000Z'))).toEqual(
      [],
    );
  });

  it('keeps an action run as it was begun', async () => {
    const [one] = reversible;
    const target = await one?.make(deployed.memory);
    if (one === undefined || target === undefined) fail();
    const outcome = await deployed.carryOut(one.action, target);
    expect(await actionRunsOf(target)).toEqual([outcome.kind === 'done' ? outcome.actionRun : fail()]);
  });
});

function fail(): never {
  throw new Error('there is nothing to test with');
}

/**
 * Kills a process before its first call and after each of its calls, one resource each; then another process does it
 * again. To be killed before a call is the same as after the one before it, for all that AWS and the next process know.
 * Asserts that none of them made anything else of it than a process that was left alone, and that there were any.
 */
async function killedEverywhere(
  one: Case,
  act: (target: Target) => Promise<void>,
  first: (target: Target) => Promise<void> = async () => undefined,
): Promise<void> {
  const run = async (call: number, moment: 'before' | 'after') => {
    const made = await one.make(deployed.memory);
    // There is one account, and one run history of it: each time, another control finds it.
    const target = made.resource.type === 'AwsAccount' ? foundBy(`control-${call}-${moment}`, made) : made;
    await first(target);
    const written = deployed.writes.length;
    deployed.killAt({ call, moment });
    try {
      await act(target);
    } catch (error) {
      if (!isKill(error)) throw error;
    }
    const killed = deployed.revive();
    if (killed) await act(target);
    const actionRuns = await actionRunsOf(target);
    return {
      killed,
      left: {
        state: await one.readState(target),
        writes: deployed.writes.slice(written).sort(),
        actionRuns: actionRuns.map(({ status, sequence, lease, decision }) => ({
          status,
          sequence,
          lease,
          decision,
        })),
      },
    };
  };
  const alone = (await run(0, 'before')).left;
  const others: { readonly at: string; readonly left: unknown }[] = [];
  for (let call = 0; ; call += 1) {
    const { killed, left } = call === 0 ? await run(1, 'before') : await run(call, 'after');
    if (!killed) break;
    others.push({ at: `call ${call}`, left });
  }
  expect(others).toEqual(others.map(({ at }) => ({ at, left: alone })));
  expect(others.length).toBeGreaterThan(6);
}

/** Whether the process was killed, and nothing else went wrong; the journal gives the reason as the cause. */
function isKill(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof Killed) return true;
  return false;
}

function foundBy(control: string, { resource, finding, settings }: Target): Target {
  return { resource, finding: { ...finding, control, id: findingId(control, resource) }, settings };
}
