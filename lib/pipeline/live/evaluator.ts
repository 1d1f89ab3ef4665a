/**
 * The evaluator: processes the deliveries of its queue, evaluates the resources concerned, records the observations
 * and publishes findings to Security Hub. Every step is idempotent, because a failed delivery comes again.
 */

import type { Canary } from '../../aws/canary.ts';
import { isUnanswered, wasNotAnswered } from '../../core/absence.ts';
import type { Control, Verdict } from '../../core/control.ts';
import type { LiveFactProvider, TagsOf } from '../../core/fact-provider.ts';
import type { Memo } from '../../core/service.ts';
import { detailsOf } from '../../findings/asff-resource.ts';
import { findingId } from '../../findings/id.ts';
import { deletionBecause } from '../../findings/lifecycle.ts';
import type { Publisher } from '../../findings/publisher.ts';
import type { StoredObservation } from '../../findings/state/entry.ts';
import type { OperatorExemptions } from '../../findings/state/exemptions.ts';
import type { Recorded, StateTable, ToRecord } from '../../findings/state/table.ts';
import type { Policy } from '../../policy/model.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { memosOf } from '../../services/memory.ts';
import { type Evaluated, evaluateLive } from '../evaluate.ts';
import { Matcher } from '../match.ts';
import { observedVerdict } from '../observe.ts';
import { withTags } from '../tags.ts';
import type { Delivery } from './batch.ts';
import { againBody, type Message, parseBody } from './message.ts';
import { outcomeOf, type TaskOutcome } from './outcome.ts';
import { type Publication, publishPending } from './publication.ts';
import { type Ignored, type Serves, type Task, tasksOf, tasksOfRechecks } from './tasks.ts';

export interface EvaluatorOptions {
  /** All controls of the evaluator; only those that the policy enables are evaluated. */
  readonly controls: readonly Control[];
  readonly policy: Policy;
  /** Whether it evaluates an account and Region; it ignores messages about others. */
  readonly serves: Serves;
  readonly facts: LiveFactProvider;
  readonly stateTable: StateTable;
  readonly publisher: Publisher;
  readonly queues: Queues;
  /** The current exemptions by operators; left out where the policy allows none. */
  readonly exemptions?: () => Promise<OperatorExemptions>;
  /** Reads tags that no fact reader returns, where the policy depends on them, once for all failing resources. */
  readonly tagsOf?: TagsOf;
  /** Saves what services remember, because a fix may have to restore it. */
  readonly remember?: (memos: readonly Memo[]) => Promise<void>;
  /**
   * Records that a canary has arrived; `false` where it is not the one that was sent last. Left out, canaries are ignored.
   */
  readonly canaryReceived?: (canary: Canary, receivedAt: number) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Queues {
  /** Sends messages to the evaluator's own queue. Rejects when one was not accepted. */
  again(bodies: readonly unknown[], delaySeconds: number): Promise<void>;
  /** Sends a message to the DLQ, with the reason. */
  deadLetter(body: string, reason: string): Promise<void>;
}

/** The result of one control on one resource. */
export interface Result {
  readonly control: string;
  readonly resource: string;
  readonly outcome: Verdict | 'DELETED' | 'RE_EVALUATE';
  readonly summary: string;
}

export interface EvaluatorResult {
  /** Events that were evaluated for the first time. */
  readonly events: number;
  readonly results: readonly Result[];
  readonly ignored: readonly { readonly delivery: string; readonly reason: Ignored }[];
  readonly deadLetters: readonly { readonly delivery: string; readonly reason: string }[];
  /** Messages that will be re-evaluated. */
  readonly again: number;
  readonly publication: Publication;
  /** Milliseconds from event to finding, for each event that changed one. */
  readonly latencies: readonly number[];
  /** The canaries that arrived, how long after they were sent; `expected` is the one that was sent last. */
  readonly canaries: readonly {
    readonly delivery: string;
    readonly delayMs: number;
    readonly expected: boolean;
  }[];
}

interface Work {
  readonly task: Task;
  /** The event or message that it comes from. */
  readonly message: Message;
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #enabled: readonly Control[];
  readonly #matcher: Matcher;

  constructor(options: EvaluatorOptions) {
    const { controls, policy } = options;
    this.#options = options;
    this.#enabled = controls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
    this.#matcher = new Matcher(this.#enabled);
  }

  /**
   * Processes all deliveries at once, so that facts are read, entries written and findings published together.
   * @param signal after which no further step is begun: whoever aborted it has the deliveries processed again.
   * @throws the first error, for all of them: nothing is lost, because the queue delivers them again.
   */
  async take(deliveries: readonly Delivery[], signal?: AbortSignal): Promise<EvaluatorResult> {
    const { stateTable, queues, now } = this.#options;
    const { work, events, ignored, malformed, attempts, asked, arrived } = await this.#read(deliveries);
    const { results, toRecord, memos, later } = await this.#evaluate(work);
    signal?.throwIfAborted();
    if (memos.length > 0) await this.#options.remember?.(memos);
    const recorded = await stateTable.record([...toRecord, ...(await this.#replaced(work, results))]);
    const entries = await this.#withPending(recorded, [...attempts.keys()]);
    signal?.throwIfAborted();
    const publication = await publishPending(entries, attempts, this.#options);
    signal?.throwIfAborted();
    for (const { delivery, reason } of malformed) await queues.deadLetter(delivery.body, reason);
    const canaries = await this.#recordCanaries(arrived);
    // The last step: a failure after it would deliver the messages again, and evaluate everything twice, repeatedly.
    await this.#reEvaluate(later);
    return {
      events,
      results,
      ignored: [...ignored, ...notPending(asked, publication)],
      deadLetters: malformed.map(({ delivery, reason }) => ({ delivery: delivery.id, reason })),
      again: later.size,
      publication,
      latencies: latencies(publication, toRecord, now()),
      canaries,
    };
  }

  /** What the deliveries request; malformed ones go to the DLQ. */
  async #read(deliveries: readonly Delivery[]) {
    const ignored: { delivery: string; reason: Ignored }[] = [];
    const malformed: { delivery: Delivery; reason: string }[] = [];
    const work: Work[] = [];
    const attempts = new Map<string, number>();
    const asked: { delivery: string; findings: readonly string[] }[] = [];
    const arrived: { delivery: string; canary: Canary }[] = [];
    let events = 0;
    for (const delivery of deliveries) {
      const message = parseBody(delivery.body);
      if (message.kind === 'malformed' || message.kind === 'scan') {
        const reason = message.kind === 'scan' ? 'a scheduled scan is not for this queue' : message.reason;
        malformed.push({ delivery, reason });
      } else if (message.kind === 'canary') {
        arrived.push({ delivery: delivery.id, canary: message.canary });
      } else if (message.kind === 'publish') {
        const { findings, attempt } = message;
        asked.push({ delivery: delivery.id, findings });
        for (const id of findings) attempts.set(id, Math.min(attempt, attempts.get(id) ?? attempt));
      } else {
        if (message.kind === 'event' && message.attempt === 1) events += 1;
        const found = await this.#tasksOf(message, delivery);
        if (found.ignored !== undefined) ignored.push({ delivery: delivery.id, reason: found.ignored });
        work.push(...found.tasks.map((task) => ({ task, message })));
      }
    }
    return { work, events, ignored, malformed, attempts, asked, arrived };
  }

  async #recordCanaries(arrived: readonly { readonly delivery: string; readonly canary: Canary }[]) {
    const { canaryReceived, now } = this.#options;
    const canaries: EvaluatorResult['canaries'][number][] = [];
    for (const { delivery, canary } of arrived) {
      const receivedAt = now();
      const expected = (await canaryReceived?.(canary, receivedAt)) ?? false;
      canaries.push({ delivery, delayMs: Math.max(0, receivedAt - canary.sentAt), expected });
    }
    return canaries;
  }

  async #evaluate(work: readonly Work[]) {
    const { facts, policy, tagsOf, now } = this.#options;
    const readAt = now();
    const evaluations = await evaluateLive(
      work.map(({ task }) => task),
      facts,
      (id) => policy.controls.get(id)?.settings,
    );
    const evaluated = await withTags(evaluations, policy, tagsOf);
    const exemptions = await this.#exemptions(evaluated.flat());
    const results: Result[] = [];
    const toRecord: ToRecord[] = [];
    const memos: Memo[] = [];
    const later = new Map<Message, number>();
    const seen = new Map<Message, Set<Evaluated>>();
    for (const [index, { task, message }] of work.entries()) {
      // Two names that represent the volumes of one instance give the same volumes: one message evaluates each once.
      const before = seen.get(message) ?? new Set();
      seen.set(message, before);
      for (const one of (evaluated[index] ?? []).filter((each) => !before.has(each))) {
        before.add(one);
        const outcome = outcomeOf(task, one, attemptOf(message), message.kind === 'event');
        results.push(resultOf(one, outcome));
        const again = outcome.kind === 'deleted' ? undefined : outcome.again;
        if (again !== undefined) later.set(message, Math.min(again, later.get(message) ?? again));
        const observation = this.#observationOf(task, one, outcome, readAt, exemptions);
        if (observation !== undefined) toRecord.push({ control: task.control, observation });
        const { resource, facts, evaluation } = one;
        const { control, cause } = task;
        memos.push(...memosOf({ control, resource, facts, evaluation, cause, readAt }));
      }
    }
    return { results, toRecord, memos, later };
  }

  /**
   * The deletion of an id that represented resources until they had ids of their own: a finding may have been opened
   * under that id while the resources could not be read.
   */
  async #replaced(work: readonly Work[], results: readonly Result[]): Promise<readonly ToRecord[]> {
    const answered = new Set(results.map(({ control, resource }) => `${control} ${resource}`));
    const reEvaluated = work.filter(
      ({ message }) => message.kind === 're-evaluate' || attemptOf(message) > 1,
    );
    const standIns = reEvaluated.filter(
      ({ task: { control, resource } }) =>
        !resourceTypeOf(resource.type).hasOwnId(resource.id) && !answered.has(`${control.id} ${resource.id}`),
    );
    if (standIns.length === 0) return [];
    const { stateTable, now } = this.#options;
    const entries = await stateTable.read(
      standIns.map(({ task }) => findingId(task.control.id, task.resource)),
    );
    return standIns.flatMap(({ task: { control, resource, key, cause } }) => {
      const entry = entries.get(findingId(control.id, resource));
      if (entry?.finding === undefined || entry.finding.status === 'ARCHIVED') return [];
      const because = `${resource.id} is evaluated by the ids of its volumes now.`;
      const observation: StoredObservation = {
        key,
        at: now(),
        cause,
        resource,
        result: { kind: 'deleted', because },
      };
      return [{ control, observation }];
    });
  }

  async #tasksOf(message: Message & { kind: 'event' | 're-evaluate' }, delivery: Delivery) {
    const { serves, stateTable, now } = this.#options;
    if (message.kind === 're-evaluate') {
      return tasksOfRechecks(message.resources, delivery.id, now(), this.#enabled, serves);
    }
    return tasksOf(message.event, message.attempt, this.#matcher, serves, (arns) => stateTable.partsOf(arns));
  }

  /** Exemptions concern resources that fail, or may. */
  async #exemptions(evaluated: readonly Evaluated[]): Promise<OperatorExemptions> {
    const fails = evaluated.some(
      ({ evaluation: { verdict } }) => verdict === 'FAIL' || verdict === 'UNKNOWN',
    );
    return fails && this.#options.exemptions !== undefined ? await this.#options.exemptions() : new Map();
  }

  #observationOf(
    task: Task,
    evaluated: Evaluated,
    outcome: TaskOutcome,
    readAt: number,
    exemptions: OperatorExemptions,
  ): StoredObservation | undefined {
    const { policy, now } = this.#options;
    const { control, cause } = task;
    const { resource, facts, tagsUnknown } = evaluated;
    // When AWS answers a later delivery of the same message, that observation is new.
    const unanswered =
      wasNotAnswered(facts) !== undefined || (tagsUnknown !== undefined && isUnanswered(tagsUnknown));
    const key = unanswered ? `${task.key} unanswered` : task.key;
    if (outcome.kind === 'unsettled') return undefined;
    if (outcome.kind === 'deleted') {
      return { key, at: readAt, cause, resource, result: deletionBecause(outcome.because) };
    }
    const { result } = observedVerdict(evaluated, {
      policy,
      now: new Date(now()),
      time: cause.time,
      byOperator: exemptions.get(findingId(control.id, resource)),
      details: detailsOf(resourceTypeOf(resource.type), resource, facts),
    });
    return { key, at: readAt, cause, resource, result };
  }

  async #reEvaluate(later: ReadonlyMap<Message, number>): Promise<void> {
    const byDelay = Map.groupBy(later, ([, delay]) => delay);
    for (const [delay, messages] of byDelay) {
      const bodies = messages.flatMap(([message]) =>
        message.kind === 'event' ? [againBody(message.body, message.attempt + 1)] : [],
      );
      await this.#options.queues.again(bodies, delay);
    }
  }

  async #withPending(
    recorded: readonly Recorded[],
    pending: readonly string[],
  ): Promise<readonly Recorded[]> {
    const missing = pending.filter((id) => !recorded.some((entry) => entry.id === id));
    if (missing.length === 0) return recorded;
    return [...recorded, ...(await this.#options.stateTable.read(missing)).values()];
  }
}

/** The number of this evaluation of an event's resources; a scheduled scan's is always the first. */
function attemptOf(message: Message): number {
  return message.kind === 'event' ? message.attempt : 1;
}

function resultOf({ control, resource, evaluation }: Evaluated, outcome: TaskOutcome): Result {
  const about = { control: control.id, resource: resource.id };
  switch (outcome.kind) {
    case 'deleted':
      return { ...about, outcome: 'DELETED', summary: outcome.because };
    case 'unsettled':
      return { ...about, outcome: 'RE_EVALUATE', summary: outcome.because };
    case 'evaluated':
      return { ...about, outcome: evaluation.verdict, summary: evaluation.evidence.summary };
  }
}

/** The messages that requested the publication of findings of which none was pending. */
function notPending(
  asked: readonly { readonly delivery: string; readonly findings: readonly string[] }[],
  { published, refused, deferred, off }: Publication,
): EvaluatorResult['ignored'] {
  if (off !== undefined) return [];
  const handled = new Set([
    ...published.map(({ id }) => id),
    ...[...refused, ...deferred].map(({ finding }) => finding),
  ]);
  return asked
    .filter(({ findings }) => !findings.some((id) => handled.has(id)))
    .map(({ delivery }) => ({ delivery, reason: 'not-pending' }));
}

/** The time from each event that opened, closed or archived a finding until Security Hub had it. */
function latencies(
  { published }: Publication,
  recorded: readonly ToRecord[],
  now: number,
): readonly number[] {
  const byId = Map.groupBy(recorded, ({ control, observation }) =>
    findingId(control.id, observation.resource),
  );
  return published.flatMap(({ id, finding }) => {
    const last = finding?.history.at(-1)?.eventId ?? undefined;
    const causes = (byId.get(id) ?? []).map(({ observation }) => observation.cause);
    const event = causes.find((cause) => cause.id !== undefined && cause.id === last);
    return event?.time === undefined ? [] : [Math.max(0, now - event.time)];
  });
}
