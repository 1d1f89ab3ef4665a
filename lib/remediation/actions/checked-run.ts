/**
 * Action runs are used only where all that they say belongs together. An undo writes to the resource that its action run
 * names: by an item that was forged or damaged, what is asked for one finding would be done to the resource of another.
 */
import type { ActionId } from '../../core/action.ts';
import { resourceName } from '../../core/resource-name.ts';
import { findingId } from '../../findings/id.ts';
import { StateTableError, someOf } from '../../findings/state/error.ts';
import { controls } from '../../services/catalogue.ts';
import { type ActionRun, nameOfActionRun } from './action-run.ts';

/** What an action run was asked for by, or lies under. */
export interface ExpectedRun {
  /** The finding's id. */
  readonly finding: string;
  readonly action?: ActionId;
  readonly sequence?: number;
}

/**
 * The action run itself, where its finding, resource and action agree with each other and with what is expected.
 * @throws StateTableError `unreadable`, which names the difference and says what to do.
 * @example
 * const last = checkActionRun(actionRun, { finding: target.finding.id, action: 'fix:enable-key' });
 */
export function checkActionRun(actionRun: ActionRun, expected: ExpectedRun): ActionRun {
  const differences = [...differencesFrom(expected, actionRun), ...differencesWithin(actionRun)];
  if (differences.length === 0) return actionRun;
  throw new StateTableError(
    'unreadable',
    [expected.finding],
    `The action run ${someOf([nameOfActionRun(actionRun)])} in the state table contradicts itself: ${differences.join('; ')}. ` +
      'It was changed by hand, or not written by Trailseal: nothing is done or undone by it. Find out who wrote it, ' +
      'restore the resource by hand where that is needed, and delete the item.',
  );
}

function differencesFrom(
  { finding, action, sequence }: ExpectedRun,
  actionRun: ActionRun,
): readonly string[] {
  return [
    ...(actionRun.finding.id === finding
      ? []
      : [`it is of ${someOf([actionRun.finding.id])}, and kept for ${someOf([finding])}`]),
    ...(action === undefined || actionRun.action === action
      ? []
      : [`its action is ${someOf([actionRun.action])}, and it is kept as one of ${someOf([action])}`]),
    ...(sequence === undefined || actionRun.sequence === sequence
      ? []
      : [`its number is ${actionRun.sequence}, and it is kept as number ${sequence}`]),
  ];
}

function differencesWithin({ finding, resource, action }: ActionRun): readonly string[] {
  const control = controls.find(({ id }) => id === finding.control);
  const offered = [...(control?.actions ?? []), ...(control?.onRequestOnly ?? [])];
  return [
    ...(findingId(finding.control, resource) === finding.id
      ? []
      : [`its resource ${someOf([resourceName(resource)])} is not that of its finding`]),
    // One of a control that this version no longer has can still be undone.
    ...(control === undefined || resource.type === control.resourceType
      ? []
      : [`its resource is of the type ${someOf([resource.type])}, which ${control.id} does not evaluate`]),
    ...(control === undefined || offered.includes(action)
      ? []
      : [`its action ${someOf([action])} is none of ${control.id}`]),
  ];
}
