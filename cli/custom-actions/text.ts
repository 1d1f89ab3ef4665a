/** What became of the custom actions, for people and for programs. What came from AWS is escaped here. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { Unseen } from '../aws/answer.ts';
import { printable } from '../output/printable.ts';
import type { AccountRegion, DeployedCustomAction, Step } from './changes.ts';
import { idOf } from './security-hub.ts';

/** What came of a step; `planned` where nothing was to be done yet. */
export type Outcome = 'done' | 'planned' | Unseen;

export interface Result {
  readonly step: Step;
  readonly outcome: Outcome;
}

/** The IAM action that pressing a custom action needs. Source: Service Authorization Reference, "AWS Security Hub". */
export const customActionPermission = 'securityhub:SendFindingEvents';

/** On what it is allowed: all custom actions at once. Source: Service Authorization Reference, "AWS Security Hub". */
export function customActionTarget({ account, region }: AccountRegion): string {
  return arnOf('securityhub', region, account, 'hub/default');
}

const verbs: Readonly<
  Record<Step['what'], { readonly done: string; readonly planned: string; readonly not: string }>
> = {
  make: { done: 'made', planned: 'would be made', not: 'NOT made' },
  change: { done: 'changed', planned: 'would be changed', not: 'NOT changed' },
  remove: { done: 'removed', planned: 'would be removed', not: 'NOT removed' },
  keep: { done: 'was there', planned: 'is there', not: 'was there' },
};

function verbOf({ step, outcome }: Result): string {
  const { done, planned, not } = verbs[step.what];
  return outcome === 'done' ? done : outcome === 'planned' ? planned : not;
}

/** A line for each custom action, with its ARN; below it why it is not as it should be. */
export function resultsText(results: readonly Result[]): string {
  const verb = Math.max(...results.map((result) => verbOf(result).length));
  const name = Math.max(...results.map(({ step }) => printable(step.action.name).length));
  return results
    .flatMap((result) => {
      const { action } = result.step;
      const line = `  ${verbOf(result).padEnd(verb)}  ${printable(action.name).padEnd(name)}  ${printable(action.arn)}`;
      return typeof result.outcome === 'string' ? [line] : [line, `    ${printable(result.outcome.detail)}`];
    })
    .join('\n');
}

/**
 * Who may press them, and where.
 * Source: AWS Security Hub User Guide, "Using custom actions to send findings and insight results to EventBridge".
 */
export function requestText(accountRegion: AccountRegion): string {
  return [
    `They can be pressed by whom IAM allows ${customActionPermission} on ${customActionTarget(accountRegion)}:`,
    'all of them by each such person, as IAM can not tell one custom action from another.',
    `Press them in account ${accountRegion.account}, ${accountRegion.region}: what is pressed in another account, or in an aggregation`,
    'Region, goes to that account and Region, and does not come here.',
  ].join('\n');
}

/** Others' custom actions that bear the name of a custom action. */
export function lookalikesText(actions: readonly DeployedCustomAction[]): string {
  const lines = actions.map(
    ({ arn, name, description }) => `  ${printable(name)}  ${printable(arn)}  ${printable(description)}`,
  );
  return `Others have the same names; only their descriptions tell them apart:\n${lines.join('\n')}`;
}

export function resultJson({ step, outcome }: Result): Record<string, unknown> {
  const { customAction, action, what } = step;
  return {
    customAction,
    name: action.name,
    description: action.description,
    id: idOf(action),
    arn: action.arn,
    step: what,
    done: outcome === 'done',
    because: typeof outcome === 'string' ? null : outcome.detail,
  };
}
