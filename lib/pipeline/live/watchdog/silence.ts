/**
 * Which parts of a deployment are silent, so that Trailseal would find nothing and nobody would notice. Pure: what was
 * observed goes in; each silent part comes out, with the reason and what to do.
 */
import type { AccountRegion } from '../../../core/account-region.ts';
import { arnOf } from '../../../core/arn.ts';
import type { Heartbeats } from '../../../findings/state/heartbeats.ts';
import { patternDigest, withPlaceholders } from './pattern.ts';

/** What has to be alive: the deployment's own parts, by their names. The template passes it to the watchdog. */
export interface WatchedParts {
  readonly rules: readonly WatchedRule[];
  /** Functions that have to read their queue or stream. */
  readonly functions: readonly WatchedFunction[];
  readonly schedules: readonly WatchedSchedule[];
  /** Those that have to receive the canary. */
  readonly evaluators: readonly string[];
  readonly scanMinutes: number;
}

export interface WatchedRule {
  readonly name: string;
  /** The event bus that it is on; the default one where left out. */
  readonly bus?: string;
  /** The names of the queues that it has to fill. */
  readonly queues: readonly string[];
  /** The digest of its pattern; see `patternDigest`. */
  readonly pattern: string;
}

export interface WatchedFunction {
  readonly name: string;
  /** The name of the queue that it reads; the state table's stream where left out. */
  readonly queue?: string;
  /** The digest of the filters of its event source mapping; it has none where left out. */
  readonly filters?: string;
}

export interface WatchedSchedule {
  readonly name: string;
  /** `rate(6 hours)` */
  readonly expression: string;
  /** The name of the queue that it sends to. */
  readonly queue: string;
  /** The digest of what it sends. */
  readonly input: string;
}

/** Where the deployment is. */
export interface Deployed {
  readonly accountRegion: AccountRegion;
  /** The ARN of the state table's stream; `undefined` where it has none. */
  readonly stream: string | undefined;
}

/**
 * A rule's name alone is not unique: each bus has its own.
 * @example ruleKey({ name: 'trailseal-dev-operator', bus: 'trailseal-dev' }) // 'trailseal-dev/trailseal-dev-operator'
 */
export function ruleKey({ name, bus = 'default' }: Pick<WatchedRule, 'name' | 'bus'>): string {
  return `${bus}/${name}`;
}

/** What AWS answered; or why it is not known. `undefined` is the answer that there is no such thing. */
export type Seen<T> =
  | { readonly known: true; readonly value: T | undefined }
  | { readonly known: false; readonly because: string };

export interface SeenRule {
  readonly state: string | undefined;
  /** As EventBridge has it: JSON. */
  readonly pattern: string | undefined;
  readonly targets: readonly SeenTarget[];
}

export interface SeenTarget {
  readonly arn: string;
  /** Whether it is sent each event as it is, and nothing made of it. */
  readonly whole: boolean;
}

export interface SeenMapping {
  readonly id: string;
  readonly state: string | undefined;
  /** The ARN of what it reads. */
  readonly source: string | undefined;
  /** The ARN of what it invokes. */
  readonly invokes: string | undefined;
  /** Its filters, as Lambda has them: JSON. */
  readonly filters: readonly string[];
}

export interface SeenSchedule {
  readonly state: string | undefined;
  readonly expression: string | undefined;
  /** The ARN of its target. */
  readonly target: string | undefined;
  /** What it sends, as Scheduler has it: JSON. */
  readonly input: string | undefined;
  /** Whether it is on for a part of the time only: from a date, or until one. */
  readonly bounded: boolean;
}

/** By the names of the parts; rules by `ruleKey`. */
export interface Observations {
  readonly rules: ReadonlyMap<string, Seen<SeenRule>>;
  /** The event source mappings of each function. */
  readonly mappings: ReadonlyMap<string, Seen<readonly SeenMapping[]>>;
  readonly schedules: ReadonlyMap<string, Seen<SeenSchedule>>;
  readonly heartbeats: Seen<Heartbeats>;
}

export interface SilentPart {
  /** `the rule trailseal-dev-kms` */
  readonly part: string;
  /** Why it counts as silent, a clause: `is disabled`. */
  readonly because: string;
  /** What to do: a command to paste, or an imperative clause. */
  readonly todo: string;
}

const minute = 60_000;

/** How long a canary may take from the tag to the evaluator. Source: AWS CloudTrail User Guide: about 5 minutes on average. */
export const canaryDeadline = 45 * minute;

/** How much later than its interval a part of the scheduled scan may be done: a flexible start, one retry of the queue. */
const scanSlack = 60 * minute;

/**
 * The silent parts of a deployment. A part that is on, but not as the stack deployed it, counts as silent: it may be for all
 * that it no longer brings, or brings elsewhere.
 * @param now epoch milliseconds.
 * @returns empty where all is well. What could not be read counts as silent: nobody knows that it is alive.
 * @example silentParts(watched, observed, { now: Date.now(), deployed })[0]?.because // 'is disabled'
 */
export function silentParts(
  watched: WatchedParts,
  observed: Observations,
  { now, deployed }: { readonly now: number; readonly deployed: Deployed },
): readonly SilentPart[] {
  return [
    ...watched.rules.flatMap((rule) => ofRule(rule, seenIn(observed.rules, ruleKey(rule)), deployed)),
    ...watched.functions.flatMap((reader) =>
      ofMappings(reader, seenIn(observed.mappings, reader.name), deployed),
    ),
    ...watched.schedules.flatMap((schedule) =>
      ofSchedule(schedule, seenIn(observed.schedules, schedule.name), deployed),
    ),
    ...ofHeartbeats(watched, observed.heartbeats, now),
  ];
}

function seenIn<T>(all: ReadonlyMap<string, Seen<T>>, name: string): Seen<T> {
  return all.get(name) ?? { known: false, because: 'it was not asked for' };
}

const deployAgain = 'deploy again';

/** A deployment changes nothing of what its template says as before. */
const revert = 'revert it: docs/runbook.md, "Trailseal is silent"';

function unreadable(part: string, because: string): readonly SilentPart[] {
  return [{ part, because: `can't be read: ${because}`, todo: 'see the log of the watchdog' }];
}

function queueArn(queue: string, { accountRegion: { account, region } }: Deployed): string {
  return arnOf('sqs', region, account, queue);
}

function ofRule(
  { name, bus, queues, pattern }: WatchedRule,
  seen: Seen<SeenRule>,
  deployed: Deployed,
): readonly SilentPart[] {
  const part = `the rule ${name}${bus === undefined ? '' : ` of the bus ${bus}`}`;
  if (!seen.known) return unreadable(part, seen.because);
  if (seen.value === undefined) return [{ part, because: 'is not there', todo: deployAgain }];
  const { state, targets } = seen.value;
  const silent: SilentPart[] = [];
  // There is a second state of rules that are on, which also matches management events that only read.
  if (state === undefined || !state.startsWith('ENABLED')) {
    const on = bus === undefined ? '' : ` --event-bus-name ${bus}`;
    const { region } = deployed.accountRegion;
    const todo = `aws events enable-rule --region ${region} --name ${name}${on}`;
    silent.push({ part, because: 'is disabled', todo });
  }
  if (digestOf(seen.value.pattern, deployed) !== pattern) {
    silent.push({ part, because: 'has another pattern than the stack deployed', todo: revert });
  }
  const missing = queues.filter((queue) => !targets.some(({ arn }) => arn === queueArn(queue, deployed)));
  if (missing.length > 0) {
    const others = targets
      .map(({ arn }) => arn)
      .filter((arn) => !queues.some((queue) => arn === queueArn(queue, deployed)));
    const instead = others.length === 0 ? '' : `, but ${others.join(', ')}`;
    silent.push({ part, because: `does not fill the queue ${missing.join(', ')}${instead}`, todo: revert });
  }
  const changed = queues.filter((queue) =>
    targets.some(({ arn, whole }) => !whole && arn === queueArn(queue, deployed)),
  );
  if (changed.length > 0) {
    const because = `sends the queue ${changed.join(', ')} something else than the event`;
    silent.push({ part, because, todo: revert });
  }
  return silent;
}

/** @returns no digest at all for what is no JSON. */
function digestOf(json: string | undefined, { accountRegion }: Deployed): string {
  try {
    return patternDigest(withPlaceholders(JSON.parse(json ?? ''), accountRegion));
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

/** A mapping in any other state reads, or is about to. Source: AWS Lambda API Reference, "GetEventSourceMapping" (State). */
const stopped: ReadonlySet<string> = new Set(['Disabled', 'Disabling', 'Deleting']);

function ofMappings(
  { name, queue, filters }: WatchedFunction,
  seen: Seen<readonly SeenMapping[]>,
  deployed: Deployed,
): readonly SilentPart[] {
  const part = `the function ${name}`;
  if (!seen.known) return unreadable(part, seen.because);
  const mappings = seen.value ?? [];
  if (mappings.length === 0) {
    return [{ part, because: 'has no event source mapping, so that it reads nothing', todo: deployAgain }];
  }
  const { account, region } = deployed.accountRegion;
  const own = arnOf('lambda', region, account, `function:${name}`);
  const source = queue === undefined ? deployed.stream : queueArn(queue, deployed);
  const mapping = mappings.find((one) => one.source === source && one.invokes === own);
  if (mapping === undefined) {
    const called = queue === undefined ? 'the stream of the state table' : `the queue ${queue}`;
    const others = mappings.map((one) =>
      one.source === source ? `it is read by ${one.invokes}` : `it reads ${one.source}`,
    );
    return [{ part, because: `does not read ${called}: ${others.join(', ')}`, todo: revert }];
  }
  const silent: SilentPart[] = [];
  if (mapping.state === undefined || stopped.has(mapping.state)) {
    silent.push({
      part,
      because: 'has a disabled event source mapping, so that it reads nothing',
      todo: `aws lambda update-event-source-mapping --region ${region} --uuid ${mapping.id} --enabled`,
    });
  }
  const found =
    mapping.filters.length === 0 ? undefined : digestOf(`[${mapping.filters.join(',')}]`, deployed);
  if (found !== filters) {
    const because = 'has an event source mapping with other filters than the stack deployed';
    silent.push({ part, because, todo: revert });
  }
  return silent;
}

function ofSchedule(
  { name, expression, queue, input }: WatchedSchedule,
  seen: Seen<SeenSchedule>,
  deployed: Deployed,
): readonly SilentPart[] {
  const part = `the schedule ${name}`;
  if (!seen.known) return unreadable(part, seen.because);
  const { value } = seen;
  if (value === undefined) return [{ part, because: 'is not there', todo: deployAgain }];
  const drift = (because: string): SilentPart => ({ part, because, todo: revert });
  return [
    ...(value.state === 'ENABLED'
      ? []
      : [{ part, because: 'is disabled', todo: 'enable it: "trailseal doctor" shows how' }]),
    ...(value.expression === expression
      ? []
      : [drift(`runs at ${value.expression}, and not at ${expression}`)]),
    ...(value.target === queueArn(queue, deployed)
      ? []
      : [drift(`does not send to the queue ${queue}, but to ${value.target}`)]),
    ...(digestOf(value.input, deployed) === input
      ? []
      : [drift('sends another message than the stack deployed')]),
    ...(value.bounded ? [drift('has a start or an end, which the stack did not deploy')] : []),
  ];
}

const nothingKnown: Heartbeats = { scan: undefined, parts: new Map(), canaries: new Map(), alarm: undefined };

function ofHeartbeats(watched: WatchedParts, seen: Seen<Heartbeats>, now: number): readonly SilentPart[] {
  if (!seen.known) return unreadable('the state table', seen.because);
  const heartbeats = seen.value ?? nothingKnown;
  return [...ofScan(watched, heartbeats, now), ...ofCanaries(watched, heartbeats, now)];
}

/** One that did not begin; else those parts of it that are not done. */
function ofScan(
  { scanMinutes }: WatchedParts,
  { scan, parts }: Heartbeats,
  now: number,
): readonly SilentPart[] {
  if (scan === undefined) return [];
  const late = (at: number) => now - at > scanMinutes * minute + scanSlack;
  const todo = 'see the log of the function scan, and its DLQ: trailseal dlq list --queue scan';
  if (late(scan.at)) {
    return [
      {
        part: 'the scheduled scan',
        because: `${scan.parts.length === 0 ? 'has never run; it has been due since' : 'last ran at'} ${timeOf(scan.at)}`,
        todo,
      },
    ];
  }
  const undone = scan.parts.filter((part) => late(parts.get(part) ?? scan.at));
  if (undone.length === 0) return [];
  const oldest = Math.min(...undone.map((part) => parts.get(part) ?? scan.at));
  return [
    {
      part: 'the scheduled scan',
      because: `of ${undone.join(', ')} was not completed since ${timeOf(oldest)}`,
      todo,
    },
  ];
}

function ofCanaries(
  { evaluators }: WatchedParts,
  { canaries }: Heartbeats,
  now: number,
): readonly SilentPart[] {
  const deaf = evaluators.filter((evaluator) => isMissed(canaries.get(evaluator), now));
  const [first] = deaf;
  if (first === undefined) return [];
  // All of them: then what they share is silent, which no rule and no queue shows.
  if (deaf.length === evaluators.length) {
    return [
      {
        part: 'CloudTrail',
        because: `delivers nothing: the canary of ${canaryTime(canaries, first)} reached no evaluator`,
        todo: 'check that a trail logs management events here: trailseal doctor',
      },
    ];
  }
  return deaf.map((evaluator) => ({
    part: `the evaluator ${evaluator}`,
    because: `did not receive the canary of ${canaryTime(canaries, evaluator)}`,
    todo: `see its log, and its DLQ: trailseal dlq list --queue ${evaluator}`,
  }));
}

function canaryTime(canaries: Heartbeats['canaries'], evaluator: string): string {
  return timeOf(canaries.get(evaluator)?.sentAt ?? 0);
}

/**
 * Whether a canary did not arrive in time; or, while there is time, whether the one before it did not.
 * @example isMissed(undefined, Date.now()) // false: none was sent
 */
export function isMissed(
  canary:
    | { readonly sentAt: number; readonly receivedAt: number | undefined; readonly missed: boolean }
    | undefined,
  now: number,
): boolean {
  if (canary === undefined || canary.receivedAt !== undefined) return false;
  return canary.missed || now - canary.sentAt >= canaryDeadline;
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
