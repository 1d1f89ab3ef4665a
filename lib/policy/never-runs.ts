/** Orders that the policy lets operators give, and that could never be obeyed under it. Pure. */
import type { Control } from '../core/control.ts';
import type { Policy } from './assemble.ts';
import { isRequestable, type Requestable, requestable } from './custom-actions.ts';
import type { Complaint } from './messages.ts';
import type { PolicyFile } from './schema.ts';

/**
 * @param file checked; its orders are those of the policy.
 * @param policy what `assemble` made of the file for all these controls.
 * @returns a complaint for each such order, with its path in the file.
 */
export function neverRuns(
  { operators }: PolicyFile,
  policy: Policy,
  controls: readonly Control[],
): readonly Complaint[] {
  return (operators?.customActions ?? []).flatMap((order, index) => {
    const found = whyNever(order, policy, controls);
    if (found === undefined) return [];
    const message = `an order of ${order} could never be obeyed: ${found.because}`;
    return [{ path: ['operators', 'customActions', index], atKey: false, message, hint: found.hint }];
  });
}

/** The other orders need no action: they can be obeyed of every finding. */
function whyNever(order: Requestable, policy: Policy, controls: readonly Control[]) {
  if (order === 'undo' || order === 're-check' || order === 'exempt' || !isRequestable(order))
    return undefined;
  const having = controls.filter((control) => requestable(control).includes(order));
  const enabled = having.flatMap((control) => {
    const { enabled: on = false, settings } = policy.controls.get(control.id) ?? {};
    return on ? [{ control, settings }] : [];
  });
  if (enabled.length === 0) {
    const because = 'no control that is enabled has it';
    const enable = having.map(({ id }) => id).join(' or ');
    return { because, hint: enable === '' ? takeOut : `enable ${enable}, or ${takeOut}` };
  }
  const obstacles = enabled.map(({ control, settings }) => control.whyNeverRuns?.(order, settings));
  const [first] = obstacles;
  if (first === undefined || obstacles.includes(undefined)) return undefined;
  return { because: first.because, hint: `${first.hint}, or ${takeOut}` };
}

const takeOut = 'take the order out';
