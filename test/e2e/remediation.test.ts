/**
 * Remediation from the event to the changed resource and back: the state table's stream, Trailseal's own bus, its queues and
 * functions, SNS, and the operators' commands. Every automatic action once; its other outcomes are tested in
 * `test/emulator/` and `test/remediation/`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../lib/core/json.ts';
import { eventually, stack } from './deployed-stack.ts';
import { type FailingCase, failingCases, findingOf } from './failing-cases.ts';
import { tagsOfFailure } from './failing-resources.ts';
import {
  arnOfInstance,
  describeInstance,
  exempt,
  fixInstance,
  isolationGroups,
  launch,
  makeNetwork,
  type Network,
  putCall,
  putLaunchEvent,
  snapshotsOf,
  swapGroups,
  terminate,
} from './instances.ts';
import {
  actionRunsOf,
  arnOfKey,
  deploy,
  disabledKey,
  fixLimit,
  gracePeriodsEnded,
  putEnabledEvent,
  remove,
  type Subscription,
  scheduledScan,
  stateOf,
  statusesOf,
  subscribe,
  tagsOf,
  trailseal,
} from './remediation-deployment.ts';
import { put } from './stack.ts';

const policyFile = 'test/e2e/remediation.policy.yml';
const longestWait = 80_000;
const yes = ['--yes', '--reason', 'a test'];

let subscription: Subscription | undefined;
/** By case: the id of the resource, and its state before the event. */
const made = new Map<FailingCase, { readonly id: string; readonly was: unknown }>();
let network: Network = { vpc: '', subnet: '', groups: [] };
let instances: Readonly<Record<'quarantined' | 'exempt' | 'fixed' | 'deleted', string>>;

/** Everything fails before the first test, because quarantine has a grace period of a minute. */
beforeAll(async () => {
  await deploy(policyFile);
  subscription = await subscribe();
  await Promise.all([failInstances(), ...failingCases.map(fail)]);
}, 300_000);
afterAll(async () => {
  await subscription?.end();
  await remove(policyFile);
}, 180_000);

async function failInstances(): Promise<void> {
  network = await makeNetwork();
  const [one, two] = [await launch(network), await launch(network)];
  instances = { quarantined: one[0], exempt: one[1], fixed: two[0], deleted: two[1] };
  await putLaunchEvent(one);
  await putLaunchEvent(two);
  // The rest happens within the grace period, which has begun when there are tags.
  await eventually(async () => {
    const tags = await Promise.all(
      Object.values(instances).map(async (id) => (await describeInstance(id)).tags),
    );
    expect(tags).toEqual(tags.map(() => ['owner=ana', ...tagsOfFailure('ec2-transit-encryption')]));
  }, longestWait);
  await exempt(instances.exempt);
  await fixInstance(instances.fixed);
  await terminate(instances.deleted);
}

async function fail(one: FailingCase): Promise<void> {
  const id = await one.make();
  made.set(one, { id, was: await one.describe(id) });
  await put(stack, [one.eventOf(id)]);
}

function caseOf(one: FailingCase) {
  const found = made.get(one);
  if (found === undefined) throw new Error(`${one.action} has no resource`);
  return found;
}

const notificationsOf = async (id: string) => (await subscription?.of(id)) ?? [];
const kindsOf = async (id: string, action: string) => (await subscription?.kinds(id, action)) ?? [];

describe('a key that somebody disables', () => {
  let id = '';
  beforeAll(async () => {
    id = await disabledKey();
  });

  it('is enabled again', async () => {
    await eventually(async () => expect(await stateOf(id)).toBe('Enabled'), longestWait);
  });

  it('has the tags of its failure, and loses them when it passes', async () => {
    expect(await tagsOf(id)).toMatchObject({
      'trailseal:status': expect.any(String),
      'trailseal:controls': 'kms-key-disabled',
    });
    await putEnabledEvent(id);
    await eventually(async () => expect(await tagsOf(id)).toEqual({}));
  });

  it('is in the run history with its actions', async () => {
    expect(await statusesOf(id)).toEqual([
      ['fix:enable-key', 'done'],
      ['tag', 'undone'],
    ]);
  });

  it('is in notifications when it fails, when an action is done, and when it passes', async () => {
    await eventually(async () => {
      const kinds = new Set((await notificationsOf(id)).map((message) => text(message, 'kind')));
      expect([...kinds]).toEqual(expect.arrayContaining(['opened', 'done', 'resolved']));
    });
  });

  it('is in no notification about its tags', async () => {
    const actions = (await notificationsOf(id)).map((message) => text(message, 'action'));
    expect(actions).toContain('fix:enable-key');
    expect(actions).not.toContain('tag');
  });

  it('is disabled again by undo', async () => {
    const { code, all } = await trailseal('undo', arnOfKey(id), '--action', 'fix:enable-key', ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await stateOf(id)).toBe('Disabled');
  });
});

describe.each(failingCases)('$action for $control', (one) => {
  it('fixes or tags the resource', async () => {
    const { id, was } = caseOf(one);
    await eventually(
      async () => expect([was, await one.describe(id)]).toEqual([one.before, one.after]),
      longestWait,
    );
  });

  it('is in the run history as done, and in a notification, unless it is a tag', async () => {
    const { id } = caseOf(one);
    await eventually(async () => expect(await statusesOf(id)).toContainEqual([one.action, 'done']));
    const kinds = one.action === 'tag' ? [] : ['done'];
    await eventually(async () => expect(await kindsOf(id, one.action)).toEqual(kinds));
  });
});

describe('the undo', () => {
  const undo = ({ control, action }: FailingCase, id: string) =>
    trailseal('undo', findingOf(control, id), '--action', action, ...yes);

  it.each(failingCases.filter(({ undo }) => undo === 'restores'))(
    'of $action for $control restores the resource',
    async (one) => {
      const { id } = caseOf(one);
      const { code, all } = await undo(one, id);
      expect([code, await one.describe(id), all]).toEqual([0, one.before, expect.any(String)]);
    },
  );

  it.each(failingCases.filter(({ undo }) => undo === 'command'))(
    'of $action prints a command and does not run it',
    async (one) => {
      const { id } = caseOf(one);
      const { code, out } = await undo(one, id);
      expect([code, await one.describe(id), out]).toEqual([
        1,
        one.after,
        expect.stringContaining('aws kms '),
      ]);
    },
  );
});

describe('an instance at the end of its grace period', () => {
  it('was in a notification before as pending', async () => {
    await eventually(async () => {
      expect(await kindsOf(instances.quarantined, 'quarantine')).toContain('pending');
    });
  });

  it('is isolated: its only group allows no traffic in and none out', async () => {
    await eventually(async () => {
      const [isolation] = await isolationGroups(network.vpc);
      expect(isolation).toMatchObject({ ingress: 0, egress: 0 });
      expect(await describeInstance(instances.quarantined)).toMatchObject({
        groups: [isolation?.id],
        protected: true,
      });
    }, 100_000);
  }, 120_000);

  it('has a snapshot of each volume', async () => {
    expect(Object.values(await snapshotsOf(instances.quarantined))).toEqual([1]);
  });

  it('is in the run history, and in notifications', async () => {
    await eventually(async () => {
      expect(await statusesOf(instances.quarantined)).toEqual([
        ['quarantine', 'done'],
        ['tag', 'done'],
      ]);
      expect(await kindsOf(instances.quarantined, 'quarantine')).toEqual(['pending', 'done']);
    });
  });

  it('is unchanged where it was exempted by a tag, fixed or terminated meanwhile', async () => {
    await gracePeriodsEnded();
    const { exempt: exempted, fixed, deleted } = instances;
    expect(await Promise.all([describeInstance(exempted), describeInstance(fixed)])).toMatchObject([
      { groups: network.groups, protected: false },
      { groups: network.groups, protected: false },
    ]);
    const actionRuns = (await Promise.all([exempted, fixed, deleted].map(actionRunsOf))).flat();
    expect(actionRuns.filter((actionRun) => text(actionRun, 'action') === 'quarantine')).toEqual([]);
  });

  it('is isolated again when its owner puts the groups back, which an event tells, as the policy says', async () => {
    const [isolation] = await isolationGroups(network.vpc);
    const { quarantined } = instances;
    const eni = await swapGroups(quarantined, network.groups);
    await putCall('ModifyNetworkInterfaceAttribute', {
      networkInterfaceId: eni,
      groupSet: { items: network.groups.map((groupId) => ({ groupId })) },
    });
    await eventually(async () => {
      expect((await describeInstance(quarantined)).groups).toEqual([isolation?.id]);
      expect(await statusesOf(quarantined)).toEqual([
        ['quarantine', 'done'],
        ['quarantine', 'reverted'],
        ['tag', 'done'],
      ]);
    }, longestWait);
    await eventually(async () => {
      const told = (await notificationsOf(quarantined)).filter((one) => text(one, 'kind') === 'reverted');
      expect(told.map((one) => JSON.stringify(one))).toEqual([
        expect.stringContaining(`CloudTrail tells of ModifyNetworkInterfaceAttribute by arn:aws:iam::`),
      ]);
    });
  }, 120_000);

  it('is isolated again by the scheduled scan where no event tells, and not once more than the policy says', async () => {
    const [isolation] = await isolationGroups(network.vpc);
    const { quarantined } = instances;
    const [swapped] = network.groups;
    await swapGroups(quarantined, [swapped ?? '']);
    await scheduledScan();
    await eventually(async () => {
      expect((await describeInstance(quarantined)).groups).toEqual([isolation?.id]);
    }, longestWait);
    await swapGroups(quarantined, [swapped ?? '']);
    await putCall('ModifyInstanceAttribute', {
      instanceId: quarantined,
      groupSet: { items: [{ groupId: swapped }] },
    });
    await eventually(async () => {
      expect((await actionRunsOf(quarantined)).map((one) => text(one, 'reversal', 'response'))).toContain(
        'notify',
      );
    }, longestWait);
    expect((await describeInstance(quarantined)).groups).toEqual([swapped]);
    // Its owner has thought better of it: what is undone is the quarantine that is in place.
    await swapGroups(quarantined, [isolation?.id ?? '']);
  }, 240_000);

  it('gets its groups back by undo, without tags and protection', async () => {
    const { code, all } = await trailseal('undo', arnOfInstance(instances.quarantined), ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await describeInstance(instances.quarantined)).toEqual({
      groups: network.groups,
      tags: ['owner=ana'],
      protected: false,
    });
  });
});

describe('while the kill switch is engaged', () => {
  beforeAll(async () => {
    await trailseal('kill-switch', 'on', '--reason', 'a test');
  });
  afterAll(async () => {
    await trailseal('kill-switch', 'off', ...yes);
  });

  it('nothing is changed, and a notification says why', async () => {
    const id = await disabledKey();
    await eventually(
      async () => expect(JSON.stringify(await notificationsOf(id))).toContain('kill switch'),
      longestWait,
    );
    expect([await stateOf(id), await tagsOf(id)]).toEqual(['Disabled', {}]);
  });
});

describe('when a limit is reached', () => {
  const enabled = (id: string) =>
    eventually(async () => expect(await stateOf(id)).toBe('Enabled'), longestWait);

  // Failures of several principals, those of the other tests among them, have used up the limit.
  it('the next key is unchanged, and the circuit breaker is open until it is reset', async () => {
    const before = await fixLimit(policyFile);
    expect(before).toMatchObject({ open: false, left: expect.any(Number) });
    const last = await Promise.all(Array.from({ length: before.left }, () => disabledKey()));
    await Promise.all(last.map(enabled));
    const next = await disabledKey();
    await eventually(
      async () => expect(JSON.stringify(await notificationsOf(next))).toContain('Rate limit reached'),
      longestWait,
    );
    expect([await stateOf(next), await fixLimit(policyFile)]).toEqual(['Disabled', { open: true, left: 0 }]);
    const { code } = await trailseal('breaker', 'reset', 'fix', ...yes);
    expect(code).toBe(0);
    await enabled(await disabledKey());
  });
});
