/** The functions, in osls's form. */

import type { QueueName } from '../lib/aws/names.ts';
import { common, environment, evaluatorQueueUrls, remediationQueueUrl } from './common.ts';
import type { Deployment } from './context.ts';
import { scanSize, sizeOf } from './evaluators.ts';
import { ids } from './ids.ts';
import { acting } from './remediation/functions.ts';
import { arnOf, ref, type Value } from './template.ts';
import { watchdogFunction } from './watchdog.ts';

/** By the names of the functions: the values of `functions` in serverless.yml. */
export function functions(deployment: Deployment): Readonly<Record<string, Value>> {
  const { parameters, queues } = deployment;
  const evaluating = Object.fromEntries(
    queues.map((name) => {
      const { timeout, memory } = name === 'scan' ? scanSize : sizeOf(name);
      return [
        name,
        {
          ...common(deployment, name),
          description: description(name),
          timeout,
          memorySize: memory,
          // Intended: a deferred re-evaluation goes back to the function's own queue, and so does the rest of a scheduled
          // scan. Both end by themselves, after more rounds than the 16 after which Lambda would stop them.
          // Source: AWS Lambda Developer Guide, "Lambda recursive loop detection".
          recursiveLoop: 'Allow',
          environment: {
            ...environment(deployment, name),
            TRAILSEAL_TABLE: ref(ids.stateTable),
            TRAILSEAL_QUEUE_URL: ref(ids.queue(name)),
            ...(name === 'scan'
              ? { ...evaluatorQueueUrls(deployment), ...remediationQueueUrl(deployment) }
              : {}),
          },
          events: [
            {
              sqs: {
                arn: arnOf(ids.queue(name)),
                // One part of a scheduled scan may take all of the time that the function has.
                batchSize: name === 'scan' ? 1 : 10,
                // A second more, so that a burst of events about one resource is evaluated once.
                ...(name === 'scan' ? {} : { maximumBatchingWindow: 1 }),
                maximumConcurrency: name === 'scan' ? 2 : parameters.concurrency,
                functionResponseType: 'ReportBatchItemFailures',
              },
            },
          ],
        },
      ];
    }),
  );
  const others = acting(deployment);
  return {
    ...evaluating,
    watchdog: watchdogFunction(deployment, { ...evaluating, ...others }),
    ...others,
  };
}

function description(name: QueueName): string {
  return name === 'scan'
    ? 'Has everything evaluated that AWS lists or that is open in the state table of Trailseal'
    : `Evaluates the resources that events name, by the controls of Trailseal’s evaluator ${name}`;
}
