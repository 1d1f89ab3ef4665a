import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AskTrail } from '../../../lib/core/trail-facts.ts';
import { listenerOfArn, loadBalancerOfArn } from '../../../lib/services/elb/names.ts';
import {
  listenerInRequest,
  listenersCreated,
  loadBalancerInRequest,
} from '../../../lib/services/elb/resources.ts';
import { trail } from '../../../lib/services/elb/trail.ts';
import { eventOf } from '../../evaluating.ts';
import { listenerArnIn } from './arns.ts';
import {
  account,
  create,
  elb,
  forward,
  listenerArn,
  loadBalancerArn,
  modify,
  redirect,
  region,
} from './records.ts';

/** Load balancing asks no other service. */
const noOtherService: AskTrail = (name) => {
  throw new Error(`${name} is asked for`);
};

/** What the trail tells of the listener after these records. */
function learned(...records: readonly unknown[]) {
  const reader = trail.open(noOtherService);
  for (const record of records) reader.learn(eventOf(record));
  const listener = listenerOfArn(listenerArn);
  if (listener === undefined) throw new Error(`${listenerArn} is no listener`);
  return reader.read['elb.listener'](listener);
}

describe('the listeners of an event', () => {
  it('are all that the answer names, with the tags that are asked for', () => {
    const other = `${listenerArn}0`;
    const record = elb(
      'CreateListener',
      { loadBalancerArn, tags: [{ key: 'team', value: 'shop' }, { key: 'flag' }] },
      { listeners: [{ listenerArn }, { listenerArn: other }] },
    );
    expect(listenersCreated(eventOf(record))).toEqual(
      [listenerArn, other].map((arn) => ({
        type: 'AwsElbv2Listener',
        id: arn.slice(arn.indexOf('app/')),
        arn,
        account,
        region,
        partOf: loadBalancerArn,
        tags: { team: 'shop', flag: '' },
      })),
    );
  });

  it.each([
    ['as the API model spells it', { ListenerArn: listenerArn }, null],
    ['as CloudTrail spells most services', { listenerArn }, null],
    ['in the answer alone', null, { listeners: [{ listenerArn }] }],
    ['in an answer with capitals', null, { Listeners: [{ ListenerArn: listenerArn }] }],
  ])('are named %s', (_how, request, response) => {
    const [found] = listenerInRequest(eventOf(elb('ModifyListener', request, response)));
    expect(found?.arn).toBe(listenerArn);
  });

  it('belong to the account and Region of their own ARN', () => {
    const arn = listenerArnIn({ account: '444455556666', region: 'us-gov-west-1' });
    expect(listenerOfArn(arn)).toMatchObject({
      account: '444455556666',
      region: 'us-gov-west-1',
      partOf:
        'arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:444455556666:loadbalancer/app/web/50dc6c495c0c9188',
    });
  });

  it.each([
    undefined,
    '',
    'listener/app/web/1/2',
    loadBalancerArn,
    `${listenerArn}/9683b2d02a6cabee`,
    listenerArn.replace('elasticloadbalancing', 'globalaccelerator'),
    listenerArn.replace(account, 'HIDDEN'),
    listenerArn.replace(region, ''),
    listenerArn.replace('/app/', '/alb/'),
  ])('are none in %j', (arn) => {
    expect(listenerOfArn(arn)).toBeUndefined();
  });
});

describe('a listener in the trail', () => {
  it('is as the answer describes it', () => {
    expect(
      learned(create({ protocol: 'HTTPS', port: 443, sslPolicy: 'P', defaultActions: forward })),
    ).toMatchObject({
      value: {
        protocol: 'HTTPS',
        port: 443,
        sslPolicy: 'P',
        defaultActions: [{ type: 'forward', redirectProtocol: null }],
      },
      source: { kind: 'event', eventName: 'CreateListener' },
    });
  });

  it('is read in capitals just the same', () => {
    const described = {
      ListenerArn: listenerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS' } }],
    };
    expect(learned(elb('CreateListener', {}, { Listeners: [described] }))).toMatchObject({
      value: {
        protocol: 'HTTP',
        port: 80,
        defaultActions: [{ type: 'redirect', redirectProtocol: 'HTTPS' }],
      },
    });
  });

  const https = create({ protocol: 'HTTPS', port: 443, sslPolicy: 'P', defaultActions: forward });

  it('keeps what a change does not name, where the answer is not recorded', () => {
    expect(learned(https, modify({ port: 8443 }))).toMatchObject({
      value: { protocol: 'HTTPS', port: 8443, sslPolicy: 'P', defaultActions: [{ type: 'forward' }] },
    });
  });

  it('loses its security policy with its protocol', () => {
    expect(learned(https, modify({ protocol: 'HTTP' }))).toMatchObject({
      value: { protocol: 'HTTP', sslPolicy: null },
    });
  });

  it('has other actions after a change that is too big to be recorded, or may have', () => {
    const http = create({ protocol: 'HTTP', port: 80, defaultActions: redirect({ protocol: 'HTTPS' }) });
    const omitted = elb('ModifyListener', { omitted: true }, { listeners: [{ listenerArn }] });
    expect(learned(http, omitted)).toMatchObject({ value: { protocol: 'HTTP', defaultActions: null } });
  });

  it.each([
    ['DeleteListener', elb('DeleteListener', { listenerArn })],
    ['DeleteLoadBalancer', elb('DeleteLoadBalancer', { loadBalancerArn })],
  ])('is not known any more after %s', (_event, record) => {
    expect(learned(https, record)).toMatchObject({ known: false, reason: 'not-in-trail' });
  });

  it('stays where another load balancer is deleted whose name begins alike', () => {
    const other = { loadBalancerArn: loadBalancerArn.slice(0, -1) };
    expect(learned(https, elb('DeleteLoadBalancer', other))).toMatchObject({ known: true });
  });

  it('is not learned from Global Accelerator, which has listeners too', () => {
    const record = { ...https, eventSource: 'globalaccelerator.amazonaws.com' };
    expect(learned(record)).toMatchObject({ known: false });
  });
});

const documented = path.join(
  import.meta.dirname,
  '../../../../shared/data/awsdocs-alb/load-balancer-cloudtrail-logs-2.json',
);
describe.skipIf(!existsSync(documented))('AWS’s own sample of DeleteLoadBalancer', () => {
  it('names the load balancer', () => {
    const text = readFileSync(documented, 'utf8');
    const event = eventOf(JSON.parse(text));
    expect(loadBalancerInRequest(event)).toEqual([
      loadBalancerOfArn(
        'arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/my-load-balancer/ffcddace1759e1d0',
      ),
    ]);
  });
});
