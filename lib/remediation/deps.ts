/**
 * What remediation needs, and what its steps return. They run in one direction: find the finding, evaluate its resource
 * again, plan, run the actions (each recorded in the run history before it writes), notify by events on the bus.
 */

import type { AccountRegion } from '../core/account-region.ts';
import type { ActionDeps, ActionId, AnyAction } from '../core/action.ts';
import type { Control, Resource } from '../core/control.ts';
import type { LiveFactProvider, TagsOf } from '../core/fact-provider.ts';
import type { OperatorExemptions } from '../findings/state/exemptions.ts';
import type { StateTable } from '../findings/state/table.ts';
import type { Policy } from '../policy/model.ts';
import type { RunHistory } from './actions/action-run.ts';
import type { ActionEvent } from './events/action-event.ts';
import type { GracePeriods } from './grace-period-record.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { Limiter } from './limiter.ts';
import type { RemediationRequest } from './message.ts';
import type { Workflow } from './workflow.ts';

/** What remediation needs to handle one message. */
export interface RemediationDeps {
  readonly controls: readonly Control[];
  /** Those that may be carried out by this deployment. */
  readonly actions: readonly AnyAction[];
  readonly policy: Policy;
  /** Where the deployment may change resources. */
  readonly accountRegion: AccountRegion;
  readonly facts: LiveFactProvider;
  /** Reads tags that the facts do not contain, where the policy goes by tags. */
  readonly tagsOf?: TagsOf;
  readonly stateTable: Pick<StateTable, 'read'>;
  /** Reads the exemptions that operators gave; left out where the policy allows none. */
  readonly exemptions?: () => Promise<OperatorExemptions>;
  readonly history: RunHistory;
  readonly limiter: Pick<Limiter, 'admit' | 'show'>;
  readonly actionDeps: ActionDeps;
  readonly killSwitch: () => Promise<KillSwitch>;
  /** Reads the workflow status of a finding, by its id. */
  readonly workflow: (findingId: string) => Promise<Workflow>;
  /** Whether the resource is part of Trailseal's own deployment. */
  readonly isOwn: (resource: Resource) => boolean;
  readonly gracePeriods: GracePeriods;
  /** Has the same request come again at that time; once for each action and time, however often it is asked for. */
  readonly scheduleGracePeriodEnd: (
    request: RemediationRequest,
    action: ActionId,
    time: Date,
  ) => Promise<'scheduled' | 'was-scheduled'>;
  /** Has the same request come again when there is budget for the action; once for each such time. */
  readonly scheduleNextTry: (request: RemediationRequest, action: ActionId, time: Date) => Promise<void>;
  /** The deployment's name. */
  readonly stage: string;
  /** The name of this run, unlike any other. */
  readonly run: string;
  /** Whether the message was delivered before, so that an earlier run of it may have been interrupted. */
  readonly redelivered?: boolean;
  /** Whether the message was handled before, delivered again or sent again: what it began then is for it to resume. */
  readonly handledBefore?: boolean;
}

/** A run has the sole right to an action run for so long, in milliseconds: longer than the function may run. */
export const leaseFor = 16 * 60_000;

/** What became of a message. */
export interface Remediation {
  /** To be published on the bus, in this order. */
  readonly events: readonly ActionEvent[];
  /** Whether the same message should be handled again: something is under way, partially completed, or could not be read. */
  readonly again: boolean;
  /** Why nothing was done, as a sentence; `undefined` where something was. */
  readonly because: string | undefined;
  /** How many circuit breakers were opened by it. */
  readonly breakersOpened: number;
  /** How many actions about CRITICAL findings had no budget. */
  readonly criticalWithoutBudget: number;
}

/** What became of one finding that a message concerns. */
export interface Handled {
  readonly finding: string;
  readonly remediation: Remediation;
}

/** A step that ends the remediation of a message. */
export interface Blocked {
  readonly kind: 'blocked';
  /** A sentence for people. */
  readonly because: string;
  /** Whether AWS did not answer what had to be known, and may in a while. */
  readonly unanswered: boolean;
}

export function blocked(because: string, unanswered = false): Blocked {
  return { kind: 'blocked', because, unanswered };
}

/** What a step did. */
export interface StepResult extends Remediation {
  /** As in `Blocked`. */
  readonly unanswered: boolean;
  /** The actions that were run, whatever came of it. */
  readonly ran: readonly ActionId[];
}

/** What a step that ran nothing counts. */
export const nothingRun = {
  breakersOpened: 0,
  criticalWithoutBudget: 0,
  unanswered: false,
  ran: [],
} as const;

/** A step that did nothing. */
export function nothingDone({ because, unanswered }: Omit<Blocked, 'kind'>): StepResult {
  return { events: [], again: false, because, ...nothingRun, unanswered };
}

/** What several steps did, in this order. @param because why nothing was done, where nothing was. */
export function merged(
  steps: readonly Omit<StepResult, 'because'>[],
  because: string | undefined,
): StepResult {
  return {
    events: steps.flatMap(({ events }) => events),
    again: steps.some(({ again }) => again),
    because,
    breakersOpened: steps.reduce((sum, { breakersOpened }) => sum + breakersOpened, 0),
    criticalWithoutBudget: steps.reduce((sum, step) => sum + step.criticalWithoutBudget, 0),
    unanswered: steps.some(({ unanswered }) => unanswered),
    ran: steps.flatMap(({ ran }) => ran),
  };
}

/** What the whole did, without what only its steps need to know of each other. */
export function remediationOf({
  events,
  again,
  because,
  breakersOpened,
  criticalWithoutBudget,
}: StepResult): Remediation {
  return { events, again, because, breakersOpened, criticalWithoutBudget };
}

/** What the steps of one message share. */
export interface StepInput {
  readonly deps: RemediationDeps;
  /** The exemptions that operators gave, as they were when they were first asked for: they are read once, if at all. */
  readonly exemptions: () => Promise<OperatorExemptions>;
}

export function stepInputOf(deps: RemediationDeps): StepInput {
  let read: Promise<OperatorExemptions> | undefined;
  const exemptions = () => {
    read ??= deps.exemptions?.() ?? Promise.resolve(new Map());
    return read;
  };
  return { deps, exemptions };
}

/** The action of that name; `undefined` where this deployment may not carry it out. */
export function definitionOf({ actions }: RemediationDeps, action: string): AnyAction | undefined {
  return actions.find(({ id }) => id === action);
}
