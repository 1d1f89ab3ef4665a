import { describe, expect, it } from 'vitest';
import { type FindingSummary, UnderWay } from '../../../lib/core/action.ts';
import type { RunAdmissionRequest } from '../../../lib/remediation/actions/run.ts';
import { accountRegion, fakeKey, leaseFor } from './simulated-resource.ts';

const operator = { actor: 'operator', name: 'ana', reason: 'It is needed.' } as const;
const refused = { admitted: false, because: 'The kill switch is engaged.' } as const;

describe('an action that is carried out', () => {
  it('stores what was there, who decided, why, and what came of it', async () => {
    const key = fakeKey();
    await key.carryOut();
    expect(await key.actionRun()).toMatchObject({
      status: 'done',
      before: { value: 'disabled' },
      after: ['the key is enabled'],
      plan: ['Enable the key.'],
      decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It is disabled.' },
      begunAt: '2026-11-21T10:00:00.000Z',
      doneAt: '2026-11-21T10:00:00.000Z',
      lease: null,
    });
  });

  it('has the state before in the run history ahead of the first write', async () => {
    let stored: unknown;
    const key = fakeKey({
      apply: async () => {
        stored = (await key.actionRun())?.before;
        key.state.value = 'enabled';
      },
    });
    await key.carryOut();
    expect(stored).toEqual({ value: 'disabled' });
  });

  it('stores no tags, which change', async () => {
    const key = fakeKey();
    await key.carryOut();
    expect((await key.actionRun())?.resource.tags).toBeUndefined();
  });

  it('waits until AWS shows the change', async () => {
    let checks = 0;
    const key = fakeKey({
      check: async () => {
        checks += 1;
        return checks < 3 ? { kind: 'differs', differences: ['not yet'], partial: true } : { kind: 'as-set' };
      },
    });
    expect([(await key.carryOut()).kind, key.waits]).toEqual(['done', [500, 1_000]]);
  });

  it('is written again when it was lost', async () => {
    let tries = 0;
    const key = fakeKey({
      apply: async () => {
        tries += 1;
        if (tries === 2) key.state.value = 'enabled';
      },
    });
    expect((await key.carryOut()).kind).toBe('done');
  });

  it('is not done where the resource is as it should be', async () => {
    const key = fakeKey();
    key.state.value = 'enabled';
    expect(await key.carryOut()).toEqual({ kind: 'needless', because: 'It is enabled.' });
  });

  it('is done once', async () => {
    const key = fakeKey();
    await key.carryOut();
    const { kind } = await key.carryOut();
    expect([kind, key.state.writes]).toEqual(['already-done', 1]);
  });

  it('is a new action run when the resource fails anew', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.value = 'disabled';
    await key.carryOut();
    expect(await key.actionRun()).toMatchObject({ sequence: 2, status: 'done' });
  });
});

describe('an action is skipped', () => {
  it.each([
    ['of another account', { account: '444455556666' }],
    ['of another Region', { region: 'eu-west-1' }],
    [
      'whose ARN is that of another account',
      { arn: `arn:aws:kms:${accountRegion.region}:444455556666:key/fake-key` },
    ],
    [
      'whose ARN is that of another Region',
      { arn: `arn:aws:kms:eu-west-1:${accountRegion.account}:key/fake-key` },
    ],
    ['whose ARN is none', { arn: 'fake-key' }],
  ])('from a resource %s', async (_what, other) => {
    const key = fakeKey();
    const { resource } = key.target;
    const { kind } = await key.carryOut({}, { ...key.target, resource: { ...resource, ...other } });
    expect([kind, key.state.writes]).toEqual(['skipped', 0]);
  });

  it('when it is not admitted, and leaves nothing in the run history', async () => {
    const key = fakeKey();
    const outcome = await key.carryOut({ admit: async () => refused });
    expect([outcome, await key.actionRun()]).toEqual([
      { kind: 'skipped', because: refused.because, refusal: refused },
      undefined,
    ]);
  });

  it('when the settings are not those of the action', async () => {
    const key = fakeKey();
    expect((await key.carryOut({}, { ...key.target, settings: { colour: 'red' } })).kind).toBe('skipped');
  });

  it('before it writes, when what was there is not of the shape that a later run could read', async () => {
    const key = fakeKey({
      prepare: async () => ({ kind: 'ready', before: JSON.parse('{"value":7}'), plan: [] }),
    });
    await expect(key.carryOut()).rejects.toThrow();
    expect(key.state.writes).toBe(0);
  });
});

describe('of two runs at the same time', () => {
  it('one acts', async () => {
    const key = fakeKey();
    const kinds = (await Promise.all([key.carryOut(), key.carryOut()])).map(({ kind }) => kind);
    expect([kinds.sort(), key.state.writes]).toEqual([['busy', 'done'], 1]);
  });

  it('the second waits for the lease of the first', async () => {
    const key = fakeKey();
    await key.interrupted();
    expect(await key.carryOut()).toMatchObject({ kind: 'busy' });
  });
});

describe('a run that was interrupted', () => {
  it('is resumed when its lease has run out', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    const { kind } = await key.carryOut();
    expect([kind, (await key.actionRun())?.sequence]).toEqual(['done', 1]);
  });

  it('is not prepared anew', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    key.state.value = 'enabled';
    await key.carryOut();
    expect(await key.actionRun()).toMatchObject({ before: { value: 'disabled' }, status: 'done' });
  });

  it('is not resumed while it is not admitted', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    const { kind } = await key.carryOut({ admit: async () => refused });
    expect([kind, key.state.writes, (await key.actionRun())?.status]).toEqual(['skipped', 0, 'begun']);
  });

  it('is admitted under the same name', async () => {
    const key = fakeKey();
    const asked: string[] = [];
    const admit = async ({ actionRunName, step }: RunAdmissionRequest) => {
      asked.push(`${step} ${actionRunName}`);
      return { admitted: true } as const;
    };
    key.state.fault = new Error('no answer');
    await key.carryOut({ admit });
    await key.carryOut({ admit });
    expect(asked).toEqual([
      'begin trailseal/fake-control/111122223333/eu-central-1/fake-key fix:enable-key 1',
      'resume trailseal/fake-control/111122223333/eu-central-1/fake-key fix:enable-key 1',
    ]);
  });

  it('is ended, and prepared anew, when somebody else has changed the resource meanwhile', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    key.state.value = 'changed';
    await key.carryOut();
    expect(
      (await key.history.of('trailseal/fake-control/111122223333/eu-central-1/fake-key')).map(
        ({ status, before }) => [status, before],
      ),
    ).toEqual([
      ['superseded', { value: 'disabled' }],
      ['done', { value: 'changed' }],
    ]);
  });

  it('is ended when the resource was deleted', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    key.state.value = 'deleted';
    const { kind } = await key.carryOut();
    expect([kind, (await key.actionRun())?.status]).toEqual(['deleted', 'deleted']);
  });
});

describe('a run in which AWS fails', () => {
  it('is partially completed, says what differs and why, and gives up its lease for the next run', async () => {
    const key = fakeKey();
    key.state.fault = new Error('no answer');
    expect(await key.carryOut()).toMatchObject({
      kind: 'partially-completed',
      differences: ['the key is disabled'],
      because: 'AWS did not do all of it: Error (no answer).',
      cause: key.state.fault,
      actionRun: { status: 'begun', lease: null },
    });
  });

  it('is done when AWS works again in the next run', async () => {
    const key = fakeKey();
    key.state.fault = new Error('no answer');
    await key.carryOut();
    key.state.fault = undefined;
    expect((await key.carryOut()).kind).toBe('done');
  });

  it('is done when only the answer was lost', async () => {
    const key = fakeKey({
      apply: async () => {
        key.state.value = 'enabled';
        throw new Error('timeout');
      },
    });
    expect((await key.carryOut()).kind).toBe('done');
  });

  it('is under way when AWS only needs more time', async () => {
    const key = fakeKey({
      apply: async () => {
        throw new UnderWay('it is being updated');
      },
    });
    expect(await key.carryOut()).toMatchObject({
      kind: 'under-way',
      because: 'it is being updated',
      actionRun: { status: 'begun', lease: null },
    });
  });

  it('says so when the resource can not be read either', async () => {
    const key = fakeKey({
      check: async () => {
        throw new Error('unreadable');
      },
    });
    expect(await key.carryOut()).toMatchObject({
      kind: 'partially-completed',
      differences: ["the resource can't be read: Error (unreadable)"],
    });
  });
});

/** The finding, with a time at which the resource was seen to pass. */
function seen(finding: FindingSummary, at: string): FindingSummary {
  const actor = {
    type: 'IAMUser',
    arn: 'arn',
    name: 'ana',
    account: undefined,
    sourceIp: undefined,
    userAgent: undefined,
  };
  const passed = {
    status: 'RESOLVED',
    verdict: 'FAIL',
    at,
    eventName: 'ScheduledScan',
    eventId: null,
    actor,
    summary: 'It passes.',
  } as const;
  return { ...finding, history: [passed] };
}

describe('what an operator undid', () => {
  it('is not done again for the same failure by the policy', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo();
    const { kind } = await key.carryOut();
    expect([kind, key.state.value]).toEqual(['skipped', 'disabled']);
  });

  it('is done again once the resource was seen to pass since', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo();
    const finding = seen(key.target.finding, '2026-11-21T10:00:01.000Z');
    expect((await key.carryOut({}, { ...key.target, finding })).kind).toBe('done');
  });

  it('is not done again for a finding that its own success closed, and that the undo opened anew', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.deps.wait(1_000);
    await key.undo();
    const finding = {
      ...seen(key.target.finding, '2026-11-21T10:00:00.500Z'),
      openedAt: '2026-11-21T10:00:02.000Z',
    };
    expect((await key.carryOut({}, { ...key.target, finding })).kind).toBe('skipped');
  });

  it('is done again when an operator asks for it', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo();
    expect((await key.carryOut({ decision: operator })).kind).toBe('done');
  });

  it('is done again when it was the policy that undid it', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo({ decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It passes.' } });
    expect((await key.carryOut()).kind).toBe('done');
  });
});
