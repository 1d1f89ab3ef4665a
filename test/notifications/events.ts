/** Fixtures: events of Trailseal's bus. */
import type { ActionEvent } from '../../lib/remediation/events/action-event.ts';
import type { TransitionEvent } from '../../lib/remediation/events/transition.ts';

export const account = '111122223333';
export const region = 'eu-central-1';

const key = '1234abcd-12ab-34cd-56ef-1234567890ab';
const time = '2026-11-21T10:00:00.000Z';

/** A key whose deletion was scheduled. */
export function transition(changes: Partial<TransitionEvent> = {}): TransitionEvent {
  const finding = changes.finding ?? `trailseal/kms-key-deletion/${account}/${region}/${key}`;
  const sequence = changes.sequence ?? Date.parse(time) + 2_000;
  return {
    version: 1,
    id: `${finding}@${sequence}`,
    finding,
    sequence,
    account,
    region,
    control: { id: 'kms-key-deletion', title: 'KMS keys should not be scheduled for deletion' },
    severity: 'CRITICAL',
    resource: { type: 'AwsKmsKey', id: key, arn: `arn:aws:kms:${region}:${account}:key/${key}` },
    status: 'OPEN',
    verdict: 'FAIL',
    previous: null,
    summary: `The key ${key} will be deleted on 2026-11-28.`,
    required: 'no scheduled deletion',
    actor: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${account}:user/ana`,
      name: 'ana',
      sourceIp: '198.51.100.7',
      userAgent: 'aws-cli/2.31',
    },
    at: time,
    openedAt: time,
    eventIds: ['7f9b1e0c-0000-4000-8000-000000000001'],
    plan: {
      actions: [
        { action: 'notify', reason: 'kms-key-deletion fails: notify people.' },
        {
          action: 'fix:cancel-key-deletion',
          reason: 'kms-key-deletion fails: cancel the scheduled deletion.',
        },
      ],
      skipped: [
        { action: 'tag', because: 'not-in-policy', reason: 'The policy does not ask for tag.' },
        { action: 'quarantine', because: 'guardrail', reason: 'The limit for the hour is used up.' },
      ],
    },
    exemption: null,
    ...changes,
  };
}

/** An instance whose type does not encrypt in transit. */
export function instance(index: number, changes: Partial<TransitionEvent> = {}): TransitionEvent {
  const id = `i-${index.toString(16).padStart(17, '0')}`;
  return transition({
    finding: `trailseal/ec2-transit-encryption/${account}/${region}/${id}`,
    sequence: Date.parse(time) + index * 1_000,
    control: { id: 'ec2-transit-encryption', title: 'Instances should encrypt traffic between them' },
    severity: 'HIGH',
    resource: { type: 'AwsEc2Instance', id, arn: `arn:aws:ec2:${region}:${account}:instance/${id}` },
    summary: `${id} is a t2.micro, which does not encrypt in transit.`,
    at: new Date(Date.parse(time) + index * 1_000).toISOString(),
    plan: { actions: [{ action: 'notify', reason: 'Notify people.' }], skipped: [] },
    ...changes,
  });
}

/** A quarantine of an instance. */
export function action(changes: Partial<ActionEvent> = {}): ActionEvent {
  const id = 'i-0abc1234567890def';
  const finding = `trailseal/ec2-transit-encryption/${account}/${region}/${id}`;
  return {
    version: 1,
    id: `${finding}@quarantine@done`,
    finding,
    account,
    region,
    control: { id: 'ec2-transit-encryption', title: 'Instances should encrypt traffic between them' },
    severity: 'HIGH',
    resource: { type: 'AwsEc2Instance', id, arn: `arn:aws:ec2:${region}:${account}:instance/${id}` },
    actor: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/ana`, name: 'ana' },
    summary: `${id} is a t2.micro, which does not encrypt in transit.`,
    action: 'quarantine',
    outcome: 'done',
    because: 'The instance still fails ec2-transit-encryption.',
    plan: ['Swap the groups of eni-1 to the isolation group.', 'Switch termination protection on.'],
    due: null,
    undo: `trailseal undo --stage dev --region eu-central-1 '${finding}'`,
    undoCommand: `trailseal undo --stage dev --region eu-central-1 '${finding}'`,
    decision: {
      actor: 'policy',
      name: 'trailseal.policy.yml',
      reason: 'controls.ec2-transit-encryption.actions',
    },
    at: time,
    ...changes,
  };
}

/** As EventBridge delivers it. */
export function envelope(detail: TransitionEvent | ActionEvent, detailType = 'Control Failed'): string {
  return JSON.stringify({
    version: '0',
    id: '0aa7f4b8-0000-4000-8000-000000000000',
    'detail-type': detailType,
    source: 'trailseal',
    account,
    time,
    region,
    resources: [detail.resource.arn],
    detail,
  });
}
