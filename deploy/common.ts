/** What all functions have in common, in osls's form. */

import { stackName } from '../lib/aws/names.ts';
import { metricNamespace } from '../lib/pipeline/live/metrics.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { overrideEnvironment } from './overriding.ts';
import { entryOf, type FunctionName, functionNameOf, isWatchdog } from './parts.ts';
import { ref, sub, type Value } from './template.ts';

export type FunctionProperties = Readonly<Record<string, Value>>;

export function common({ parameters }: Deployment, name: FunctionName): FunctionProperties {
  return {
    name: functionNameOf(parameters.stage, name),
    handler: `${entryOf(name)}.handler`,
    // Not by its id alone: osls would have the function depend on it twice.
    role: sub(`\${${ids.role(name)}.Arn}`),
    logRetentionInDays: parameters.logRetentionInDays,
  };
}

/** The environment of every function; what else it needs is added. */
export function environment(deployment: Deployment, name: FunctionName): FunctionProperties {
  const { stage, logLevel } = deployment.parameters;
  return {
    TRAILSEAL_STAGE: stage,
    ...(isWatchdog(name) ? {} : { TRAILSEAL_DEAD_LETTER_URL: ref(ids.deadLetters(name)) }),
    POWERTOOLS_SERVICE_NAME: stackName(stage),
    POWERTOOLS_METRICS_NAMESPACE: metricNamespace,
    POWERTOOLS_LOG_LEVEL: logLevel,
    ...overrideEnvironment(deployment, name),
  };
}

/** For functions that have resources evaluated: the queues of the evaluators. */
export function evaluatorQueueUrls({ controls }: Deployment): FunctionProperties {
  return Object.fromEntries(
    [...controls.keys()].map((name) => [`TRAILSEAL_QUEUE_URL_${name.toUpperCase()}`, ref(ids.queue(name))]),
  );
}

/** For functions that have findings remediated: the queue of remediation, where there is one. */
export function remediationQueueUrl({ functions }: Deployment): FunctionProperties {
  return functions.includes('remediate')
    ? { TRAILSEAL_REMEDIATE_QUEUE_URL: ref(ids.queue('remediate')) }
    : {};
}
