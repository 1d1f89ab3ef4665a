import { BatchImportFindingsCommand, InvalidAccessException } from '@aws-sdk/client-securityhub';
import { describe, expect, it, vi } from 'vitest';
import type { Facts } from '../../../lib/core/control.ts';
import { known } from '../../../lib/core/facts.ts';
import {
  againBody,
  parseMessage,
  publishBody,
  recheckBody,
  scheduledScanBody,
} from '../../../lib/pipeline/live/message.ts';
import { volumesOfLaunch } from '../../../lib/services/ec2/resources/volumes.ts';
import { eventOf, sample } from '../../evaluating.ts';
import { accountRegion, deleted, denied, keyState, notReady, throttled, World } from './world.ts';

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

describe('an event', () => {
  it('opens a finding in Security Hub when the resource fails as AWS tells it now', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const { results } = await world.deliver(keyEvent('DisableKey', 1));
    expect(results).toEqual([
      { control: 'kms-key-disabled', resource: id, outcome: 'FAIL', summary: `Key ${id} was disabled.` },
    ]);
    expect(world.told).toMatchObject([
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
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    world.answers.set(id, keyState('Enabled'));
    await world.deliver(keyEvent('EnableKey', 2));
    const [opened, closed] = world.told;
    expect(closed).toMatchObject({ Id: findingId, RecordState: 'ACTIVE', Compliance: { Status: 'PASSED' } });
    expect(Date.parse(closed?.UpdatedAt ?? '')).toBeGreaterThan(Date.parse(opened?.UpdatedAt ?? ''));
    expect(closed?.CreatedAt).toBe(opened?.CreatedAt);
  });

  it('archives the finding when the resource was deleted', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    world.answers.delete(id);
    await world.deliver(keyEvent('DeleteKey', 2));
    expect(world.told.at(-1)).toMatchObject({ Id: findingId, RecordState: 'ARCHIVED' });
  });

  it('tells Security Hub nothing of a resource that passes and never failed', async () => {
    const world = new World();
    world.answers.set(id, keyState('Enabled'));
    await world.deliver(keyEvent('EnableKey', 1));
    expect(world.told).toEqual([]);
    expect(world.stateTable.entries.get(findingId)?.observations).toHaveLength(1);
  });

  it('is evaluated by what is so now, not by what it says', async () => {
    const world = new World();
    world.answers.set(id, keyState('Enabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    expect(world.told).toEqual([]);
  });

  it('makes one finding however often and in whatever order it and its siblings come', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const [disable, enable] = [keyEvent('DisableKey', 3), keyEvent('EnableKey', 2)];
    await world.deliver(disable, enable, disable);
    await world.deliver(enable, disable);
    expect(new Set(world.told.map(({ Id }) => Id))).toEqual(new Set([findingId]));
    expect(world.told.at(-1)).toMatchObject({ Compliance: { Status: 'FAILED' } });
    expect(world.stateTable.entries.get(findingId)?.observations).toHaveLength(2);
  });

  it('is told again when Security Hub did not get it the first time, although it says nothing new', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    world.securityHub
      .on(BatchImportFindingsCommand)
      .rejectsOnce(
        new InvalidAccessException({
          message: 'Account is not subscribed to AWS Security Hub',
          $metadata: {},
        }),
      )
      .resolves({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] });
    const first = await world.deliver(keyEvent('DisableKey', 1));
    expect(first.publication.off).toMatch(/Security Hub is not enabled/);
    const second = await world.deliver(keyEvent('DisableKey', 1));
    expect(second.publication.published.map((entry) => entry.id)).toEqual([findingId]);
  });

  it('that failed, or is of another account, is left alone with the reason', async () => {
    const world = new World();
    const { ignored } = await world.deliver(
      keyEvent('DisableKey', 1, { errorCode: 'AccessDenied' }),
      keyEvent('DisableKey', 2, {
        recipientAccountId: '444455556666',
        resources: [{ ARN: arn.replace(accountRegion.account, '444455556666') }],
      }),
    );
    expect(ignored.map(({ reason }) => reason)).toEqual(['failed-call', 'other-account-or-region']);
    expect(world.stateTable.entries.size).toBe(0);
  });

  it('counts as received once, however often it is looked at again', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const event = keyEvent('DisableKey', 1);
    const counts = [
      await world.deliver(event, recheckBody([{ resource: key }]), publishBody([findingId])),
      await world.deliver(againBody(event, 2)),
    ].map(({ events }) => events);
    expect(counts).toEqual([1, 0]);
  });

  it('says how long the finding took', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const { latencies } = await world.deliver(keyEvent('DisableKey', 1));
    expect(latencies).toEqual([Date.parse('2026-03-01T12:00:01Z') - Date.parse('2026-03-01T11:59:01Z')]);
  });
});

describe('what can’t be known', () => {
  it('is UNKNOWN with the reason when it is denied, and leaves what is open', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    world.answers.set(id, denied);
    const { results, again } = await world.deliver(keyEvent('EnableKey', 2));
    expect(results).toMatchObject([{ outcome: 'UNKNOWN', summary: expect.stringContaining(denied.detail) }]);
    expect(again).toBe(0);
    expect(world.stateTable.entries.get(findingId)?.finding).toMatchObject({
      status: 'OPEN',
      verdict: 'FAIL',
    });
  });

  it('is looked at again when AWS was too busy to answer, and is UNKNOWN until then', async () => {
    const world = new World();
    world.answers.set(id, throttled);
    const event = keyEvent('DisableKey', 1);
    await world.deliver(event);
    expect(world.again).toEqual([{ bodies: [againBody(event, 2)], delaySeconds: 30 }]);
    expect(world.told).toMatchObject([{ Compliance: { Status: 'NOT_AVAILABLE' } }]);
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(...(world.again[0]?.bodies ?? []));
    expect(world.told.at(-1)).toMatchObject({ Compliance: { Status: 'FAILED' } });
  });

  it('is recorded when AWS answers, though what it did not answer was recorded before', async () => {
    const world = new World();
    world.answers.set(id, throttled);
    world.broken.add('again');
    await expect(world.deliver(keyEvent('DisableKey', 1))).rejects.toThrow('the queue takes nothing');
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    expect(world.stateTable.entries.get(findingId)?.finding).toMatchObject({
      status: 'OPEN',
      verdict: 'FAIL',
    });
  });

  it('is to be looked at again but once, however often the rest fails and is delivered again', async () => {
    const world = new World();
    world.answers.set(id, throttled);
    world.broken.add('deadLetters');
    const refusal = { Id: findingId, ErrorCode: 'InvalidInput', ErrorMessage: 'Title is bad' };
    world.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 1, SuccessCount: 0, FailedFindings: [refusal] });
    for (let deliveries = 1; deliveries <= 3; deliveries += 1) {
      await expect(world.deliver(keyEvent('DisableKey', 1))).rejects.toThrow('the queue takes nothing');
    }
    expect(world.again).toEqual([]);
    world.broken.clear();
    await world.deliver(keyEvent('DisableKey', 1));
    expect(world.again.flatMap(({ bodies }) => bodies)).toEqual([againBody(keyEvent('DisableKey', 1), 2)]);
  });

  it('is not evaluated while it is not ready, and looked at again later and later, and at last UNKNOWN', async () => {
    const envelope = sample('eks-audit-logging', 'fail-off-by-default');
    const { request, account, region } = eventOf(envelope);
    const world = new World('eks', { account, region });
    const name = String((request as { name: string }).name);
    world.answers.set(name, notReady);
    let body: unknown = envelope;
    const delays: number[] = [];
    for (let looks = 0; looks < 20 && body !== undefined; looks += 1) {
      const { results } = await world.deliver(body);
      const next = world.again.pop();
      body = next?.bodies[0];
      if (next !== undefined) {
        delays.push(next.delaySeconds);
        expect(results.every(({ outcome }) => outcome === 'RE_EVALUATE')).toBe(true);
        expect(world.told).toEqual([]);
      } else expect(results.every(({ outcome }) => outcome === 'UNKNOWN')).toBe(true);
    }
    expect(body).toBeUndefined();
    expect(delays).toEqual([30, 60, 120, 240, 480, 900, 900, 900, 900, 900]);
    expect(world.told.length).toBeGreaterThan(0);
    expect(world.told.every(({ Compliance }) => Compliance?.Status === 'NOT_AVAILABLE')).toBe(true);
  });

  it('is looked for once more when it was just made, and then taken for deleted', async () => {
    const world = new World();
    const created = keyEvent('CreateKey', 1);
    await world.deliver(created);
    expect(world.again).toHaveLength(1);
    const { results, again } = await world.deliver(againBody(created, 2));
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['DELETED']));
    expect(again).toBe(0);
    expect(world.told).toEqual([]);
  });
});

describe('the end of a resource', () => {
  it('is believed when AWS does not let it be confirmed', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    world.answers.set(id, denied);
    world.time -= 120_000;
    await world.deliver(keyEvent('DeleteKey', 2));
    // The event is older than the look that found the key there: it may be about an earlier life of the name.
    expect(world.told.at(-1)).toMatchObject({ RecordState: 'ACTIVE' });
    world.time += 240_000;
    const late = { eventTime: '2026-03-01T12:01:00Z' };
    await world.deliver(keyEvent('DeleteKey', 3, late));
    expect(world.told.at(-1)).toMatchObject({ RecordState: 'ARCHIVED' });
  });

  it('is looked at again while AWS still shows the resource, and evaluated when it stays', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const deleted = keyEvent('DeleteKey', 1);
    const first = await world.deliver(deleted);
    expect(first.results.every(({ outcome }) => outcome === 'RE_EVALUATE')).toBe(true);
    await world.deliver(againBody(deleted, 2));
    await world.deliver(againBody(deleted, 3));
    await world.deliver(againBody(deleted, 4));
    const last = await world.deliver(againBody(deleted, 5));
    expect(last.results.find(({ control }) => control === 'kms-key-disabled')?.outcome).toBe('FAIL');
  });
});

describe('an end that AWS was too busy to confirm', () => {
  it('is asked for again, and believed when AWS never answers', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    world.answers.set(id, throttled);
    const deleted = keyEvent('DeleteKey', 3, { eventTime: '2026-03-01T12:00:02Z' });
    const first = await world.deliver(deleted);
    expect(first.results.every(({ outcome }) => outcome === 'RE_EVALUATE')).toBe(true);
    const last = await world.deliver(againBody(deleted, 4));
    expect(last.results.every(({ outcome }) => outcome === 'DELETED')).toBe(true);
    expect(world.told.at(-1)).toMatchObject({ RecordState: 'ARCHIVED' });
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

  it('is looked at again while KMS still lists it, until its finding is archived', async () => {
    const world = new World('kms', { account, region });
    world.answers.set(grant, listed);
    const resource = {
      type: 'AwsKmsGrant',
      id: grant,
      arn: `arn:aws:kms:${region}:${account}:key/${keyId}`,
      account,
      region,
    } as const;
    await world.deliver(recheckBody([{ resource }]));
    await world.deliver(revoked);
    expect(world.told.map(({ RecordState }) => RecordState)).toEqual(['ACTIVE']);
    world.answers.delete(grant);
    await world.deliver(...(world.again[0]?.bodies ?? []));
    expect(world.told.at(-1)).toMatchObject({ RecordState: 'ARCHIVED' });
  });
});

describe('a name that stands for a volume', () => {
  const launch = sample('ec2-volume-encryption', 'fail-run-instances-plain-device');
  const { account, region } = eventOf(launch);

  it('keeps its finding while its volume is still to come', async () => {
    const world = new World('ec2', { account, region });
    const volumes = volumesOfLaunch(eventOf(launch));
    for (const volume of volumes) world.answers.set(volume.id, throttled);
    await world.deliver(launch);
    for (const volume of volumes) world.answers.set(volume.id, notReady);
    await world.deliver(againBody(launch, 2));
    const statuses = [...world.stateTable.entries.values()]
      .filter(({ control }) => control === 'ec2-volume-encryption')
      .map(({ finding }) => finding?.status);
    expect(statuses).toEqual(volumes.map(() => 'OPEN'));
  });
});

describe('a look', () => {
  it('sees anew each time, also when its message is delivered again', async () => {
    const world = new World();
    const look = { id: 'm1', body: JSON.stringify(recheckBody([{ resource: key }])), receives: 1 };
    world.answers.set(id, keyState('Disabled'));
    await world.evaluator.take([look]);
    world.time += 1_000;
    world.answers.set(id, keyState('Enabled'));
    await world.evaluator.take([look]);
    expect(world.stateTable.entries.get(findingId)?.finding?.status).toBe('RESOLVED');
  });

  it('finds what no event told, and archives what vanished', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    expect(world.told).toMatchObject([{ Id: findingId, Compliance: { Status: 'FAILED' } }]);
    expect(world.told[0]?.ProductFields?.['trailseal/actor/arn']).toBe('unknown');
    world.answers.set(id, deleted);
    await world.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    expect(world.told.at(-1)).toMatchObject({ Id: findingId, RecordState: 'ARCHIVED' });
  });

  it('closes nothing but what it looked at', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    await world.deliver(
      recheckBody([{ resource: { ...key, id: 'another', arn: arn.replace(id, 'another') } }]),
    );
    expect(world.stateTable.entries.get(findingId)?.finding?.status).toBe('OPEN');
  });
});

describe('a message that is no event', () => {
  it('is put aside with the reason, and costs the others nothing', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const { deadLetters } = await world.deliver('{"detail":', keyEvent('DisableKey', 1), scheduledScanBody());
    expect(deadLetters.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^it is no JSON/),
      'a scheduled scan is not for this queue',
    ]);
    expect(world.deadLetters.map(({ reason }) => reason)).toEqual(deadLetters.map(({ reason }) => reason));
    expect(world.told).toHaveLength(1);
  });
});

describe('a message that is no event, beside one that fails', () => {
  it('is put aside once', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    vi.spyOn(world.stateTable, 'record').mockRejectedValueOnce(new Error('the state table is busy'));
    await expect(world.deliver('no JSON', keyEvent('DisableKey', 1))).rejects.toThrow(
      'the state table is busy',
    );
    expect(world.deadLetters).toEqual([]);
  });
});

describe('a publication', () => {
  const busy = Object.assign(new Error('slow down'), { name: 'TooManyRequestsException', $metadata: {} });

  it('has its own count of tries, whatever else is delivered with it', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    world.securityHub.on(BatchImportFindingsCommand).rejects(busy);
    await world.deliver(keyEvent('DisableKey', 1), publishBody(['trailseal/another'], 13));
    expect(world.again.flatMap(({ bodies }) => bodies)).toEqual([publishBody([findingId], 2)]);
    expect(world.deadLetters).toEqual([]);
  });

  it('that was made meanwhile is not made again', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    await world.deliver(publishBody([findingId], 2));
    expect(world.told).toHaveLength(1);
  });

  it('is ignored, with the reason, where nothing is pending publication', async () => {
    const { ignored } = await new World().deliver(publishBody(['trailseal/another']));
    expect(ignored).toMatchObject([{ reason: 'not-pending' }]);
  });

  it('that Security Hub refuses is put aside with its reason, once, and is tried anew on request', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    const refusal = { Id: findingId, ErrorCode: 'InvalidInput', ErrorMessage: 'Title is bad' };
    world.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 1, SuccessCount: 0, FailedFindings: [refusal] });
    const { publication } = await world.deliver(keyEvent('DisableKey', 1));
    expect(publication.refused).toEqual([{ finding: findingId, reason: 'InvalidInput: Title is bad' }]);
    expect(world.deadLetters).toEqual([
      {
        body: JSON.stringify(publishBody([findingId])),
        reason: `Security Hub refused the finding ${findingId}: InvalidInput: Title is bad`,
      },
    ]);
    const quiet = await world.deliver(keyEvent('DisableKey', 1));
    expect(quiet.publication.refused).toEqual([]);
    world.securityHub
      .on(BatchImportFindingsCommand)
      .resolves({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] });
    const redriven = await world.deliver(world.deadLetters[0]?.body ?? '');
    expect(redriven.publication.published.map((entry) => entry.id)).toEqual([findingId]);
  });

  it('that Security Hub is too busy for is tried later, and put aside after many tries', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    world.securityHub.on(BatchImportFindingsCommand).rejects(busy);
    await world.deliver(keyEvent('DisableKey', 1));
    const [again] = world.again;
    expect(again?.bodies.map((body) => parseMessage(body))).toEqual([
      { kind: 'publish', findings: [findingId], attempt: 2 },
    ]);
    await world.deliver(publishBody([findingId], 13));
    expect(world.deadLetters).toMatchObject([
      { reason: expect.stringMatching(/^Security Hub did not take the finding .* in 13 attempts/) },
    ]);
  });
});

describe('an evaluated key', () => {
  it('is remembered with its state', async () => {
    const world = new World();
    world.answers.set(id, keyState('Disabled'));
    await world.deliver(keyEvent('DisableKey', 1));
    expect(world.remembered).toEqual([
      {
        kind: 'key-state',
        control: 'kms-key-deletion',
        resource: expect.objectContaining({ id }),
        value: 'Disabled',
        at: world.time,
      },
    ]);
  });
});
