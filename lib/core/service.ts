/**
 * What a service is: all that Trailseal knows of one source of events and resources, in one folder. The engine knows
 * no service by name; it uses the catalogue (`lib/services/catalogue.ts`). This contract requires every property of a
 * resource type, so that a service that leaves one out does not compile.
 */
import type { ResourceDetails } from '@aws-sdk/client-securityhub';
import type { ClientMakers } from '../aws/clients.ts';
import type { Lookup } from '../aws/facts/lookups.ts';
import type { Aws, Readers, TagReader } from '../aws/facts/reader.ts';
import type { AnyAction, TagAdapter } from './action.ts';
import type {
  ArnResourceType,
  Control,
  Evaluation,
  Resource,
  ResourceOf,
  ResourceType,
  TrailEvent,
} from './control.ts';
import type { Fact, FactName, Facts, RelatedFactName, RelatedKey, RelatedValue } from './facts.ts';
import type { Lister } from './list.ts';
import type { AskTrail, ContextEvents, TrailFactReaders, TrailReader, TrailRelated } from './trail-facts.ts';

/** The name of an evaluator, a deployment unit: a rule, a queue, a function and a role (`deploy/evaluators.ts`). */
export type EvaluatorName = string;

/** Where a service's events come from, and how AWS names it. */
export type ServiceSource =
  | {
      readonly kind: 'aws';
      /** As CloudTrail has it: `kms.amazonaws.com`. */
      readonly eventSource: string;
      /** As EventBridge has it: `aws.kms`. */
      readonly eventBridgeSource: string;
      /** The prefix of its IAM actions: `kms`. */
      readonly iamPrefix: string;
      /**
       * The calls' names beside those of the API model, by the model's: CloudTrail logs some calls with the API's version
       * (`CreateFunction20150331`).
       */
      readonly eventAliases?: Readonly<Record<string, readonly string[]>>;
      /**
       * `own`: events arrive in the Region of their resources. `one`: the events of all Regions arrive in one Region,
       * as those of sign-ins and IAM do. Source: AWS CloudTrail User Guide, "About global service events".
       */
      readonly eventsArriveIn: 'own' | 'one';
    }
  /** Not an API of AWS: a cluster's, for instance. */
  | { readonly kind: 'other'; readonly name: string };

/** How a type of resource is related to another one. */
export interface Relation {
  readonly kind: 'encrypted-by' | 'part-of' | 'protected-by' | 'launched-by';
  readonly type: ResourceType;
  /** The resources that these facts relate it to; none where the facts name none. */
  readonly related: (resource: Resource, facts: Partial<Facts>) => readonly { readonly id: string }[];
}

/** The form of a resource's ARN. */
export interface ArnForm {
  /** The third part: `ec2`. */
  readonly service: string;
  /** All that follows the account, of the resource of this id: `instance/i-0abc`. */
  readonly resource: (id: string) => string;
  /** The id in what follows the account; `undefined` for another type's. */
  readonly idIn: (resource: string) => string | undefined;
  /** Whether an ARN may go on after that, as a node group's does with an id that only EKS knows. */
  readonly mayGoOn?: true;
  /** Whether the ARN names no account, as a snapshot's. */
  readonly withoutAccount?: true;
  /** Whether it is the ARN of what the resource belongs to, because it has none of its own. */
  readonly ofParent?: true;
}

/** All that is particular to a type of resource. */
export interface ResourceTypeDefinition {
  /** What people call it: `instance`, `instances`. */
  readonly noun: { readonly one: string; readonly many: string };
  /** Its name in ASFF; `Other` where ASFF has none. Source: ASFF, "Resources"; API model, ResourceDetails. */
  readonly asffType: string;
  /** The id in ASFF where that is neither the ARN nor, of a type without ARNs, the resource's own: an account's. */
  readonly asffId?: (resource: Pick<Resource, 'account' | 'id'>) => string;
  /** Whether the id is the account's. */
  readonly idIsAccount?: true;
  /** Left out where resources of this type have no ARN; `ResourceTypes` says which have. */
  readonly arn?: ArnForm;
  /** An id as AWS gives it, from its documentation. */
  readonly exampleId: string;
  /** Whether the id is AWS's own, and not one that represents the resource until AWS assigns one (`i-…:/dev/sdb`). */
  readonly hasOwnId: (id: string) => boolean;
  /** How ASFF and people see it, from the known facts. */
  readonly details: (resource: Resource, facts: Partial<Facts>) => ResourceDetails;
  /**
   * `with-facts`: the call that reads a fact returns them. `apart`: a call of their own does. `none`: it has no tags.
   */
  readonly tags: 'with-facts' | 'apart' | 'none';
  /** `in-batches`: one call reads many. `one-call-each`: one call reads one, so that few are read at a time. */
  readonly reading: 'in-batches' | 'one-call-each';
  readonly relations: readonly Relation[];
}

/** The facts that a service declares: those that begin with its name. */
type OwnFacts<Id extends string> = Extract<FactName, `${Id}.${string}`>;
type OwnRelated<Id extends string> = Extract<RelatedFactName, `${Id}.${string}`>;

/** A fact for other services, read from AWS. */
export interface RelatedReader<Name extends RelatedFactName> {
  readonly uses: readonly Lookup<unknown>[];
  read(key: RelatedKey<Name>, aws: Omit<Aws, 'related'>): Promise<Fact<RelatedValue<Name>>>;
}
export type RelatedReaders<Names extends RelatedFactName = RelatedFactName> = {
  readonly [Name in Names]: RelatedReader<Name>;
};

/** How facts are read from AWS. */
export interface AwsPart<Id extends string, Types> {
  readonly readers: Readers<OwnFacts<Id>, ResourceOf<keyof Types>>;
  /** The readers of tags that no fact reader returns: one for each type with `apart`. */
  readonly tagReaders: {
    readonly [T in keyof Types as Types[T] extends { tags: 'apart' } ? T : never]: TagReader<ResourceOf<T>>;
  };
  readonly related: RelatedReaders<OwnRelated<Id>>;
}

/** How facts are learned from a trail's events. */
export interface TrailPart<Id extends string, Types> {
  readonly contextEvents: readonly ContextEvents[];
  open(ask: AskTrail): TrailReader<OwnFacts<Id>, OwnRelated<Id>, ResourceOf<keyof Types>>;
}

/** A value of a resource that is worth remembering, because a fix may have to restore it. */
export interface Memo {
  /** What it is, once for each resource: `good-policy`. */
  readonly kind: string;
  /** The control beside whose finding it is kept. */
  readonly control: string;
  readonly resource: Resource;
  readonly value: string;
  /** When it was so: epoch milliseconds. */
  readonly at: number;
}

/** What was just evaluated, and the event that caused it. */
export interface EvaluatedChange {
  readonly control: Control;
  readonly resource: Resource;
  readonly facts: Partial<Facts>;
  readonly evaluation: Evaluation;
  readonly cause: Pick<TrailEvent, 'id' | 'eventName' | 'time'>;
  /** Epoch milliseconds: just before the facts were read. */
  readonly readAt: number;
}

type Types = Readonly<Record<string, ResourceTypeDefinition>>;

/** Each type has the form of its ARNs exactly where `ResourceTypes` says that it has ARNs. */
type ArnForms<T> = {
  readonly [Type in keyof T]: Type extends ArnResourceType
    ? { readonly arn: ArnForm }
    : { readonly arn?: never };
};

export interface ServiceDefinition<Id extends string, T extends Types> {
  /** Short, lower case: the folder's name, and what its facts' names begin with. */
  readonly id: Id;
  /** The evaluator that its controls are deployed in. */
  readonly evaluator: EvaluatorName;
  readonly source: ServiceSource;
  readonly resourceTypes: T & ArnForms<T>;
  /** In the order in which they are shown. */
  readonly controls: readonly Control[];
  readonly trail: TrailPart<Id, T>;
}

/** A service without its type parameters, as the catalogue handles it. */
export interface Service {
  readonly id: string;
  readonly evaluator: EvaluatorName;
  readonly source: ServiceSource;
  readonly resourceTypes: Readonly<Partial<Record<ResourceType, ResourceTypeDefinition>>>;
  readonly controls: readonly Control[];
  readonly trail: {
    readonly contextEvents: readonly ContextEvents[];
    open(ask: AskTrail): {
      learn(event: TrailEvent): void;
      readonly read: Partial<TrailFactReaders<FactName>>;
      readonly related: Partial<TrailRelated<RelatedFactName>>;
    };
  };
}

/**
 * Declares a service: all of it that makes no calls to AWS. The types tie its parts together.
 * @example
 * export const kms = defineService({ id: 'kms', evaluator: 'kms', source, resourceTypes, controls, trail });
 */
export function defineService<const Id extends string, const T extends Types>(
  service: ServiceDefinition<Id, T>,
): ServiceDefinition<Id, T> {
  return service;
}

/**
 * On which resources IAM decides about the actions of a service that only read, by the names of the calls: a policy that
 * names resources allows nothing on `*`. `*` where an action has no resource. Source: Service Authorization Reference, "Actions,
 * resources, and condition keys" of each service.
 */
export interface Specimens<Type> {
  /** Of every call that is not in `byCall`. */
  readonly others: Type | '*';
  readonly byCall: Readonly<Record<string, Type | '*'>>;
}

export interface LiveDefinition<Id extends string, T extends Types> {
  /** The SDK clients that its facts, listings and writes need. */
  readonly clients: ClientMakers;
  readonly aws: AwsPart<Id, T>;
  readonly listers: { readonly [Type in keyof T]: Lister };
  readonly tagAdapters: {
    readonly [Type in keyof T as T[Type] extends { tags: 'none' } ? never : Type]: TagAdapter<
      ResourceOf<Type>
    >;
  };
  readonly actions: readonly AnyAction[];
  readonly specimens: Specimens<keyof T & string>;
  /** What of an evaluation is worth remembering; left out where nothing is. */
  readonly remember?: (evaluated: EvaluatedChange) => readonly Memo[];
}

/** The part of a service that calls AWS, without its type parameters. */
export interface LiveService {
  readonly id: string;
  readonly clients: ClientMakers;
  readonly aws: {
    readonly readers: Partial<Readers<FactName>>;
    readonly tagReaders: Partial<Readonly<Record<ResourceType, TagReader>>>;
    readonly related: Partial<RelatedReaders>;
  };
  readonly listers: Partial<Readonly<Record<ResourceType, Lister>>>;
  readonly tagAdapters: Partial<Readonly<Record<ResourceType, TagAdapter>>>;
  readonly actions: readonly AnyAction[];
  readonly specimens: Specimens<string>;
  readonly remember?: (evaluated: EvaluatedChange) => readonly Memo[];
}

/**
 * Declares how a service reads and changes resources in AWS. It is separate from the service itself, so that code
 * without calls to AWS (replay, policies) loads no SDK.
 * @param service its resource types determine which parts are required.
 * @example
 * export const kmsLive = defineLive(kms, { clients, aws, listers, tagAdapters, actions, specimens, remember });
 */
export function defineLive<const Id extends string, const T extends Types>(
  { id }: ServiceDefinition<Id, T>,
  live: LiveDefinition<Id, T>,
): LiveDefinition<Id, T> & { readonly id: Id } {
  return { id, ...live };
}
