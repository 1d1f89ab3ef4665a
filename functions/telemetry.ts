/** What the functions say of their work: structured logs, and metrics in CloudWatch's embedded format. */
import type { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Batch, Failure } from '../lib/live/batch.ts';
import type { Evaluation } from '../lib/live/evaluator.ts';
import { metrics as declared, type MetricName, metricNamespace } from '../lib/live/metrics.ts';
import type { Swept } from '../lib/live/sweep.ts';

export class Telemetry {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #calls = new Map<string, number>();

  constructor(name: string, logger: Logger) {
    this.#logger = logger;
    this.#metrics = new Metrics({ namespace: metricNamespace, defaultDimensions: { family: name } });
  }

  /** One call to AWS was made. */
  called(call: string): void {
    this.#calls.set(call, (this.#calls.get(call) ?? 0) + 1);
  }

  evaluated({ done, failures }: Batch<Evaluation>, deliveries: number): void {
    this.add('EventsReceived', deliveries);
    for (const evaluation of done) this.#evaluation(evaluation);
    this.failed(failures);
  }

  #evaluation({ results, ignored, deadLetters, again, publication, latencies }: Evaluation): void {
    const { published, refused, deferred, off } = publication;
    this.add('EventsIgnored', ignored.length);
    this.add('MessagesDeadLettered', deadLetters.length);
    this.add('LooksAgain', again);
    this.add('FindingsPublished', published.length);
    this.add('FindingsRefused', refused.length);
    this.add('FindingsDeferred', deferred.length);
    for (const latency of latencies) this.add('FindingLatency', latency);
    for (const [key, some] of Map.groupBy(results, ({ control, outcome }) => `${control} ${outcome}`)) {
      const [control = '', verdict = ''] = key.split(' ');
      this.#single('Verdicts', some.length, { control, verdict });
    }
    this.#logger.info('evaluated', {
      results: results.slice(0, shown),
      more: Math.max(0, results.length - shown),
      ignored,
      again,
      published: published.length,
    });
    for (const { delivery, reason } of deadLetters) this.#logger.error('put aside', { delivery, reason });
    for (const { finding, reason } of refused)
      this.#logger.error('Security Hub refused', { finding, reason });
    if (deferred.length > 0) {
      this.#logger.warn('Security Hub will be told later', {
        findings: deferred.length,
        reason: deferred[0]?.reason,
      });
    }
    if (off !== undefined) {
      this.add('SecurityHubOff', 1);
      this.#logger.error('Security Hub is off', { reason: off });
    }
  }

  failed(failures: readonly Failure[]): void {
    this.add('MessagesDeadLettered', failures.filter(({ deadLettered }) => deadLettered).length);
    for (const { delivery, error, deadLettered } of failures) {
      const what = deadLettered ? 'put aside after failing too often' : 'failed, will be delivered again';
      this.#logger.error(what, { delivery: delivery.id, receives: delivery.receives, error: asError(error) });
    }
  }

  swept({ entries, unlisted, ...counts }: Swept): void {
    this.add('OpenFindings', entries);
    this.#logger.info('swept', { entries, ...counts });
    for (const error of unlisted) this.#logger.error('could not be listed', { error });
  }

  add(name: Exclude<MetricName, 'Verdicts' | 'ApiCalls'>, value: number): void {
    if (value > 0) this.#metrics.addMetric(name, declared[name].unit, value);
  }

  /** Writes the metrics that were gathered. Nothing to write is fine. */
  flush(): void {
    for (const [call, count] of this.#calls) this.#single('ApiCalls', count, { call });
    this.#calls.clear();
    this.#metrics.publishStoredMetrics();
  }

  #single(name: MetricName, value: number, dimensions: Readonly<Record<string, string>>): void {
    // The dimensions of the others are not these metrics': they have an object of their own.
    const single = new Metrics({ namespace: metricNamespace, singleMetric: true });
    single.addDimensions(dimensions).addMetric(name, declared[name].unit, value);
  }
}

/** So many results in one log line; the ledger has all. */
const shown = 50;

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
