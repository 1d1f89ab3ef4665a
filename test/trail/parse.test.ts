import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord, parseTime } from '../../lib/trail/parse.ts';

const record = {
  eventVersion: '1.11',
  userIdentity: {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLE:ana',
    arn: 'arn:aws:sts::111122223333:assumed-role/Developer/ana',
    accountId: '111122223333',
    sessionContext: { sessionIssuer: { type: 'Role', userName: 'Developer' } },
  },
  eventTime: '2026-10-05T08:15:30Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'RunInstances',
  awsRegion: 'eu-central-1',
  sourceIPAddress: '192.0.2.7',
  userAgent: 'aws-cli/2.31.0',
  requestParameters: { instanceType: 'm5.large' },
  responseElements: { instancesSet: {} },
  eventID: '7f1f5dd9-8d1e-4d5b-a54c-7f1dd5a5c001',
  recipientAccountId: '111122223333',
};

function eventOf(value: unknown) {
  const parsed = parseRecord(value);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.event;
}

function reasonOf(value: unknown): string {
  const parsed = parseRecord(value);
  if (parsed.ok) throw new Error('was taken for a record');
  return parsed.reason;
}

describe('a CloudTrail record', () => {
  it('is read with its time, account, Region and actor', () => {
    expect(eventOf(record)).toMatchObject({
      id: '7f1f5dd9-8d1e-4d5b-a54c-7f1dd5a5c001',
      time: Date.UTC(2026, 9, 5, 8, 15, 30),
      account: '111122223333',
      region: 'eu-central-1',
      actor: { type: 'AssumedRole', name: 'Developer/ana', sourceIp: '192.0.2.7' },
      outcome: { kind: 'success' },
    });
  });

  it('needs only eventSource and eventName', () => {
    expect(eventOf({ eventSource: 'kms.amazonaws.com', eventName: 'DisableKey' })).toMatchObject({
      id: undefined,
      time: undefined,
      account: 'unknown',
      region: 'unknown',
    });
  });

  it.each([
    ['the trail', { recipientAccountId: '111122223333' }, '111122223333'],
    ['the caller', { userIdentity: { accountId: '444455556666' } }, '444455556666'],
    ["EC2's answer", {}, '555555555555'],
    ['nothing, where the answer names no account', { responseElements: { ownerId: 'self' } }, 'unknown'],
    ['the answer of another service', { eventSource: 'elasticfilesystem.amazonaws.com' }, '555555555555'],
  ])('takes its account from %s', (_source, told, account) => {
    const bare = { eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' };
    const answer = { responseElements: { ownerId: '555555555555' } };
    expect(eventOf({ ...bare, ...answer, ...told }).account).toBe(account);
  });

  it('is found in an EventBridge envelope', () => {
    const envelope = {
      version: '0',
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      detail: record,
    };
    expect(eventOf(envelope).raw).toBe(record);
  });

  it('is found in the body of an SQS record', () => {
    const body = JSON.stringify({ 'detail-type': 'AWS API Call via CloudTrail', detail: record });
    expect(eventOf({ messageId: '1', eventSource: 'aws:sqs', body }).eventName).toBe('RunInstances');
  });

  it('counts as failed when it has an errorCode', () => {
    expect(eventOf({ ...record, errorCode: 'Client.UnauthorizedOperation' }).outcome).toMatchObject({
      kind: 'failed',
    });
  });

  it.each(['Client.DryRunOperation', 'DryRunOperationException'])(
    'counts as a dry run with errorCode %s',
    (errorCode) => {
      expect(eventOf({ ...record, errorCode }).outcome).toEqual({ kind: 'dry-run' });
    },
  );

  it('names the service when nobody called', () => {
    const { actor } = eventOf({
      ...record,
      userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
    });
    expect(actor).toMatchObject({ type: 'AWSService', name: 'AWS Internal', arn: 'AWS Internal' });
  });

  it('names people who signed in through IAM Identity Center, with their permission set', () => {
    const arn =
      'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/ana@example.com';
    const sessionContext = { sessionIssuer: { userName: 'AWSReservedSSO_Developer_0123456789abcdef' } };
    const { actor } = eventOf({ ...record, userIdentity: { type: 'AssumedRole', arn, sessionContext } });
    expect(actor.name).toBe('ana@example.com (Developer)');
  });

  it('takes a field of the wrong type for absent', () => {
    expect(eventOf({ ...record, userIdentity: 'null', eventID: 7, resources: {} })).toMatchObject({
      id: undefined,
      resources: [],
      actor: { type: 'unknown', name: 'unknown' },
    });
  });
});

describe('what is no CloudTrail record', () => {
  it.each([
    ['null', null, 'null'],
    ['a number', 7, 'a number'],
    ['an array', [], 'an array'],
    ['an object without eventName', { eventSource: 'ec2.amazonaws.com' }, 'eventName'],
    ['an object with an empty eventSource', { eventSource: '', eventName: 'RunInstances' }, 'eventSource'],
    ['an SQS record whose body is no JSON', { eventSource: 'aws:sqs', body: '{' }, 'eventName'],
  ])('is refused with the reason: %s', (_what, value, reason) => {
    expect(reasonOf(value)).toContain(reason);
  });

  it('is refused when it nests deeper than anything that CloudTrail writes', () => {
    let deep: unknown = {};
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    expect(reasonOf({ ...record, requestParameters: deep })).toContain('levels deep');
  });

  it('never makes the parser throw', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
        expect(typeof parseRecord(value).ok).toBe('boolean');
      }),
    );
  });
});

describe('a time', () => {
  it.each([
    ['2026-10-05T08:15:30Z', Date.UTC(2026, 9, 5, 8, 15, 30)],
    ['2026-10-05T08:15:30.250Z', Date.UTC(2026, 9, 5, 8, 15, 30, 250)],
    ['2026-10-05 08:15:30', Date.UTC(2026, 9, 5, 8, 15, 30)],
    ['2026-10-05T10:15:30+02:00', Date.UTC(2026, 9, 5, 8, 15, 30)],
    ['2026-10-05', Date.UTC(2026, 9, 5)],
  ])('is read as UTC where it names no zone: %s', (text, time) => {
    expect(parseTime(text)).toBe(time);
  });

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-02-30T10:00:00Z',
    '2026-13-45T00:00:00Z',
    'Oct 5, 2026 8:15:30 AM',
    '1700000000',
  ])('is not guessed from %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
