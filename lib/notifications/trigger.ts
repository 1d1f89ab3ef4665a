/**
 * Which events on Trailseal's bus people are notified of, one trigger for an event, and which of them are one notification.
 * Pure. Only a change triggers a notification; that a finding is over triggers one only where its start did.
 */
import { type Severity, severities } from '../core/control.ts';
import type { NotificationTarget } from '../policy/notifications.ts';
import type { ActionEvent } from '../remediation/events/action-event.ts';
import type { TransitionEvent } from '../remediation/events/transition.ts';

/** What happened to a finding. */
export const findingKinds = [
  'opened',
  'unknown',
  'exemption-ended',
  'exemption-ending',
  'resolved',
  'deleted',
  'over',
] as const;
/** What a notification is about. Public: the attribute `kind`, by which subscriptions filter. */
export type NotificationKind =
  | (typeof findingKinds)[number]
  | ActionEvent['outcome']
  | 'undo-partially-completed';

export interface NotificationTrigger {
  /** The event's own id: the same when it comes again. */
  readonly id: string;
  readonly kind: NotificationKind;
  readonly account: string;
  readonly region: string;
  readonly control: { readonly id: string; readonly title: string };
  readonly severity: Severity;
  readonly finding: string;
  readonly resource: { readonly type: string; readonly id: string; readonly arn?: string | undefined };
  /** One sentence: the evidence, or why an action was done or not. */
  readonly summary: string;
  /** Of an action, the evidence of its finding, where it is known. */
  readonly evidence: string | undefined;
  readonly required: string | undefined;
  /** Whose call caused the transition; of an action, whose call opened its finding. */
  readonly actor: TransitionEvent['actor'] | undefined;
  /** When it happened: ISO 8601, UTC; `null` where it is not known. */
  readonly at: string | null;
  /** When the finding was opened, as far as it is known. */
  readonly openedAt: string | null;
  /** Epoch milliseconds; of two triggers of one finding the greater is the newer. */
  readonly sequence: number;
  /** The targets that are notified; `undefined` for all. */
  readonly targets: readonly NotificationTarget[] | undefined;
  /** The action that it is about; `undefined` where it is about the finding itself. */
  readonly action: string | undefined;
  /** Of a finding the planned actions, of an action its steps; of an undo none, as it is not what was done. */
  readonly plan: readonly { readonly what: string; readonly reason: string | undefined }[];
  readonly skipped: readonly { readonly what: string; readonly because: string; readonly reason: string }[];
  /** When a pending action will be done. */
  readonly due: string | undefined;
  /** What was there before an action, in clauses: untrusted words. */
  readonly was: readonly string[];
  /** The command that undoes what was done, or resumes its undo. */
  readonly undo: string | undefined;
  /** What to know before undoing it, each a sentence. */
  readonly caveats: readonly string[];
  readonly decision: ActionEvent['decision'] | undefined;
  readonly exemption: TransitionEvent['exemption'];
}

/**
 * What a transition of a finding triggers.
 * @param transition the detail of a finding's event, as it was parsed.
 * @returns `undefined` where nobody is notified: the policy does not ask for it, or nothing changed for people.
 * @example
 * triggerOfTransition({ ...transition, status: 'OPEN', verdict: 'FAIL', previous: null })?.kind; // 'opened'
 */
export function triggerOfTransition(transition: TransitionEvent): NotificationTrigger | undefined {
  const kind = kindOf(transition);
  if (kind === undefined) return undefined;
  const { id, account, region, control, severity, finding, resource, summary, required } = transition;
  const { actor, at, openedAt, sequence, plan, exemption } = transition;
  const over = kind === 'resolved' || kind === 'deleted' || kind === 'over';
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
    targets: plan.actions.find(({ action }) => action === 'notify')?.targets,
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
    was: [],
    undo: undefined,
    caveats: [],
    decision: undefined,
    exemption,
  };
}

function kindOf(transition: TransitionEvent): NotificationKind | undefined {
  const { status, verdict, previous, plan, exemption } = transition;
  const notified = plan.actions.some(({ action }) => action === 'notify');
  if (status !== 'OPEN') {
    // Opened and closed between two evaluations, or two reads of the stream.
    const unseen = previous === null && transition.openedAt !== null;
    if (!notified || (previous?.status !== 'OPEN' && !unseen)) return undefined;
    if (unseen) return 'over';
    return status === 'RESOLVED' ? 'resolved' : 'deleted';
  }
  if (exemption?.state === 'active') return endsSoon(transition) ? 'exemption-ending' : undefined;
  if (!notified) return undefined;
  const stayed = previous?.status === 'OPEN' && previous.verdict === verdict;
  if (stayed && exemption?.state === 'expired') return 'exemption-ended';
  return verdict === 'FAIL' ? 'opened' : 'unknown';
}

/** Whether the exemption ends within a week, and is why nobody is notified until then. */
function endsSoon({ plan, exemption }: TransitionEvent): boolean {
  const silenced = plan.skipped.some(({ action, because }) => action === 'notify' && because === 'exempt');
  return silenced && exemption?.endsSoon === true;
}

/**
 * What the outcome of an action triggers, also where the action was skipped.
 * @param event the detail of an action's event, as it was parsed.
 * @returns `undefined` where the action is the notification itself, sets or removes tags, was skipped because somebody suppressed the finding,
 *   who wants to hear no more of it, or was reverted and the policy leaves it at that.
 * @example
 * triggerOfAction({ ...event, action: 'quarantine', outcome: 'done' })?.kind; // 'done'
 */
export function triggerOfAction(event: ActionEvent): NotificationTrigger | undefined {
  if (event.action === 'notify') return undefined;
  // Tags follow the finding, which was notified; the run history and the bus have them. The policy may ask for a reversal.
  if (event.action === 'tag' && event.reversal?.response !== 'notify') return undefined;
  if (event.skippedBecause === 'suppressed') return undefined;
  if (event.reversal?.response === 'leave') return undefined;
  const { id, account, region, control, severity, finding, resource, decision, at, action } = event;
  return {
    id,
    kind: event.undoing === true ? 'undo-partially-completed' : event.outcome,
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
    targets: event.targets,
    action,
    plan:
      event.outcome === 'undone' || event.undoing === true
        ? []
        : event.plan.map((what) => ({ what, reason: undefined })),
    was: event.was ?? [],
    skipped: [],
    due: event.due ?? undefined,
    undo: event.undoCommand,
    caveats: event.caveats ?? [],
    decision,
    exemption: null,
  };
}

/** Triggers of one kind, in one account and Region, of one control, and where it is about an action, of one action. */
export interface NotificationGroup {
  readonly kind: NotificationKind;
  readonly account: string;
  readonly region: string;
  readonly control: NotificationTrigger['control'];
  readonly action: string | undefined;
  /** The worst of its members'. */
  readonly severity: Severity;
  /** The worst first; of each finding only the newest. Never empty. */
  readonly members: readonly [NotificationTrigger, ...NotificationTrigger[]];
  /** The ids of all events in it, older ones of the same findings included, in order. */
  readonly ids: readonly string[];
}

/**
 * Puts together what becomes one notification, so that hundreds of failures of a kind are one message.
 * @param triggers in any order; one that is there twice counts once.
 * @returns the groups in the order in which the first trigger of each happened.
 * @example
 * groupsOf([failureOfOneInstance, failureOfAnother]).length; // 1
 */
export function groupsOf(triggers: readonly NotificationTrigger[]): readonly NotificationGroup[] {
  const once = [...new Map(triggers.map((trigger) => [trigger.id, trigger])).values()];
  const ordered = once.toSorted((one, other) => one.sequence - other.sequence || order(one.id, other.id));
  const grouped = Map.groupBy(ordered, ({ kind, account, region, control, action }) =>
    JSON.stringify([kind, account, region, control.id, action]),
  );
  return [...grouped.values()].flatMap((some) => {
    const newest = new Map(some.map((trigger) => [trigger.finding, trigger]));
    const [worst, ...others] = [...newest.values()].toSorted(
      (one, other) => rank(other.severity) - rank(one.severity) || one.sequence - other.sequence,
    );
    if (worst === undefined) return [];
    const { kind, account, region, control, action, severity } = worst;
    const ids = some.map(({ id }) => id).toSorted(order);
    return [{ kind, account, region, control, action, severity, members: [worst, ...others], ids }];
  });
}

function rank(severity: Severity): number {
  return severities.indexOf(severity);
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
