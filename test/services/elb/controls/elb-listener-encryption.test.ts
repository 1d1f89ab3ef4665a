import { describe, expect, it } from 'vitest';
import { elbListenerEncryption as control } from '../../../../lib/services/elb/controls/elb-listener-encryption.ts';
import { deletedResources, eventOf } from '../../../evaluating.ts';
import { last, survivesMutations, verdicts } from '../../evaluations.ts';
import { listenerArnIn } from '../arns.ts';
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
} from '../records.ts';

const id = 'app/web/50dc6c495c0c9188/f2f7dc8efc522ab2';
const toHttps = redirect({ protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' });

describe('a listener', () => {
  it.each(['HTTPS', 'TLS', 'QUIC'])('of %s passes', async (protocol) => {
    expect(await verdicts(control, [create({ protocol, port: 443, defaultActions: forward })])).toEqual([
      'PASS',
    ]);
  });

  it.each(['TCP', 'UDP', 'TCP_UDP', 'TCP_QUIC'])(
    'of %s fails: it passes on what it gets',
    async (protocol) => {
      const { verdict, evidence } = await last(control, [
        create({ protocol, port: 443, defaultActions: forward }),
      ]);
      expect([verdict, evidence.summary]).toEqual([
        'FAIL',
        `The listener ${id} takes ${protocol}, and passes on what it gets, encrypted or not.`,
      ]);
    },
  );

  it.each([null, 'SCTP', '__proto__'])('of protocol %j is unknown', async (protocol) => {
    expect(await verdicts(control, [create({ protocol, port: 80, defaultActions: forward })])).toEqual([
      'UNKNOWN',
    ]);
  });

  it('of a Gateway Load Balancer is not applicable, with a known protocol or not', async () => {
    const arn = listenerArnIn({ account, region }, 'gwy/inspection');
    const records = [create({ defaultActions: forward }, arn), create({ protocol: 'GENEVE' }, arn)];
    expect(await verdicts(control, records)).toEqual(['NOT_APPLICABLE', 'NOT_APPLICABLE']);
  });
});

describe('an HTTP listener', () => {
  const http = (defaultActions: unknown) => create({ protocol: 'HTTP', port: 80, defaultActions });

  it('passes where it redirects to HTTPS', async () => {
    expect(await verdicts(control, [http(toHttps)])).toEqual(['PASS']);
  });

  it.each<[string, unknown, string]>([
    ['forwards', forward, 'forward'],
    ['answers by itself', [{ type: 'fixed-response' }], 'fixed-response'],
    ['redirects to HTTP', redirect({ protocol: 'HTTP' }), 'redirect to HTTP'],
    [
      'redirects with the protocol of the request',
      redirect({ protocol: '#{protocol}' }),
      'redirect to #{protocol}',
    ],
    [
      'redirects to another host, and tells no protocol',
      redirect({ host: 'a.example' }),
      'redirect to #{protocol}',
    ],
    ['also does something else', [...toHttps, ...forward], 'redirect to HTTPS, forward'],
  ])('fails where it %s', async (_how, defaultActions, shown) => {
    const { verdict, evidence } = await last(control, [http(defaultActions)]);
    expect([verdict, evidence.summary]).toEqual([
      'FAIL',
      `The listener ${id} takes HTTP, which is not encrypted, and does not redirect it to HTTPS (${shown}).`,
    ]);
  });

  it.each([undefined, [], [{}], [{ type: 'redirect' }]])(
    'is unknown where its actions are not known: %j',
    async (defaultActions) => {
      expect(await verdicts(control, [http(defaultActions)])).toEqual(['UNKNOWN']);
    },
  );
});

describe('a changed listener', () => {
  it('is evaluated as the answer describes it', async () => {
    const records = [
      create({ protocol: 'HTTP', port: 80, defaultActions: toHttps }),
      modify({ defaultActions: forward }, { protocol: 'HTTP', port: 80, defaultActions: forward }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS', 'FAIL']);
  });

  it('is unknown where the trail shows neither its making nor its protocol', async () => {
    expect(await verdicts(control, [modify({ port: 81 })])).toEqual(['UNKNOWN']);
  });
});

describe('ports that the policy has traffic pass through', () => {
  const settings = { passthroughPorts: [443] };
  const tcp = (port: unknown) => create({ protocol: 'TCP', port, defaultActions: forward });

  it.each([
    [443, 'PASS'],
    ['443', 'PASS'],
    [80, 'FAIL'],
    [null, 'UNKNOWN'],
  ])('make TCP on port %j %s', async (port, verdict) => {
    expect(await verdicts(control, [tcp(port)], settings)).toEqual([verdict]);
  });

  it('let no HTTP pass', async () => {
    const record = create({ protocol: 'HTTP', port: 443, defaultActions: forward });
    expect(await verdicts(control, [record], settings)).toEqual(['FAIL']);
  });

  it.each([0, 65_536, 1.5, '443'])('can not be %j', (port) => {
    expect(control.settings.safeParse({ passthroughPorts: [port] }).success).toBe(false);
  });
});

describe('what deletes a listener', () => {
  it('is DeleteListener', () => {
    const [deleted] = deletedResources(control, elb('DeleteListener', { listenerArn }));
    expect(deleted).toMatchObject({ type: 'AwsElbv2Listener', id });
  });

  it('is DeleteLoadBalancer, of which it is part', () => {
    const [deleted] = deletedResources(control, elb('DeleteLoadBalancer', { loadBalancerArn }));
    expect(deleted?.arn).toBe(loadBalancerArn);
    const [made] = control.triggers.flatMap((trigger) =>
      trigger.kind === 'api-call' ? trigger.resources(eventOf(create({}))) : [],
    );
    expect(made?.partOf).toBe(loadBalancerArn);
  });

  it('is no DeleteLoadBalancer of a Classic Load Balancer', () => {
    expect(deletedResources(control, elb('DeleteLoadBalancer', { loadBalancerName: 'web' }))).toEqual([]);
  });
});

it('never throws, whatever the events hold', async () => {
  await survivesMutations(control, [
    create({ protocol: 'HTTP', port: 80, defaultActions: toHttps }),
    modify({ protocol: 'TCP' }, { protocol: 'TCP', port: 80, defaultActions: forward }),
  ]);
});
