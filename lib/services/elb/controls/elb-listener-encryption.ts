import * as z from 'zod/mini';
import { defineControl, fail, notApplicable, observe, pass, unknown } from '../../../core/control.ts';
import { fewer } from '../../../core/narrowing.ts';
import type { DefaultAction, Listener } from '../facts.ts';
import { listenerInRequest, listenersCreated, loadBalancerInRequest } from '../resources.ts';

/**
 * What clients send to a listener is encrypted on the way by its protocol alone:
 *
 * - HTTPS, TLS and QUIC (which is always encrypted: RFC 9001) pass.
 * - HTTP passes where its default action redirects to HTTPS, and fails otherwise. What its other rules do is not read.
 * - TCP, UDP, TCP_UDP and TCP_QUIC fail, as in AWS's own ELB.18: the listener passes on whatever it gets, and nothing
 *   says that it is encrypted. On a port that the policy names it passes: there TLS goes through to the targets.
 * - GENEVE, which Gateway Load Balancers speak with virtual appliances, is not applicable.
 * - UNKNOWN is what has no known protocol, or HTTP without its default actions.
 *
 * Sources: AWS Security Hub User Guide, "Security Hub CSPM controls for Elastic Load Balancing" (ELB.1, whose NIST
 * requirements these are; ELB.18, which AWS maps to none; ELB.3, the same of Classic Load Balancers, to PCI DSS v4.0.1
 * 4.2.1; ELB.22, which counts QUIC as encrypted); User Guide for Network Load Balancers, "Listeners" (secure listeners:
 * "create a TCP listener on port 443" to pass encrypted traffic through to the targets).
 */
export const elbListenerEncryption = defineControl({
  id: 'elb-listener-encryption',
  title: 'Load balancer listeners should use HTTPS or TLS, or redirect HTTP to HTTPS',
  description:
    'Whatever reaches a listener without TLS can be read and changed on its way from the client, passwords and session ' +
    'cookies included. An HTTP listener is good for sending clients on to HTTPS, by its default action: its other rules are ' +
    'not read, and may forward in plain HTTP. A listener for TCP or UDP passes on what it gets, so that its port has to be named in the policy where clients and targets encrypt by themselves.',
  severity: 'MEDIUM',
  resourceType: 'AwsElbv2Listener',
  standards: {
    'NIST.800-53.r5': [
      'AC-17(2)',
      'AC-4',
      'IA-5(1)',
      'SC-12(3)',
      'SC-13',
      'SC-23',
      'SC-23(3)',
      'SC-7(4)',
      'SC-8',
      'SC-8(1)',
      'SC-8(2)',
      'SI-7(6)',
    ],
    'PCI DSS v4.0.1': ['4.2.1'],
    'AWS FSBP': ['ELB.1', 'ELB.18'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'elasticloadbalancing.amazonaws.com',
      eventNames: ['CreateListener'],
      resources: listenersCreated,
    },
    {
      kind: 'api-call',
      eventSource: 'elasticloadbalancing.amazonaws.com',
      eventNames: ['ModifyListener'],
      resources: listenerInRequest,
    },
  ],
  deletions: [
    {
      kind: 'api-call',
      eventSource: 'elasticloadbalancing.amazonaws.com',
      eventNames: ['DeleteListener'],
      resources: listenerInRequest,
    },
    {
      kind: 'api-call',
      eventSource: 'elasticloadbalancing.amazonaws.com',
      eventNames: ['DeleteLoadBalancer'],
      resources: loadBalancerInRequest,
    },
  ],
  facts: ['elb.listener'],
  settings: z.strictObject({
    passthroughPorts: z
      ._default(
        z.array(
          z
            .number()
            .check(
              z.int(),
              z.gte(1, 'must be a port: 1 to 65535'),
              z.lte(65_535, 'must be a port: 1 to 65535'),
            ),
        ),
        [],
      )
      .check(
        z.describe(
          'Ports whose TCP, UDP, TCP_UDP and TCP_QUIC listeners are accepted, as clients and targets encrypt by themselves, such as 443.',
        ),
      ),
  }),
  narrowing: { passthroughPorts: fewer() },
  evaluate({ id }, facts, { passthroughPorts }) {
    const listener = facts['elb.listener'];
    const required =
      passthroughPorts.length === 0
        ? 'protocol HTTPS, TLS or QUIC, or HTTP whose default action redirects to HTTPS'
        : 'protocol HTTPS, TLS or QUIC, HTTP whose default action redirects to HTTPS, or what is passed through on ' +
          `port ${passthroughPorts.join(', ')}`;
    const seen = [
      observe('protocol', listener, ({ protocol }) => protocol),
      observe('port', listener, ({ port }) => port),
      observe('defaultActions', listener, ({ defaultActions }) => defaultActions?.map(show) ?? null),
    ];
    const protocol = listener.known ? listener.value.protocol : null;
    if (id.startsWith('gwy/') || protocol === 'GENEVE') {
      return notApplicable(
        `The listener ${id} is of a Gateway Load Balancer, which speaks GENEVE with virtual appliances.`,
        required,
        seen,
      );
    }
    if (!listener.known) {
      return unknown(`The protocol of the listener ${id} is unknown: ${listener.detail}.`, required, seen);
    }
    const called = `The listener ${id}`;
    switch (protocol) {
      case 'HTTPS':
      case 'TLS':
      case 'QUIC':
        return pass(`${called} takes ${protocol}, which is encrypted.`, required, seen);
      case 'HTTP': {
        const { defaultActions } = listener.value;
        if (defaultActions === null || defaultActions.some(isUnknownAction)) {
          return unknown(
            `${called} takes HTTP, and whether it redirects to HTTPS is unknown.`,
            required,
            seen,
          );
        }
        return defaultActions.length > 0 && defaultActions.every(redirectsToHttps)
          ? pass(`${called} takes HTTP, and redirects it to HTTPS.`, required, seen)
          : fail(
              `${called} takes HTTP, which is not encrypted, and does not redirect it to HTTPS (${defaultActions.map(show).join(', ')}).`,
              required,
              seen,
            );
      }
      case 'TCP':
      case 'UDP':
      case 'TCP_UDP':
      case 'TCP_QUIC':
        return passedThrough(listener.value, passthroughPorts, `${called} takes ${protocol}`, required, seen);
      default:
        return unknown(
          protocol === null
            ? `The protocol of the listener ${id} is unknown.`
            : `${called} takes ${protocol}, of which it is not known whether it is encrypted.`,
          required,
          seen,
        );
    }
  },
  actions: ['notify', 'tag'],
  remediation:
    'Application Load Balancer: aws elbv2 modify-listener --listener-arn ARN --protocol HTTPS --port 443 --certificates ' +
    'CertificateArn=CERTIFICATE --ssl-policy ELBSecurityPolicy-TLS13-1-2-Res-2021-06; or, for HTTP, redirect: --default-actions ' +
    "'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}'. Network Load Balancer: the same with " +
    '--protocol TLS.',
  reference: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html',
});

/** A listener that passes on whatever it gets. */
function passedThrough(
  { port }: Listener,
  accepted: readonly number[],
  takes: string,
  required: string,
  seen: Parameters<typeof pass>[2],
) {
  if (port !== null && accepted.includes(port)) {
    return pass(
      `${takes} on port ${port}, where the policy has encrypted traffic pass through.`,
      required,
      seen,
    );
  }
  return port === null && accepted.length > 0
    ? unknown(`${takes} on an unknown port, which the policy may accept.`, required, seen)
    : fail(`${takes}, and passes on what it gets, encrypted or not.`, required, seen);
}

function isUnknownAction({ type, redirectProtocol }: DefaultAction): boolean {
  return type === null || (type === 'redirect' && redirectProtocol === null);
}

function redirectsToHttps({ type, redirectProtocol }: DefaultAction): boolean {
  return type === 'redirect' && redirectProtocol === 'HTTPS';
}

/** An action, short enough for a table: `redirect to HTTPS`. */
function show({ type, redirectProtocol }: DefaultAction): string {
  const name = type ?? 'unknown action';
  return redirectProtocol === null ? name : `${name} to ${redirectProtocol}`;
}
