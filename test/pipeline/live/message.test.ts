import { describe, expect, it } from 'vitest';
import {
  againBody,
  parseBody,
  parseMessage,
  publishBody,
  recheckBody,
  scheduledScanBody,
} from '../../../lib/pipeline/live/message.ts';
import { sample } from '../../evaluating.ts';

const volume = {
  type: 'AwsEc2Volume',
  id: 'vol-0a1b2c3d4e5f60001',
  arn: 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a1b2c3d4e5f60001',
  account: '111122223333',
  region: 'eu-central-1',
  partOf: 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1b2c3d4e5f60001',
} as const;

/** As a queue would carry it. */
function carried(body: unknown) {
  return parseBody(JSON.stringify(body));
}

describe('a message', () => {
  it('is an event as EventBridge delivers it', () => {
    const message = carried(sample('ec2-transit-encryption', 'fail-run-instances-type-without-encryption'));
    expect(message).toMatchObject({ kind: 'event', attempt: 1, event: { eventName: 'RunInstances' } });
  });

  it('is the same event when it is to be re-evaluated, with the number of the attempt', () => {
    const envelope = sample('ec2-transit-encryption', 'fail-run-instances-type-without-encryption');
    const first = carried(envelope);
    const again = carried(againBody(envelope, 3));
    expect(again).toMatchObject({ kind: 'event', attempt: 3 });
    expect(again.kind === 'event' && again.event).toEqual(first.kind === 'event' && first.event);
  });

  it('keeps counting the attempts', () => {
    const body = againBody(againBody(sample('kms-key-disabled', 'fail-disabled'), 2), 3);
    expect(carried(body)).toMatchObject({ kind: 'event', attempt: 3 });
  });

  it('requests the evaluation of resources, without their tags, which are read anew', () => {
    const body = recheckBody([
      { resource: { ...volume, tags: { team: 'payments' } }, controls: ['ec2-volume-encryption'] },
    ]);
    expect(carried(body)).toEqual({
      kind: 're-evaluate',
      resources: [{ resource: volume, controls: ['ec2-volume-encryption'] }],
    });
  });

  it('requests publications, with the number of the attempt', () => {
    expect(carried(publishBody(['trailseal/a', 'trailseal/b'], 4))).toEqual({
      kind: 'publish',
      findings: ['trailseal/a', 'trailseal/b'],
      attempt: 4,
    });
  });

  it('requests a scheduled scan, of everything or of a part from a token on', () => {
    expect(carried(scheduledScanBody())).toEqual({ kind: 'scan', part: undefined });
    expect(carried(scheduledScanBody({ of: 'AwsEksCluster', token: 'next' }))).toEqual({
      kind: 'scan',
      part: { of: 'AwsEksCluster', token: 'next' },
    });
  });
});

describe('a canary', () => {
  const nonce = '2026-11-30T22:00:00.000Z/0b5c2f7e-0000-4000-8000-000000000001';
  const tagging = (tags: unknown) => ({
    ...sample('ec2-transit-encryption', 'fail-run-instances-type-without-encryption'),
    source: 'aws.lambda',
    detail: { eventName: 'TagResource20170331v2', requestParameters: { tags } },
  });

  it('is the event of its tag, with the time at which it was sent', () => {
    expect(carried(tagging({ 'trailseal-canary': nonce }))).toEqual({
      kind: 'canary',
      canary: { nonce, sentAt: Date.parse('2026-11-30T22:00:00Z') },
    });
  });

  it.each([{ 'trailseal-canary': 'another value' }, { Name: nonce }])('is no event that wrote %j', (tags) => {
    expect(carried(tagging(tags)).kind).not.toBe('canary');
  });
});

describe('an unknown message', () => {
  it.each([
    ['no JSON', '{"detail":', /no JSON/],
    ['no event', '{"detail-type":"Scheduled Event","detail":{}}', /eventSource, eventName missing/],
    ['a number', '7', /a number/],
    ['of a later version', '{"trailseal":{"version":2,"kind":"re-evaluate"}}', /version is 2, not 1/],
    ['of no known kind', '{"trailseal":{"version":1,"kind":"dance"}}', /kind is "dance"/],
    ['not an object where it should be', '{"trailseal":"re-evaluate"}', /no object/],
    [
      'a re-evaluation of nothing',
      '{"trailseal":{"version":1,"kind":"re-evaluate","resources":[]}}',
      /or none/,
    ],
    [
      'a re-evaluation without an account',
      '{"trailseal":{"version":1,"kind":"re-evaluate","resources":[{"resource":{"type":"AwsKmsKey","id":"k","arn":"a","region":"eu-central-1"}}]}}',
      /without a known type, id, account or Region/,
    ],
    [
      'a re-evaluation of a resource of an unknown type',
      JSON.stringify(recheckBody([{ resource: volume }])).replace('AwsEc2Volume', 'AwsEc2Vulcan'),
      /without a known type, id, account or Region/,
    ],
    [
      'a scheduled scan of an unknown type',
      '{"trailseal":{"version":1,"kind":"scan","of":"AwsEc2Vulcan"}}',
      /^a scheduled scan is of "AwsEc2Vulcan", which is no type of resource$/,
    ],
    [
      'a version as deep as a message can be',
      `{"trailseal":{"version":${'['.repeat(100_000)}${']'.repeat(100_000)},"kind":"re-evaluate"}}`,
      /^its version is a list, not 1$/,
    ],
    ['a publication of nothing', JSON.stringify(publishBody([])), /names no finding/],
  ])('is malformed, with the reason: %s', (_what, body, reason) => {
    const message = parseBody(body);
    expect(message.kind).toBe('malformed');
    expect(message.kind === 'malformed' && message.reason).toMatch(reason);
  });

  it('takes an invalid count of attempts as the first', () => {
    const envelope = {
      ...sample('kms-key-disabled', 'fail-disabled'),
      trailseal: { version: 1, kind: 'again', attempt: -3 },
    };
    expect(parseMessage(envelope)).toMatchObject({ kind: 'event', attempt: 1 });
  });
});
