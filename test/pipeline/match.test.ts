import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type Control, defineControl, pass, type Trigger } from '../../lib/core/control.ts';
import type { Service } from '../../lib/core/service.ts';
import { eventPatterns } from '../../lib/pipeline/evaluators.ts';
import { aliasesOf, Matcher, triggerText, wantedActors, wantedEvents } from '../../lib/pipeline/match.ts';
import { keyInEvent } from '../../lib/services/kms/resources.ts';
import { eventOf } from '../evaluating.ts';

/** A control about keys that is triggered so. */
function controlOf(id: string, ...triggers: readonly Trigger[]): Control {
  return defineControl({
    id,
    title: 'Keys should be',
    description: 'A control of this test.',
    severity: 'LOW',
    resourceType: 'AwsKmsKey',
    standards: { 'NIST.800-53.r5': [], 'PCI DSS v4.0.1': [], 'AWS FSBP': [] },
    triggers,
    deletions: [],
    facts: [],
    settings: z.strictObject({}),
    narrowing: {},
    evaluate: () => pass('It is.', 'a key', []),
    actions: [],
    remediation: 'Nothing.',
    reference: 'https://docs.aws.amazon.com/kms/',
  });
}

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const record = (eventName: string, type = 'IAMUser', eventSource = 'kms.amazonaws.com') =>
  eventOf({
    eventID: 'e-1',
    eventTime: '2026-11-30T10:00:00Z',
    eventSource,
    eventName,
    awsRegion: 'eu-central-1',
    recipientAccountId: '111122223333',
    userIdentity: { type, arn: 'arn:aws:iam::111122223333:root', accountId: '111122223333' },
    requestParameters: { keyId: keyArn },
    responseElements: null,
    resources: [{ ARN: keyArn, accountId: '111122223333', type: 'AWS::KMS::Key' }],
  });

const call: Trigger = {
  kind: 'api-call',
  eventSource: 'kms.amazonaws.com',
  eventNames: ['DisableKey'],
  resources: keyInEvent,
};
const deleting: Trigger = { ...call, eventNames: ['RevokeGrant'], mayDelete: true };
const signIn: Trigger = { kind: 'sign-in', eventNames: ['ConsoleLogin'], resources: keyInEvent };
const root: Trigger = { kind: 'actor', actorTypes: ['Root'], resources: keyInEvent };
const audit: Trigger = {
  kind: 'audit-event',
  apiGroup: 'networking.k8s.io',
  resource: 'networkpolicies',
  verbs: ['create', 'delete'],
  resources: () => [],
};
const never: Trigger = { kind: 'schedule' };

const triggeredBy = (trigger: Trigger, event: ReturnType<typeof record>) =>
  new Matcher([controlOf('one', trigger)]).match(event).triggered.length;

describe('a trigger', () => {
  it('by an API call is that call of that source', () => {
    expect(triggeredBy(call, record('DisableKey'))).toBe(1);
    expect(triggeredBy(call, record('EnableKey'))).toBe(0);
    expect(triggeredBy(call, record('DisableKey', 'IAMUser', 'ec2.amazonaws.com'))).toBe(0);
  });

  it('by a call that may delete says so', () => {
    const { triggered } = new Matcher([controlOf('one', deleting)]).match(record('RevokeGrant'));
    expect(triggered.map(({ mayDelete }) => mayDelete)).toEqual([true]);
  });

  it('by a sign-in is an event of the sign-in service', () => {
    expect(triggeredBy(signIn, record('ConsoleLogin', 'Root', 'signin.amazonaws.com'))).toBe(1);
    expect(triggeredBy(signIn, record('ConsoleLogin'))).toBe(0);
  });

  it('by an actor is any call of that actor', () => {
    expect(triggeredBy(root, record('ListKeys', 'Root'))).toBe(1);
    expect(triggeredBy(root, record('StopInstances', 'Root', 'ec2.amazonaws.com'))).toBe(1);
    expect(triggeredBy(root, record('ListKeys'))).toBe(0);
  });

  it.each([
    ['an audit event', audit],
    ['the schedule', never],
  ])('by %s is no event of CloudTrail', (_what, trigger) => {
    expect(triggeredBy(trigger, record('DisableKey', 'Root'))).toBe(0);
  });

  it.each([
    [call, 'kms.amazonaws.com: DisableKey'],
    [signIn, 'signin.amazonaws.com: ConsoleLogin'],
    [root, 'any call of an actor of type Root'],
    [audit, "the cluster's audit log: create, delete networkpolicies.networking.k8s.io"],
    [never, 'the scheduled scan only'],
  ])('is described in words', (trigger, words) => {
    expect(triggerText(trigger)).toBe(words);
  });
});

describe('what the fast reader keeps', () => {
  const controls = [controlOf('one', call, signIn), controlOf('two', root, audit, never)];

  it('are the names that triggers declare, by source', () => {
    expect(wantedEvents(controls)).toEqual([
      { eventSource: 'kms.amazonaws.com', eventNames: ['DisableKey'] },
      { eventSource: 'signin.amazonaws.com', eventNames: ['ConsoleLogin'] },
    ]);
  });

  it('are all calls of the actors that triggers name', () => {
    expect(wantedActors(controls)).toEqual(['Root']);
  });
});

describe('what EventBridge forwards', () => {
  const kms: Pick<Service, 'source'> = {
    source: {
      kind: 'aws',
      eventSource: 'kms.amazonaws.com',
      eventBridgeSource: 'aws.kms',
      iamPrefix: 'kms',
      eventsArriveIn: 'own',
    },
  };

  it('are calls by their names, sign-ins, and what actors do, each by a pattern of its own', () => {
    const patterns = eventPatterns([controlOf('one', call, signIn, root, audit, never)], [kms]);
    expect(patterns.map(({ source, detail }) => [source, detail])).toEqual([
      [
        ['aws.kms'],
        {
          eventSource: ['kms.amazonaws.com'],
          eventName: ['DisableKey'],
          errorCode: [{ exists: false }],
        },
      ],
      [
        ['aws.signin'],
        {
          eventSource: ['signin.amazonaws.com'],
          eventName: ['ConsoleLogin'],
          errorCode: [{ exists: false }],
        },
      ],
      [[{ prefix: 'aws.' }], { userIdentity: { type: ['Root'] }, errorCode: [{ exists: false }] }],
    ]);
  });

  it('take both spellings of the detail type of sign-ins', () => {
    const [pattern] = eventPatterns([controlOf('one', signIn)], [kms]);
    expect(pattern?.['detail-type']).toEqual([
      'AWS Console Sign In via CloudTrail',
      'AWS Console Signin via CloudTrail',
    ]);
  });

  it('are nothing for a control that only the schedule evaluates', () => {
    expect(eventPatterns([controlOf('one', never)], [kms])).toEqual([]);
  });

  it('fail for events of a source that no service has', () => {
    expect(() => eventPatterns([controlOf('one', call)], [])).toThrow('no service has events of kms');
  });
});

describe('a call that CloudTrail logs under another name', () => {
  const aliases = aliasesOf([
    {
      source: {
        kind: 'aws',
        eventSource: 'kms.amazonaws.com',
        eventBridgeSource: 'aws.kms',
        iamPrefix: 'kms',
        eventsArriveIn: 'own',
        eventAliases: { DisableKey: ['DisableKey20141101'] },
      },
    },
  ]);
  const control = controlOf('one', call);

  it('is the call that the control declares', () => {
    expect(new Matcher([control], aliases).match(record('DisableKey20141101')).triggered).toHaveLength(1);
    expect(new Matcher([control], aliases).declares(record('DisableKey20141101'))).toBe(true);
  });

  it('is kept by the fast reader under both names', () => {
    expect(wantedEvents([control], [], aliases)).toEqual([
      { eventSource: 'kms.amazonaws.com', eventNames: ['DisableKey', 'DisableKey20141101'] },
    ]);
  });
});
