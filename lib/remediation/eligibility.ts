/** What remediation may and has to do at all: own resources, what the deployment is permitted, what is outstanding. Pure. */
import type { ActionId } from '../core/action.ts';
import type { Control, Resource } from '../core/control.ts';
import type { Recorded } from '../findings/state/table.ts';
import { requestable } from '../policy/custom-actions.ts';
import type { Policy } from '../policy/model.ts';

/** What identifies the deployment's own resources. */
export interface OwnDeployment {
  /** The stack's name. */
  readonly stack: string;
  /** The keys that the deployment encrypts with: DescribeKey does not return the tags of a key. */
  readonly keyArns: readonly string[];
}

/**
 * Whether the resource is part of the deployment, which never changes its own resources: CloudFormation tags what a
 * stack creates with the stack's name, and nobody else can, as the names of AWS's own tags are reserved. A tag that users
 * can set would exempt any resource.
 * Source: AWS CloudFormation User Guide, "Resource tags" (aws:cloudformation:stack-name).
 */
export function isOwnResource(
  { tags, arn }: Pick<Resource, 'tags' | 'arn'>,
  { stack, keyArns }: OwnDeployment,
): boolean {
  return tags?.['aws:cloudformation:stack-name'] === stack || (arn !== undefined && keyArns.includes(arn));
}

/**
 * Whether the deployment has the rights for an action: the policy that it was made with asks for it, or lets operators
 * request it, for some control that it enables. Its role was given the rights to these actions alone, and a policy
 * override can't ask for more.
 */
export function isPermitted(
  policy: Pick<Policy, 'controls' | 'customActions'>,
  controls: readonly Control[],
  action: ActionId,
): boolean {
  return controls.some((control) => actionsFor(policy, control).includes(action));
}

/** The actions for a control that the policy asks for, or lets operators request, and that change its resources. */
export function actionsFor(
  { controls: byId, customActions }: Pick<Policy, 'controls' | 'customActions'>,
  control: Control,
): readonly ActionId[] {
  const { enabled = false, actions = [] } = byId.get(control.id) ?? {};
  if (!enabled) return [];
  const requested = requestable(control).filter((action) => customActions.includes(action));
  return [...new Set([...actions, ...requested])].filter((action) => action !== 'notify');
}

/**
 * Whether something may be outstanding about a finding, as far as the state table tells: it is an open failure, not
 * exempt, and something was to be done about it, which may be prevented or reverted since.
 */
export function isOutstanding(
  policy: Pick<Policy, 'controls' | 'customActions'>,
  controls: readonly Control[],
  { control: id, finding }: Pick<Recorded, 'control' | 'finding'>,
): boolean {
  if (finding?.status !== 'OPEN' || finding.verdict !== 'FAIL') return false;
  if (finding.exemption?.state === 'active') return false;
  const control = controls.find((each) => each.id === id);
  return control !== undefined && actionsFor(policy, control).length > 0;
}
