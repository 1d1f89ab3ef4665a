import {
  DescribeListenersCommand,
  DescribeTagsCommand,
  type Listener,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import type { ArnResource } from '../../../lib/core/control.ts';
import { listenerOfArn } from '../../../lib/services/elb/names.ts';
import { account, mockAws, region } from '../../pipeline/gathering.ts';
import { awsError } from '../listing.ts';
import { listenerArnIn } from './arns.ts';

const arn = listenerArnIn({ account, region });
const listener = of(arn);

function of(listenerArn: string): ArnResource {
  const found = listenerOfArn(listenerArn);
  if (found === undefined) throw new Error(`${listenerArn} is no listener`);
  return found;
}

/** So many listeners of one load balancer. */
const several = (count: number) => Array.from({ length: count }, (_, nth) => of(`${arn}${nth}`));

const notFound = awsError('ListenerNotFoundException', 'One or more listeners not found');

/** Answers as AWS does: all of them, or none where one is not there. */
function withListeners(...described: readonly Listener[]) {
  const aws = mockAws();
  aws.elbv2.on(DescribeListenersCommand).callsFake(({ ListenerArns = [] }: { ListenerArns?: string[] }) => {
    const found = ListenerArns.map((one) => described.find(({ ListenerArn }) => ListenerArn === one));
    if (found.includes(undefined)) throw notFound;
    return { Listeners: found };
  });
  return aws;
}

describe('a listener', () => {
  it('is as AWS describes it', async () => {
    const aws = withListeners({
      ListenerArn: arn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', StatusCode: 'HTTP_301' } },
        { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_302' } },
        { Type: 'forward' },
      ],
    });
    expect(await aws.read(listener, 'elb.listener')).toMatchObject({
      value: {
        protocol: 'HTTP',
        port: 80,
        sslPolicy: null,
        defaultActions: [
          { type: 'redirect', redirectProtocol: 'HTTPS' },
          { type: 'redirect', redirectProtocol: '#{protocol}' },
          { type: 'forward', redirectProtocol: null },
        ],
      },
      source: { kind: 'api', call: 'DescribeListeners' },
    });
  });

  it('is asked for together with nineteen others', async () => {
    const listeners = several(45);
    const aws = withListeners(
      ...listeners.map((one) => ({ ListenerArn: one.arn, Protocol: 'TLS' as const })),
    );
    const facts = await aws.gather(
      listeners.map((resource) => ({ resource, facts: ['elb.listener'], mayBeDeleted: true })),
    );
    expect(facts.map((one) => one['elb.listener']?.known)).toEqual(listeners.map(() => true));
    expect(aws.calls()).toHaveLength(3);
  });

  it('that is not there costs the others of its call no answer', async () => {
    const [here, deleted] = several(2);
    if (here === undefined || deleted === undefined) throw new Error('there are two');
    const aws = withListeners({ ListenerArn: here.arn, Protocol: 'TLS' });
    const [first, second] = await aws.gather(
      [here, deleted].map((resource) => ({ resource, facts: ['elb.listener'], mayBeDeleted: true })),
    );
    expect(first?.['elb.listener']).toMatchObject({ value: { protocol: 'TLS' } });
    expect(second?.['elb.listener']).toMatchObject({ reason: 'deleted' });
    expect(aws.waits).toEqual([]);
  });

  it('that was just made is waited for', async () => {
    const aws = mockAws();
    aws.elbv2
      .on(DescribeListenersCommand)
      .rejectsOnce(notFound)
      .rejectsOnce(notFound)
      .resolves({ Listeners: [{ ListenerArn: arn, Protocol: 'HTTPS' }] });
    expect(await aws.read(listener, 'elb.listener')).toMatchObject({ value: { protocol: 'HTTPS' } });
    expect(aws.waits).toEqual([500]);
  });

  it.each([
    ['AccessDenied', 'denied'],
    ['Throttling', 'throttled'],
    ['ServiceUnavailable', 'failed'],
  ])('is unknown where AWS answers %s', async (name, reason) => {
    const aws = mockAws();
    aws.elbv2.on(DescribeListenersCommand).rejects(awsError(name, 'no'));
    expect(await aws.read(listener, 'elb.listener')).toMatchObject({ known: false, reason });
  });
});

describe('tags', () => {
  it('are asked apart, and {} of what has none', async () => {
    const [first, second] = several(2);
    if (first === undefined || second === undefined) throw new Error('there are two');
    const aws = mockAws();
    aws.elbv2.on(DescribeTagsCommand, { ResourceArns: [first.arn, second.arn] }).resolves({
      TagDescriptions: [
        { ResourceArn: second.arn, Tags: [{ Key: 'team', Value: 'shop' }, { Key: 'flag' }] },
        { ResourceArn: first.arn },
      ],
    });
    expect(await aws.provider.tagsOf([first, second])).toMatchObject([
      { value: {} },
      { value: { team: 'shop', flag: '' } },
    ]);
  });

  it('of a listener that is not there are unknown, and those of the others known', async () => {
    const [here, deleted] = several(2);
    if (here === undefined || deleted === undefined) throw new Error('there are two');
    const aws = mockAws();
    aws.elbv2
      .on(DescribeTagsCommand)
      .rejects(notFound)
      .on(DescribeTagsCommand, { ResourceArns: [here.arn] }, true)
      .resolves({ TagDescriptions: [{ ResourceArn: here.arn, Tags: [] }] });
    expect(await aws.provider.tagsOf([here, deleted])).toMatchObject([
      { value: {} },
      { reason: 'not-found' },
    ]);
  });
});
