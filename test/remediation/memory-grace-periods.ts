/** Grace periods in memory, with the same rules as those in DynamoDB. */
import type { ActionId } from '../../lib/core/action.ts';
import type { GracePeriod, GracePeriods } from '../../lib/remediation/grace-period-record.ts';

export class MemoryGracePeriods implements GracePeriods {
  readonly periods = new Map<string, GracePeriod>();

  async read(finding: string, action: ActionId): Promise<GracePeriod | undefined> {
    return this.periods.get(`${finding} ${action}`);
  }
  async begin(finding: string, action: ActionId, period: GracePeriod): Promise<GracePeriod> {
    const begun = await this.read(finding, action);
    if (begun?.opening === period.opening) return begun;
    this.periods.set(`${finding} ${action}`, period);
    return period;
  }
}
