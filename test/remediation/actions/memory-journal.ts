/** A journal in this process's memory, which keeps what DynamoDB's would: JSON. */
import type { ActionId } from '../../../lib/core/action.ts';
import type { Deed } from '../../../lib/remediation/actions/action-run.ts';
import type { Journal, Place } from '../../../lib/remediation/actions/journal.ts';

export class MemoryJournal implements Journal {
  readonly #deeds = new Map<string, Deed>();

  async latest(findingId: string, action: ActionId): Promise<Deed | undefined> {
    return (await this.of(findingId)).findLast((deed) => deed.action === action);
  }
  async of(findingId: string): Promise<readonly Deed[]> {
    return [...this.#deeds.values()].filter(({ finding }) => finding.id === findingId);
  }
  async since({ account, region }: Place, from: Date): Promise<readonly Deed[]> {
    return [...this.#deeds.values()].filter(
      ({ resource, begunAt }) =>
        resource.account === account && resource.region === region && Date.parse(begunAt) >= from.getTime(),
    );
  }
  async begin(deed: Deed): Promise<boolean> {
    if (this.#deeds.has(keyOf(deed))) return false;
    this.#deeds.set(keyOf(deed), JSON.parse(JSON.stringify(deed)));
    return true;
  }
  async save(deed: Deed): Promise<boolean> {
    if (this.#deeds.get(keyOf(deed))?.version !== deed.version - 1) return false;
    this.#deeds.set(keyOf(deed), JSON.parse(JSON.stringify(deed)));
    return true;
  }
}

function keyOf({ finding, action, sequence }: Deed): string {
  return `${finding.id} ${action} ${sequence}`;
}
