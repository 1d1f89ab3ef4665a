/** The end of all disturbances: nothing stands in the way any more, nobody changes anything, and scheduled scans run. */

import type { ExpectedState } from './expected-state.ts';
import type { FakeKey } from './fake-keys.ts';
import type { SimulatedDeployment } from './simulated-deployment.ts';

const minute = 60_000;
/** More scheduled scans than anything takes, each with an hour's actions. */
const scheduledScans = 8;

/** Ends all disturbances, and lets the deployment do what is left to be done. */
export async function recover(expected: ExpectedState, deployment: SimulatedDeployment): Promise<void> {
  const { byPolicy, byTag, byOperator } = expected;
  deployment.killSwitch = 'disengaged';
  deployment.workflow.clear();
  for (const exemptions of [byPolicy, byTag, byOperator]) exemptions.clear();
  deployment.exemptByPolicy(byPolicy);
  for (const key of deployment.keys) {
    key.tags = {};
    key.readable = true;
    deployment.exempt(key, false);
  }
  // Leases expire, and requested actions are too old to be carried out.
  await deployment.advance(25 * 60 * minute);
  for (let scan = 0; scan < scheduledScans; scan += 1) {
    deployment.resetBreaker();
    for (const key of deployment.keys) {
      // An operator finishes the undo that was begun.
      if ((await deployment.latest(key))?.status === 'undoing') await deployment.undo(key);
      await deployment.observe(key, 'scan');
      expected.note(deployment);
      deployment.remind(key);
    }
    await deployment.advance(61 * minute);
    for (let left = deployment.queue.length; left > 0; left -= 1) await deployment.deliver(0, false);
  }
}

/** The invariants that are violated after the recovery: everything that fails is fixed, but for what an operator undid. */
export async function violationsAfterRecovery(deployment: SimulatedDeployment): Promise<readonly string[]> {
  const ofKeys = await Promise.all(deployment.keys.map((key) => violationsOfKey(key, deployment)));
  return [...deployment.violations, ...ofKeys.flat()];
}

async function violationsOfKey(key: FakeKey, deployment: SimulatedDeployment): Promise<readonly string[]> {
  if (key.value === 'enabled' || key.value === 'deleted') return [];
  const history = deployment.stateTable.entries.get(key.finding)?.finding?.history ?? [];
  const actionRun = await deployment.latest(key);
  // An operator's undo holds until the key was seen to pass.
  const hasPassed = history.some(
    ({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > Date.parse(actionRun?.undoneAt ?? ''),
  );
  const isUndone = actionRun?.undo?.actor === 'operator' && !hasPassed;
  return isUndone
    ? []
    : [
        `${key.resource.id} is still ${key.value}, and its action run ${actionRun?.status ?? 'was never begun'}`,
      ];
}
