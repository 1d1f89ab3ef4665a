/** The end of all trouble: nothing stands in the way any more, nobody touches anything, and the scheduled scan comes round. */

import type { Street } from './deployment.ts';
import type { Lamp } from './resources.ts';
import type { Town } from './watch.ts';

const minute = 60_000;
/** More scheduled scans than anything takes, each with an hour's actions. */
const scheduledScans = 8;

export async function peace(town: Town, street: Street): Promise<void> {
  const { byPolicy, byTag, byOperator } = town;
  street.killSwitch = 'disengaged';
  street.workflow.clear();
  for (const by of [byPolicy, byTag, byOperator]) by.clear();
  street.exemptByPolicy(byPolicy);
  for (const it of street.lamps) {
    it.tags = {};
    it.known = true;
    street.exempt(it, false);
  }
  // Leases run out, and orders are too old to be obeyed.
  await street.pass(25 * 60 * minute);
  for (let scan = 0; scan < scheduledScans; scan += 1) {
    street.closeBreaker();
    for (const it of street.lamps) {
      // What somebody has begun to take back, he takes back.
      if ((await street.latest(it))?.status === 'undoing') await street.undo(it);
      await street.observe(it, 'scan');
      town.note(street);
      street.remind(it);
    }
    await street.pass(61 * minute);
    for (let left = street.queue.length; left > 0; left -= 1) await street.deliver(0, false);
  }
}

/** What is wrong when all of it is over: everything that fails is fixed, but for what an operator took back. */
export async function faultsOfPeace(street: Street): Promise<readonly string[]> {
  const faults = await Promise.all(street.lamps.map((it) => faultsOfLamp(it, street)));
  return [...street.faults, ...faults.flat()];
}

async function faultsOfLamp(it: Lamp, street: Street): Promise<readonly string[]> {
  if (it.light === 'on' || it.light === 'deleted') return [];
  const history = street.stateTable.entries.get(it.finding)?.finding?.history ?? [];
  const actionRun = await street.latest(it);
  // His word holds until the lamp was seen to be on.
  const seenOn = history.some(
    ({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > Date.parse(actionRun?.undoneAt ?? ''),
  );
  const takenBack = actionRun?.undo?.by === 'operator' && !seenOn;
  return takenBack
    ? []
    : [`${it.resource.id} is ${it.light} still, and its action run ${actionRun?.status ?? 'never begun'}`];
}
