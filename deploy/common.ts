/** What all functions have in common, as osls wants them told. */
import { metricNamespace } from '../lib/live/metrics.ts';
import { stackName } from '../lib/names.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { type FunctionName, functionNameOf } from './parts.ts';
import { ref, sub, type Value } from './template.ts';

type Properties = Readonly<Record<string, Value>>;

export function common({ parameters }: Deployment, name: FunctionName): Properties {
  return {
    name: functionNameOf(parameters.stage, name),
    handler: `functions/${name}.handler`,
    // Not by its id alone: osls would have the function depend on it twice.
    role: sub(`\${${ids.role(name)}.Arn}`),
    logRetentionInDays: parameters.logRetentionInDays,
  };
}

/** The environment of every function; what else it needs is added. */
export function environment({ parameters: { stage, logLevel } }: Deployment, name: FunctionName): Properties {
  return {
    TRAILSEAL_STAGE: stage,
    TRAILSEAL_DEAD_LETTER_URL: ref(ids.deadLetters(name)),
    POWERTOOLS_SERVICE_NAME: stackName(stage),
    POWERTOOLS_METRICS_NAMESPACE: metricNamespace,
    POWERTOOLS_LOG_LEVEL: logLevel,
  };
}
