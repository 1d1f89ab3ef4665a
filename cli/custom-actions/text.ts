/** The custom actions of a deployment as text and as JSON. What came from AWS is escaped here. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { NoAnswer } from '../aws/answer.ts';
import { printable } from '../output/printable.ts';
import type { CustomActionChange, DeployedCustomAction } from './changes.ts';
import { idOf } from './security-hub.ts';

export interface ChangeResult {
  readonly change: CustomActionChange;
  /** `planned` with --dry-run. */
  readonly outcome: 'done' | 'planned' | NoAnswer;
}

/** The IAM action that using a custom action needs. Source: Service Authorization Reference, "AWS Security Hub". */
export const usePermission = 'securityhub:SendFindingEvents';

/** Its resource: all custom actions at once. Source: Service Authorization Reference, "AWS Security Hub". */
export function useResource({ account, region }: AccountRegion): string {
  return arnOf('securityhub', region, account, 'hub/default');
}

const verbs: Readonly<
  Record<
    CustomActionChange['change'],
    { readonly done: string; readonly planned: string; readonly failed: string }
  >
> = {
  create: { done: 'created', planned: 'would be created', failed: 'NOT created' },
  update: { done: 'changed', planned: 'would be changed', failed: 'NOT changed' },
  remove: { done: 'removed', planned: 'would be removed', failed: 'NOT removed' },
  none: { done: 'unchanged', planned: 'unchanged', failed: 'unchanged' },
};

function verbOf({ change, outcome }: ChangeResult): string {
  return verbs[change.change][typeof outcome === 'string' ? outcome : 'failed'];
}

/** A line for each custom action, with its ARN, and the error of a change that failed. */
export function resultsText(results: readonly ChangeResult[]): string {
  const verb = Math.max(...results.map((result) => verbOf(result).length));
  const name = Math.max(...results.map(({ change }) => printable(change.action.name).length));
  return results
    .flatMap((result) => {
      const { action } = result.change;
      const line = `  ${verbOf(result).padEnd(verb)}  ${printable(action.name).padEnd(name)}  ${printable(action.arn)}`;
      return typeof result.outcome === 'string' ? [line] : [line, `    ${printable(result.outcome.detail)}`];
    })
    .join('\n');
}

/**
 * Who may use the custom actions, and where.
 * Source: AWS Security Hub User Guide, "Using custom actions to send findings and insight results to EventBridge".
 */
export function usageText(accountRegion: AccountRegion): string {
  return [
    `Anyone whom IAM allows ${usePermission} on ${useResource(accountRegion)} may use all of them:`,
    'IAM cannot tell one custom action from another.',
    `Use them in account ${accountRegion.account}, ${accountRegion.region}: Security Hub sends a custom action that is used in another`,
    'account, or in an aggregation Region, to that account and Region, and not to this deployment.',
  ].join('\n');
}

/** Custom actions of others with the same names. */
export function lookalikesText(actions: readonly DeployedCustomAction[]): string {
  const lines = actions.map(
    ({ arn, name, description }) => `  ${printable(name)}  ${printable(arn)}  ${printable(description)}`,
  );
  return `Other custom actions have the same names; only their descriptions differ:\n${lines.join('\n')}`;
}

export function resultJson({ change: { customAction, action, change }, outcome }: ChangeResult) {
  return {
    customAction,
    name: action.name,
    description: action.description,
    id: idOf(action),
    arn: action.arn,
    change,
    done: outcome === 'done',
    reason: typeof outcome === 'string' ? null : outcome.detail,
  };
}
