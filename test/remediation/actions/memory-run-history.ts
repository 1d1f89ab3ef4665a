/** A run history in memory that stores what DynamoDB's would: JSON. */

import type { AccountRegion } from '../../../lib/core/account-region.ts';
import type { ActionId } from '../../../lib/core/action.ts';

import type { ActionRun, RunHistory } from '../../../lib/remediation/actions/action-run.ts';

export class MemoryRunHistory implements RunHistory {
  readonly #actionRuns = new Map<string, ActionRun>();

  async latest(findingId: string, action: ActionId): Promise<ActionRun | undefined> {
    return (await this.of(findingId)).findLast((actionRun) => actionRun.action === action);
  }
  async of(findingId: string): Promise<readonly ActionRun[]> {
    return [...this.#actionRuns.values()].filter(({ finding }) => finding.id === findingId);
  }
  async since({ account, region }: AccountRegion, from: Date): Promise<readonly ActionRun[]> {
    return [...this.#actionRuns.values()].filter(
      ({ resource, begunAt }) =>
        resource.account === account && resource.region === region && Date.parse(begunAt) >= from.getTime(),
    );
  }
  async begin(actionRun: ActionRun): Promise<boolean> {
    if (this.#actionRuns.has(keyOf(actionRun))) return false;
    this.#actionRuns.set(keyOf(actionRun), JSON.parse(JSON.stringify(actionRun)));
    return true;
  }
  async save(actionRun: ActionRun): Promise<boolean> {
    if (this.#actionRuns.get(keyOf(actionRun))?.version !== actionRun.version - 1) return false;
    this.#actionRuns.set(keyOf(actionRun), JSON.parse(JSON.stringify(actionRun)));
    return true;
  }
}

function keyOf({ finding, action, sequence }: ActionRun): string {
  return `${finding.id} ${action} ${sequence}`;
}
