import { describe, expect, it } from 'vitest';
import { chatJson, compose, type Notification } from '../../lib/notifications/compose.ts';
import {
  type NotificationTrigger,
  triggerOfAction,
  triggerOfTransition,
} from '../../lib/notifications/trigger.ts';
import { kmsKeyDeletion } from '../../lib/services/kms/controls/kms-key-deletion.ts';
import { action, instance, transition } from './events.ts';

const advice = {
  remediation: 'Enable it: aws kms enable-key --key-id ARN.',
  reference: 'https://docs.example/keys',
};

function composed(...triggers: readonly (NotificationTrigger | undefined)[]): readonly Notification[] {
  return compose(
    triggers.filter((trigger) => trigger !== undefined),
    () => advice,
    'dev',
  );
}

function one(trigger: NotificationTrigger | undefined): Notification {
  const [notification] = composed(trigger);
  if (notification === undefined) throw new Error('nothing was composed');
  return notification;
}

const key = '1234abcd-12ab-34cd-56ef-1234567890ab';
const search =
  'https://eu-central-1.console.aws.amazon.com/securityhub/home?region=eu-central-1#/findings?search=';
const equals = '%3D%255Coperator%255C%253AEQUALS%255C%253A';

describe('a failure', () => {
  const notification = one(triggerOfTransition(transition()));

  it('has a subject that says what happened, to which resource and where', () => {
    expect(notification.subject).toBe(
      `[CRITICAL] kms-key-deletion FAILED: ${key}, 111122223333 eu-central-1`,
    );
  });

  it('says in its text what is known and what to do', () => {
    expect(notification.text).toBe(`FAILED: KMS keys should not be scheduled for deletion: KMS key ${key}

Control: KMS keys should not be scheduled for deletion (kms-key-deletion)
What: The key ${key} will be deleted on 2026-11-28.
Required: no scheduled deletion
Severity: CRITICAL
Resource: arn:aws:kms:eu-central-1:111122223333:key/${key}
Account: 111122223333
Region: eu-central-1
Actor: ana (IAMUser, arn:aws:iam::111122223333:user/ana) from 198.51.100.7 with aws-cli/2.31
Open since: 2026-11-21T10:00:00.000Z
Planned: fix:cancel-key-deletion: kms-key-deletion fails: cancel the scheduled deletion.
Skipped: quarantine (guardrail): The limit for the hour is used up.
Finding: trailseal/kms-key-deletion/111122223333/eu-central-1/${key}

What to do: Enable it: aws kms enable-key --key-id ARN.
Read more: https://docs.example/keys
In Security Hub: ${search}Id${equals}trailseal%252Fkms-key-deletion%252F111122223333%252Feu-central-1%252F${key}
`);
  });

  it('says the same in chat', () => {
    expect(notification.chat).toEqual({
      version: '1.0',
      source: 'custom',
      id: notification.id,
      content: {
        textType: 'client-markdown',
        title: `:rotating_light: [CRITICAL] FAILED: KMS keys should not be scheduled for deletion: KMS key \`${key}\``,
        description: [
          'Control: KMS keys should not be scheduled for deletion (kms-key-deletion)',
          `What: The key ${key} will be deleted on 2026-11-28.`,
          'Required: no scheduled deletion',
          'Severity: `CRITICAL`',
          `Resource: \`arn:aws:kms:eu-central-1:111122223333:key/${key}\``,
          'Account: `111122223333`',
          'Region: `eu-central-1`',
          'Actor: `ana (IAMUser, arn:aws:iam::111122223333:user/ana) from 198.51.100.7 with aws-cli/2.31`',
          'Open since: `2026-11-21T10:00:00.000Z`',
          'Planned: fix:cancel-key-deletion: kms-key-deletion fails: cancel the scheduled deletion.',
          'Skipped: quarantine (guardrail): The limit for the hour is used up.',
          `Finding: \`trailseal/kms-key-deletion/111122223333/eu-central-1/${key}\``,
          `In Security Hub: ${search}Id${equals}trailseal%252Fkms-key-deletion%252F111122223333%252Feu-central-1%252F${key}`,
        ].join('\n'),
        nextSteps: [
          'What to do: Enable it: aws kms enable-key --key-id ARN.',
          'Read more: https://docs.example/keys',
        ],
        keywords: ['CRITICAL', 'kms-key-deletion', 'opened', '111122223333', 'eu-central-1'],
      },
      metadata: {
        threadId: expect.stringMatching(/^trailseal-[0-9a-f]{32}$/),
        summary: `CRITICAL: kms-key-deletion: FAILED: KMS keys should not be scheduled for deletion: KMS key ${key}`,
        eventType: 'trailseal.opened',
        relatedResources: [`arn:aws:kms:eu-central-1:111122223333:key/${key}`],
        additionalContext: {
          control: 'kms-key-deletion',
          severity: 'CRITICAL',
          count: '1',
          account: '111122223333',
          region: 'eu-central-1',
        },
      },
    });
  });

  it('has attributes by which subscriptions can be filtered', () => {
    expect(notification.attributes).toEqual({
      kind: 'opened',
      control: 'kms-key-deletion',
      severity: 'CRITICAL',
      account: '111122223333',
      region: 'eu-central-1',
    });
  });

  it('has the advice of its own control', () => {
    const [real] = compose(
      [triggerOfTransition(transition())].flatMap((trigger) => trigger ?? []),
      (id) => (id === 'kms-key-deletion' ? kmsKeyDeletion : undefined),
      'dev',
    );
    expect(real?.text).toContain(`What to do: ${kmsKeyDeletion.remediation}\n`);
  });
});

describe('a resolved finding', () => {
  it('says so, since when it was open, and nothing of its plan', () => {
    const { subject, text } = one(
      triggerOfTransition(
        transition({
          status: 'RESOLVED',
          verdict: 'PASS',
          previous: { status: 'OPEN', verdict: 'FAIL' },
          summary: 'The key is enabled.',
          at: '2026-11-21T11:00:00.000Z',
        }),
      ),
    );
    expect(subject).toBe(`[CRITICAL] kms-key-deletion PASSED: ${key}, 111122223333 eu-central-1`);
    expect(text).toBe(`PASSED: KMS keys should not be scheduled for deletion: KMS key ${key}

Control: KMS keys should not be scheduled for deletion (kms-key-deletion)
What: The key is enabled.
Required: no scheduled deletion
Severity: CRITICAL
Resource: arn:aws:kms:eu-central-1:111122223333:key/${key}
Account: 111122223333
Region: eu-central-1
Actor: ana (IAMUser, arn:aws:iam::111122223333:user/ana) from 198.51.100.7 with aws-cli/2.31
Open since: 2026-11-21T10:00:00.000Z
When: 2026-11-21T11:00:00.000Z
Finding: trailseal/kms-key-deletion/111122223333/eu-central-1/${key}

In Security Hub: ${search}Id${equals}trailseal%252Fkms-key-deletion%252F111122223333%252Feu-central-1%252F${key}
`);
  });
});

describe('an action', () => {
  it('that was done says its steps and how to undo it', () => {
    const { subject, text } = one(triggerOfAction(action()));
    expect(subject).toBe(
      '[HIGH] Quarantined: i-0abc1234567890def (ec2-transit-encryption), 111122223333 eu-central-1',
    );
    expect(text).toBe(`Quarantined: instance i-0abc1234567890def

Control: Instances should encrypt traffic between them (ec2-transit-encryption)
Why: The instance still fails ec2-transit-encryption.
Evidence: i-0abc1234567890def is a t2.micro, which does not encrypt in transit.
Severity: HIGH
Resource: arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc1234567890def
Account: 111122223333
Region: eu-central-1
Actor of the failure: ana (IAMUser, arn:aws:iam::111122223333:user/ana)
When: 2026-11-21T10:00:00.000Z
Decided by: policy trailseal.policy.yml: controls.ec2-transit-encryption.actions
Done: Swap the groups of eni-1 to the isolation group.
Done: Switch termination protection on.
Finding: trailseal/ec2-transit-encryption/111122223333/eu-central-1/i-0abc1234567890def

To undo it: trailseal undo --stage dev --region eu-central-1 'trailseal/ec2-transit-encryption/111122223333/eu-central-1/i-0abc1234567890def'
In Security Hub: ${search}Id${equals}trailseal%252Fec2-transit-encryption%252F111122223333%252Feu-central-1%252Fi-0abc1234567890def
`);
  });

  it('says in chat the evidence, and the actor of the failure', () => {
    expect(one(triggerOfAction(action())).chat.content.description.split('\n')).toEqual(
      expect.arrayContaining([
        'Evidence: i-0abc1234567890def is a t2.micro, which does not encrypt in transit.',
        'Actor of the failure: `ana (IAMUser, arn:aws:iam::111122223333:user/ana)`',
      ]),
    );
  });

  it('says in its JSON the evidence, and the actor of the failure', () => {
    const [item] = JSON.parse(one(triggerOfAction(action())).json).items;
    expect({ summary: item.summary, evidence: item.evidence, actor: item.actor }).toEqual({
      summary: 'The instance still fails ec2-transit-encryption.',
      evidence: 'i-0abc1234567890def is a t2.micro, which does not encrypt in transit.',
      actor: {
        type: 'IAMUser',
        arn: 'arn:aws:iam::111122223333:user/ana',
        name: 'ana',
        account: null,
        sourceIp: null,
        userAgent: null,
      },
    });
  });

  it('without known evidence and actor has no line for them', () => {
    const { actor: _actor, summary: _summary, ...event } = action();
    expect(one(triggerOfAction(event)).text).not.toMatch(/^(Evidence|Actor)/m);
  });

  it('that was done to several resources says the actors of the failures, and how to undo each', () => {
    const [notification] = composed(
      triggerOfAction(action()),
      triggerOfAction(
        action({ id: 'other', finding: 'trailseal/other', undoCommand: "trailseal undo 'trailseal/other'" }),
      ),
    );
    expect(notification?.text).toContain('\nActors of the failures: ana (2)\n');
    expect(notification?.text.match(/^To undo it: .*$/gm)?.toSorted()).toEqual(
      [`To undo it: ${action().undo}`, "To undo it: trailseal undo 'trailseal/other'"].toSorted(),
    );
  });

  it('that is pending says when it is due and how to stop it', () => {
    const { text } = one(
      triggerOfAction(
        action({ outcome: 'pending', due: '2026-11-21T11:00:00.000Z', plan: ['Swap the groups.'] }),
      ),
    );
    expect(text).toContain(`
Due: 2026-11-21T11:00:00.000Z
Planned: Swap the groups.
`);
    expect(text).toContain('\nTo stop it: Do one of these before the due time.\n');
    expect(text).toContain(
      '\nStop all actions of this deployment: trailseal kill-switch on --stage dev --region eu-central-1\n',
    );
  });

  it('that was skipped says why, and that its steps were not done', () => {
    const { text } = one(
      triggerOfAction(
        action({ outcome: 'skipped', because: 'The breaker is open.', plan: ['Swap the groups.'] }),
      ),
    );
    expect(text).toContain('\nWhy: The breaker is open.\n');
    expect(text).toContain('\nNot done: Swap the groups.\n');
  });

  it('is in one thread with its finding', () => {
    const failure = one(
      triggerOfTransition(instance(1, { finding: action().finding, resource: action().resource })),
    );
    expect(one(triggerOfAction(action())).chat.metadata.threadId).toBe(failure.chat.metadata.threadId);
  });
});

describe('200 failures of one control', () => {
  const failures = Array.from({ length: 200 }, (_, index) =>
    triggerOfTransition(instance(index, index === 150 ? { severity: 'CRITICAL' } : {})),
  );
  const [notification] = composed(...failures);

  it('are one notification', () => {
    expect(composed(...failures).map(({ subject }) => subject)).toEqual([
      '[CRITICAL] ec2-transit-encryption FAILED: 200 instances, 111122223333 eu-central-1',
    ]);
  });

  it('are listed up to ten, the most severe first', () => {
    const named = notification?.text.match(/^\d+\. \[\w+\] i-\w+/gm);
    expect(named).toEqual([
      '1. [CRITICAL] i-00000000000000096',
      ...Array.from({ length: 9 }, (_, index) => `${index + 2}. [HIGH] i-${String(index).padStart(17, '0')}`),
    ]);
  });

  it('are counted beyond the list', () => {
    expect(notification?.text).toContain('\nand 190 more.\n');
  });

  it('are summed up', () => {
    expect(notification?.text).toContain(`Instances should encrypt traffic between them: 200 instances

Control: Instances should encrypt traffic between them (ec2-transit-encryption)
Severity: CRITICAL (1), HIGH (199)
Account: 111122223333
Region: eu-central-1
Actors: ana (200)
When: 2026-11-21T10:00:00.000Z to 2026-11-21T10:03:19.000Z
`);
  });

  it("have a link to all findings of the control in the account's Security Hub", () => {
    expect(notification?.text).toContain(
      `\nIn Security Hub: ${search}GeneratorId${equals}trailseal%252Fec2-transit-encryption` +
        `%26AwsAccountId${equals}111122223333%26RecordState${equals}ACTIVE\n`,
    );
  });

  it('are in the JSON up to fifty, with the number of the others', () => {
    const data = JSON.parse(notification?.json ?? '');
    expect({ count: data.count, items: data.items.length, more: data.more }).toEqual({
      count: 200,
      items: 50,
      more: 150,
    });
  });

  it('are all among its events', () => {
    expect(notification?.events).toHaveLength(200);
  });
});

describe('a group', () => {
  it.each([
    ['account', { account: '444455556666' }],
    ['Region', { region: 'eu-west-1' }],
    ['control', { control: { id: 'kms-key-disabled', title: 'KMS keys should be enabled' } }],
    ['kind', { verdict: 'UNKNOWN' }],
  ] as const)('is of one %s', (_what, other) => {
    const one = triggerOfTransition(transition());
    expect(
      composed(one, triggerOfTransition(transition({ finding: 'trailseal/other', ...other }))),
    ).toHaveLength(2);
  });

  it('is of one action', () => {
    expect(
      composed(triggerOfAction(action()), triggerOfAction(action({ id: 'other', action: 'fix:enable-key' }))),
    ).toHaveLength(2);
  });

  it('counts an event that came twice once', () => {
    const [notification] = composed(triggerOfTransition(transition()), triggerOfTransition(transition()));
    expect(JSON.parse(notification?.json ?? '').count).toBe(1);
  });

  it('has only the newest event of a finding', () => {
    const [notification] = composed(
      triggerOfTransition(transition({ sequence: 2, summary: 'The newer.' })),
      triggerOfTransition(transition({ sequence: 1, summary: 'The older.' })),
    );
    expect(
      JSON.parse(notification?.json ?? '').items.map(({ summary }: { summary: string }) => summary),
    ).toEqual(['The newer.']);
  });

  it('has the same id whatever the order of its events', () => {
    const some = [1, 2, 3].map((index) => triggerOfTransition(instance(index)));
    expect(composed(...some.toReversed())[0]?.id).toBe(composed(...some)[0]?.id);
  });
});

describe('the chat format', () => {
  it('keeps to the limits of Amazon Q Developer', () => {
    const long = 'x'.repeat(20_000);
    const { content } = JSON.parse(
      chatJson(one(triggerOfTransition(transition({ summary: long, required: long })))),
    );
    expect(content.description.length).toBeLessThanOrEqual(8_000);
    expect(content.nextSteps.filter((step: string) => step.length > 350)).toEqual([]);
  });
});

describe('the status of an action', () => {
  it.each([
    ['quarantine', 'done', 'Quarantined'],
    ['fix:enable-key', 'done', 'Fix enable-key done'],
    ['quarantine', 'pending', 'Quarantine pending'],
    ['quarantine', 'partially-completed', 'Quarantine partially completed'],
    ['fix:enable-key', 'skipped', 'Fix enable-key skipped'],
    ['quarantine', 'undone', 'Quarantine undone'],
    ['quarantine', 'undo-refused', 'Quarantine not undone'],
    ['undo', 'undo-refused', 'Undo refused'],
  ] as const)('of %s that is %s is: %s', (name, outcome, status) => {
    const { text } = one(triggerOfAction(action({ action: name, outcome })));
    expect(text.split('\n')[0]).toBe(`${status}: instance i-0abc1234567890def`);
  });
});

describe('the status of a finding', () => {
  const open = { status: 'OPEN', verdict: 'FAIL' } as const;
  it.each([
    ['that fails', 'FAILED', {}],
    ['that is UNKNOWN', 'UNKNOWN', { verdict: 'UNKNOWN' }],
    ['that is resolved', 'PASSED', { status: 'RESOLVED', previous: open }],
    ['whose resource was deleted', 'Resource deleted', { status: 'ARCHIVED', previous: open }],
  ] as const)('%s is: %s', (_what, status, changes) => {
    const { text } = one(triggerOfTransition(transition(changes)));
    expect(text.split(': ')[0]).toBe(status);
  });
});
