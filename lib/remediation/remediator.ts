/**
 * Remediation: takes a transition of a finding, looks at the resource again, decides again, and acts. Whatever it does
 * may be done twice, and broken off anywhere: the journal says how far it got, and the same message goes on from there.
 */
import type { ActionId, AnyAction, Means } from '../actions/action.ts';
import { carryOut, type Outcome } from '../actions/carry-out.ts';
import { nameOfDeed } from '../actions/deed.ts';
import type { Journal } from '../actions/journal.ts';
import type { Admission, AdmissionRequest, RunOptions } from '../actions/run.ts';
import { undo } from '../actions/undo.ts';
import type { Control, Resource } from '../control.ts';
import { isGone } from '../facts/absence.ts';
import type { LiveFactProvider } from '../facts/provider.ts';
import type { Finding } from '../findings/finding.ts';
import { findingId } from '../findings/id.ts';
import { type Judged, judgeLive } from '../judge.ts';
import type { Ledger, Recorded } from '../ledger/ledger.ts';
import type { Circumstances } from '../policy/circumstances.ts';
import { decide } from '../policy/decide.ts';
import { exemptionFor } from '../policy/exemptions.ts';
import { graceOf, type Kind, kindOf, noUsage } from '../policy/guardrails.ts';
import type { WithheldAction } from '../policy/plan.ts';
import type { Policy } from '../policy/policy.ts';
import type { ActionEvent } from '../transitions/action-event.ts';
import { about } from './about.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { Limiter } from './limiter.ts';
import type { LimitState } from './limits.ts';
import type { Workflow } from './workflow.ts';

export interface RemediatorOptions {
  readonly controls: readonly Control[];
  /** Those that may be carried out here. */
  readonly actions: readonly AnyAction[];
  readonly policy: Policy;
  readonly place: { readonly account: string; readonly region: string };
  readonly facts: LiveFactProvider;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly journal: Journal;
  readonly limiter: Pick<Limiter, 'admit' | 'show'>;
  readonly means: Means;
  readonly killSwitch: () => Promise<KillSwitch>;
  readonly workflow: (finding: string) => Promise<Workflow>;
  /** Whether the resource is part of Trailseal's own deployment. */
  readonly isOwn: (resource: Resource) => boolean;
  /** Has `remediate` called again with the same occasion at that time; once, however often it is asked. */
  readonly wakeAt: (occasion: Occasion, time: Date) => Promise<'scheduled' | 'was-scheduled'>;
  /** The deployment's name. */
  readonly stage: string;
  /** What this run is called, unlike any other. */
  readonly run: string;
}

/** Why a finding is looked at: it was opened, or changed, at some time. */
export interface Occasion {
  readonly finding: string;
  /** The finding's `openedAt` then: one that was closed and opened again has an occasion of its own. */
  readonly openedAt: string | null;
  /** When the ledger took note of it, epoch milliseconds: grace periods begin then. */
  readonly since: number;
}

export interface Remediation {
  /** To be told on the bus, in this order. */
  readonly events: readonly ActionEvent[];
  /** Seconds until the same message should be handled again: something is under way, or half-done. */
  readonly again: number | undefined;
  /** Why nothing was done, where nothing was; a sentence. */
  readonly nothing: string | undefined;
}

/** A run has what it works on for itself for so long, in milliseconds: longer than the function may run. */
export const leaseFor = 16 * 60_000;
/** Seconds before what is under way, or half-done, is gone on with. */
const goOnAfter = 60;

/** Of what is withheld, people are told these; the others are as the policy means them. */
const worthTelling: ReadonlySet<WithheldAction['because']> = new Set([
  'guardrail',
  'suppressed',
  'own-resource',
  'kill-switch',
  'breaker-open',
]);

export class Remediator {
  readonly #options: RemediatorOptions;

  constructor(options: RemediatorOptions) {
    this.#options = options;
  }

  /**
   * Brings about what the policy asks for a finding, as the finding and its resource are now.
   * @returns what was done. Rejects when something that has to be known could not be read: nothing was begun then that
   *   the journal does not tell, and the same may be asked again.
   */
  async remediate(occasion: Occasion): Promise<Remediation> {
    const { finding } = occasion;
    const entry = (await this.#options.ledger.read([finding])).get(finding);
    const control = this.#options.controls.find(({ id }) => id === entry?.control);
    if (entry?.finding === undefined || control === undefined)
      return nothing('There is no such finding here.');
    if (!this.#isHere(entry.resource)) return nothing('It is a finding of another account or Region.');
    if (entry.finding.status !== 'OPEN') return await this.#takeTagsAway(entry, entry.finding, control);
    if (entry.finding.verdict !== 'FAIL') return nothing('What is unknown is never acted on.');
    if (entry.finding.openedAt !== occasion.openedAt) {
      return nothing('It was closed and opened again meanwhile, of which a message of its own tells.');
    }
    const looked = await this.#lookAgain(entry, control);
    if (looked === undefined) return nothing('The resource is gone.');
    if (looked.judgement.verdict !== 'FAIL') {
      return nothing(`It does not fail any more: ${looked.judgement.evidence.summary}`);
    }
    return await this.#act(occasion, entry.finding, control, looked);
  }

  #isHere({ account, region }: Resource): boolean {
    const { place } = this.#options;
    return account === place.account && region === place.region;
  }

  async #lookAgain({ id, resource }: Recorded, control: Control): Promise<Judged | undefined> {
    const { facts, policy } = this.#options;
    const [judged = []] = await judgeLive(
      [{ control, resource, mayBeGone: true }],
      facts,
      (name) => policy.controls.get(name)?.settings,
    );
    const found = judged.find((one) => findingId(control.id, one.resource) === id);
    return found === undefined || isGone(found.facts) !== undefined ? undefined : found;
  }

  async #act(
    occasion: Occasion,
    finding: Finding,
    control: Control,
    { resource }: Judged,
  ): Promise<Remediation> {
    const { policy, means, run } = this.#options;
    const lookedAt = means.now();
    const exemption = exemptionFor(policy, control.id, resource, lookedAt);
    const { plan } = decide({
      verdict: 'FAIL',
      control,
      resource,
      policy,
      exemption,
      usage: noUsage,
      time: lookedAt.getTime(),
      circumstances: {
        ...(await this.#circumstances(finding.id)),
        isOwn: this.#options.isOwn(resource),
        lookAge: 0,
      },
    });
    const events: ActionEvent[] = plan.withheld
      .filter(({ because }) => worthTelling.has(because))
      .map(({ action, reason }) =>
        about(finding, resource, action, {
          stage: this.#options.stage,
          outcome: 'withheld',
          because: reason,
          at: lookedAt,
          id: `${finding.id}@${finding.openedAt} withheld ${action}`,
        }),
      );
    let again: number | undefined;
    for (const { action, reason } of plan.actions) {
      const definition = this.#options.actions.find(({ id }) => id === action);
      if (definition === undefined) continue;
      const due = new Date(occasion.since + graceOf(policy.guardrails, action));
      if (due.getTime() > means.now().getTime()) {
        const scheduled = await this.#options.wakeAt(occasion, due);
        if (scheduled === 'scheduled') {
          events.push(
            about(finding, resource, action, {
              stage: this.#options.stage,
              outcome: 'pending',
              because: reason,
              due,
              at: lookedAt,
              id: `${finding.id}@${finding.openedAt} pending ${action}`,
              definition,
            }),
          );
        }
        continue;
      }
      const target = { resource, finding, settings: this.#settingsOf(definition.id, control) };
      const decision = { by: 'policy', name: policy.file ?? 'the default policy', why: reason } as const;
      const outcome = await carryOut(definition, target, this.#runOptions(decision));
      const told = this.#toldOf(outcome, finding, resource, definition);
      if (told !== undefined) events.push(told);
      if (outcome.kind === 'under-way' || outcome.kind === 'half-done' || outcome.kind === 'busy')
        again = goOnAfter;
    }
    const idle = events.length === 0 && again === undefined;
    return {
      events,
      again,
      nothing: idle ? `The policy asks for nothing to be done now (run ${run}).` : undefined,
    };
  }

  /** What of an outcome others should hear of: what is as it was is no news. */
  #toldOf(
    outcome: Outcome,
    finding: Finding,
    resource: Resource,
    definition: AnyAction,
  ): ActionEvent | undefined {
    const at = this.#options.means.now();
    switch (outcome.kind) {
      case 'done':
        return about(finding, resource, definition.id, {
          stage: this.#options.stage,
          outcome: 'done',
          because: outcome.deed.decision.why,
          at,
          deed: outcome.deed,
          id: `${nameOfDeed(outcome.deed)} done`,
          definition,
        });
      case 'half-done':
        return about(finding, resource, definition.id, {
          stage: this.#options.stage,
          outcome: 'half-done',
          because: `${outcome.because} ${outcome.differences.join('; ')}`.trim(),
          at,
          deed: outcome.deed,
          id: `${nameOfDeed(outcome.deed)} half-done`,
          definition,
        });
      case 'withheld':
        return about(finding, resource, definition.id, {
          stage: this.#options.stage,
          outcome: 'withheld',
          because: outcome.because,
          at,
          id: `${finding.id}@${finding.openedAt} withheld ${definition.id}`,
          definition,
        });
      case 'already-done':
      case 'needless':
      case 'busy':
      case 'under-way':
      case 'gone':
        return undefined;
    }
  }

  /** What passes, or is gone, does not bear the tags of a failure any more. */
  async #takeTagsAway(entry: Recorded, finding: Finding, control: Control): Promise<Remediation> {
    const { journal, actions, means } = this.#options;
    const definition = actions.find(({ id }) => id === 'tag');
    const deed = await journal.latest(finding.id, 'tag');
    if (
      definition === undefined ||
      deed === undefined ||
      !['begun', 'done', 'undoing'].includes(deed.status)
    ) {
      return nothing(`The finding is ${finding.status}.`);
    }
    const why = `${control.id} does not fail any more, so that the tags of its failure are taken away.`;
    const outcome = await undo(
      definition,
      deed,
      this.#runOptions({ by: 'policy', name: 'the end of the finding', why }),
    );
    if (outcome.kind === 'undone') {
      const told = about(finding, entry.resource, 'tag', {
        stage: this.#options.stage,
        outcome: 'undone',
        because: why,
        at: means.now(),
        deed: outcome.deed,
        id: `${nameOfDeed(outcome.deed)} undone`,
        definition,
      });
      return { events: [told], again: undefined, nothing: undefined };
    }
    const unfinished =
      outcome.kind === 'half-done' || outcome.kind === 'busy' || outcome.kind === 'under-way';
    return { events: [], again: unfinished ? goOnAfter : undefined, nothing: `The tags: ${outcome.kind}.` };
  }

  #runOptions(decision: RunOptions['decision']): RunOptions {
    const { journal, means, place, run } = this.#options;
    return { journal, means, place, run, decision, leaseFor, admit: (request) => this.#admit(request) };
  }

  /** Asked last, just before the first write: by then the switch may have been pulled, or the limit used up. */
  async #admit({ action, resource, deed, step, finding }: AdmissionRequest): Promise<Admission> {
    const { state, because } = await this.#options.killSwitch();
    if (state !== 'released') {
      const why =
        because === undefined ? 'The kill switch is on.' : `The kill switch stops everything: ${because}.`;
      return { admitted: false, because: why };
    }
    const kind = kindOf(action);
    // Taking back what was done, and finishing what was begun, is never one action too many.
    if (kind === undefined || step !== 'begin') return { admitted: true };
    const { status } = await this.#options.workflow(finding);
    if (status === 'SUPPRESSED' || status === 'unreadable') {
      return {
        admitted: false,
        because: 'The finding was suppressed in Security Hub, or that could not be read.',
      };
    }
    const limits = this.#options.policy.guardrails.actionsPerHour[kind];
    const answer = await this.#options.limiter.admit(kind, limits, { deed, account: resource.account });
    return answer.admitted ? { admitted: true } : { admitted: false, because: answer.because };
  }

  async #circumstances(finding: string): Promise<Circumstances> {
    const [{ state }, { status }, limits] = await Promise.all([
      this.#options.killSwitch(),
      this.#options.workflow(finding),
      this.#options.limiter.show(),
    ]);
    return { killSwitch: state, workflow: status, openBreakers: openIn(limits) };
  }

  /** What the policy sets for an action; of a fix, what its control demands. */
  #settingsOf(action: ActionId, control: Control): unknown {
    const { actions, controls } = this.#options.policy;
    if (action === 'tag' || action === 'quarantine') return actions[action];
    return controls.get(control.id)?.settings;
  }
}

function nothing(because: string): Remediation {
  return { events: [], again: undefined, nothing: because };
}

function openIn(limits: Readonly<Record<Kind, LimitState>>): ReadonlySet<Kind> {
  const open = Object.entries(limits).filter(([, { breaker }]) => breaker !== undefined);
  return new Set(open.map(([kind]) => kind as Kind));
}
