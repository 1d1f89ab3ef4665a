/** The course of events through a replay: each resource is followed from one to the next. */
import type { Control, Evaluation, Resource, TrailEvent, Verdict } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import { findingId } from '../../findings/id.ts';
import { archiveFinding, changeOf, keepFinding, resolveFinding } from '../../findings/lifecycle.ts';
import type { Policy } from '../../policy/policy.ts';
import { type Evaluated, evaluate } from '../evaluate.ts';
import type { Concern } from '../match.ts';
import { TrailFacts } from '../trail-facts.ts';
import { Openings } from './opening.ts';

export interface ReplayStateOptions {
  readonly policy: Policy;
  /** The moment against which exemptions are held. */
  readonly now: Date;
  /** Is told of every evaluation, with the id that its finding has or would have. */
  readonly onEvaluated?: (id: string, evaluation: Evaluation) => void;
}

/** What is known so far: the facts, the findings, and the last verdict on each resource that exists. */
export class RunState {
  readonly findings = new Map<string, Finding>();
  readonly openers = new Map<string, TrailEvent>();
  readonly verdicts: Record<Verdict, number> = { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 };
  readonly #facts = new TrailFacts();
  readonly #enabled: readonly Control[];
  readonly #policy: Policy;
  readonly #openings: Openings;
  readonly #onEvaluated: ReplayStateOptions['onEvaluated'];
  readonly #latest = new Map<string, { readonly control: string; readonly verdict: Verdict }>();
  /** Finding ids by the control and the ARN of what their resource is part of. */
  readonly #parts = new Map<string, Set<string>>();

  constructor(enabled: readonly Control[], { policy, now, onEvaluated }: ReplayStateOptions) {
    this.#enabled = enabled;
    this.#policy = policy;
    this.#openings = new Openings(policy, now);
    this.#onEvaluated = onEvaluated;
  }

  learn(event: TrailEvent): void {
    this.#facts.learn(event);
  }

  async take(event: TrailEvent, triggered: readonly Concern[], deleted: readonly Concern[]): Promise<void> {
    const settingsOf = (id: string): unknown => this.#policy.controls.get(id)?.settings;
    for (const evaluated of await evaluate(triggered, this.#facts, settingsOf))
      this.#record(evaluated, event);
    for (const { control, resource } of deleted) this.#end(control, resource, event);
  }

  #record({ control, resource, evaluation }: Evaluated, event: TrailEvent): void {
    const { verdict } = evaluation;
    this.verdicts[verdict] += 1;
    const id = findingId(control.id, resource);
    this.#onEvaluated?.(id, evaluation);
    this.#latest.set(id, { control: control.id, verdict });
    if (resource.partOf !== undefined) this.#partsOf(control, resource.partOf).add(id);
    const previous = this.findings.get(id);
    switch (changeOf(previous, verdict)) {
      case 'open':
        this.findings.set(id, this.#openings.open(previous, { control, resource, evaluation }, event));
        this.openers.set(id, event);
        break;
      case 'keep':
        if (previous !== undefined) this.findings.set(id, keepFinding(previous, evaluation, event));
        break;
      case 'close':
        if (previous !== undefined) this.findings.set(id, resolveFinding(previous, evaluation, event));
        break;
      case 'none':
        break;
    }
  }

  #end(control: Control, resource: Resource, event: TrailEvent): void {
    const parts = this.#partsOf(control, resource.arn);
    for (const id of [findingId(control.id, resource), ...parts]) {
      this.#latest.delete(id);
      const finding = this.findings.get(id);
      const named = finding?.resource.type === resource.type || parts.has(id);
      if (finding !== undefined && named) this.findings.set(id, archiveFinding(finding, event));
    }
    parts.clear();
  }

  #partsOf(control: Control, arn: string): Set<string> {
    const key = `${control.id} ${arn}`;
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
