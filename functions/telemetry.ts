/** Structured logs, and metrics in CloudWatch's embedded metric format. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { printable } from '../lib/core/text.ts';
import type { Batch } from '../lib/pipeline/live/batch.ts';
import type { EvaluatorResult } from '../lib/pipeline/live/evaluator.ts';
import { metrics as declared, type MetricName, metricNamespace } from '../lib/pipeline/live/metrics.ts';
import type { Scanned } from '../lib/pipeline/live/scheduled-scan.ts';
import type { Remediation } from '../lib/remediation/deps.ts';

/**
 * The logger of a function. Untrusted words from events are escaped to printable ASCII, so that they can't control the
 * terminal that shows the log.
 */
export function loggerOf(evaluator: string): Logger {
  return new Logger({
    persistentKeys: { evaluator },
    // A stack trace keeps its lines: JSON escapes the line breaks.
    jsonReplacerFn: (_key: string, value: unknown) =>
      typeof value === 'string' ? shortened(value).split('\n').map(printable).join('\n') : value,
  });
}

/** CloudWatch accepts lines of 256 KB, in which there may be some hundred texts. */
function shortened(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
const mostCharacters = 2_000;

export class Telemetry {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #calls = new Map<string, number>();

  constructor(name: string, logger: Logger) {
    this.#name = name;
    this.#logger = logger;
    this.#metrics = new Metrics({ namespace: metricNamespace, defaultDimensions: { evaluator: name } });
  }

  /** Counts one call to AWS. */
  called(call: string): void {
    this.#calls.set(call, (this.#calls.get(call) ?? 0) + 1);
  }

  evaluated(batch: Batch<EvaluatorResult>): void {
    for (const evaluation of batch.done) this.#evaluation(evaluation);
    this.failed(batch);
  }

  #evaluation({
    events,
    results,
    ignored,
    deadLetters,
    again,
    publication,
    latencies,
    canaries,
  }: EvaluatorResult): void {
    const { published, refused, deferred, off } = publication;
    this.add('EventsReceived', events);
    this.add('EventsIgnored', ignored.length);
    this.add('MessagesDeadLettered', deadLetters.length);
    this.add('ReEvaluations', again);
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
    for (const { delivery, reason } of deadLetters) this.#logger.error('dead-lettered', { delivery, reason });
    for (const { finding, reason } of refused)
      this.#logger.error('Security Hub refused', { finding, reason });
    for (const { delivery, delayMs, expected } of canaries) {
      this.#logger.info(expected ? 'canary received' : 'canary ignored', { delivery, delayMs });
    }
    if (deferred.length > 0) {
      this.#logger.warn('publication to Security Hub deferred', {
        findings: deferred.length,
        reason: deferred[0]?.reason,
      });
    }
    if (off !== undefined) {
      this.add('SecurityHubOff', 1);
      this.#logger.error('Security Hub is off', { reason: off });
    }
  }

  failed({ failures, left, apart }: Batch<unknown>): void {
    if (apart !== undefined) {
      this.#logger.warn('retrying the messages one by one: the batch failed', { error: asError(apart) });
    }
    if (left.length > 0) {
      this.#logger.warn('no time left, will be delivered again', { messages: left.length });
    }
    this.add('MessagesDeadLettered', failures.filter(({ deadLettered }) => deadLettered).length);
    for (const { delivery, error, deadLettered } of failures) {
      const what = deadLettered ? 'dead-lettered after failing too often' : 'failed, will be delivered again';
      this.#logger.error(what, { delivery: delivery.id, receives: delivery.receives, error: asError(error) });
    }
  }

  remediated(
    finding: string,
    { events, again, because, breakersOpened, criticalWithoutBudget }: Remediation,
  ): void {
    this.add('BreakersOpened', breakersOpened);
    this.add('CriticalActionsWithoutBudget', criticalWithoutBudget);
    this.add('Actions', events.filter(({ outcome }) => outcome === 'done').length);
    this.add('ActionsSkipped', events.filter(({ outcome }) => outcome === 'skipped').length);
    const outcomes = events.map(({ action, outcome, because }) => ({ action, outcome, because }));
    this.#logger.info('remediated', { finding, events: outcomes, again, because });
  }

  scanned({ open, unlisted, ...counts }: Scanned): void {
    // A zero is emitted too: otherwise the last number would remain.
    this.#metrics.addMetric('OpenFindings', declared.OpenFindings.unit, open);
    this.#logger.info('scanned', { open, ...counts });
    for (const error of unlisted) this.#logger.error('could not be listed', { error });
  }

  /** A check by the watchdog: its metric is the sign that it runs, so that a zero is emitted too. */
  checked(silent: number): void {
    this.#single('SilentParts', silent, {});
  }

  add(name: Exclude<MetricName, 'Verdicts' | 'ApiCalls'>, value: number): void {
    if (value <= 0) return;
    if (declared[name].by.length === 0) this.#single(name, value, {});
    else this.#metrics.addMetric(name, declared[name].unit, value);
  }

  /** Writes the metrics that were collected, if any. */
  flush(): void {
    for (const [call, count] of this.#calls) this.#single('ApiCalls', count, { call });
    this.#calls.clear();
    // Without metrics, Powertools would write a warning that is not JSON.
    if (this.#metrics.hasStoredMetrics()) this.#metrics.publishStoredMetrics();
  }

  #single(name: MetricName, value: number, dimensions: Readonly<Record<string, string>>): void {
    // Dimensions hold for all metrics of an object, so that one with others needs an object of its own.
    const single = new Metrics({ namespace: metricNamespace, singleMetric: true });
    single.addDimensions(dimensions).addMetadata('evaluator', this.#name);
    single.addMetric(name, declared[name].unit, value);
  }
}

/** Maximum number of results in one log line; the state table has all. */
const shown = 50;

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
