/**
 * A control is a pure evaluation over plain facts, told in one file. This module is the whole contract:
 * everything that brings a control its events and facts, or carries out what it decides, lives elsewhere.
 */
import type { z } from 'zod/mini';
import type { AuditEvent, TrailEvent } from './event.ts';
import type { Fact, FactName, Facts, Source } from './facts.ts';

export type { AuditEvent, TrailEvent } from './event.ts';
export type { Fact, FactName, Facts, Source } from './facts.ts';

export const severities = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
/** ASFF's severity labels, mildest first. */
export type Severity = (typeof severities)[number];

/**
 * The types of resources that services declare, spelled as ASFF spells them ("Required top-level ASFF attributes:
 * Resources"). Each service adds its own by declaration merging, and describes them in its `defineService`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ResourceTypes {}
export type ResourceType = keyof ResourceTypes & string;

/**
 * What is evaluated. `id` is AWS's own (`i-…`, a cluster's name, a key's UUID); where AWS has none yet, it is
 * made of those that are known (`i-…:/dev/sdb`). With control, account and Region it identifies a finding,
 * so it must be the same live, in scheduled scan and in replay.
 */
export interface Resource {
  readonly type: ResourceType;
  readonly id: string;
  /** The ARN of the resource, or of the nearest thing that has one. */
  readonly arn: string;
  /** The account that owns the resource: 12 digits, or "unknown". */
  readonly account: string;
  readonly region: string;
  /** The ARN of the resource whose end is this one's end too (an instance, for its volumes). */
  readonly partOf?: string;
  /** Tags, where the event or the facts told them; what they do not tell is not "untagged". */
  readonly tags?: Readonly<Record<string, string>>;
}

/** AWS's operations, from the SDK's own models: a misspelled event name does not compile. */
export type Operation<Sdk> = { [K in keyof Sdk]: K extends `${infer Name}Command` ? Name : never }[keyof Sdk];

/** The calls of each event source, by the source's name (`kms.amazonaws.com`). Services add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ApiCalls {}
/** What services do by themselves, which no API model holds (`DeleteKey`), by event source. Services add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ServiceEvents {}
export type EventSource = keyof ApiCalls & string;
export type EventNames = {
  [S in EventSource]: ApiCalls[S] | (S extends keyof ServiceEvents ? ServiceEvents[S] : never);
};

/** Finds the resources that an event names. Must not throw, whatever the event holds. */
export type FindResources = (event: TrailEvent) => readonly Resource[];

/** Calls of AWS's API that succeeded. */
export type ApiCall = {
  [S in EventSource]: {
    readonly kind: 'api-call';
    readonly eventSource: S;
    readonly eventNames: readonly ApiCalls[S][];
    readonly resources: FindResources;
    /** Whether the call may have deleted what it names, which AWS shows for some time more: its absence is an answer then. */
    readonly mayDelete?: true;
  };
}[EventSource];

/**
 * What a service did by itself.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
 */
export type ServiceEvent = {
  [S in keyof ServiceEvents & string]: {
    readonly kind: 'service-event';
    readonly eventSource: S;
    readonly eventNames: readonly ServiceEvents[S][];
    readonly resources: FindResources;
  };
}[keyof ServiceEvents & string];

/** Sign-ins to the console. Source: AWS CloudTrail User Guide, "AWS Management Console sign-in events". */
export interface SignIn {
  readonly kind: 'sign-in';
  readonly eventNames: readonly (
    | 'ConsoleLogin'
    | 'SwitchRole'
    | 'ExitRole'
    | 'CheckMfa'
    | 'PasswordRecoveryRequested'
  )[];
  readonly resources: FindResources;
}

/** Whatever an actor of this type calls. Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element". */
export interface ActorCall {
  readonly kind: 'actor';
  /** `userIdentity.type`. */
  readonly actorTypes: readonly ('Root' | 'IAMUser')[];
  readonly resources: FindResources;
}

/** Requests that a cluster's API server answered. Source: Kubernetes documentation, "Auditing" (audit.k8s.io/v1 Event). */
export interface AuditRequest {
  readonly kind: 'audit-event';
  /** As in `objectRef.apiGroup`; the core group is ''. */
  readonly apiGroup: string;
  /** As in `objectRef.resource`, plural. */
  readonly resource: string;
  readonly verbs: readonly ('create' | 'update' | 'patch' | 'delete')[];
  readonly resources: (event: AuditEvent) => readonly Resource[];
}

/** Nothing but the scheduled scan. */
export interface OnScheduleOnly {
  readonly kind: 'schedule';
}

/** What makes a control evaluate the resources that it names. */
export type Trigger = ApiCall | ServiceEvent | SignIn | ActorCall | AuditRequest | OnScheduleOnly;
/** An event after which the resources that it names exist no more; what is `partOf` them neither. */
export type Deletion = ApiCall | ServiceEvent;

export const verdicts = ['PASS', 'FAIL', 'UNKNOWN', 'NOT_APPLICABLE'] as const;
export type Verdict = (typeof verdicts)[number];

/** One value that was observed, and where. */
export interface ObservedValue {
  readonly what: string;
  readonly value: string | number | boolean | null | readonly string[];
  readonly source?: Source;
}

/** What a verdict rests on. */
export interface Evidence {
  /** One sentence, complete in itself: what is so, and why that is the verdict. */
  readonly summary: string;
  /** What the control requires, as the settings have it. */
  readonly required: string;
  readonly observed: readonly ObservedValue[];
  /** What a person may run about this one resource, where nothing is ever done about it by itself; to be copied. */
  readonly command?: string;
}

export interface Evaluation {
  readonly verdict: Verdict;
  readonly evidence: Evidence;
}

/** The fixes that services have, by name. Each service adds its own by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface Fixes {}
export type Fix = keyof Fixes & string;

/** What may be done about a failure; each `fix:` has a name of its own. */
export type Action = 'notify' | 'tag' | 'quarantine' | `fix:${Fix}`;

/** Requirements by standard, each spelled as the standard does. PCI DSS is v4.0.1. */
export interface Standards {
  readonly 'NIST.800-53.r5': readonly string[];
  readonly 'PCI DSS v4.0.1': readonly string[];
  /** AWS's own control on the same matter, where there is one. */
  readonly 'AWS FSBP': readonly string[];
}

/** Clauses for who writes a policy. */
export interface NeverRuns {
  readonly because: string;
  readonly hint: string;
}

export interface ControlDefinition<Names extends readonly FactName[], Settings extends z.ZodMiniType> {
  readonly id: string;
  /** Says what should be so: "EBS volumes should be encrypted". */
  readonly title: string;
  /** What it protects against and why it matters, two or three sentences. */
  readonly description: string;
  readonly severity: Severity;
  readonly resourceType: ResourceType;
  readonly standards: Standards;
  readonly triggers: readonly Trigger[];
  readonly deletions: readonly Deletion[];
  /** The facts that `evaluate` needs; permissions follow from them. */
  readonly facts: Names;
  /** What the policy may set; every setting has a default. */
  readonly settings: Settings;
  evaluate(resource: Resource, facts: Pick<Facts, Names[number]>, settings: z.infer<Settings>): Evaluation;
  /** What the policy may ask for when the control fails. */
  readonly actions: readonly Action[];
  /** What is never done by itself, because nothing takes it back: a person has to order it, for one finding. */
  readonly onRequestOnly?: readonly Action[];
  /** Why one of its actions can never run under these settings when an operator requests it; left out where settings don't matter. */
  whyNeverRuns?(action: Action, settings: z.infer<Settings>): NeverRuns | undefined;
  /** What a person does about it, with the command. */
  readonly remediation: string;
  /** Where the requirement and the remediation are explained. */
  readonly reference: string;
}

/** A control with its parameters forgotten, as the rest of the system handles it. */
export type Control = ControlDefinition<readonly FactName[], z.ZodMiniType>;

/** Declares a control; the types tie `evaluate` to the facts and settings that it declares. */
export function defineControl<const Names extends readonly FactName[], Settings extends z.ZodMiniType>(
  control: ControlDefinition<Names, Settings>,
): ControlDefinition<Names, Settings> {
  return control;
}

type Seen = readonly ObservedValue[];

export function pass(summary: string, required: string, observed: Seen): Evaluation {
  return { verdict: 'PASS', evidence: { summary, required, observed } };
}
export function fail(summary: string, required: string, observed: Seen, command?: string): Evaluation {
  const evidence = { summary, required, observed };
  return { verdict: 'FAIL', evidence: command === undefined ? evidence : { ...evidence, command } };
}
/** Neither pass nor fail, because something needed is not known; `summary` says what. */
export function unknown(summary: string, required: string, observed: Seen): Evaluation {
  return { verdict: 'UNKNOWN', evidence: { summary, required, observed } };
}
/** The requirement does not concern this resource (rotation of an asymmetric key). */
export function notApplicable(summary: string, required: string, observed: Seen): Evaluation {
  return { verdict: 'NOT_APPLICABLE', evidence: { summary, required, observed } };
}

/** A known fact as an observation, or an unknown one with its reason in the place of the value. */
export function observe<T>(
  what: string,
  fact: Fact<T>,
  show: (value: T) => ObservedValue['value'],
): ObservedValue {
  return fact.known
    ? { what, value: show(fact.value), source: fact.source }
    : { what, value: `unknown: ${fact.detail}` };
}
