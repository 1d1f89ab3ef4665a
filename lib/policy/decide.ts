/** From a verdict to a plan. Pure: what comes out depends on nothing but what goes in. */
import type { Action, Control, Resource, ResourceType, Verdict } from '../core/control.ts';
import type { FindingExemption } from '../findings/finding.ts';
import type { Policy } from './assemble.ts';
import { type Circumstances, halt, type Obstacle, ownership, suppression } from './circumstances.ts';
import { durationText } from './duration.ts';
import { admit, graceOf, kindOf, protection, type Usage } from './guardrails.ts';
import type { Plan, PlannedAction, SkippedAction } from './plan.ts';

export interface Decision {
  readonly plan: Plan;
  /** The usage with the planned actions counted; hand it to the next decision. */
  readonly usage: Usage;
}

export interface Case {
  readonly verdict: Verdict;
  readonly control: Pick<Control, 'id' | 'actions'>;
  readonly resource: Resource;
  /** Why its tags are not known, as a clause, where they were asked for. */
  readonly tagsUnknown?: string | undefined;
  readonly policy: Policy;
  /** What `exemptionFor` answered. */
  readonly exemption: FindingExemption | undefined;
  readonly usage: Usage;
  /** Actions that are planned for the same open finding already: they were counted then. */
  readonly planned?: ReadonlySet<Action> | undefined;
  /** When the event happened, epoch milliseconds; `undefined` when it does not tell. */
  readonly time: number | undefined;
  /** What a deployment knows beyond these; left out where nothing is carried out. */
  readonly circumstances?: Circumstances;
}

/**
 * Which of a control's actions are to be carried out and which are not, each with its reason. There is a plan
 * for FAIL and for UNKNOWN; a resource that passes, or that the control does not concern, needs none.
 * Every action of the control is in the plan exactly once, in the order notify, tag, fixes, quarantine: the
 * mildest first, so that a limit is not used up by the harshest.
 */
export function decide(subject: Case): Decision {
  const { verdict, control, resource } = subject;
  let { usage } = subject;
  const actions: PlannedAction[] = [];
  const skipped: SkippedAction[] = [];
  if (verdict !== 'FAIL' && verdict !== 'UNKNOWN') return { plan: { actions, skipped }, usage };
  for (const action of inOrder(control.actions)) {
    const obstacle = obstacleTo(action, subject);
    if (obstacle !== undefined) {
      skipped.push({ action, ...obstacle });
      continue;
    }
    const kind = kindOf(action);
    if (kind !== undefined && subject.planned?.has(action) !== true) {
      const limits = subject.policy.guardrails.actionsPerHour[kind];
      const admission = admit(limits, usage, kind, resource.account, subject.time);
      if (!admission.admitted) {
        skipped.push({ action, because: 'guardrail', reason: admission.reason });
        continue;
      }
      usage = admission.usage;
    }
    actions.push({ action, reason: grounds(action, subject) });
  }
  return { plan: { actions, skipped }, usage };
}

/** What stands in the way of an action, limits aside; of several obstacles the one that lasts longest. */
function obstacleTo(action: Action, subject: Case): Obstacle | undefined {
  const { verdict, control, resource, policy, exemption, circumstances = {}, tagsUnknown } = subject;
  const kind = kindOf(action);
  if (verdict === 'UNKNOWN' && kind !== undefined) {
    return {
      because: 'unknown-verdict',
      reason: `Whether ${show(resource)} fails is unknown, and what is unknown is never acted on.`,
    };
  }
  const asked = policy.controls.get(control.id);
  if (asked === undefined || !asked.enabled) {
    return { because: 'not-in-policy', reason: `The policy does not enable ${control.id}.` };
  }
  if (!asked.actions.includes(action)) {
    return {
      because: 'not-in-policy',
      reason: `The policy does not ask for ${action} when ${control.id} fails.`,
    };
  }
  if (exemption?.state === 'active') {
    const { owner, reason, expires } = exemption;
    return { because: 'exempt', reason: `Exempt until ${expires} (UTC) by ${owner}: ${reason}` };
  }
  const suppressed = suppression(circumstances);
  if (suppressed !== undefined || kind === undefined) return suppressed;
  const own = ownership(circumstances, resource);
  if (own !== undefined) return own;
  const unidentified = missingIdentity(resource);
  if (unidentified !== undefined) return { because: 'no-resource-id', reason: unidentified };
  const protectedBy = protection(policy.guardrails, resource, tagsUnknown);
  if (protectedBy !== undefined) return { because: 'protected-resource', reason: protectedBy };
  return halt(circumstances, kind);
}

/** How AWS's ids begin, where a resource may be called by another name until its id is known. */
const idPrefixes: Partial<Readonly<Record<ResourceType, string>>> = {
  AwsEc2Instance: 'i-',
  AwsEc2Volume: 'vol-',
  AwsEc2Snapshot: 'snap-',
  AwsEc2LaunchTemplate: 'lt-',
};

/** Why a resource cannot be addressed, as a sentence: an API call needs its id, account and Region. */
function missingIdentity(resource: Resource): string | undefined {
  const { type, id, account, region } = resource;
  const prefix = idPrefixes[type] ?? '';
  if (id === '' || id === 'unknown' || !id.startsWith(prefix)) {
    return `AWS's id of ${show(resource)} is not known, so that no call can name it.`;
  }
  if (account === 'unknown') return `The account of ${show(resource)} is not known.`;
  if (region === 'unknown') return `The Region of ${show(resource)} is not known.`;
  return undefined;
}

const nouns: Readonly<Record<ResourceType, string>> = {
  AwsAccount: 'account',
  AwsEc2Instance: 'instance',
  AwsEc2Volume: 'volume',
  AwsEc2Snapshot: 'snapshot',
  AwsEc2LaunchTemplate: 'launch template',
  AwsEksCluster: 'cluster',
  AwsEksNodegroup: 'node group',
  AwsKmsKey: 'KMS key',
  AwsKmsGrant: 'KMS grant',
};

/** What each action does; `it` stands for the resource. */
const actionRuns: Readonly<Record<Action, (it: string) => string>> = {
  notify: (it) => `tell people about ${it}`,
  tag: (it) => `tag ${it} with the finding`,
  quarantine: (it) => `quarantine ${it}`,
  'fix:enable-default-encryption': (it) => `turn on EBS encryption by default in ${it}`,
  'fix:unshare-snapshot': (it) => `take back the sharing of ${it}`,
  'fix:restrict-endpoint': (it) => `restrict the API endpoint of ${it}`,
  'fix:enable-audit-logging': (it) => `turn on the audit logs of ${it}`,
  'fix:cancel-key-deletion': (it) => `cancel the scheduled deletion of ${it}`,
  'fix:enable-key': (it) => `enable ${it}`,
  'fix:enable-rotation': (it) => `turn on the rotation of ${it}`,
  'fix:restore-key-policy': (it) => `restore the previous key policy of ${it}`,
  'fix:revoke-grant': (it) => `revoke ${it}`,
  'fix:associate-encryption': (it) => `encrypt the secrets of ${it} with the policy's key`,
};

function show({ type, id }: Resource): string {
  return `${nouns[type]} ${id}`;
}

function grounds(action: Action, { verdict, control, resource, policy }: Case): string {
  const it = `${show(resource)} (account ${resource.account}, ${resource.region})`;
  const what = verdict === 'FAIL' ? `${control.id} fails` : `${control.id} could not be evaluated`;
  const grace = graceOf(policy.guardrails, action);
  const when = grace === 0 ? '' : ` after ${durationText(grace)}, unless something stops it until then`;
  return `${what}, and the policy asks to ${actionRuns[action](it)}${when}.`;
}

function inOrder(actions: readonly Action[]): readonly Action[] {
  const rank = (action: Action) => ['notify', 'tag', 'fix', 'quarantine'].indexOf(kindOf(action) ?? 'notify');
  return [...new Set(actions)].sort((a, b) => rank(a) - rank(b));
}
