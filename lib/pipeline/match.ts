/** From an event to the controls and resources that it concerns: those that it may change, those that it ends. */
import type { Control, EventSource, Occurrence, Resource, TrailEvent } from '../core/control.ts';

export interface Concern {
  readonly control: Control;
  readonly resource: Resource;
}

export interface Match {
  /** To be evaluated, because a trigger names them. */
  readonly triggered: readonly Concern[];
  /** Deleted, because a deletion event names them. */
  readonly deleted: readonly Concern[];
}

/** The events of one source that somebody waits for. */
export interface Wanted {
  readonly eventSource: EventSource;
  readonly eventNames: readonly string[];
}

type Finder = { readonly control: Control; readonly resources: Occurrence['resources'] };
type Entry = { readonly triggers: Finder[]; readonly deletions: Finder[] };

/** What the controls declare, arranged by event. */
export class Matcher {
  readonly #entries = new Map<string, Entry>();

  constructor(controls: readonly Control[]) {
    for (const control of controls) {
      for (const trigger of control.triggers) this.#add(control, trigger, 'triggers');
      for (const deletion of control.deletions) this.#add(control, deletion, 'deletions');
    }
  }

  #add(control: Control, occurrence: Occurrence, kind: keyof Entry): void {
    for (const eventName of occurrence.eventNames) {
      const key = keyOf(occurrence.eventSource, eventName);
      const entry = this.#entries.get(key) ?? { triggers: [], deletions: [] };
      entry[kind].push({ control, resources: occurrence.resources });
      this.#entries.set(key, entry);
    }
  }

  /** Whether any control declares the event, as a trigger or as a deletion event. */
  declares(event: Pick<TrailEvent, 'eventSource' | 'eventName'>): boolean {
    return this.#entries.has(keyOf(event.eventSource, event.eventName));
  }

  /** Whether the event can only end resources. */
  onlyDeletes(event: Pick<TrailEvent, 'eventSource' | 'eventName'>): boolean {
    const entry = this.#entries.get(keyOf(event.eventSource, event.eventName));
    return entry !== undefined && entry.triggers.length === 0;
  }

  /** The controls and resources that a successful event concerns, each pair once. */
  match(event: TrailEvent): Match {
    const entry = this.#entries.get(keyOf(event.eventSource, event.eventName));
    return { triggered: concerns(entry?.triggers, event), deleted: concerns(entry?.deletions, event) };
  }
}

/** The events that the controls declare, and those that are learned from, joined by source. */
export function wantedEvents(
  controls: readonly Control[],
  contextEvents: readonly { eventSource: EventSource; eventNames: readonly string[] }[] = [],
): readonly Wanted[] {
  const bySource = new Map<EventSource, Set<string>>();
  const occurrences = controls.flatMap((control) => [...control.triggers, ...control.deletions]);
  for (const { eventSource, eventNames } of [...occurrences, ...contextEvents]) {
    const names = bySource.get(eventSource) ?? new Set<string>();
    for (const name of eventNames) names.add(name);
    bySource.set(eventSource, names);
  }
  return [...bySource].map(([eventSource, names]) => ({ eventSource, eventNames: [...names].sort() }));
}

function keyOf(eventSource: string, eventName: string): string {
  return `${eventSource} ${eventName}`;
}

function concerns(finders: readonly Finder[] | undefined, event: TrailEvent): readonly Concern[] {
  if (finders === undefined) return [];
  const found = new Map<string, Concern>();
  for (const { control, resources } of finders) {
    for (const resource of resources(event)) {
      const { account, region, type, id } = resource;
      found.set(`${control.id} ${account} ${region} ${type} ${id}`, { control, resource });
    }
  }
  return [...found.values()];
}
