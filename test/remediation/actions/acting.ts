/** An action over clients that a test fakes. */
import type { AnyAction, Memory, Target } from '../../../lib/core/action.ts';
import type { Resource, ResourceType } from '../../../lib/core/control.ts';
import { findingId } from '../../../lib/findings/id.ts';
import { carryOut } from '../../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../../lib/remediation/actions/run.ts';
import { undo } from '../../../lib/remediation/actions/undo.ts';
import { MemoryRunHistory } from './memory-run-history.ts';
import { accountRegion, depsWith, leaseFor } from './simulated-resource.ts';

export function targetOf(
  control: string,
  type: ResourceType,
  id: string,
  arn: string,
  settings: unknown = {},
): Target {
  const resource: Resource = { type, id, arn, ...accountRegion };
  const finding = {
    id: findingId(control, resource),
    control,
    title: 'It fails',
    severity: 'HIGH',
    openedAt: '2026-11-21T09:00:00.000Z',
  } as const;
  return { resource, finding, settings };
}

export function acting(action: AnyAction, memory: Partial<Memory> = {}) {
  const { deps, waits } = depsWith(memory);
  const history = new MemoryRunHistory();
  let runs = 0;
  const options = (): RunOptions => {
    runs += 1;
    return {
      history,
      deps,
      accountRegion,
      run: `run-${runs}`,
      decision: { actor: 'operator', name: 'ana', reason: 'It should be so.' },
      admit: async () => ({ admitted: true }),
      leaseFor,
    };
  };
  return {
    deps,
    waits,
    history,
    carryOut: (target: Target) => carryOut(action, target, options()),
    async undo({ finding }: Target) {
      const actionRun = await history.latest(finding.id, action.id);
      if (actionRun === undefined) throw new Error('nothing was done');
      return undo(action, actionRun, options());
    },
  };
}
