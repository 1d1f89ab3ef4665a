/** From a verdict to a plan. Pure: the result depends on the arguments alone. */
import type { Action, Control, Resource, ResourceType, Verdict } from '../../core/control.ts';
import type { Actor } from '../../core/event.ts';
import type { ResourceTypeDefinition } from '../../core/service.ts';
import { durationText } from '../duration.ts';
import {
  type FindingExemption,
  gracePeriodOf,
  kindOf,
  type Plan,
  type PlannedAction,
  type Policy,
  type SkippedAction,
} from '../model.ts';
import { type NotificationTarget, targetsOf } from '../notifications.ts';
import { principalOf, unknownPrincipal } from './budgets.ts';
import { type Circumstances, halt, type Obstacle, ownership, suppression } from './circumstances.ts';
import { checkRateLimit, type Usage } from './rate-limits.ts';
import { protection } from './tags.ts';

export interface DecisionInput {
  readonly verdict: Verdict;
  readonly control: Pick<Control, 'id' | 'actions'>;
  readonly resource: Resource;
  /** Why the resource's tags are not known, as a clause, where they were read in vain. */
  readonly tagsUnknown?: string | undefined;
  readonly policy: Policy;
  /** The result of `exemptionFor`. */
  readonly exemption: FindingExemption | undefined;
  /** `noUsage`, or the usage that the decision before returned. */
  readonly usage: Usage;
  /** Actions that are planned for the same open finding already, and were counted then. */
  readonly planned?: ReadonlySet<Action> | undefined;
  /** Who made the change that failed, whose share of the limits it counts against; left out where that is not known. */
  readonly actor?: Pick<Actor, 'type' | 'arn'> | undefined;
  /** When the event happened, epoch milliseconds; `undefined` when it has no time. */
  readonly time: number | undefined;
  /** What a deployment knows besides; left out where nothing is carried out. */
  readonly circumstances?: Circumstances;
  /** What services declare of a type of resource; policies know no service. */
  readonly resourceTypeOf: (type: ResourceType) => Pick<ResourceTypeDefinition, 'noun' | 'hasOwnId' | 'tags'>;
}

export interface PlanResult {
  readonly plan: Plan;
  /** The usage with the planned actions counted, for the next decision. */
  readonly usage: Usage;
}

/**
 * Plans what is done about a verdict under the policy. The plan of a FAIL or an UNKNOWN has every action of the control exactly
 * once, planned or skipped with a reason; the plan of a PASS or a NOT_APPLICABLE is empty. The order is notify, tag, fixes,
 * quarantine: the mildest first, so that the harshest does not use up a limit.
 * @example
 * const { plan, usage } = decide({ verdict: 'FAIL', control, resource, policy, exemption: undefined, usage: noUsage,
 *   time: Date.parse('2026-11-21T12:00:00Z'), resourceTypeOf });
 */
export function decide(input: DecisionInput): PlanResult {
  const { verdict, control, resource } = input;
  let { usage } = input;
  const actions: PlannedAction[] = [];
  const skipped: SkippedAction[] = [];
  if (verdict !== 'FAIL' && verdict !== 'UNKNOWN') return { plan: { actions, skipped }, usage };
  for (const action of mildestFirst(control.actions)) {
    const obstacle = obstacleTo(action, input);
    if (obstacle !== undefined) {
      skipped.push({ action, ...obstacle });
      continue;
    }
    const kind = kindOf(action);
    if (kind !== undefined && input.planned?.has(action) !== true) {
      const limits = input.policy.guardrails.actionsPerHour[kind];
      const check = checkRateLimit(limits, usage, {
        kind,
        severity: input.policy.controls.get(control.id)?.severity ?? 'LOW',
        account: resource.account,
        actor: input.actor === undefined ? unknownPrincipal : principalOf(input.actor),
        time: input.time,
      });
      if (!check.allowed) {
        skipped.push({ action, because: 'guardrail', reason: check.reason });
        continue;
      }
      usage = check.usage;
    }
    actions.push({ action, reason: reasonFor(action, input), ...targetsFor(action, input) });
  }
  return { plan: { actions, skipped }, usage };
}

/** What prevents an action, limits aside; of several obstacles the one that lasts longest. */
function obstacleTo(action: Action, input: DecisionInput): Obstacle | undefined {
  const { verdict, control, resource, policy, exemption, circumstances = {}, tagsUnknown } = input;
  const kind = kindOf(action);
  if (verdict === 'UNKNOWN' && kind !== undefined) {
    return {
      because: 'unknown-verdict',
      reason: `Whether ${show(input)} fails is unknown, and an unknown verdict is never acted on.`,
    };
  }
  const applied = policy.controls.get(control.id);
  if (applied === undefined || !applied.enabled) {
    return { because: 'not-in-policy', reason: `The policy does not enable ${control.id}.` };
  }
  if (!applied.actions.includes(action)) {
    return { because: 'not-in-policy', reason: `The policy does not list ${action} for ${control.id}.` };
  }
  if (exemption?.state === 'active') {
    const { owner, reason, expires } = exemption;
    return { because: 'exempt', reason: `Exempt until ${expires} (UTC) by ${owner}: ${reason}` };
  }
  if (kind === undefined && targetsIn(input).length === 0) {
    return {
      because: 'not-in-policy',
      reason: `No route of the policy notifies anybody of ${verdict} of ${control.id} with the severity ${applied.severity}.`,
    };
  }
  const suppressed = suppression(circumstances);
  if (suppressed !== undefined || kind === undefined) return suppressed;
  const own = ownership(circumstances, resource);
  if (own !== undefined) return own;
  const unidentified = missingIdentity(input);
  if (unidentified !== undefined) return { because: 'no-resource-id', reason: unidentified };
  const taggable = input.resourceTypeOf(resource.type).tags !== 'none';
  const protectedBy = protection(policy.guardrails, resource, taggable, tagsUnknown);
  if (protectedBy !== undefined) return { because: 'protected-resource', reason: protectedBy };
  return halt(circumstances, kind);
}

/** Whom the policy notifies of the finding. */
function targetsIn({ verdict, control, policy }: DecisionInput): readonly NotificationTarget[] {
  const severity = policy.controls.get(control.id)?.severity;
  if (severity === undefined || (verdict !== 'FAIL' && verdict !== 'UNKNOWN')) return [];
  return targetsOf(policy.notifications, { severity, control: control.id, verdict });
}

/** Named only where the policy chooses among them. */
function targetsFor(action: Action, input: DecisionInput): Pick<PlannedAction, 'targets'> {
  return action === 'notify' && input.policy.notifications !== undefined ? { targets: targetsIn(input) } : {};
}

/** Why no API call can name the resource, as a sentence: a call needs its id, account and Region. */
function missingIdentity(input: DecisionInput): string | undefined {
  const { type, id, account, region } = input.resource;
  if (id === '' || id === 'unknown' || !input.resourceTypeOf(type).hasOwnId(id)) {
    return `The AWS id of ${show(input)} is not known, so no API call can name it.`;
  }
  if (account === 'unknown') return `The account of ${show(input)} is not known.`;
  if (region === 'unknown') return `The Region of ${show(input)} is not known.`;
  return undefined;
}

/** What each action does, after "the policy asks to"; `it` is the resource. */
const actionTexts: Readonly<Record<Action, (it: string) => string>> = {
  notify: (it) => `send a notification about ${it}`,
  tag: (it) => `tag ${it} with the finding`,
  quarantine: (it) => `quarantine ${it}`,
  'fix:enable-default-encryption': (it) => `enable EBS encryption by default in ${it}`,
  'fix:unshare-snapshot': (it) => `stop sharing ${it}`,
  'fix:restrict-endpoint': (it) => `restrict the API endpoint of ${it}`,
  'fix:enable-audit-logging': (it) => `enable the audit logs of ${it}`,
  'fix:cancel-key-deletion': (it) => `cancel the scheduled deletion of ${it}`,
  'fix:enable-key': (it) => `enable ${it}`,
  'fix:enable-rotation': (it) => `enable the rotation of ${it}`,
  'fix:restore-key-policy': (it) => `restore the previous key policy of ${it}`,
  'fix:revoke-grant': (it) => `revoke ${it}`,
  'fix:associate-encryption': (it) => `encrypt the secrets of ${it} with the policy's key`,
};

function show({ resource: { type, id }, resourceTypeOf }: DecisionInput): string {
  return `${resourceTypeOf(type).noun.one} ${id}`;
}

/** Why an action is planned, as a sentence. */
function reasonFor(action: Action, input: DecisionInput): string {
  const { verdict, control, resource, policy } = input;
  const it = `${show(input)} (account ${resource.account}, ${resource.region})`;
  const what = verdict === 'FAIL' ? `${control.id} fails` : `${control.id} could not be evaluated`;
  const grace = gracePeriodOf(policy.guardrails, action);
  const when = grace === 0 ? '' : ` after ${durationText(grace)}, unless it is prevented by then`;
  return `${what}, and the policy asks to ${actionTexts[action](it)}${when}.`;
}

function mildestFirst(actions: readonly Action[]): readonly Action[] {
  const rank = (action: Action) => ['notify', 'tag', 'fix', 'quarantine'].indexOf(kindOf(action) ?? 'notify');
  return [...new Set(actions)].sort((a, b) => rank(a) - rank(b));
}
