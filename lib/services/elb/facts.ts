/** Facts about listeners. */
import type { Fact } from '../../core/facts.ts';

/** One of the actions that a listener takes where none of its rules applies. */
export interface DefaultAction {
  /** `forward`, `redirect`, `fixed-response`, …; `null` where it is not known. */
  readonly type: string | null;
  /** Of a redirect: `HTTPS`, `HTTP`, or `#{protocol}`, which keeps the one of the request; `null` of other actions. */
  readonly redirectProtocol: string | null;
}

/** Authority: DescribeListeners. */
export interface Listener {
  /** `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`, `QUIC`, `TCP_QUIC` or `GENEVE`; `null` where it is not known. */
  readonly protocol: string | null;
  /** `null` where it is not known; a listener of a Gateway Load Balancer takes all ports. */
  readonly port: number | null;
  /** The security policy of HTTPS and TLS; `null` of other protocols, and where it is not known. */
  readonly sslPolicy: string | null;
  /** `null` where they are not known. */
  readonly defaultActions: readonly DefaultAction[] | null;
}

export interface ElbFacts {
  readonly 'elb.listener': Fact<Listener>;
}

declare module '../../core/facts.ts' {
  interface Facts extends ElbFacts {}
}
