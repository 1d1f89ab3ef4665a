/** Which findings something may still have to be done about, as the state table alone can tell. Pure. */
import type { Recorded } from '../../findings/state/table.ts';
import type { Policy } from '../../policy/model.ts';
import { kindOf } from '../../policy/model.ts';

/** Whether the policy asks for the resource to be changed: the finding is an open failure, and not exempt. */
export function asksForChange(
  policy: Pick<Policy, 'controls'>,
  { control, finding }: Pick<Recorded, 'control' | 'finding'>,
): boolean {
  if (finding?.status !== 'OPEN' || finding.verdict !== 'FAIL') return false;
  if (finding.exemption?.state === 'active') return false;
  const { enabled = false, actions = [] } = policy.controls.get(control) ?? {};
  return enabled && actions.some((action) => kindOf(action) !== undefined);
}
