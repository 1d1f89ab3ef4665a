/**
 * The evaluator: takes what a family's queue delivers, looks at the resources concerned, records what it saw and
 * has Security Hub told. Everything is done so that it may be done twice: a delivery that fails comes again.
 */
import type { Control, Verdict } from '../control.ts';
import type { LiveFactProvider } from '../facts/provider.ts';
import { detailsOf } from '../findings/details.ts';
import { findingId } from '../findings/id.ts';
import type { Publisher } from '../findings/publisher.ts';
import { type Judged, judgeLive } from '../judge.ts';
import type { Observation } from '../ledger/entry.ts';
import type { Ledger, Recorded, ToRecord } from '../ledger/ledger.ts';
import { isOwed } from '../ledger/ledger.ts';
import { Matcher } from '../match.ts';
import { decide } from '../policy/decide.ts';
import { exemptionFor } from '../policy/exemptions.ts';
import { noUsage } from '../policy/guardrails.ts';
import type { Policy } from '../policy/policy.ts';
import type { Delivery } from './batch.ts';
import { againBody, type Message, parseBody } from './message.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type Publication, publishOwed } from './publication.ts';
import { type Ignored, type Place, type Task, tasksOf, tasksOfLooks } from './tasks.ts';

export interface EvaluatorOptions {
  /** All of the family; only those that the policy enables are judged. */
  readonly controls: readonly Control[];
  readonly policy: Policy;
  readonly place: Place;
  readonly facts: LiveFactProvider;
  readonly ledger: Ledger;
  readonly publisher: Publisher;
  readonly queues: Queues;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Queues {
  /** Puts messages into the family's own queue. Rejects when one was not taken. */
  again(bodies: readonly unknown[], delaySeconds: number): Promise<void>;
  /** Puts a message aside for people, with the reason. */
  deadLetter(body: string, reason: string): Promise<void>;
}

/** What came of one control on one resource. */
export interface Result {
  readonly control: string;
  readonly resource: string;
  readonly outcome: Verdict | 'GONE' | 'LOOK_AGAIN';
  readonly summary: string;
}

export interface Evaluation {
  readonly results: readonly Result[];
  readonly ignored: readonly { readonly delivery: string; readonly reason: Ignored }[];
  readonly deadLetters: readonly { readonly delivery: string; readonly reason: string }[];
  /** Messages that will be looked at again. */
  readonly again: number;
  readonly publication: Publication;
  /** Milliseconds from event to finding, for each event that changed one. */
  readonly latencies: readonly number[];
}

interface Work {
  readonly task: Task;
  /** The event or look that it comes of. */
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
   * Takes deliveries all at once, so that facts are read, entries written and findings published together.
   * @throws what went wrong, for all of them: nothing of it is lost when they are delivered again.
   */
  async take(deliveries: readonly Delivery[]): Promise<Evaluation> {
    const { ledger, now } = this.#options;
    const { work, ignored, deadLetters, owed, attempt } = await this.#read(deliveries);
    const { results, toRecord, later } = await this.#look(work);
    const recorded = await ledger.record([...toRecord, ...(await this.#replaced(work, toRecord))]);
    await this.#lookAgain(later);
    const entries = await this.#withOwed(recorded, owed);
    const publication = await publishOwed(
      entries.filter((entry) => owed.includes(entry.id) || isOwed(entry, now())),
      attempt,
      this.#options,
    );
    return {
      results,
      ignored,
      deadLetters,
      again: later.size,
      publication,
      latencies: latencies(publication, toRecord, now()),
    };
  }

  /** What the deliveries ask for; those that ask for nothing sensible are put aside. */
  async #read(deliveries: readonly Delivery[]) {
    const ignored: { delivery: string; reason: Ignored }[] = [];
    const deadLetters: { delivery: string; reason: string }[] = [];
    const work: Work[] = [];
    const owed: string[] = [];
    let attempt = 1;
    for (const delivery of deliveries) {
      const message = parseBody(delivery.body);
      if (message.kind === 'malformed' || message.kind === 'sweep') {
        const reason = message.kind === 'sweep' ? 'a sweep is not for this queue' : message.reason;
        await this.#options.queues.deadLetter(delivery.body, reason);
        deadLetters.push({ delivery: delivery.id, reason });
      } else if (message.kind === 'publish') {
        owed.push(...message.findings);
        attempt = Math.max(attempt, message.attempt);
      } else {
        const found = await this.#tasksOf(message, delivery);
        if (found.ignored !== undefined) ignored.push({ delivery: delivery.id, reason: found.ignored });
        work.push(...found.tasks.map((task) => ({ task, message })));
      }
    }
    return { work, ignored, deadLetters, owed, attempt };
  }

  async #look(work: readonly Work[]) {
    const { facts, policy, now } = this.#options;
    const readAt = now();
    const judged = await judgeLive(
      work.map(({ task }) => task),
      facts,
      (id) => policy.controls.get(id)?.settings,
    );
    const results: Result[] = [];
    const toRecord: ToRecord[] = [];
    const later = new Map<Message, number>();
    const seen = new Map<Message, Set<Judged>>();
    for (const [index, { task, message }] of work.entries()) {
      // Two names that stand for the volumes of one instance give the same volumes: one message judges each once.
      const before = seen.get(message) ?? new Set();
      seen.set(message, before);
      for (const one of (judged[index] ?? []).filter((each) => !before.has(each))) {
        before.add(one);
        const outcome = outcomeOf(task, one, attemptOf(message), message.kind === 'event');
        results.push(resultOf(one, outcome));
        const again = outcome.kind === 'gone' ? undefined : outcome.again;
        if (again !== undefined) later.set(message, Math.min(again, later.get(message) ?? again));
        const observation = this.#observationOf(task, one, outcome, readAt);
        if (observation !== undefined) toRecord.push({ control: task.control, observation });
      }
    }
    return { results, toRecord, later };
  }

  /**
   * The end of what only stood for volumes: at an earlier look they were not to be seen, so that a finding may have
   * been opened under the name that stood for them.
   */
  async #replaced(work: readonly Work[], toRecord: readonly ToRecord[]): Promise<readonly ToRecord[]> {
    const told = new Set(
      toRecord.map(({ control, observation }) => findingId(control.id, observation.resource)),
    );
    const lookedAgain = work.filter(({ message }) => message.kind === 'look' || attemptOf(message) > 1);
    const standIns = lookedAgain.filter(
      ({ task: { control, resource } }) =>
        resource.type === 'AwsEc2Volume' &&
        !resource.id.startsWith('vol-') &&
        !told.has(findingId(control.id, resource)),
    );
    if (standIns.length === 0) return [];
    const { ledger, now } = this.#options;
    const entries = await ledger.read(standIns.map(({ task }) => findingId(task.control.id, task.resource)));
    return standIns.flatMap(({ task: { control, resource, key, cause } }) => {
      const entry = entries.get(findingId(control.id, resource));
      if (entry?.finding === undefined || entry.finding.status === 'ARCHIVED') return [];
      const because = `${resource.id} is judged by the ids of its volumes now.`;
      const observation: Observation = { key, at: now(), cause, resource, result: { kind: 'gone', because } };
      return [{ control, observation }];
    });
  }

  async #tasksOf(message: Message & { kind: 'event' | 'look' }, delivery: Delivery) {
    const { place, ledger, now } = this.#options;
    if (message.kind === 'look') {
      return {
        tasks: tasksOfLooks(message.looks, delivery.id, now(), this.#enabled, place),
        ignored: undefined,
      };
    }
    return tasksOf(message.event, message.attempt, this.#matcher, place, (arn) => ledger.partsOf(arn));
  }

  #observationOf(task: Task, judged: Judged, outcome: Outcome, readAt: number): Observation | undefined {
    const { policy, now } = this.#options;
    const { control, cause, key } = task;
    const { resource, judgement, facts } = judged;
    if (outcome.kind === 'unsettled') return undefined;
    if (outcome.kind === 'gone') {
      const result = { kind: 'gone', because: `The resource is gone: ${outcome.because}.` } as const;
      return { key, at: outcome.at ?? readAt, cause, resource, result };
    }
    const { verdict, evidence } = judgement;
    const exemption = exemptionFor(policy, control.id, resource, new Date(now()));
    const { plan } = decide({
      verdict,
      control,
      resource,
      policy,
      exemption,
      usage: noUsage,
      time: cause.time,
    });
    const severity = policy.controls.get(control.id)?.severity ?? control.severity;
    const details = detailsOf(resource, facts);
    return {
      key,
      at: readAt,
      cause,
      resource,
      result: { kind: 'judged', verdict, evidence, severity, plan, exemption, details },
    };
  }

  async #lookAgain(later: ReadonlyMap<Message, number>): Promise<void> {
    const byDelay = Map.groupBy(later, ([, delay]) => delay);
    for (const [delay, messages] of byDelay) {
      const bodies = messages.flatMap(([message]) =>
        message.kind === 'event' ? [againBody(message.body, message.attempt + 1)] : [],
      );
      await this.#options.queues.again(bodies, delay);
    }
  }

  async #withOwed(recorded: readonly Recorded[], owed: readonly string[]): Promise<readonly Recorded[]> {
    const missing = owed.filter((id) => !recorded.some((entry) => entry.id === id));
    if (missing.length === 0) return recorded;
    return [...recorded, ...(await this.#options.ledger.read(missing)).values()];
  }
}

/** Which look at what an event names this is; a sweep's is always the first. */
function attemptOf(message: Message): number {
  return message.kind === 'event' ? message.attempt : 1;
}

function resultOf({ control, resource, judgement }: Judged, outcome: Outcome): Result {
  const about = { control: control.id, resource: resource.id };
  switch (outcome.kind) {
    case 'gone':
      return { ...about, outcome: 'GONE', summary: outcome.because };
    case 'unsettled':
      return { ...about, outcome: 'LOOK_AGAIN', summary: outcome.because };
    case 'judged':
      return { ...about, outcome: judgement.verdict, summary: judgement.evidence.summary };
  }
}

/** From the event to Security Hub's having the finding, for each event that opened, closed or archived one. */
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
