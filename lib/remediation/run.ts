/**
 * The course of one message of remediation: what is done for it on whatever occasion. It finds, looks again, decides,
 * carries out under a lease, and remembers what it has answered for.
 */

import { isDeleted, isUnanswered, wasNotAnswered } from '../core/absence.ts';
import { type ActionDeps, type ActionId, type AnyAction, Halted } from '../core/action.ts';
import type { Control, Resource } from '../core/control.ts';
import type { LiveFactProvider, TagsOf } from '../core/fact-provider.ts';
import type { Finding } from '../findings/finding.ts';
import { findingId } from '../findings/id.ts';
import type { OperatorExemptions } from '../findings/state/exemptions.ts';
import type { Recorded, StateTable } from '../findings/state/table.ts';
import { type Evaluated, evaluateLive } from '../pipeline/evaluate.ts';
import { withTags } from '../pipeline/tags.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';
import { decide } from '../policy/decide/decide.ts';
import { exemptionFor } from '../policy/decide/exemptions.ts';
import { noUsage } from '../policy/decide/rate-limits.ts';
import type { Plan, Policy } from '../policy/model.ts';
import { type ActionKind, kindOf } from '../policy/model.ts';
import { resourceTypeOf } from '../services/catalogue.ts';
import type { Decision } from './actions/action-run.ts';
import { carryOut, foresee } from './actions/carry-out.ts';
import type { Journal } from './actions/journal.ts';
import type { Admission, AdmissionRequest, RunOptions } from './actions/run.ts';
import type { ActionEvent } from './events/action-event.ts';
import { type Told, toldOfOutcome } from './events/publish-action.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { Limiter } from './limiter.ts';
import type { LimitState } from './limits.ts';
import type { Occasion } from './message.ts';
import type { ActionRequest } from './requested-action.ts';
import type { Workflow } from './workflow.ts';

export interface RemediatorOptions {
  readonly controls: readonly Control[];
  /** Those that may be carried out here. */
  readonly actions: readonly AnyAction[];
  readonly policy: Policy;
  readonly accountRegion: { readonly account: string; readonly region: string };
  readonly facts: LiveFactProvider;
  /** The tags that no look tells: asked where the policy goes by them. */
  readonly tagsOf?: TagsOf;
  readonly stateTable: Pick<StateTable, 'read'>;
  /** What operators exempted, as it is now; left out where the policy lets none of them. */
  readonly exemptions?: () => Promise<OperatorExemptions>;
  readonly journal: Journal;
  readonly limiter: Pick<Limiter, 'admit' | 'show'>;
  readonly deps: ActionDeps;
  readonly killSwitch: () => Promise<KillSwitch>;
  readonly workflow: (finding: string) => Promise<Workflow>;
  /** Whether the resource is part of Trailseal's own deployment. */
  readonly isOwn: (resource: Resource) => boolean;
  /** Has `remediate` called again with the same occasion at that time; once for each action, however often it is asked. */
  readonly scheduleGracePeriodEnd: (
    occasion: Occasion,
    action: ActionId,
    time: Date,
  ) => Promise<'scheduled' | 'was-scheduled'>;
  /** The deployment's name. */
  readonly stage: string;
  /** What this run is called, unlike any other. */
  readonly run: string;
  /** Whether the message was delivered before, so that an earlier run of it may have been interrupted. */
  readonly redelivered?: boolean;
}

export interface Remediation {
  /** To be told on the bus, in this order. */
  readonly events: readonly ActionEvent[];
  /** Whether something is under way, partially completed, or could not be read, so that the same message should be handled again. */
  readonly again: boolean;
  /** Why nothing was done, where nothing was; a sentence. */
  readonly nothing: string | undefined;
  /** How many breakers were opened by it. */
  readonly breakersOpened: number;
}

/** A run has what it works on for itself for so long, in milliseconds: longer than the function may run. */
export const leaseFor = 16 * 60_000;

/** An open finding of which a fresh look says that it fails. */
export interface Case {
  readonly finding: Finding;
  readonly control: Control;
  readonly resource: Resource;
  /** Why its tags are not known, as a clause, where the policy goes by them. */
  readonly tagsUnknown?: string | undefined;
}

export type Found = Omit<Case, 'resource' | 'tagsUnknown'> & { readonly entry: Recorded };

/** One for each message. */
export class RunState {
  readonly options: RemediatorOptions;
  /** The actions that were answered for. */
  readonly handled = new Set<ActionId>();
  /** Whether AWS did not answer what had to be known, and may in a while. */
  unanswered = false;
  #breakersOpened = 0;
  #exempted: Promise<OperatorExemptions> | undefined;

  constructor(options: RemediatorOptions) {
    this.options = options;
  }

  async find(id: string): Promise<Found | string> {
    const entry = (await this.options.stateTable.read([id])).get(id);
    const control = this.options.controls.find((each) => each.id === entry?.control);
    if (entry?.finding === undefined || control === undefined) return 'There is no such finding here.';
    const { account, region } = entry.resource;
    const { accountRegion } = this.options;
    if (account !== accountRegion.account || region !== accountRegion.region) {
      return 'It is a finding of another account or Region.';
    }
    return { entry, finding: entry.finding, control };
  }

  /** What the control says of the resource now; `undefined` where the resource is none any more. */
  async evaluate({ entry, finding, control }: Found): Promise<Evaluated | undefined> {
    const { facts, policy } = this.options;
    const [evaluated = []] = await evaluateLive(
      [{ control, resource: entry.resource, mayBeDeleted: true }],
      facts,
      (name) => policy.controls.get(name)?.settings,
    );
    return evaluated.find(({ resource }) => findingId(control.id, resource) === finding.id);
  }

  /** @returns why nothing is to be done, where the resource does not fail. */
  async reEvaluate(found: Found): Promise<Case | string> {
    const { finding, control } = found;
    const evaluated = await this.evaluate(found);
    if (evaluated === undefined || isDeleted(evaluated.facts) !== undefined)
      return 'The resource was deleted.';
    const { verdict, evidence } = evaluated.evaluation;
    if (verdict === 'UNKNOWN') this.unanswered ||= wasNotAnswered(evaluated.facts) !== undefined;
    if (verdict === 'UNKNOWN') return `What is unknown is never acted on, and now it is: ${evidence.summary}`;
    if (verdict !== 'FAIL') return `It does not fail any more: ${evidence.summary}`;
    const [[told = evaluated] = []] = await withTags([[evaluated]], this.options.policy, this.options.tagsOf);
    const { resource, tagsUnknown } = told;
    if (tagsUnknown !== undefined && isUnanswered(tagsUnknown)) {
      // By its tags it may be exempted, which is known in a while.
      this.unanswered = true;
      return `The policy goes by its tags, and they are not known: ${tagsUnknown.detail}.`;
    }
    return { finding, control, resource, tagsUnknown: tagsUnknown?.detail };
  }

  /** What operators exempted, and disengaged, as it was when it was first asked for. */
  exempted(): Promise<OperatorExemptions> {
    this.#exempted ??= this.options.exemptions?.() ?? Promise.resolve(new Map());
    return this.#exempted;
  }

  async plan(
    policy: Policy,
    { finding, control, resource, tagsUnknown }: Case,
    usual = control.actions,
  ): Promise<Plan> {
    const { deps, isOwn } = this.options;
    const lookedAt = deps.now();
    const byOperator = (await this.exempted()).get(finding.id);
    const { plan } = decide({
      verdict: 'FAIL',
      control: { id: control.id, actions: usual },
      resource,
      tagsUnknown,
      policy,
      exemption: exemptionFor(policy, control.id, resource, lookedAt, byOperator),
      usage: noUsage,
      time: lookedAt.getTime(),
      resourceTypeOf,
      circumstances: {
        ...(await this.#circumstances(finding.id)),
        isOwn: isOwn(resource),
        readAge: 0,
      },
    });
    return plan;
  }

  /** @param occasion the order that it is done for; `undefined` where the policy itself asks for it. */
  async carryOut(
    definition: AnyAction,
    { finding, resource, control }: Case,
    decision: Decision,
    occasion: ActionRequest | undefined,
  ): Promise<{ readonly event: ActionEvent | undefined; readonly again: boolean }> {
    this.handled.add(definition.id);
    const target = { resource, finding, settings: this.#settingsOf(definition.id, control) };
    const outcome = await carryOut(definition, target, this.runOptions(decision));
    const told: Told = {
      ...this.told(finding, resource, definition),
      ...(occasion === undefined ? {} : { decision, occasion: occasion.id }),
    };
    let event = toldOfOutcome(outcome, told);
    const again =
      outcome.kind === 'under-way' || outcome.kind === 'partially-completed' || outcome.kind === 'busy';
    if (event === undefined && occasion !== undefined && !again && 'because' in outcome) {
      // Whoever ordered it waits for an answer.
      event = toldOfOutcome({ kind: 'skipped', because: outcome.because }, told);
    }
    return { event, again };
  }

  /** What would come of it now, where nothing would be begun; told as it would be then. */
  async foresee(
    definition: AnyAction,
    { finding, resource, control }: Case,
    decision: Decision,
  ): Promise<{ readonly event: ActionEvent | undefined } | undefined> {
    const target = { resource, finding, settings: this.#settingsOf(definition.id, control) };
    const outcome = await foresee(definition, target, this.runOptions(decision));
    if (outcome === undefined) return undefined;
    return { event: toldOfOutcome(outcome, this.told(finding, resource, definition)) };
  }

  told(finding: Finding, resource: Resource, definition: AnyAction): Told {
    const { stage, deps } = this.options;
    return { finding, resource, definition, stage, at: deps.now(), occasion: occasionOf(finding) };
  }

  definitionOf(action: string): AnyAction | undefined {
    return this.options.actions.find(({ id }) => id === action);
  }

  runOptions(decision: RunOptions['decision']): RunOptions {
    const { journal, deps, accountRegion, run } = this.options;
    const admit = (request: AdmissionRequest) => this.#admit(request);
    return { journal, deps: { ...deps, wait: this.#waiting }, accountRegion, run, decision, leaseFor, admit };
  }

  /** Actions may wait for minutes between two writes: the switch may have been engaged by then. */
  readonly #waiting = async (milliseconds: number): Promise<void> => {
    await this.options.deps.wait(milliseconds);
    const why = stopped(await this.#killSwitch());
    if (why !== undefined) throw new Halted(why);
  };

  /** Asked last, just before the first write: by then the switch may have been engaged, or the limit used up. */
  async #admit({ action, resource, actionRun, step, finding }: AdmissionRequest): Promise<Admission> {
    const why = stopped(await this.#killSwitch());
    if (why !== undefined) return { admitted: false, because: why };
    const kind = kindOf(action);
    // Taking back what was done, and finishing what was begun, is never one action too many.
    if (kind === undefined || step !== 'begin') return { admitted: true };
    const { status } = await this.#workflow(finding);
    if (status === 'SUPPRESSED' || status === 'unreadable') {
      return {
        admitted: false,
        because: 'The finding was suppressed in Security Hub, or that could not be read.',
      };
    }
    const limits = this.options.policy.guardrails.actionsPerHour[kind];
    const answer = await this.options.limiter.admit(kind, limits, { actionRun, account: resource.account });
    if (answer.admitted) return { admitted: true };
    if (answer.opened) this.#breakersOpened += 1;
    return { admitted: false, because: answer.because };
  }

  async #circumstances(finding: string): Promise<Circumstances> {
    const [{ state }, { status }, limits] = await Promise.all([
      this.#killSwitch(),
      this.#workflow(finding),
      this.options.limiter.show(),
    ]);
    return { killSwitch: state, workflow: status, openBreakers: openIn(limits) };
  }

  async #killSwitch(): Promise<KillSwitch> {
    const read = await this.options.killSwitch();
    this.unanswered ||= read.unanswered === true;
    return read;
  }

  async #workflow(finding: string): Promise<Workflow> {
    const read = await this.options.workflow(finding);
    this.unanswered ||= read.unanswered === true;
    return read;
  }

  /** What the policy sets for an action; of a fix, what its control requires. */
  #settingsOf(action: ActionId, control: Control): unknown {
    const { actions, controls } = this.options.policy;
    if (action === 'tag' || action === 'quarantine') return actions[action];
    return controls.get(control.id)?.settings;
  }

  nothing(because: string): Remediation {
    return this.result({ events: [], again: false, nothing: because });
  }

  result(done: Omit<Remediation, 'breakersOpened'>): Remediation {
    return { ...done, breakersOpened: this.#breakersOpened };
  }
}

/** Why nothing may be written, as a sentence; `undefined` where it may. */
function stopped({ state, because }: KillSwitch): string | undefined {
  if (state === 'disengaged') return undefined;
  return because === undefined ? 'The kill switch is on.' : `The kill switch stops everything: ${because}.`;
}

/** The finding as it was opened last. */
export function occasionOf({ id, openedAt }: Finding): string {
  return `${id}@${openedAt}`;
}

function openIn(limits: Readonly<Record<ActionKind, LimitState>>): ReadonlySet<ActionKind> {
  const open = Object.entries(limits).filter(([, { breaker }]) => breaker !== undefined);
  return new Set(open.map(([kind]) => kind as ActionKind));
}
