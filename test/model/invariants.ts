/** The end of all trouble: nothing stands in the way any more, nobody touches anything, and the sweep comes round. */

import type { Street } from './deployment.ts';
import type { Lamp } from './resources.ts';
import type { Town } from './watch.ts';

const minute = 60_000;
/** More sweeps than anything takes, each with an hour's actions. */
const sweeps = 8;

export async function peace(town: Town, street: Street): Promise<void> {
  const { byPolicy, byTag, byOperator } = town;
  street.killSwitch = 'released';
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
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    street.closeBreaker();
    for (const it of street.lamps) {
      // What somebody has begun to take back, he takes back.
      if ((await street.latest(it))?.status === 'undoing') await street.undo(it);
      await street.observe(it, 'sweep');
      town.note(street);
      street.remind(it);
    }
    await street.pass(61 * minute);
    for (let left = street.queue.length; left > 0; left -= 1) await street.deliver(0, false);
  }
}

/** What is wrong when all of it is over: everything that fails is put right, but for what an operator took back. */
export async function faultsOfPeace(street: Street): Promise<readonly string[]> {
  const faults = await Promise.all(street.lamps.map((it) => faultsOfLamp(it, street)));
  return [...street.faults, ...faults.flat()];
}

async function faultsOfLamp(it: Lamp, street: Street): Promise<readonly string[]> {
  if (it.light === 'on' || it.light === 'gone') return [];
  const history = street.ledger.entries.get(it.finding)?.finding?.history ?? [];
  const deed = await street.latest(it);
  // His word holds until the lamp was seen to be on.
  const seenOn = history.some(
    ({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > Date.parse(deed?.undoneAt ?? ''),
  );
  const takenBack = deed?.undo?.by === 'operator' && !seenOn;
  return takenBack
    ? []
    : [`${it.resource.id} is ${it.light} still, and its deed ${deed?.status ?? 'never begun'}`];
}
