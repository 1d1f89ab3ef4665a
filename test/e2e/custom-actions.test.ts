/**
 * Custom actions in Security Hub, from the event of a request to the changed resource and back. The policy changes nothing
 * automatically.
 */
import { readFileSync } from 'node:fs';
import { EnableKeyCommand } from '@aws-sdk/client-kms';
import { type AwsSecurityFinding, BatchUpdateFindingsCommand } from '@aws-sdk/client-securityhub';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { functionName } from '../../lib/aws/names.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { at, text } from '../../lib/core/json.ts';
import { requestCustomAction } from './custom-action-events.ts';
import { eventually, stack } from './deployed-stack.ts';
import { account, region } from './emulated-aws.ts';
import { findingOf } from './failing-cases.ts';
import {
  arnOfInstance,
  describeInstance,
  isolationGroups,
  launch,
  makeNetwork,
  type Network,
  putLaunchEvent,
} from './instances.ts';
import {
  actionRunsOf,
  arnOfKey,
  deploy,
  disabledKey,
  remove,
  type Subscription,
  stage,
  stateOf,
  statusesOf,
  subscribe,
  trailseal,
} from './remediation-deployment.ts';
import { allFindings, required } from './stack.ts';

const policyFile = 'test/e2e/custom-actions.policy.yml';
const longestWait = 80_000;
const yes = ['--yes', '--reason', 'a test'];

let subscription: Subscription | undefined;
let network: Network = { vpc: '', subnet: '', groups: [] };
let keys: Readonly<Record<'fixed' | 'fixedByHand' | 'exempt' | 'otherProduct' | 'suppressed', string>>;
let instance = '';

beforeAll(async () => {
  await deploy(policyFile);
  subscription = await subscribe();
  network = await makeNetwork();
  const launched = await launch(network);
  [instance] = launched;
  await putLaunchEvent(launched);
  const [fixed = '', fixedByHand = '', exempt = '', otherProduct = '', suppressed = ''] = await Promise.all(
    Array.from({ length: 5 }, () => disabledKey()),
  );
  keys = { fixed, fixedByHand, exempt, otherProduct, suppressed };
}, 300_000);
afterAll(async () => {
  await subscription?.end();
  await remove(policyFile);
}, 180_000);

/** A finding in Security Hub, when this deployment has it too: the other tests' deployment publishes the same one. */
async function findingAbout(control: string, id: string): Promise<AwsSecurityFinding> {
  await eventually(async () => {
    const kinds = ((await subscription?.of(id)) ?? []).map((message) => text(message, 'kind'));
    expect(kinds).toContain('opened');
  }, longestWait);
  const found = (await allFindings(stack)).find(({ Id }) => Id === findingOf(control, id));
  return required(found, `the finding about ${id}`);
}

const findingOfKey = (id: string) => findingAbout('kms-key-disabled', id);

async function noteOn(id: string): Promise<string> {
  return (await findingOfKey(id)).Note?.Text ?? '';
}

async function requestForKey(customAction: CustomActionName, id: string): Promise<void> {
  await requestCustomAction(customAction, await findingOfKey(id));
}

describe('a key that the policy only reports', () => {
  it('is enabled when somebody requests "Fix"', async () => {
    const finding = await findingOfKey(keys.fixed);
    expect(await stateOf(keys.fixed)).toBe('Disabled');
    await requestCustomAction('fix', finding);
    await eventually(async () => expect(await stateOf(keys.fixed)).toBe('Enabled'), longestWait);
  });

  it('is in the run history as fixed by an operator', async () => {
    await eventually(async () => {
      expect(await actionRunsOf(keys.fixed)).toMatchObject([
        { action: 'fix:enable-key', status: 'done', decision: { actor: 'operator' } },
      ]);
    });
  });

  it('is in a notification as fixed by an operator', async () => {
    await eventually(async () => {
      const messages = (await subscription?.of(keys.fixed)) ?? [];
      const done = messages.find((message) => text(message, 'kind') === 'done');
      expect(at(done, 'items', 0, 'decision')).toMatchObject({
        by: 'operator',
        why: expect.stringContaining('"Fix"'),
      });
    });
  });

  it('has a note of the request, its actor, its outcome and how to undo it', async () => {
    await eventually(
      async () => expect(await noteOn(keys.fixed)).toMatch(/Done: fix:enable-key/),
      longestWait,
    );
    const note = await noteOn(keys.fixed);
    expect(note).toContain(
      'Requested by an operator whom AWS does not name, by the custom action "Fix" in Security Hub',
    );
    expect(note).toContain('Undo: trailseal undo');
    // Nothing is left of what it said before: Security Hub takes 512 characters, and the command comes first.
    expect(note?.length).toBeLessThanOrEqual(512);
  });

  it('stays enabled when somebody requests the undo, and its note has the command', async () => {
    await requestForKey('undo', keys.fixed);
    const command = `trailseal undo --stage ${stage} --region ${region} --action fix:enable-key '${findingOf('kms-key-disabled', keys.fixed)}'`;
    await eventually(async () => {
      const note = await noteOn(keys.fixed);
      expect(note).toMatch(/^\S+ Not undone: fix:enable-key/);
      expect(note).toContain(command);
    }, longestWait);
    expect(await stateOf(keys.fixed)).toBe('Enabled');
  });

  it('is disabled again when the operator runs the command', async () => {
    const { code, all } = await trailseal('undo', arnOfKey(keys.fixed), '--action', 'fix:enable-key', ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect([await stateOf(keys.fixed), await statusesOf(keys.fixed)]).toEqual([
      'Disabled',
      [['fix:enable-key', 'undone']],
    ]);
  });
});

describe('a finding that somebody suppresses', () => {
  it('is not acted on, although it is requested, and its note says why', async () => {
    const { Id, ProductArn } = await findingOfKey(keys.suppressed);
    const update = new BatchUpdateFindingsCommand({
      FindingIdentifiers: [{ Id, ProductArn }],
      Workflow: { Status: 'SUPPRESSED' },
      Note: { Text: 'It is being retired.', UpdatedBy: 'ana' },
    });
    await stack.securityHub.send(update);
    await requestForKey('fix', keys.suppressed);
    await eventually(async () => {
      expect(await noteOn(keys.suppressed)).toMatch(/Skipped: fix:enable-key. .*suppressed/);
    }, longestWait);
    expect(await noteOn(keys.suppressed)).toContain('ana: It is being retired.');
    expect([await stateOf(keys.suppressed), await actionRunsOf(keys.suppressed)]).toEqual(['Disabled', []]);
  });
});

describe('an instance that the policy only reports', () => {
  const finding = () => findingAbout('ec2-transit-encryption', instance);

  it('is isolated at once when somebody requests "Quarantine"', async () => {
    await requestCustomAction('quarantine', await finding());
    await eventually(async () => {
      const [isolation] = await isolationGroups(network.vpc);
      expect(isolation).toMatchObject({ ingress: 0, egress: 0 });
      expect(await describeInstance(instance)).toMatchObject({ groups: [isolation?.id], protected: true });
    }, longestWait);
    await eventually(async () => expect(await statusesOf(instance)).toEqual([['quarantine', 'done']]));
  });

  it('stays isolated when somebody requests the undo, and its note has the command', async () => {
    await requestCustomAction('undo', await finding());
    await eventually(async () => {
      expect((await finding()).Note?.Text).toMatch(/^\S+ Not undone: quarantine.*trailseal undo --stage/);
    }, longestWait);
    expect(await describeInstance(instance)).toMatchObject({ protected: true });
  });

  it('gets its groups back when the operator runs the command', async () => {
    const { code, all } = await trailseal('undo', arnOfInstance(instance), ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await describeInstance(instance)).toEqual({
      groups: network.groups,
      tags: ['owner=ana'],
      protected: false,
    });
  });
});

describe('a key that was fixed without an event', () => {
  it('passes when somebody requests "Re-check"', async () => {
    const finding = await findingOfKey(keys.fixedByHand);
    await stack.kms.send(new EnableKeyCommand({ KeyId: keys.fixedByHand }));
    await requestCustomAction('re-check', finding);
    await eventually(async () => {
      expect(await findingOfKey(keys.fixedByHand)).toMatchObject({ Compliance: { Status: 'PASSED' } });
    }, longestWait);
  });
});

describe('a finding that somebody exempts', () => {
  it('is INFORMATIONAL for 30 days, and says who exempted it', async () => {
    await requestForKey('exempt', keys.exempt);
    const inThirtyDays = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 'YYYY-MM-DD'.length);
    await eventually(async () => {
      expect(await findingOfKey(keys.exempt)).toMatchObject({
        FindingProviderFields: { Severity: { Label: 'INFORMATIONAL' } },
        Compliance: { Status: 'FAILED' },
        ProductFields: {
          'trailseal/exemption/owner': expect.stringContaining('an operator'),
          'trailseal/exemption/expires': inThirtyDays,
        },
      });
    }, longestWait);
  });

  it('has its severity again when somebody requests the undo', async () => {
    await requestForKey('undo', keys.exempt);
    await eventually(async () => {
      const { FindingProviderFields: given, ProductFields: fields } = await findingOfKey(keys.exempt);
      expect([given?.Severity?.Label, fields?.['trailseal/exemption/expires']]).toEqual(['HIGH', undefined]);
    }, longestWait);
  });
});

describe('a finding of another product', () => {
  it('is not acted on', async () => {
    const own = await findingOfKey(keys.otherProduct);
    const ProductArn = `arn:aws:securityhub:${region}::product/aws/guardduty`;
    const Id = `arn:aws:guardduty:${region}:${account}:detector/d/finding/f-${keys.otherProduct}`;
    await requestCustomAction('fix', { ...own, Id, ProductArn });
    await eventually(
      async () => expect(requestsInLog()).toContainEqual({ finding: Id, accepted: false }),
      longestWait,
    );
    expect([await stateOf(keys.otherProduct), await actionRunsOf(keys.otherProduct)]).toEqual([
      'Disabled',
      [],
    ]);
  });
});

/** The requests that the deployed function has logged, each with whether it was accepted. */
function requestsInLog(): readonly unknown[] {
  return readFileSync(inject('log'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(`"${functionName(stage, 'operator')}"`))
    .flatMap((line) => Object.values(Object(JSON.parse(line))).flat())
    .filter((entry) => typeof at(entry, 'accepted') === 'boolean')
    .map((request) => ({ finding: at(request, 'finding'), accepted: at(request, 'accepted') }));
}
