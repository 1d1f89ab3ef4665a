/** Finds the controls and resources that an event concerns: those that it may change, and those that it deletes. */
import type {
  ActorCall,
  Control,
  Deletion,
  FindResources,
  Resource,
  TrailEvent,
  Trigger,
} from '../core/control.ts';
import type { Service } from '../core/service.ts';
import { services } from '../services/catalogue.ts';

export interface Concern {
  readonly control: Control;
  readonly resource: Resource;
}

/** A concern of a trigger; `mayDelete`, where the event may have deleted the resource. */
export interface TriggeredConcern extends Concern {
  readonly mayDelete: boolean;
}

export interface Match {
  /** Controls and resources to evaluate, because a trigger names them. */
  readonly triggered: readonly TriggeredConcern[];
  /** Deleted, because a deletion event names them. */
  readonly deleted: readonly Concern[];
}

/** The API model's name of each call that CloudTrail logs under another name, by `<source> <CloudTrail's name>`. */
export type EventAliases = ReadonlyMap<string, string>;

/**
 * The event aliases that services declare.
 * @returns the API model's name, by `<source> <CloudTrail's name>`.
 * @example aliasesOf([]).size // 0
 */
export function aliasesOf(services: readonly Pick<Service, 'source'>[]): EventAliases {
  return new Map(
    services.flatMap(({ source }) =>
      source.kind === 'aws'
        ? Object.entries(source.eventAliases ?? {}).flatMap(([name, aliases]) =>
            aliases.map((alias) => [keyOf(source.eventSource, alias), name] as const),
          )
        : [],
    ),
  );
}

/** Those of all services. */
export const eventAliases: EventAliases = aliasesOf(services);

/**
 * The event under the name that the API model has for its call.
 * @returns a copy with that name; the event itself where its name is no alias.
 * @example withModelName(event, aliasesOf(services)).eventName // 'CreateKey'
 */
export function withModelName(event: TrailEvent, aliases = eventAliases): TrailEvent {
  const eventName = aliases.get(keyOf(event.eventSource, event.eventName));
  return eventName === undefined ? event : { ...event, eventName };
}

/** Sign-ins are events of this source. Source: AWS CloudTrail User Guide, "AWS Management Console sign-in events". */
export const signInSource = 'signin.amazonaws.com';

/**
 * The source and the names of the events that a trigger or deletion event declares.
 * @returns source and names; `undefined` where the trigger selects events by something else (an actor, a schedule).
 * @example namedEvents({ kind: 'schedule' }) // undefined
 */
export function namedEvents(
  trigger: Trigger | Deletion,
): { readonly eventSource: string; readonly eventNames: readonly string[] } | undefined {
  switch (trigger.kind) {
    case 'api-call':
    case 'service-event':
      return { eventSource: trigger.eventSource, eventNames: trigger.eventNames };
    case 'sign-in':
      return { eventSource: signInSource, eventNames: trigger.eventNames };
    case 'actor':
    case 'audit-event':
    case 'schedule':
      return undefined;
  }
}

/**
 * A trigger or deletion event in words, for people.
 * @example triggerText({ kind: 'api-call', eventSource: 'kms.amazonaws.com', eventNames: ['CreateKey'], … })
 *   // 'kms.amazonaws.com: CreateKey'
 */
export function triggerText(trigger: Trigger | Deletion): string {
  const named = namedEvents(trigger);
  if (named !== undefined) return `${named.eventSource}: ${named.eventNames.join(', ')}`;
  switch (trigger.kind) {
    case 'actor':
      return `any call of an actor of type ${trigger.actorTypes.join(', ')}`;
    case 'audit-event':
      return `the cluster's audit log: ${trigger.verbs.join(', ')} ${trigger.resource}${trigger.apiGroup === '' ? '' : `.${trigger.apiGroup}`}`;
    default:
      return 'the scheduled scan only';
  }
}

interface Finder {
  readonly control: Control;
  readonly resources: FindResources;
  readonly mayDelete: boolean;
}
interface Declared {
  readonly triggers: Finder[];
  readonly deletions: Finder[];
}

/**
 * The triggers and deletion events of controls, by event.
 * @example new Matcher(controls).match(event).triggered.map(({ resource }) => resource.id)
 */
export class Matcher {
  readonly #declared = new Map<string, Declared>();
  readonly #byActor: (Finder & Pick<ActorCall, 'actorTypes'>)[] = [];
  readonly #aliases: EventAliases;

  constructor(controls: readonly Control[], aliases = eventAliases) {
    this.#aliases = aliases;
    for (const control of controls) {
      for (const trigger of control.triggers) this.#add(control, trigger, 'triggers');
      for (const deletion of control.deletions) this.#add(control, deletion, 'deletions');
    }
  }

  #add(control: Control, trigger: Trigger | Deletion, kind: keyof Declared): void {
    if (trigger.kind === 'actor') {
      const { resources, actorTypes } = trigger;
      this.#byActor.push({ control, resources, actorTypes, mayDelete: false });
      return;
    }
    const named = namedEvents(trigger);
    if (named === undefined || trigger.kind === 'audit-event' || trigger.kind === 'schedule') return;
    const mayDelete = trigger.kind === 'api-call' && trigger.mayDelete === true;
    for (const eventName of named.eventNames) {
      const key = keyOf(named.eventSource, eventName);
      const declared = this.#declared.get(key) ?? { triggers: [], deletions: [] };
      declared[kind].push({ control, resources: trigger.resources, mayDelete });
      this.#declared.set(key, declared);
    }
  }

  #declaredFor({
    eventSource,
    eventName,
  }: Pick<TrailEvent, 'eventSource' | 'eventName'>): Declared | undefined {
    const key = keyOf(eventSource, eventName);
    const alias = this.#aliases.get(key);
    return this.#declared.get(alias === undefined ? key : keyOf(eventSource, alias));
  }

  /** Whether any control declares the event, as a trigger or as a deletion event. */
  declares(event: Pick<TrailEvent, 'eventSource' | 'eventName' | 'actor'>): boolean {
    return this.#declaredFor(event) !== undefined || this.#byActor.some((finder) => goesBy(finder, event));
  }

  /** Whether every control that declares the event does so as a deletion event. */
  onlyDeletes(event: Pick<TrailEvent, 'eventSource' | 'eventName'>): boolean {
    return this.#declaredFor(event)?.triggers.length === 0;
  }

  /** The controls and resources that a successful event concerns, each pair once. */
  match(event: TrailEvent): Match {
    const declared = this.#declaredFor(event);
    const named = withModelName(event, this.#aliases);
    const byActor = this.#byActor.filter((finder) => goesBy(finder, event));
    return {
      triggered: concerns([...(declared?.triggers ?? []), ...byActor], named),
      deleted: concerns(declared?.deletions ?? [], named),
    };
  }
}

function goesBy(
  { actorTypes }: Pick<ActorCall, 'actorTypes'>,
  { actor }: Pick<TrailEvent, 'actor'>,
): boolean {
  return actorTypes.some((type) => type === actor.type);
}

/** Events of one source, by their names. */
export interface SourceEvents {
  readonly eventSource: string;
  readonly eventNames: readonly string[];
}

/**
 * The events that the controls declare, and those that facts are learned from, joined by source; aliases included.
 * @example wantedEvents([kmsKeyDeletion]) // [{ eventSource: 'kms.amazonaws.com', eventNames: ['CancelKeyDeletion', …] }]
 */
export function wantedEvents(
  controls: readonly Pick<Control, 'triggers' | 'deletions'>[],
  contextEvents: readonly SourceEvents[] = [],
  aliases = eventAliases,
): readonly SourceEvents[] {
  const bySource = new Map<string, Set<string>>();
  const declared = controls.flatMap(({ triggers, deletions }) => [...triggers, ...deletions]);
  for (const named of [...declared.map(namedEvents), ...contextEvents]) {
    if (named === undefined) continue;
    const names = bySource.get(named.eventSource) ?? new Set<string>();
    for (const name of named.eventNames) names.add(name);
    bySource.set(named.eventSource, names);
  }
  for (const [alias, name] of aliases) {
    const [eventSource = '', aliasName = ''] = alias.split(' ');
    const names = bySource.get(eventSource);
    if (names?.has(name) === true) names.add(aliasName);
  }
  return [...bySource].map(([eventSource, names]) => ({ eventSource, eventNames: [...names].sort() }));
}

/**
 * The types of actors whose every call triggers a control.
 * @returns the types, each once, in alphabetical order.
 * @example wantedActors([{ triggers: [{ kind: 'actor', actorTypes: ['Root'], resources: () => [] }] }]) // ['Root']
 */
export function wantedActors(controls: readonly Pick<Control, 'triggers'>[]): readonly string[] {
  const types = controls.flatMap(({ triggers }) =>
    triggers.flatMap((trigger) => (trigger.kind === 'actor' ? trigger.actorTypes : [])),
  );
  return [...new Set(types)].sort();
}

function keyOf(eventSource: string, eventName: string): string {
  return `${eventSource} ${eventName}`;
}

function concerns(finders: readonly Finder[], event: TrailEvent): readonly TriggeredConcern[] {
  const found = new Map<string, TriggeredConcern>();
  for (const { control, resources, mayDelete } of finders) {
    for (const resource of resources(event)) {
      const { account, region, type, id } = resource;
      found.set(`${control.id} ${account} ${region} ${type} ${id}`, { control, resource, mayDelete });
    }
  }
  return [...found.values()];
}
