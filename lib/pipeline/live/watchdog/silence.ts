/**
 * Which parts of a deployment are silent, so that Trailseal would find nothing and nobody would notice. Pure: what was
 * observed goes in; each silent part comes out, with the reason and what to do.
 */
import type { Heartbeats } from '../../../findings/state/heartbeats.ts';

/** What has to be alive: the deployment's own parts, by their names. The template passes it to the watchdog. */
export interface WatchedParts {
  readonly rules: readonly WatchedRule[];
  /** Functions that have to read their queue or stream. */
  readonly functions: readonly string[];
  readonly schedules: readonly string[];
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
}

/** What AWS answered; or why it is not known. `undefined` is the answer that there is no such thing. */
export type Seen<T> =
  | { readonly known: true; readonly value: T | undefined }
  | { readonly known: false; readonly because: string };

export interface SeenRule {
  readonly state: string | undefined;
  /** The ARNs of its targets. */
  readonly targets: readonly string[];
}

export interface SeenMapping {
  readonly id: string;
  readonly state: string | undefined;
}

/** By the names of the parts. */
export interface Observations {
  readonly rules: ReadonlyMap<string, Seen<SeenRule>>;
  /** The event source mappings of each function. */
  readonly mappings: ReadonlyMap<string, Seen<readonly SeenMapping[]>>;
  /** The states of the schedules. */
  readonly schedules: ReadonlyMap<string, Seen<string>>;
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
 * The silent parts of a deployment.
 * @param now epoch milliseconds.
 * @returns empty where all is well. What could not be read counts as silent: nobody knows that it is alive.
 * @example silentParts(watched, observed, { now: Date.now(), region: 'eu-central-1' })[0]?.because // 'is disabled'
 */
export function silentParts(
  watched: WatchedParts,
  observed: Observations,
  { now, region }: { readonly now: number; readonly region: string },
): readonly SilentPart[] {
  return [
    ...watched.rules.flatMap((rule) => ofRule(rule, seenIn(observed.rules, rule.name), region)),
    ...watched.functions.flatMap((name) => ofMappings(name, seenIn(observed.mappings, name), region)),
    ...watched.schedules.flatMap((name) => ofSchedule(name, seenIn(observed.schedules, name))),
    ...ofHeartbeats(watched, observed.heartbeats, now),
  ];
}

function seenIn<T>(all: ReadonlyMap<string, Seen<T>>, name: string): Seen<T> {
  return all.get(name) ?? { known: false, because: 'it was not asked for' };
}

const deployAgain = 'deploy again';

function unreadable(part: string, because: string): readonly SilentPart[] {
  return [{ part, because: `can't be read: ${because}`, todo: 'see the log of the watchdog' }];
}

function ofRule(
  { name, bus, queues }: WatchedRule,
  seen: Seen<SeenRule>,
  region: string,
): readonly SilentPart[] {
  const part = `the rule ${name}`;
  if (!seen.known) return unreadable(part, seen.because);
  if (seen.value === undefined) return [{ part, because: 'is not there', todo: deployAgain }];
  const { state, targets } = seen.value;
  // There is a second state of rules that are on, which also matches management events that only read.
  if (state === undefined || !state.startsWith('ENABLED')) {
    const on = bus === undefined ? '' : ` --event-bus-name ${bus}`;
    return [
      { part, because: 'is disabled', todo: `aws events enable-rule --region ${region} --name ${name}${on}` },
    ];
  }
  const missing = queues.filter((queue) => !targets.some((target) => target.endsWith(`:${queue}`)));
  if (missing.length === 0) return [];
  return [{ part, because: `does not fill the queue ${missing.join(', ')}`, todo: deployAgain }];
}

/** A mapping in any other state reads, or is about to. Source: AWS Lambda API Reference, "GetEventSourceMapping" (State). */
const stopped: ReadonlySet<string> = new Set(['Disabled', 'Disabling', 'Deleting']);

function ofMappings(name: string, seen: Seen<readonly SeenMapping[]>, region: string): readonly SilentPart[] {
  const part = `the function ${name}`;
  if (!seen.known) return unreadable(part, seen.because);
  const mappings = seen.value ?? [];
  if (mappings.length === 0) {
    return [{ part, because: 'has no event source mapping, so that it reads nothing', todo: deployAgain }];
  }
  return mappings
    .filter(({ state }) => state === undefined || stopped.has(state))
    .map(({ id }) => ({
      part,
      because: 'has a disabled event source mapping, so that it reads nothing',
      todo: `aws lambda update-event-source-mapping --region ${region} --uuid ${id} --enabled`,
    }));
}

function ofSchedule(name: string, seen: Seen<string>): readonly SilentPart[] {
  const part = `the schedule ${name}`;
  if (!seen.known) return unreadable(part, seen.because);
  if (seen.value === undefined) return [{ part, because: 'is not there', todo: deployAgain }];
  return seen.value === 'ENABLED'
    ? []
    : [{ part, because: 'is disabled', todo: 'enable it: "trailseal doctor" shows how' }];
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
