/**
 * A control is a pure evaluation of plain facts, in one file. This module is the whole contract: the code that brings
 * a control its events and facts, or carries out what it decides, is elsewhere.
 */

import type { z } from 'zod/mini';
import type { ActionSettingsDefinition } from './action-settings.ts';
import type { AuditEvent, TrailEvent } from './event.ts';
import type { Fact, FactName, Facts, Source } from './facts.ts';
import type { Narrowing, Narrowings } from './narrowing.ts';

export type { AuditEvent, TrailEvent } from './event.ts';
export type { Fact, FactName, Facts, Source } from './facts.ts';

export const severities = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
/** ASFF's severity labels, mildest first. */
export type Severity = (typeof severities)[number];

/**
 * The types of resources that services declare, spelled as ASFF spells them ("Required top-level ASFF attributes:
 * Resources"): `'arn'` where AWS gives the resource, or its parent, an ARN, `'no-arn'` where none has one. Each service
 * adds its own by declaration merging, and describes them in its `defineService`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ResourceTypes {}
export type ResourceType = keyof ResourceTypes & string;
/** The types whose resources have an ARN. */
export type ArnResourceType = {
  [T in ResourceType]: ResourceTypes[T] extends 'arn' ? T : never;
}[ResourceType];

interface ResourceIdentity {
  /**
   * The service's own: unique within account and Region, including its parent (`my-cluster/my-nodegroup`). Where AWS has
   * assigned none yet, it consists of known ids (`i-…:/dev/sdb`). With control, account and Region it identifies a
   * finding, so it must be the same live, in a scheduled scan and in replay.
   */
  readonly id: string;
  /** The account that owns the resource: 12 digits, or "unknown". */
  readonly account: string;
  readonly region: string;
  /** The name (`resourceName`) of the resource whose deletion deletes this one too (an instance, for its volumes). */
  readonly partOf?: string;
  /** Tags, where the event or the facts contain them; left out means unknown, not "untagged". */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A resource of a type that has ARNs. */
export interface ArnResource extends ResourceIdentity {
  readonly type: ArnResourceType;
  /** The ARN of the resource, or of the nearest thing that has one. */
  readonly arn: string;
}

/** A resource of a type that has no ARNs: what a cluster's API has, for instance. */
export interface ResourceWithoutArn extends ResourceIdentity {
  readonly type: Exclude<ResourceType, ArnResourceType>;
  readonly arn?: never;
}

/** What a control evaluates. Only what belongs to a service whose types have ARNs may rely on one. */
export type Resource = ArnResource | ResourceWithoutArn;

/** A resource of one of these types: with an ARN where all of them have one. */
export type ResourceOf<T> = [T] extends [ArnResourceType] ? ArnResource : Resource;

/** AWS's operations, from the SDK's own models: a misspelled event name does not compile. */
export type Operation<Sdk> = { [K in keyof Sdk]: K extends `${infer Name}Command` ? Name : never }[keyof Sdk];

/** The calls of each event source, by the source's name (`kms.amazonaws.com`). Services add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ApiCalls {}
/**
 * Events of what services do by themselves, which no API model contains (`DeleteKey`), by event source. Services add
 * theirs.
 */
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
    /**
     * Whether the call may have deleted the resource. AWS shows a deleted resource for some time; once it does not,
     * the resource counts as deleted.
     */
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
/** An event that deletes the resources that it names, and every resource that is `partOf` them. */
export type Deletion = ApiCall | ServiceEvent;

export const verdicts = ['PASS', 'FAIL', 'UNKNOWN', 'NOT_APPLICABLE'] as const;
export type Verdict = (typeof verdicts)[number];

/** One observed value and its source. */
export interface ObservedValue {
  readonly what: string;
  readonly value: string | number | boolean | null | readonly string[];
  readonly source?: Source;
}

/** What a verdict is based on. */
export interface Evidence {
  /** One complete sentence: what was observed, and why that gives the verdict. */
  readonly summary: string;
  /** What the control requires under its settings. */
  readonly required: string;
  readonly observed: readonly ObservedValue[];
  /** A command that a person can copy and run for this resource, where Trailseal never acts by itself. */
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

/** What may be done about a failure; each fix has a name of its own. */
export type Action = 'notify' | 'tag' | 'quarantine' | `fix:${Fix}`;

/** Requirements by standard, each spelled as the standard does. PCI DSS is v4.0.1. */
export interface Standards {
  readonly 'NIST.800-53.r5': readonly string[];
  readonly 'PCI DSS v4.0.1': readonly string[];
  /** AWS's own control on the same matter, where there is one. */
  readonly 'AWS FSBP': readonly string[];
}

/** Clauses for the author of a policy. */
export interface NeverRuns {
  readonly because: string;
  readonly hint: string;
}

export interface ControlDefinition<Names extends readonly FactName[], Settings extends z.ZodMiniType> {
  readonly id: string;
  /** Says what should be so: "EBS volumes should be encrypted". */
  readonly title: string;
  /** What it protects against and why that matters, in two or three sentences. */
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
  /**
   * How an override of the policy may change each setting: towards what fails more, and never towards what fails less or
   * becomes unknown.
   */
  readonly narrowing: NarrowingsOf<z.infer<Settings>>;
  /** A control that needs the ARN, of a type of resource that has one, says `resource: ArnResource`. */
  evaluate(resource: Resource, facts: Pick<Facts, Names[number]>, settings: z.infer<Settings>): Evaluation;
  /** What the policy may ask for when the control fails. */
  readonly actions: readonly Action[];
  /**
   * What the policy may set about its actions that are neither tagging nor a fix, as they declare it: a fix brings about what
   * the control's own settings require.
   */
  readonly actionSettings?: Readonly<Record<string, ActionSettingsDefinition>>;
  /**
   * Actions that never run by themselves, because they cannot be undone: a person has to request them, for one
   * finding.
   */
  readonly onRequestOnly?: readonly Action[];
  /**
   * Actions whose permissions IAM can't narrow to what they do: what else they allow, each a clause for people. They have a
   * role of their own, and only where the policy allows it by name (`actions.broadPermissions`).
   */
  readonly broadActions?: Readonly<Partial<Record<Action, string>>>;
  /** Why one of its actions can never run under these settings when an operator requests it; left out where settings don't matter. */
  whyNeverRuns?(action: Action, settings: z.infer<Settings>): NeverRuns | undefined;
  /** What a person does to fix the failure, with the command. */
  readonly remediation: string;
  /** The URL of the explanation of the requirement and its remediation. */
  readonly reference: string;
}

/** Of settings that are not known, any; of known ones, a narrowing for each. */
type NarrowingsOf<Settings> = unknown extends Settings
  ? Readonly<Record<string, Narrowing<unknown>>>
  : Narrowings<Settings>;

/** A control without its type parameters, as the rest of the system handles it. */
export type Control = ControlDefinition<readonly FactName[], z.ZodMiniType>;

/**
 * Declares a control; the types tie `evaluate` to the facts and settings that the control declares.
 * @param control all parts of the control.
 * @returns the same object.
 * @example export const kmsKeyDisabled = defineControl({ id: 'kms-key-disabled', facts: ['kms.keyState'], evaluate, … });
 */
export function defineControl<const Names extends readonly FactName[], Settings extends z.ZodMiniType>(
  control: ControlDefinition<Names, Settings>,
): ControlDefinition<Names, Settings> {
  return control;
}

type ObservedValues = readonly ObservedValue[];

/**
 * A PASS: the resource meets the requirement.
 * @param summary one complete sentence: what was observed, and why that is the verdict.
 * @param required what the control requires.
 * @param observed the values that the verdict is based on.
 * @example pass('The volume is encrypted.', 'EBS volumes are encrypted.', []).verdict // 'PASS'
 */
export function pass(summary: string, required: string, observed: ObservedValues): Evaluation {
  return { verdict: 'PASS', evidence: { summary, required, observed } };
}
/**
 * A FAIL: the resource does not meet the requirement. Parameters as for `pass`.
 * @param command a command that a person can copy and run, where Trailseal never acts by itself.
 * @example fail('The volume is not encrypted.', 'EBS volumes are encrypted.', []).verdict // 'FAIL'
 */
export function fail(
  summary: string,
  required: string,
  observed: ObservedValues,
  command?: string,
): Evaluation {
  const evidence = { summary, required, observed };
  return { verdict: 'FAIL', evidence: command === undefined ? evidence : { ...evidence, command } };
}
/**
 * An UNKNOWN: a needed fact is not known, so that the verdict is neither PASS nor FAIL. Parameters as for `pass`;
 * `summary` says which fact.
 * @example unknown('The key is not known.', 'A customer managed key.', []).verdict // 'UNKNOWN'
 */
export function unknown(summary: string, required: string, observed: ObservedValues): Evaluation {
  return { verdict: 'UNKNOWN', evidence: { summary, required, observed } };
}
/**
 * A NOT_APPLICABLE: the requirement does not concern this resource (rotation of an asymmetric key). Parameters as for
 * `pass`.
 * @example notApplicable('The key is asymmetric.', 'Keys rotate.', []).verdict // 'NOT_APPLICABLE'
 */
export function notApplicable(summary: string, required: string, observed: ObservedValues): Evaluation {
  return { verdict: 'NOT_APPLICABLE', evidence: { summary, required, observed } };
}

/**
 * A fact as an observed value.
 * @param what the name of the value, for people.
 * @param fact known or unknown.
 * @param show the value of a known fact, in the form that evidence contains.
 * @returns the value with its source; of an unknown fact, its reason instead of the value.
 * @example observe('Encrypted', unknownFact('denied', 'access is denied'), String).value // 'unknown: access is denied'
 */
export function observe<T>(
  what: string,
  fact: Fact<T>,
  show: (value: T) => ObservedValue['value'],
): ObservedValue {
  return fact.known
    ? { what, value: show(fact.value), source: fact.source }
    : { what, value: `unknown: ${fact.detail}` };
}
