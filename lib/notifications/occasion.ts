/**
 * What of the events on Trailseal's bus people are told: one occasion for an event. Pure. Only what changes is told;
 * what nobody was told of is not said to be over.
 */
import type { Severity } from '../core/control.ts';
import type { ActionEvent } from '../remediation/events/action-event.ts';
import type { Transition } from '../remediation/events/transition.ts';

/** What is told, in the order in which it matters. Public: subscriptions filter by it. */
export const kinds = [
  'opened',
  'unknown',
  'exemption-ended',
  'exemption-deletion event',
  'pending',
  'partially-completed',
  'skipped',
  'undo-refused',
  'done',
  'undone',
  'resolved',
  'deleted',
] as const;
export type Kind = (typeof kinds)[number];

export interface Occasion {
  /** The event's own id: the same when it comes again. */
  readonly id: string;
  readonly kind: Kind;
  readonly account: string;
  readonly region: string;
  readonly control: { readonly id: string; readonly title: string };
  readonly severity: Severity;
  readonly finding: string;
  readonly resource: { readonly type: string; readonly id: string; readonly arn: string };
  /** One sentence: the evidence, or why something was done or not. */
  readonly summary: string;
  /** Of an action, the evidence of the finding that it is about, where it is known. */
  readonly evidence: string | undefined;
  readonly required: string | undefined;
  /** Who brought the transition about; of an action, who opened the finding that it is about. */
  readonly actor: Transition['actor'] | undefined;
  /** When it happened: ISO 8601, UTC; `null` where it is not known. */
  readonly at: string | null;
  /** When the finding was opened, as far as it is known. */
  readonly openedAt: string | null;
  /** Epoch milliseconds; of two occasions of one finding the greater is the newer. */
  readonly sequence: number;
  /** The action that it is about; `undefined` where it is about the finding itself. */
  readonly action: string | undefined;
  /** For a finding the planned actions, for an action its steps. */
  readonly plan: readonly { readonly what: string; readonly reason: string | undefined }[];
  readonly skipped: readonly { readonly what: string; readonly because: string; readonly reason: string }[];
  /** When a pending action will be done. */
  readonly due: string | undefined;
  /** How to undo it, or why it can't be undone: others' words. */
  readonly undo: string | undefined;
  readonly decision: ActionEvent['decision'] | undefined;
  readonly exemption: Transition['exemption'];
}

/** What a transition of a finding is told as; `undefined` where nobody is told. */
export function occasionOfTransition(transition: Transition): Occasion | undefined {
  const kind = kindOf(transition);
  if (kind === undefined) return undefined;
  const { id, account, region, control, severity, finding, resource, summary, required } = transition;
  const { actor, at, openedAt, sequence, plan, exemption } = transition;
  const over = kind === 'resolved' || kind === 'deleted';
  return {
    id,
    kind,
    account,
    region,
    control,
    severity,
    finding,
    resource,
    summary,
    evidence: undefined,
    required,
    actor,
    at,
    openedAt,
    sequence,
    action: undefined,
    plan: over
      ? []
      : plan.actions
          .filter(({ action }) => action !== 'notify')
          .map(({ action, reason }) => ({ what: action, reason })),
    // That the policy does not ask for an action is no news to whoever wrote it.
    skipped: over
      ? []
      : plan.skipped
          .filter(({ action, because }) => action !== 'notify' && because !== 'not-in-policy')
          .map(({ action, because, reason }) => ({ what: action, because, reason })),
    due: undefined,
    undo: undefined,
    decision: undefined,
    exemption,
  };
}

function kindOf(transition: Transition): Kind | undefined {
  const { status, verdict, previous, plan, exemption } = transition;
  const notified = plan.actions.some(({ action }) => action === 'notify');
  if (status !== 'OPEN') {
    if (!notified || previous?.status !== 'OPEN') return undefined;
    return status === 'RESOLVED' ? 'resolved' : 'deleted';
  }
  if (exemption?.state === 'active') return endsSoon(transition) ? 'exemption-deletion event' : undefined;
  if (!notified) return undefined;
  const stayed = previous?.status === 'OPEN' && previous.verdict === verdict;
  if (stayed && exemption?.state === 'expired') return 'exemption-ended';
  return verdict === 'FAIL' ? 'opened' : 'unknown';
}

/** Whether the exemption ends within a week, and it is what keeps people from being told. */
function endsSoon({ plan, exemption }: Transition): boolean {
  const silenced = plan.skipped.some(({ action, because }) => action === 'notify' && because === 'exempt');
  return silenced && exemption?.endsSoon === true;
}

/**
 * What became of an action, be it skipped; `undefined` where it is that people are not to be told, or skipped because
 * somebody suppressed the finding: they want to hear no more of it.
 */
export function occasionOfAction(event: ActionEvent): Occasion | undefined {
  if (event.action === 'notify' || event.skippedBecause === 'suppressed') return undefined;
  const { id, account, region, control, severity, finding, resource, decision, at, action } = event;
  return {
    id,
    kind: event.outcome,
    account,
    region,
    control,
    severity,
    finding,
    resource,
    summary: event.because,
    evidence: event.summary,
    required: undefined,
    actor: event.actor,
    at,
    openedAt: null,
    sequence: Date.parse(at) || 0,
    action,
    plan: event.plan.map((what) => ({ what, reason: undefined })),
    skipped: [],
    due: event.due ?? undefined,
    undo: event.undo || undefined,
    decision,
    exemption: null,
  };
}
