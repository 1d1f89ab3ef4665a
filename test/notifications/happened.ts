/** Fixture: the events of every action, made as a deployment makes them. */
import type { ActionId, AnyAction } from '../../lib/core/action.ts';
import type { Resource } from '../../lib/core/control.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import {
  type ActionEvent,
  actionDetailTypes,
  actionEventOf,
} from '../../lib/remediation/events/action-event.ts';
import {
  type EventContext,
  eventOfResult,
  eventOfUndo,
  revertedEvent,
} from '../../lib/remediation/events/action-results.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { account, region } from './events.ts';

export const outcomes = Object.keys(actionDetailTypes);

const at = '2026-11-21T10:00:00.000Z';
const key = '1234abcd-12ab-34cd-56ef-1234567890ab';
const keyResource: Resource = {
  type: 'AwsKmsKey',
  id: key,
  arn: `arn:aws:kms:${region}:${account}:key/${key}`,
  account,
  region,
};
const cluster: Resource = {
  type: 'AwsEksCluster',
  id: 'payments',
  arn: `arn:aws:eks:${region}:${account}:cluster/payments`,
  account,
  region,
};
const instance: Resource = {
  type: 'AwsEc2Instance',
  id: 'i-0abc1234567890def',
  arn: `arn:aws:ec2:${region}:${account}:instance/i-0abc1234567890def`,
  account,
  region,
};
const snapshot: Resource = {
  type: 'AwsEc2Snapshot',
  id: 'snap-0a1b2c3d4e5f60718',
  arn: `arn:aws:ec2:${region}::snapshot/snap-0a1b2c3d4e5f60718`,
  account,
  region,
};

interface Run {
  readonly control: string;
  readonly resource: Resource;
  readonly plan: readonly string[];
  readonly before: unknown;
}

/** What a run of each action has stored. */
export const before: Readonly<Record<ActionId, Run>> = {
  tag: {
    control: 'ec2-transit-encryption',
    resource: instance,
    plan: [`Tag ${instance.id} with trailseal:status=FAIL.`],
    before: { prefix: 'trailseal:', at, tags: {} },
  },
  quarantine: {
    control: 'ec2-transit-encryption',
    resource: instance,
    plan: [`Protect ${instance.id} from termination.`, 'Move eni-1 from sg-1 to the isolation group.'],
    before: {
      instance: instance.id,
      mark: 'm-1',
      state: 'running',
      terminationProtection: false,
      protects: true,
      profile: null,
      volumes: ['vol-1'],
      tags: [],
      interfaces: [
        {
          id: 'eni-1',
          vpc: 'vpc-1',
          groups: ['sg-1', 'sg-2'],
          tracking: { tcp: null, udpStream: null, udp: null },
        },
      ],
      registrations: [],
      autoScaling: null,
    },
  },
  'fix:enable-default-encryption': {
    control: 'ebs-default-encryption',
    resource: { type: 'AwsAccount', id: account, arn: `arn:aws:iam::${account}:root`, account, region },
    plan: [`Switch on EBS encryption by default in account ${account}, ${region}.`],
    before: { encryptionByDefault: false },
  },
  'fix:unshare-snapshot': {
    control: 'ebs-snapshot-sharing',
    resource: snapshot,
    plan: [`Stop sharing ${snapshot.id} with everybody.`],
    before: { everybody: true, accounts: ['999988887777'] },
  },
  'fix:restrict-endpoint': {
    control: 'eks-endpoint-access',
    resource: cluster,
    plan: ['Restrict the API endpoint of cluster payments to 203.0.113.0/24.'],
    before: {
      was: { publicAccess: true, privateAccess: false, cidrs: ['0.0.0.0/0'] },
      becomes: { publicAccess: true, privateAccess: true, cidrs: ['203.0.113.0/24'] },
    },
  },
  'fix:enable-audit-logging': {
    control: 'eks-audit-logging',
    resource: cluster,
    plan: ['Have cluster payments export its logs api, audit.'],
    before: { off: ['api', 'audit'] },
  },
  'fix:associate-encryption': {
    control: 'eks-secrets-encryption',
    resource: cluster,
    plan: ['Encrypt the secrets of cluster payments.'],
    before: { keyArn: keyResource.arn },
  },
  'fix:cancel-key-deletion': {
    control: 'kms-key-deletion',
    resource: keyResource,
    plan: [`Cancel the deletion of key ${key}.`, 'Enable it, as it was when last seen.'],
    before: {
      keyState: 'PendingDeletion',
      pendingWindowInDays: 7,
      deletionDate: '2026-11-28T10:00:00.000Z',
      wasEnabled: true,
      lastSeenAt: at,
    },
  },
  'fix:enable-key': {
    control: 'kms-key-disabled',
    resource: keyResource,
    plan: [`Enable key ${key}.`],
    before: { keyState: 'Disabled' },
  },
  'fix:enable-rotation': {
    control: 'kms-key-rotation',
    resource: keyResource,
    plan: [`Have KMS rotate key ${key} every 365 days.`],
    before: { enabled: false, periodInDays: null, newPeriodInDays: 365 },
  },
  'fix:restore-key-policy': {
    control: 'kms-key-policy',
    resource: keyResource,
    plan: [`Put back the policy of key ${key} that passed at ${at}.`],
    before: { policy: '{"Statement":[{"Principal":"*"}]}', good: '{"Statement":[]}', goodSeenAt: at },
  },
  'fix:revoke-grant': {
    control: 'kms-grant',
    resource: keyResource,
    plan: [`Revoke the grant 0c237476 of key ${key}.`],
    before: {
      grantId: '0c237476',
      name: null,
      granteePrincipal: 'arn:aws:iam::999988887777:role/reader',
      retiringPrincipal: null,
      operations: ['Decrypt'],
      constraints: null,
    },
  },
};

/** The events of each outcome of an action, and of its undo. */
export function eventsOf(action: AnyAction): readonly (readonly [string, ActionEvent])[] {
  const { control: id, resource, plan, before: stored } = before[action.id];
  const control = controls.find((one) => one.id === id);
  if (control === undefined) throw new Error(`there is no control ${id}`);
  const finding = {
    id: findingId(id, resource),
    control: id,
    title: control.title,
    severity: control.severity,
    openedAt: at,
  };
  const run: ActionRun = {
    finding,
    action: action.id,
    sequence: 1,
    resource,
    settings: action.settings.safeParse({}).data ?? {},
    status: 'done',
    decision: {
      actor: 'policy',
      name: 'trailseal.policy.yml',
      reason: `${id} fails, and the policy asks for ${action.id}.`,
    },
    plan,
    before: stored,
    after: [],
    begunAt: at,
    doneAt: '2026-11-21T10:00:20.000Z',
    undoneAt: null,
    undo: null,
    notes: [],
    lease: null,
    version: 1,
    writer: 'run-1',
  };
  const context: EventContext = {
    finding,
    resource,
    definition: action,
    at: new Date('2026-11-21T10:05:00.000Z'),
    stage: 'prod',
    request: 'request-1',
  };
  const undo = {
    actor: 'operator',
    name: `arn:aws:sts::${account}:assumed-role/oncall/ana`,
    reason: 'It broke payments.',
  } as const;
  const undoing = { ...run, undo, status: 'undoing' } as const;
  const undone = { ...run, undo, status: 'undone', undoneAt: '2026-11-21T10:30:00.000Z' } as const;
  const reversal = {
    noticedAt: '2026-11-21T11:00:00.000Z',
    differences: ['it is as it was before'],
    call: null,
    consequence:
      'The policy does not repeat it (guardrails.whenReverted.fix: notify), and the finding stays open.',
    response: 'notify',
  } as const;
  const stopped = {
    because: 'AWS did not answer in time.',
    differences: ['the last step is missing'],
    cause: undefined,
  };
  const { undo: how } = action;
  const asked = { ...context, decision: undo };
  const ofUndo: readonly (readonly [string, ActionEvent | undefined])[] =
    how.kind === 'restores'
      ? [
          ['undone', eventOfUndo({ kind: 'undone', actionRun: undone }, run, asked)],
          [
            'undo partially completed',
            eventOfUndo({ kind: 'partially-completed', actionRun: undoing, ...stopped }, run, asked),
          ],
          [
            'undo refused',
            eventOfUndo(
              {
                kind: 'refused',
                because: 'The resource is not as it was left: somebody else has changed it.',
                differences: ['it was changed'],
              },
              run,
              asked,
            ),
          ],
        ]
      : how.kind === 'command'
        ? [
            [
              'undo refused',
              eventOfUndo(
                {
                  kind: 'command',
                  because: how.because,
                  command: how.command({ resource, finding, settings: run.settings }, stored),
                },
                run,
                asked,
              ),
            ],
          ]
        : [['undo refused', eventOfUndo({ kind: 'impossible', because: how.because }, run, asked)]];
  const all: readonly (readonly [string, ActionEvent | undefined])[] = [
    [
      'pending',
      actionEventOf(finding, resource, action.id, {
        ...context,
        outcome: 'pending',
        because: run.decision.reason,
        due: new Date('2026-11-21T10:20:00.000Z'),
        id: 'pending-1',
      }),
    ],
    ['done', eventOfResult({ kind: 'done', actionRun: run }, context)],
    [
      'partially completed',
      eventOfResult(
        { kind: 'partially-completed', actionRun: { ...run, status: 'begun', doneAt: null }, ...stopped },
        context,
      ),
    ],
    ['skipped', eventOfResult({ kind: 'skipped', because: 'The kill switch is engaged.' }, context)],
    ['reverted', revertedEvent({ ...run, status: 'reverted', reversal }, context)],
    ...ofUndo,
  ];
  return all.flatMap(([what, event]) => (event === undefined ? [] : [[what, event] as const]));
}
