import { BatchImportFindingsCommand, InvalidAccessException } from '@aws-sdk/client-securityhub';
import { describe, expect, it, vi } from 'vitest';
import type { Facts } from '../../../lib/core/control.ts';
import { known, unknownFact } from '../../../lib/core/facts.ts';
import {
  againBody,
  parseMessage,
  publishBody,
  recheckBody,
  scheduledScanBody,
} from '../../../lib/pipeline/live/message.ts';
import { volumesOfLaunch } from '../../../lib/services/ec2/resources/volumes.ts';
import { eventOf, sample } from '../../evaluating.ts';
import {
  accountRegion,
  deleted,
  denied,
  EvaluatorFixture,
  keyState,
  notReady,
  throttled,
} from './evaluator-fixture.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${id}`;
const key = { type: 'AwsKmsKey', id, arn, ...accountRegion } as const;
const findingId = `trailseal/kms-key-disabled/${accountRegion.account}/${accountRegion.region}/${id}`;

/** A KMS event about the key, one second after the other. */
function keyEvent(eventName: string, second: number, more: Record<string, unknown> = {}) {
  const time = `2026-03-01T11:59:${String(second).padStart(2, '0')}Z`;
  return {
    version: '0',
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: {
      eventSource: 'kms.amazonaws.com',
      eventName,
      eventID: `event-${eventName}-${second}`,
      eventTime: time,
      awsRegion: accountRegion.region,
      recipientAccountId: accountRegion.account,
      userIdentity: {
        type: 'IAMUser',
        arn: `arn:aws:iam::${accountRegion.account}:user/mallory`,
        userName: 'mallory',
      },
      requestParameters: { keyId: id },
      responseElements: null,
      resources: [{ ARN: arn, accountId: accountRegion.account, type: 'AWS::KMS::Key' }],
      ...more,
    },
  };
}

describe('a canary', () => {
  const nonce = '2026-03-01T11:55:00.000Z/0b5c2f7e-0000-4000-8000-000000000001';
  const canary = {
    source: 'aws.lambda',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: { requestParameters: { tags: { 'trailseal-canary': nonce } } },
  };

  it('is recorded with its delay, beside the events of the same batch', async () => {
    const fixture = new EvaluatorFixture();
    fixture.canary = nonce;
    fixture.answers.set(id, keyState('Disabled'));
    const { canaries, results, events } = await fixture.deliver(canary, keyEvent('DisableKey', 1));
    expect(canaries).toEqual([{ delivery: expect.any(String), delayMs: 301_000, expected: true }]);
    expect([events, results.map(({ outcome }) => outcome)]).toEqual([1, expect.arrayContaining(['FAIL'])]);
    expect(fixture.canaries).toEqual([{ nonce, receivedAt: fixture.time }]);
  });

  it('that was not sent is taken as such, and is neither evaluated nor put aside', async () => {
    const fixture = new EvaluatorFixture();
    const { canaries, deadLetters, results } = await fixture.deliver(canary);
    expect([canaries, deadLetters, results]).toMatchObject([[{ expected: false }], [], []]);
  });
});

describe('an event', () => {
  it('opens a finding in Security Hub when AWS shows that the resource fails now', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const { results } = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(results).toEqual([
      { control: 'kms-key-disabled', resource: id, outcome: 'FAIL', summary: `Key ${id} was disabled.` },
    ]);
    expect(fixture.published).toMatchObject([
      {
        Id: findingId,
        RecordState: 'ACTIVE',
        Compliance: { Status: 'FAILED' },
        Resources: [{ Type: 'AwsKmsKey', Id: arn, Details: { AwsKmsKey: { KeyState: 'Disabled' } } }],
        ProductFields: { 'trailseal/actor/arn': `arn:aws:iam::${accountRegion.account}:user/mallory` },
      },
    ]);
  });

  it('closes the finding when the resource passes, with a later UpdatedAt', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    fixture.answers.set(id, keyState('Enabled'));
    await fixture.deliver(keyEvent('EnableKey', 2));
    const [opened, closed] = fixture.published;
    expect(closed).toMatchObject({ Id: findingId, RecordState: 'ACTIVE', Compliance: { Status: 'PASSED' } });
    expect(Date.parse(closed?.UpdatedAt ?? '')).toBeGreaterThan(Date.parse(opened?.UpdatedAt ?? ''));
    expect(closed?.CreatedAt).toBe(opened?.CreatedAt);
  });

  it('archives the finding when the resource was deleted', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    fixture.answers.delete(id);
    await fixture.deliver(keyEvent('DeleteKey', 2));
    expect(fixture.published.at(-1)).toMatchObject({ Id: findingId, RecordState: 'ARCHIVED' });
  });

  it('publishes nothing about a resource that passes and never failed', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Enabled'));
    await fixture.deliver(keyEvent('EnableKey', 1));
    expect(fixture.published).toEqual([]);
    expect(fixture.stateTable.entries.get(findingId)?.observations).toHaveLength(1);
  });

  it('is evaluated by the current state, not by its own content', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Enabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    expect(fixture.published).toEqual([]);
  });

  it('makes one finding, however often and in whatever order related events are delivered', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const [disable, enable] = [keyEvent('DisableKey', 3), keyEvent('EnableKey', 2)];
    await fixture.deliver(disable, enable, disable);
    await fixture.deliver(enable, disable);
    expect(new Set(fixture.published.map(({ Id }) => Id))).toEqual(new Set([findingId]));
    expect(fixture.published.at(-1)).toMatchObject({ Compliance: { Status: 'FAILED' } });
    expect(fixture.stateTable.entries.get(findingId)?.observations).toHaveLength(2);
  });

  it('is published again when the first publication failed, although nothing is new', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    fixture.securityHub
      .on(BatchImportFindingsCommand)
      .rejectsOnce(
        new InvalidAccessException({
          message: 'Account is not subscribed to AWS Security Hub',
          $metadata: {},
        }),
      )
      .resolves({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] });
    const first = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(first.publication.off).toMatch(/Security Hub is not enabled/);
    const second = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(second.publication.published.map((entry) => entry.id)).toEqual([findingId]);
  });

  it('that failed, or is of another account, is ignored with the reason', async () => {
    const fixture = new EvaluatorFixture();
    const { ignored } = await fixture.deliver(
      keyEvent('DisableKey', 1, { errorCode: 'AccessDenied' }),
      keyEvent('DisableKey', 2, {
        recipientAccountId: '444455556666',
        resources: [{ ARN: arn.replace(accountRegion.account, '444455556666') }],
      }),
    );
    expect(ignored.map(({ reason }) => reason)).toEqual(['failed-call', 'other-account-or-region']);
    expect(fixture.stateTable.entries.size).toBe(0);
  });

  it('counts as received once, however often it is re-evaluated', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const event = keyEvent('DisableKey', 1);
    const counts = [
      await fixture.deliver(event, recheckBody([{ resource: key }]), publishBody([findingId])),
      await fixture.deliver(againBody(event, 2)),
    ].map(({ events }) => events);
    expect(counts).toEqual([1, 0]);
  });

  it('says how long the finding took', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const { latencies } = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(latencies).toEqual([Date.parse('2026-03-01T12:00:01Z') - Date.parse('2026-03-01T11:59:01Z')]);
  });
});

describe('what can’t be known', () => {
  it('is UNKNOWN with the reason when it is denied, and leaves what is open', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    fixture.answers.set(id, denied);
    const { results, again } = await fixture.deliver(keyEvent('EnableKey', 2));
    expect(results).toMatchObject([{ outcome: 'UNKNOWN', summary: expect.stringContaining(denied.detail) }]);
    expect(again).toBe(0);
    expect(fixture.stateTable.entries.get(findingId)?.finding).toMatchObject({
      status: 'OPEN',
      verdict: 'FAIL',
    });
  });

  it('is re-evaluated when AWS throttled, and is UNKNOWN until then', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, throttled);
    const event = keyEvent('DisableKey', 1);
    await fixture.deliver(event);
    expect(fixture.again).toEqual([{ bodies: [againBody(event, 2)], delaySeconds: 30 }]);
    expect(fixture.published).toMatchObject([{ Compliance: { Status: 'NOT_AVAILABLE' } }]);
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(...(fixture.again[0]?.bodies ?? []));
    expect(fixture.published.at(-1)).toMatchObject({ Compliance: { Status: 'FAILED' } });
  });

  it('is recorded when AWS answers, though what it did not answer was recorded before', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, throttled);
    fixture.broken.add('again');
    await expect(fixture.deliver(keyEvent('DisableKey', 1))).rejects.toThrow('the queue takes nothing');
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    expect(fixture.stateTable.entries.get(findingId)?.finding).toMatchObject({
      status: 'OPEN',
      verdict: 'FAIL',
    });
  });

  it('requests one re-evaluation, however often the rest fails and is delivered again', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, throttled);
    fixture.broken.add('deadLetters');
    const refusal = { Id: findingId, ErrorCode: 'InvalidInput', ErrorMessage: 'Title is bad' };
    fixture.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 1, SuccessCount: 0, FailedFindings: [refusal] });
    for (let deliveries = 1; deliveries <= 3; deliveries += 1) {
      await expect(fixture.deliver(keyEvent('DisableKey', 1))).rejects.toThrow('the queue takes nothing');
    }
    expect(fixture.again).toEqual([]);
    fixture.broken.clear();
    await fixture.deliver(keyEvent('DisableKey', 1));
    expect(fixture.again.flatMap(({ bodies }) => bodies)).toEqual([againBody(keyEvent('DisableKey', 1), 2)]);
  });

  it('is not evaluated while it is not ready, is re-evaluated with growing delays, and is UNKNOWN at last', async () => {
    const envelope = sample('eks-audit-logging', 'fail-off-by-default');
    const { request, account, region } = eventOf(envelope);
    const fixture = new EvaluatorFixture('eks', { account, region });
    const name = String((request as { name: string }).name);
    fixture.answers.set(name, notReady);
    let body: unknown = envelope;
    const delays: number[] = [];
    for (let tries = 0; tries < 20 && body !== undefined; tries += 1) {
      const { results } = await fixture.deliver(body);
      const next = fixture.again.pop();
      body = next?.bodies[0];
      if (next !== undefined) {
        delays.push(next.delaySeconds);
        expect(results.every(({ outcome }) => outcome === 'RE_EVALUATE')).toBe(true);
        expect(fixture.published).toEqual([]);
      } else expect(results.every(({ outcome }) => outcome === 'UNKNOWN')).toBe(true);
    }
    expect(body).toBeUndefined();
    expect(delays).toEqual([30, 60, 120, 240, 480, 900, 900, 900, 900, 900]);
    expect(fixture.published.length).toBeGreaterThan(0);
    expect(fixture.published.every(({ Compliance }) => Compliance?.Status === 'NOT_AVAILABLE')).toBe(true);
  });

  it('is read once more when it was just created, and then counts as deleted', async () => {
    const fixture = new EvaluatorFixture();
    const created = keyEvent('CreateKey', 1);
    await fixture.deliver(created);
    expect(fixture.again).toHaveLength(1);
    const { results, again } = await fixture.deliver(againBody(created, 2));
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['DELETED']));
    expect(again).toBe(0);
    expect(fixture.published).toEqual([]);
  });
});

describe('the deletion of a resource', () => {
  it('archives nothing while AWS does not confirm it: a message alone is no proof', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    fixture.answers.set(id, denied);
    const { results, again } = await fixture.deliver(
      keyEvent('DeleteKey', 2, { eventTime: '9999-12-31T23:59:59Z' }),
    );
    expect(results).toContainEqual(
      expect.objectContaining({
        control: 'kms-key-disabled',
        outcome: 'RE_EVALUATE',
        summary: expect.stringMatching(/\(DeleteKey\) is not known; it is left to the scheduled scan/),
      }),
    );
    expect(again).toBe(0);
    expect(fixture.stateTable.entries.get(findingId)?.finding?.status).toBe('OPEN');
    fixture.answers.set(id, unknownFact('deleted', 'KMS does not know the key'));
    await fixture.deliver(keyEvent('DeleteKey', 3));
    expect(fixture.published.at(-1)).toMatchObject({ RecordState: 'ARCHIVED' });
  });

  it('is re-evaluated while AWS still shows the resource, and the resource is evaluated if it stays', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const deleted = keyEvent('DeleteKey', 1);
    const first = await fixture.deliver(deleted);
    expect(first.results.every(({ outcome }) => outcome === 'RE_EVALUATE')).toBe(true);
    await fixture.deliver(againBody(deleted, 2));
    await fixture.deliver(againBody(deleted, 3));
    await fixture.deliver(againBody(deleted, 4));
    const last = await fixture.deliver(againBody(deleted, 5));
    expect(last.results.find(({ control }) => control === 'kms-key-disabled')?.outcome).toBe('FAIL');
  });
});

describe('a deletion that AWS was too busy to confirm', () => {
  it('is read again, and left to the scheduled scan when AWS never answers', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    fixture.answers.set(id, throttled);
    const deleted = keyEvent('DeleteKey', 3, { eventTime: '2026-03-01T12:00:02Z' });
    const first = await fixture.deliver(deleted);
    expect(first.again).toBe(1);
    const last = await fixture.deliver(againBody(deleted, 4));
    expect(last.again).toBe(0);
    expect(fixture.stateTable.entries.get(findingId)?.finding?.status).toBe('OPEN');
  });
});

describe('a revoked grant', () => {
  const revoked = sample('kms-grant', 'pass-revoked');
  const { account, region } = eventOf(revoked);
  const { keyId, grantId } = eventOf(revoked).request as { keyId: string; grantId: string };
  const grant = `${keyId}/${grantId}`;
  const listed: Partial<Facts> = {
    'kms.grant': known(
      {
        status: 'ACTIVE',
        granteePrincipal: 'arn:aws:iam::444455556666:root',
        granteeServicePrincipal: null,
        retiringPrincipal: null,
        operations: ['Decrypt'],
        constraints: [],
      },
      { kind: 'api', call: 'ListGrants', at: '2026-03-01T12:00:00.000Z' },
    ),
  };

  it('is re-evaluated while KMS still lists it, until its finding is archived', async () => {
    const fixture = new EvaluatorFixture('kms', { account, region });
    fixture.answers.set(grant, listed);
    const resource = {
      type: 'AwsKmsGrant',
      id: grant,
      arn: `arn:aws:kms:${region}:${account}:key/${keyId}`,
      account,
      region,
    } as const;
    await fixture.deliver(recheckBody([{ resource }]));
    await fixture.deliver(revoked);
    expect(fixture.published.map(({ RecordState }) => RecordState)).toEqual(['ACTIVE']);
    fixture.answers.set(grant, unknownFact('deleted', 'KMS does not list the grant'));
    await fixture.deliver(...(fixture.again[0]?.bodies ?? []));
    expect(fixture.published.at(-1)).toMatchObject({ RecordState: 'ARCHIVED' });
  });
});

describe('a name that stands for a volume', () => {
  const launch = sample('ec2-volume-encryption', 'fail-run-instances-unencrypted-device');
  const { account, region } = eventOf(launch);

  it('keeps its finding until its volume exists', async () => {
    const fixture = new EvaluatorFixture('ec2', { account, region });
    const volumes = volumesOfLaunch(eventOf(launch));
    for (const volume of volumes) fixture.answers.set(volume.id, throttled);
    await fixture.deliver(launch);
    for (const volume of volumes) fixture.answers.set(volume.id, notReady);
    await fixture.deliver(againBody(launch, 2));
    const statuses = [...fixture.stateTable.entries.values()]
      .filter(({ control }) => control === 'ec2-volume-encryption')
      .map(({ finding }) => finding?.status);
    expect(statuses).toEqual(volumes.map(() => 'OPEN'));
  });
});

describe('a re-evaluation', () => {
  it('reads AWS each time, also when its message is delivered again', async () => {
    const fixture = new EvaluatorFixture();
    const recheck = { id: 'm1', body: JSON.stringify(recheckBody([{ resource: key }])), receives: 1 };
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.evaluator.take([recheck]);
    fixture.time += 1_000;
    fixture.answers.set(id, keyState('Enabled'));
    await fixture.evaluator.take([recheck]);
    expect(fixture.stateTable.entries.get(findingId)?.finding?.status).toBe('RESOLVED');
  });

  it('opens findings that no event reported, and archives those of deleted resources', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    expect(fixture.published).toMatchObject([{ Id: findingId, Compliance: { Status: 'FAILED' } }]);
    expect(fixture.published[0]?.ProductFields?.['trailseal/actor/arn']).toBe('unknown');
    fixture.answers.set(id, deleted);
    await fixture.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    expect(fixture.published.at(-1)).toMatchObject({ Id: findingId, RecordState: 'ARCHIVED' });
  });

  it('closes only findings of the resources that it evaluated', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    await fixture.deliver(
      recheckBody([{ resource: { ...key, id: 'another', arn: arn.replace(id, 'another') } }]),
    );
    expect(fixture.stateTable.entries.get(findingId)?.finding?.status).toBe('OPEN');
  });
});

describe('a message that is no event', () => {
  it('goes to the DLQ with the reason, and does not affect the others', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const { deadLetters } = await fixture.deliver(
      '{"detail":',
      keyEvent('DisableKey', 1),
      scheduledScanBody(),
    );
    expect(deadLetters.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^it is no JSON/),
      'a scheduled scan is not for this queue',
    ]);
    expect(fixture.deadLetters.map(({ reason }) => reason)).toEqual(deadLetters.map(({ reason }) => reason));
    expect(fixture.published).toHaveLength(1);
  });
});

describe('a message that is no event, beside one that fails', () => {
  it('goes to the DLQ once', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    vi.spyOn(fixture.stateTable, 'record').mockRejectedValueOnce(new Error('the state table is busy'));
    await expect(fixture.deliver('no JSON', keyEvent('DisableKey', 1))).rejects.toThrow(
      'the state table is busy',
    );
    expect(fixture.deadLetters).toEqual([]);
  });
});

describe('a publication', () => {
  const busy = Object.assign(new Error('slow down'), { name: 'TooManyRequestsException', $metadata: {} });

  it('counts its own attempts, whatever else is delivered with it', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    fixture.securityHub.on(BatchImportFindingsCommand).rejects(busy);
    await fixture.deliver(keyEvent('DisableKey', 1), publishBody(['trailseal/another'], 13));
    expect(fixture.again.flatMap(({ bodies }) => bodies)).toEqual([publishBody([findingId], 2)]);
    expect(fixture.deadLetters).toEqual([]);
  });

  it('that was made meanwhile is not made again', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    await fixture.deliver(publishBody([findingId], 2));
    expect(fixture.published).toHaveLength(1);
  });

  it('is ignored, with the reason, where nothing is pending publication', async () => {
    const { ignored } = await new EvaluatorFixture().deliver(publishBody(['trailseal/another']));
    expect(ignored).toMatchObject([{ reason: 'not-pending' }]);
  });

  it('that Security Hub refuses goes to the DLQ with its reason, once, and is tried again on request', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    const refusal = { Id: findingId, ErrorCode: 'InvalidInput', ErrorMessage: 'Title is bad' };
    fixture.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 1, SuccessCount: 0, FailedFindings: [refusal] });
    const { publication } = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(publication.refused).toEqual([{ finding: findingId, reason: 'InvalidInput: Title is bad' }]);
    expect(fixture.deadLetters).toEqual([
      {
        body: JSON.stringify(publishBody([findingId])),
        reason: `Security Hub refused the finding ${findingId}: InvalidInput: Title is bad`,
      },
    ]);
    const quiet = await fixture.deliver(keyEvent('DisableKey', 1));
    expect(quiet.publication.refused).toEqual([]);
    fixture.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] });
    const redriven = await fixture.deliver(fixture.deadLetters[0]?.body ?? '');
    expect(redriven.publication.published.map((entry) => entry.id)).toEqual([findingId]);
  });

  it('that Security Hub throttles is tried later, and goes to the DLQ after many attempts', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    fixture.securityHub.on(BatchImportFindingsCommand).rejects(busy);
    await fixture.deliver(keyEvent('DisableKey', 1));
    const [again] = fixture.again;
    expect(again?.bodies.map((body) => parseMessage(body))).toEqual([
      { kind: 'publish', findings: [findingId], attempt: 2 },
    ]);
    await fixture.deliver(publishBody([findingId], 13));
    expect(fixture.deadLetters).toMatchObject([
      { reason: expect.stringMatching(/^Security Hub did not take the finding .* in 13 attempts/) },
    ]);
  });
});

describe('an evaluated key', () => {
  it('is remembered with its state', async () => {
    const fixture = new EvaluatorFixture();
    fixture.answers.set(id, keyState('Disabled'));
    await fixture.deliver(keyEvent('DisableKey', 1));
    expect(fixture.remembered).toEqual([
      {
        kind: 'key-state',
        control: 'kms-key-deletion',
        resource: expect.objectContaining({ id }),
        value: 'Disabled',
        at: fixture.time,
      },
    ]);
  });
});
