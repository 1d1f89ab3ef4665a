/**
 * Remediation from the event to the changed resource and back: the state table's stream, Trailseal's own bus, its queues and
 * functions, SNS, and the operators' commands. Every action that may be done by itself, once; what else can come of
 * each is held by `test/emulator/` and `test/actions/`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../lib/core/json.ts';
import { eventually, stack } from './account.ts';
import { type Failing, failing, findingOf } from './failing.ts';
import { tagsOfFailure } from './failing-resources.ts';
import {
  arnOfInstance,
  exempt,
  isolationGroups,
  launch,
  lookAt,
  makeNetwork,
  mend,
  type Network,
  snapshotsOf,
  tellLaunch,
  terminate,
} from './instances.ts';
import {
  actionRunsOf,
  arnOfKey,
  deploy,
  disabledKey,
  fixesOf,
  graceIsOver,
  remove,
  type Subscription,
  stateOf,
  statusesOf,
  subscribe,
  tagsOf,
  tellEnabled,
  trailseal,
} from './remediation-deployment.ts';
import { put } from './stack.ts';

const policyFile = 'test/e2e/remediation.policy.yml';
const longestWait = 80_000;
const yes = ['--yes', '--reason', 'a test'];

let subscription: Subscription | undefined;
/** By case: the id of what fails, and what it was like before anybody was told. */
const made = new Map<Failing, { readonly id: string; readonly was: unknown }>();
let network: Network = { vpc: '', subnet: '', groups: [] };
let instances: Readonly<Record<'quarantined' | 'exempt' | 'mended' | 'deleted', string>>;

/** All of it is made to fail at first, and looked at afterwards: quarantine has a grace period of a minute. */
beforeAll(async () => {
  await deploy(policyFile);
  subscription = await subscribe();
  await Promise.all([failInstances(), ...failing.map(fail)]);
}, 300_000);
afterAll(async () => {
  await subscription?.end();
  await remove(policyFile);
}, 180_000);

async function failInstances(): Promise<void> {
  network = await makeNetwork();
  const [one, two] = [await launch(network), await launch(network)];
  instances = { quarantined: one[0], exempt: one[1], mended: two[0], deleted: two[1] };
  await tellLaunch(one);
  await tellLaunch(two);
  // Within the grace period, which has begun when there are tags.
  await eventually(async () => {
    const tags = await Promise.all(Object.values(instances).map(async (id) => (await lookAt(id)).tags));
    expect(tags).toEqual(tags.map(() => ['owner=ana', ...tagsOfFailure('ec2-transit-encryption')]));
  }, longestWait);
  await exempt(instances.exempt);
  await mend(instances.mended);
  await terminate(instances.deleted);
}

async function fail(one: Failing): Promise<void> {
  const id = await one.make();
  made.set(one, { id, was: await one.look(id) });
  await put(stack, [one.told(id)]);
}

function caseOf(one: Failing) {
  const found = made.get(one);
  if (found === undefined) throw new Error(`${one.action} has no resource`);
  return found;
}

const toldOf = async (id: string) => (await subscription?.of(id)) ?? [];
const kindsOf = async (id: string, action: string) => (await subscription?.kinds(id, action)) ?? [];

describe('a key that somebody disables', () => {
  let id = '';
  beforeAll(async () => {
    id = await disabledKey();
  });

  it('is enabled again', async () => {
    await eventually(async () => expect(await stateOf(id)).toBe('Enabled'), longestWait);
  });

  it('bears the tags of its failure, and loses them when it passes', async () => {
    expect(await tagsOf(id)).toMatchObject({
      'trailseal:status': expect.any(String),
      'trailseal:controls': 'kms-key-disabled',
    });
    await tellEnabled(id);
    await eventually(async () => expect(await tagsOf(id)).toEqual({}));
  });

  it('is in the journal with what was done', async () => {
    expect(await statusesOf(id)).toEqual([
      ['fix:enable-key', 'done'],
      ['tag', 'undone'],
    ]);
  });

  it('is told to people when it fails, when something is done, and when it passes', async () => {
    await eventually(async () => {
      const kinds = new Set((await toldOf(id)).map((message) => text(message, 'kind')));
      expect([...kinds]).toEqual(expect.arrayContaining(['opened', 'done', 'resolved', 'undone']));
    });
  });

  it('is disabled again by undo', async () => {
    const { code, all } = await trailseal('undo', arnOfKey(id), '--action', 'fix:enable-key', ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await stateOf(id)).toBe('Disabled');
  });
});

describe.each(failing)('$action for $control', (one) => {
  it('changes what fails into what it should be', async () => {
    const { id, was } = caseOf(one);
    await eventually(
      async () => expect([was, await one.look(id)]).toEqual([one.before, one.after]),
      longestWait,
    );
  });

  it('is in the journal as done, and told to people', async () => {
    const { id } = caseOf(one);
    await eventually(async () => expect(await statusesOf(id)).toContainEqual([one.action, 'done']));
    await eventually(async () => expect(await kindsOf(id, one.action)).toEqual(['done']));
  });
});

describe('the undo', () => {
  const undo = ({ control, action }: Failing, id: string) =>
    trailseal('undo', findingOf(control, id), '--action', action, ...yes);

  it.each(failing.filter(({ undo }) => undo === 'restores'))(
    'of $action for $control brings back what was there',
    async (one) => {
      const { id } = caseOf(one);
      const { code, all } = await undo(one, id);
      expect([code, await one.look(id), all]).toEqual([0, one.before, expect.any(String)]);
    },
  );

  it.each(failing.filter(({ undo }) => undo === 'command'))(
    'of $action is a command, which is printed and not run',
    async (one) => {
      const { id } = caseOf(one);
      const { code, out } = await undo(one, id);
      expect([code, await one.look(id), out]).toEqual([1, one.after, expect.stringContaining('aws kms ')]);
    },
  );
});

describe('an instance at the end of its grace period', () => {
  it('was told to people before as what will be quarantined', async () => {
    await eventually(async () => {
      expect(await kindsOf(instances.quarantined, 'quarantine')).toContain('pending');
    });
  });

  it('is cut off: its only group is one that lets nothing in and nothing out', async () => {
    await eventually(async () => {
      const [isolation] = await isolationGroups(network.vpc);
      expect(isolation).toMatchObject({ ingress: 0, egress: 0 });
      expect(await lookAt(instances.quarantined)).toMatchObject({ groups: [isolation?.id], protected: true });
    }, 100_000);
  }, 120_000);

  it('has a snapshot of each volume', async () => {
    expect(Object.values(await snapshotsOf(instances.quarantined))).toEqual([1]);
  });

  it('is in the journal, and told to people', async () => {
    await eventually(async () => {
      expect(await statusesOf(instances.quarantined)).toEqual([
        ['quarantine', 'done'],
        ['tag', 'done'],
      ]);
      expect(await kindsOf(instances.quarantined, 'quarantine')).toEqual(['pending', 'done']);
    });
  });

  it('is left alone where it was exempted by a tag, fixed or terminated meanwhile', async () => {
    await graceIsOver();
    const { exempt: free, mended, deleted } = instances;
    expect(await Promise.all([lookAt(free), lookAt(mended)])).toMatchObject([
      { groups: network.groups, protected: false },
      { groups: network.groups, protected: false },
    ]);
    const actionRuns = (await Promise.all([free, mended, deleted].map(actionRunsOf))).flat();
    expect(actionRuns.filter((actionRun) => text(actionRun, 'action') === 'quarantine')).toEqual([]);
  });

  it('has its groups back by undo, and neither tags nor protection', async () => {
    const { code, all } = await trailseal('undo', arnOfInstance(instances.quarantined), ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await lookAt(instances.quarantined)).toEqual({
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

  it('nothing is done, and people are told why', async () => {
    const id = await disabledKey();
    await eventually(
      async () => expect(JSON.stringify(await toldOf(id))).toContain('kill switch'),
      longestWait,
    );
    expect([await stateOf(id), await tagsOf(id)]).toEqual(['Disabled', {}]);
  });
});

describe('when a limit is reached', () => {
  const enabled = (id: string) =>
    eventually(async () => expect(await stateOf(id)).toBe('Enabled'), longestWait);

  it('the next key is left alone, and the breaker is open until a person closes it', async () => {
    const before = await fixesOf(policyFile);
    expect(before).toMatchObject({ open: false, left: expect.any(Number) });
    const last = await Promise.all(Array.from({ length: before.left }, () => disabledKey()));
    await Promise.all(last.map(enabled));
    const next = await disabledKey();
    await eventually(
      async () => expect(JSON.stringify(await toldOf(next))).toContain('guardrail'),
      longestWait,
    );
    expect([await stateOf(next), await fixesOf(policyFile)]).toEqual(['Disabled', { open: true, left: 0 }]);
    const { code } = await trailseal('breaker', 'close', 'fix', ...yes);
    expect(code).toBe(0);
    await enabled(await disabledKey());
  });
});
