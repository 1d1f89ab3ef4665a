/**
 * Load balancers and their listeners. Sources: Elastic Load Balancing User Guide, "Logging API calls using CloudTrail"
 * (CreateLoadBalancer, DeleteLoadBalancer); API Reference, "CreateListener", "ModifyListener" (of which no sample is
 * published).
 */
import type { AccountRegion } from '../../../lib/core/account-region.ts';
import type { JsonObject } from '../../../lib/core/json.ts';
import { ana, data, li, mateo, production, sandbox, staging, terraform } from '../cast.ts';
import { digest, ec2Id } from '../random.ts';
import { type Act, inWords, type SampleCall } from '../record.ts';
import type { Add } from '../story.ts';

type Kind = 'app' | 'net';

function arnOf({ account, region }: AccountRegion, resource: string): string {
  return `arn:aws:elasticloadbalancing:${region}:${account}:${resource}`;
}

/** 16 hexadecimal digits, the same for the same name. */
function hexId(name: string): string {
  return digest(name).slice(0, 16);
}

function pathOf(accountRegion: AccountRegion, kind: Kind, name: string): string {
  return `${kind}/${name}/${hexId(`load balancer ${accountRegion.account} ${name}`)}`;
}

function write(name: string, request: JsonObject, response: JsonObject | null): SampleCall {
  return { service: 'elasticloadbalancing', name, readOnly: false, request, response };
}

function createLoadBalancer(kind: Kind, name: string): Act {
  return (moment) => {
    const type = kind === 'app' ? 'application' : 'network';
    const subnets = ['a', 'b'].map((zone) => ec2Id('subnet', `${moment.account} ${moment.region}${zone}`));
    const answered = {
      loadBalancerArn: arnOf(moment, `loadbalancer/${pathOf(moment, kind, name)}`),
      dNSName: `${name}-${hexId(name).slice(0, 10)}.elb.${moment.region}.amazonaws.com`,
      createdTime: inWords(moment.time),
      loadBalancerName: name,
      scheme: 'internet-facing',
      vpcId: ec2Id('vpc', `${moment.account} ${moment.region}`),
      state: { code: 'provisioning' },
      type,
      availabilityZones: subnets.map((subnetId, nth) => ({
        zoneName: `${moment.region}${nth === 0 ? 'a' : 'b'}`,
        subnetId,
        loadBalancerAddresses: [],
      })),
      ipAddressType: 'ipv4',
    };
    return write(
      'CreateLoadBalancer',
      { name, subnets, type, scheme: 'internet-facing' },
      { loadBalancers: [answered] },
    );
  };
}

interface Listening {
  readonly protocol: string;
  readonly port: number;
  readonly certificate?: true;
  /** Without a target group, it redirects to HTTPS. */
  readonly forwardTo?: string;
}

function settingsOf(
  moment: AccountRegion,
  { protocol, port, certificate, forwardTo }: Listening,
): JsonObject {
  return {
    protocol,
    port,
    ...(certificate === undefined
      ? {}
      : {
          certificates: [
            { certificateArn: `arn:aws:acm:${moment.region}:${moment.account}:certificate/${hexId('acm')}` },
          ],
          sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
        }),
    defaultActions:
      forwardTo === undefined
        ? [
            {
              type: 'redirect',
              redirectConfig: { protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' },
            },
          ]
        : [
            {
              type: 'forward',
              targetGroupArn: arnOf(moment, `targetgroup/${forwardTo}/${hexId(forwardTo)}`),
            },
          ],
  };
}

function createListener(kind: Kind, name: string, listening: Listening): Act {
  return (moment) => {
    const inPath = pathOf(moment, kind, name);
    const loadBalancerArn = arnOf(moment, `loadbalancer/${inPath}`);
    const listenerArn = arnOf(moment, `listener/${inPath}/${hexId(`${name} ${listening.port}`)}`);
    const settings = settingsOf(moment, listening);
    return write(
      'CreateListener',
      { loadBalancerArn, ...settings },
      { listeners: [{ listenerArn, loadBalancerArn, ...settings }] },
    );
  };
}

/** @param port by which the listener was made. */
function modifyListener(kind: Kind, name: string, port: number, listening: Listening): Act {
  return (moment) => {
    const inPath = pathOf(moment, kind, name);
    const listenerArn = arnOf(moment, `listener/${inPath}/${hexId(`${name} ${port}`)}`);
    const settings = settingsOf(moment, listening);
    const loadBalancerArn = arnOf(moment, `loadbalancer/${inPath}`);
    return write(
      'ModifyListener',
      { listenerArn, ...settings },
      { listeners: [{ listenerArn, loadBalancerArn, ...settings }] },
    );
  };
}

function deleteLoadBalancer(kind: Kind, name: string): Act {
  return (moment) =>
    write(
      'DeleteLoadBalancer',
      { loadBalancerArn: arnOf(moment, `loadbalancer/${pathOf(moment, kind, name)}`) },
      null,
    );
}

/** The shop's is as it should be, that of staging becomes so; the sandbox's stays, and a broker's is gone after two days. */
export function tell(add: Add): void {
  add(
    '02 10:14:08',
    production.frankfurt,
    terraform,
    createLoadBalancer('app', 'shop'),
    createListener('app', 'shop', { protocol: 'HTTPS', port: 443, certificate: true, forwardTo: 'shop' }),
    createListener('app', 'shop', { protocol: 'HTTP', port: 80 }),
  );
  const staged = { protocol: 'HTTP', port: 80, forwardTo: 'shop-staging' };
  add(
    '06 13:21:40',
    staging.frankfurt,
    ana.cli,
    createLoadBalancer('app', 'shop-staging'),
    createListener('app', 'shop-staging', staged),
  );
  add(
    '07 09:05:12',
    staging.frankfurt,
    ana.cli,
    modifyListener('app', 'shop-staging', 80, {
      protocol: 'HTTPS',
      port: 443,
      certificate: true,
      forwardTo: 'shop-staging',
    }),
  );
  add(
    '13 15:48:31',
    sandbox.frankfurt,
    mateo.console,
    createLoadBalancer('app', 'demo'),
    createListener('app', 'demo', { protocol: 'HTTP', port: 80, forwardTo: 'demo' }),
  );
  add(
    '14 08:30:26',
    data.ireland,
    li.cli,
    createLoadBalancer('net', 'broker'),
    createListener('net', 'broker', { protocol: 'TCP', port: 9092, forwardTo: 'broker' }),
  );
  add('16 17:02:55', data.ireland, li.cli, deleteLoadBalancer('net', 'broker'));
}
