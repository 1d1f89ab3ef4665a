/**
 * The faults of the storm: of the calls that the functions make to a service, three in ten go wrong, in the ways in
 * which calls to AWS do, and for some seconds all of them. microburst (PyPI) makes them, in each service's own protocol.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { at, list, text } from '../../lib/core/json.ts';
import type { Emulator } from '../../scripts/emulators.ts';

/** As AWS names them in what it signs. */
export type Service = 'dynamodb' | 'sqs' | 'ec2' | 'eks' | 'kms' | 'securityhub' | 'events' | 'ssm' | 'sns';

interface Throttle {
  readonly code: string;
  readonly status: number;
}

/** How each service says that it is asked too often. Source: the SDK's models of their errors; EC2 API Reference. */
const throttles: Readonly<Record<Service, Throttle>> = {
  dynamodb: { code: 'ProvisionedThroughputExceededException', status: 400 },
  sqs: { code: 'RequestThrottled', status: 403 },
  ec2: { code: 'RequestLimitExceeded', status: 503 },
  eks: { code: 'ThrottlingException', status: 429 },
  kms: { code: 'ThrottlingException', status: 400 },
  securityhub: { code: 'TooManyRequestsException', status: 429 },
  events: { code: 'ThrottlingException', status: 400 },
  ssm: { code: 'ThrottlingException', status: 400 },
  sns: { code: 'Throttling', status: 400 },
};

/** The share of all calls, and what happens to them. */
const kinds = (service: Service, throttled: number) =>
  [
    { share: throttled, does: { error: throttles[service] } },
    { share: 0.13 - throttled, does: { error: { code: 'InternalFailure', status: 500 } } },
    { share: 0.04, does: { error: { code: 'ServiceUnavailable', status: 503 } } },
    // Cut before the service has heard of the call, and after it has carried it out.
    { share: 0.04, does: { reset: true } },
    { share: 0.04, does: { response: { abort_bytes: 0 } } },
    { share: 0.045, does: { latency: { min: 300, max: 2_000 } } },
    // Longer than the functions wait for an answer.
    { share: 0.005, does: { timeout_ms: 20_000 } },
  ] as const;

/** As microburst takes them: of the calls that no rule before has met, a rule meets its part. */
function rules({ services, throttled }: Weather, out: readonly Service[]): readonly unknown[] {
  return services.flatMap((service): readonly unknown[] => {
    if (out.includes(service)) return [{ service, error: { code: 'ServiceUnavailable', status: 503 } }];
    let left = 1;
    return kinds(service, throttled).map(({ share: part, does }) => {
      const probability = part / left;
      left -= part;
      return { service, probability, ...does };
    });
  });
}

export interface Weather {
  /** Where calls go wrong. */
  readonly services: readonly Service[];
  /** The share of all calls that are throttled. A client that meets it goes on slower for a good while. */
  readonly throttled: number;
  /** Seconds into the storm, and the services that answer nothing at all from then on, until the next line. */
  readonly state: readonly { readonly at: number; readonly out: readonly Service[] }[];
}

/** Begins a storm, which goes on until `calm`. Resolves when its last outage is over. */
export async function blow(proxies: readonly Emulator[], weather: Weather): Promise<void> {
  const began = Date.now();
  for (const { at: second, out } of weather.state) {
    await sleep(Math.max(0, began + second * 1_000 - Date.now()));
    await setRules(proxies, rules(weather, out));
  }
}

export async function calm(proxies: readonly Emulator[]): Promise<void> {
  await setRules(proxies, []);
}

async function setRules(proxies: readonly Emulator[], wanted: readonly unknown[]): Promise<void> {
  for (const { endpoint } of proxies) {
    const answer = await fetch(`${endpoint}/_microburst/rules`, {
      method: 'POST',
      body: JSON.stringify(wanted),
    });
    if (!answer.ok) throw new Error(`microburst refuses the rules: ${await answer.text()}`);
  }
}

export interface Met {
  readonly requests: number;
  readonly faulted: number;
}

/** How many requests came by, and how many of them were spoiled, by service. */
export async function met(proxies: readonly Emulator[]): Promise<ReadonlyMap<string, Met>> {
  const all = new Map<string, Met>();
  for (const { endpoint } of proxies) {
    const stats: unknown = await (await fetch(`${endpoint}/_microburst/stats`)).json();
    for (const one of list(stats, 'by_service')) {
      const service = text(one, 'service') ?? '';
      const before = all.get(service) ?? { requests: 0, faulted: 0 };
      all.set(service, {
        requests: before.requests + Number(at(one, 'requests')),
        faulted: before.faulted + Number(at(one, 'faulted')),
      });
    }
  }
  return all;
}
