/**
 * Fault injection: of the functions' calls to a service, three in ten go wrong, in the ways in which calls to AWS do, and
 * during outages all of them. microburst (PyPI) injects the faults, in each service's own protocol.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { at, list, text } from '../../lib/core/json.ts';
import type { Service } from '../../lib/core/service.ts';
import { services } from '../../lib/services/catalogue.ts';
import type { Emulator } from '../../scripts/emulators.ts';

/** The services that are evaluated, as AWS names them in signatures: the first part of their event sources. */
export const evaluatedServices = signedNamesOf(services);

/** Services as AWS names them in signatures. */
export function signedNamesOf(some: readonly Pick<Service, 'source'>[]): readonly string[] {
  return some.flatMap(({ source }) =>
    source.kind === 'aws' ? (source.eventSource.split('.')[0] ?? []) : [],
  );
}

/** How services say that they are called too often, where not as most do. Sources: the SDK's models; EC2 API Reference. */
const throttles: Readonly<Record<string, { readonly code: string; readonly status: number }>> = {
  dynamodb: { code: 'ProvisionedThroughputExceededException', status: 400 },
  sqs: { code: 'RequestThrottled', status: 403 },
  ec2: { code: 'RequestLimitExceeded', status: 503 },
  eks: { code: 'ThrottlingException', status: 429 },
  securityhub: { code: 'TooManyRequestsException', status: 429 },
  sns: { code: 'Throttling', status: 400 },
  sts: { code: 'Throttling', status: 400 },
};
const usualThrottle = { code: 'ThrottlingException', status: 400 };

/** The faults, each with its share of all calls. */
const kinds = (service: string, throttled: number) =>
  [
    { share: throttled, fault: { error: throttles[service] ?? usualThrottle } },
    { share: 0.13 - throttled, fault: { error: { code: 'InternalFailure', status: 500 } } },
    { share: 0.04, fault: { error: { code: 'ServiceUnavailable', status: 503 } } },
    // Cut before the service has received the call, and after it has carried it out.
    { share: 0.04, fault: { reset: true } },
    { share: 0.04, fault: { response: { abort_bytes: 0 } } },
    { share: 0.045, fault: { latency: { min: 300, max: 2_000 } } },
    // Longer than the functions wait for an answer.
    { share: 0.005, fault: { timeout_ms: 20_000 } },
  ] as const;

export interface FaultPlan {
  /** Where calls go wrong, as AWS names the services in signatures. */
  readonly services: readonly string[];
  /** The share of all calls that are throttled. A client that is throttled stays slower for a good while. */
  readonly throttled: number;
  /** From which second on which services answer nothing at all, until the next line. */
  readonly outages: readonly { readonly at: number; readonly services: readonly string[] }[];
}

/** The rules of microburst, of which each applies to its share of the calls that no rule before it matched. */
function rules({ services, throttled }: FaultPlan, out: readonly string[]): readonly unknown[] {
  return services.flatMap((service): readonly unknown[] => {
    if (out.includes(service)) return [{ service, error: { code: 'ServiceUnavailable', status: 503 } }];
    let left = 1;
    return kinds(service, throttled).map(({ share, fault }) => {
      const probability = share / left;
      left -= share;
      return { service, probability, ...fault };
    });
  });
}

/** Injects faults until `stopFaults`. Resolves when the last outage is over. */
export async function injectFaults(proxies: readonly Emulator[], plan: FaultPlan): Promise<void> {
  const began = Date.now();
  for (const { at: second, services } of plan.outages) {
    await sleep(Math.max(0, began + second * 1_000 - Date.now()));
    await setRules(proxies, rules(plan, services));
  }
}

export async function stopFaults(proxies: readonly Emulator[]): Promise<void> {
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

export interface FaultCount {
  readonly requests: number;
  readonly faulted: number;
}

/** How many requests were made, and how many of them had a fault, by service. */
export async function faultCounts(proxies: readonly Emulator[]): Promise<ReadonlyMap<string, FaultCount>> {
  const all = new Map<string, FaultCount>();
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

/** One line for each service, for the figures that a test prints. */
export function faultLines(counts: ReadonlyMap<string, FaultCount>): readonly string[] {
  return [...counts].map(
    ([service, { requests, faulted }]) =>
      `faults at ${service.padEnd(13)} ${faulted} of ${requests} requests (${Math.round((100 * faulted) / requests)} %)`,
  );
}

/** The services of a plan that had no fault, and the share of all requests that had one. */
export function coverage(
  { services }: FaultPlan,
  counts: ReadonlyMap<string, FaultCount>,
): { readonly without: readonly string[]; readonly share: number } {
  const all = [...counts.values()];
  const total = (of: keyof FaultCount) => all.reduce((sum, one) => sum + one[of], 0);
  return {
    without: services.filter((service) => (counts.get(service)?.faulted ?? 0) === 0),
    share: total('faulted') / total('requests'),
  };
}
