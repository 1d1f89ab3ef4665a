/** What a replay knows so far: each resource is followed from event to event. */

import type { Control, Evaluation, Resource, TrailEvent, Verdict } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';
import { resourceName } from '../../core/resource-name.ts';
import { describedBy, type ResourceDescription } from '../../findings/asff-resource.ts';
import type { Finding } from '../../findings/finding.ts';
import { findingId } from '../../findings/id.ts';
import { changeOf, deletionBecause, foldFinding, type Observation } from '../../findings/lifecycle.ts';
import type { Policy } from '../../policy/model.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { type Evaluated, evaluate } from '../evaluate.ts';
import type { Concern } from '../match.ts';
import { CountedPlans } from '../observe.ts';
import { TrailFacts } from '../trail-facts.ts';

export interface ReplayStateOptions {
  readonly policy: Policy;
  /** The moment at which exemptions are checked. */
  readonly now: Date;
  /** Is given every evaluation, with the id that its finding has or would have. */
  readonly onEvaluated?: ((id: string, evaluation: Evaluation) => void) | undefined;
}

/** The facts, the findings, and the last verdict on each resource that exists. */
export class ReplayState {
  readonly findings = new Map<string, Finding>();
  readonly openers = new Map<string, TrailEvent>();
  /** What is known of the resource of each finding, by its id. */
  readonly described = new Map<string, ResourceDescription>();
  readonly verdicts: Record<Verdict, number> = { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 };
  readonly #facts = new TrailFacts();
  readonly #enabled: readonly Control[];
  readonly #policy: Policy;
  readonly #plans: CountedPlans;
  readonly #onEvaluated: ReplayStateOptions['onEvaluated'];
  readonly #latest = new Map<string, { readonly control: string; readonly verdict: Verdict }>();
  /** Finding ids by the control and the name of what their resource is part of. */
  readonly #parts = new Map<string, Set<string>>();
  readonly #tags = new KnownTags();

  constructor(enabled: readonly Control[], { policy, now, onEvaluated }: ReplayStateOptions) {
    this.#enabled = enabled;
    this.#policy = policy;
    this.#plans = new CountedPlans(policy, now);
    this.#onEvaluated = onEvaluated;
  }

  learn(event: TrailEvent): void {
    this.#facts.learn(event);
  }

  async take(event: TrailEvent, triggered: readonly Concern[], deleted: readonly Concern[]): Promise<void> {
    const settingsOf = (id: string): unknown => this.#policy.controls.get(id)?.settings;
    const concerns = triggered.map(({ control, resource }) => ({
      control,
      resource: this.#tags.completed(resource),
    }));
    for (const evaluated of await evaluate(concerns, this.#facts, settingsOf)) this.#record(evaluated, event);
    for (const { control, resource } of deleted) this.#delete(control, resource, event);
    for (const { resource } of deleted) this.#tags.forget(resource);
  }

  #record(evaluated: Evaluated, event: TrailEvent): void {
    const { control, resource, evaluation } = evaluated;
    const { verdict } = evaluation;
    this.verdicts[verdict] += 1;
    const id = findingId(control.id, resource);
    this.#onEvaluated?.(id, evaluation);
    this.#latest.set(id, { control: control.id, verdict });
    if (resource.partOf !== undefined) this.#partsOf(control, resource.partOf).add(id);
    const previous = this.findings.get(id);
    this.#fold(id, control, this.#plans.observation(previous, evaluated, event));
    if (changeOf(previous, verdict) === 'open') this.openers.set(id, event);
    if (this.findings.has(id)) {
      const { type } = resource;
      this.described.set(id, describedBy(resourceTypeOf(type), evaluated, this.described.get(id)));
    }
  }

  #delete(control: Control, resource: Resource, event: TrailEvent): void {
    const parts = this.#partsOf(control, resourceName(resource));
    for (const id of [findingId(control.id, resource), ...parts]) {
      this.#latest.delete(id);
      const named = this.findings.get(id)?.resource.type === resource.type || parts.has(id);
      if (named) {
        this.#fold(id, control, { cause: event, resource, result: deletionBecause(event.eventName) });
      }
    }
    parts.clear();
  }

  #fold(id: string, control: Control, observation: Observation): void {
    const finding = foldFinding(this.findings.get(id), control, observation);
    if (finding !== undefined) this.findings.set(id, finding);
  }

  /** @param name of the resource that they are part of. */
  #partsOf(control: Control, name: string): Set<string> {
    const key = `${control.id} ${name}`;
    const parts = this.#parts.get(key) ?? new Set<string>();
    this.#parts.set(key, parts);
    return parts;
  }

  posture(): Record<string, Record<Verdict, number>> {
    const none = () => ({ PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 });
    const posture = Object.fromEntries(this.#enabled.map((control) => [control.id, none()]));
    for (const { control, verdict } of this.#latest.values()) {
      const counts = posture[control];
      if (counts !== undefined) counts[verdict] += 1;
    }
    return posture;
  }
}

/**
 * The last tags of each resource that the trail shows, for events that show none: live, AWS is asked for them each time.
 * Events that change nothing but tags are not read, so that these may be out of date; exemptions and plans depend on
 * them, never a verdict, and a replay carries nothing out.
 */
class KnownTags {
  readonly #tags = new Map<string, Tags>();

  completed(resource: Resource): Resource {
    const key = keyOf(resource);
    if (resource.tags !== undefined) {
      this.#tags.set(key, resource.tags);
      return resource;
    }
    const tags = this.#tags.get(key);
    return tags === undefined ? resource : { ...resource, tags };
  }

  forget(resource: Resource): void {
    this.#tags.delete(keyOf(resource));
  }
}

function keyOf({ account, region, type, id }: Resource): string {
  return `${account} ${region} ${type} ${id}`;
}
