/**
 * Events that come twice, late and out of order, through the deployed stack, while the resources keep changing: in the
 * end Security Hub holds the truth. Which events come when follows from a seed; how they interleave in the
 * queues and functions does not. The same for every permutation: `test/findings/state/`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelKeyDeletionCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../scripts/sample/random.ts';
import { stack } from './deployed-stack.ts';
import { createKey } from './resources.ts';
import { allFindings, drained, type EventToPut, event, inShort, put } from './stack.ts';

const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';
const keys = 12;
const longestDelay = 4_000;

/** Schedules a key's deletion and cancels it, several times; returns whether it is to be deleted in the end. */
async function changeKey(id: string, random: Random): Promise<boolean> {
  let pending = false;
  for (let changes = 3 + random.below(4); changes > 0; changes -= 1) {
    if (pending) await stack.kms.send(new CancelKeyDeletionCommand({ KeyId: id }));
    else await stack.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
    pending = !pending;
    const sample = pending ? 'kms-key-deletion/fail-scheduled' : 'kms-key-deletion/pass-cancelled';
    const change = event(sample, { [sampleKey]: id }, randomUUID());
    for (let copies = 1 + random.below(3); copies > 0; copies -= 1)
      deliver(change, random.below(longestDelay));
    await sleep(random.below(400));
  }
  return pending;
}

const deliveries: Promise<void>[] = [];

function deliver(change: EventToPut, delay: number): void {
  deliveries.push(sleep(delay).then(() => put(stack, [change])));
}

describe('keys whose deletion is scheduled and cancelled, with events out of order and up to three times', () => {
  const pending = new Map<string, boolean>();
  let findings: ReadonlyMap<string, readonly string[]> = new Map();

  beforeAll(async () => {
    const random = new Random('disorder');
    await Promise.all(
      Array.from({ length: keys }, async () => {
        const id = await createKey(stack);
        pending.set(id, await changeKey(id, new Random(`key ${random.next()}`)));
      }),
    );
    await Promise.all(deliveries);
    await drained(stack, 'kms');
    const about = (await allFindings(stack)).filter(({ GeneratorId }) =>
      GeneratorId?.endsWith('kms-key-deletion'),
    );
    findings = new Map(
      [...pending.keys()].map((id) => [
        id,
        about.filter(({ Resources }) => Resources?.[0]?.Id?.endsWith(id)).map(inShort),
      ]),
    );
  });

  it('have exactly one open finding where the deletion is scheduled in the end', () => {
    const scheduled = [...pending].filter(([, isPending]) => isPending).map(([id]) => findings.get(id));
    expect(scheduled).toEqual(scheduled.map(() => ['kms-key-deletion FAILED ACTIVE']));
    expect(scheduled.length).toBeGreaterThan(0);
  });

  it('have no finding, or a closed one, where it is cancelled in the end', () => {
    const cancelled = [...pending]
      .filter(([, isPending]) => !isPending)
      .map(([id]) => findings.get(id) ?? []);
    expect(cancelled.flat().filter((finding) => finding !== 'kms-key-deletion PASSED ACTIVE')).toEqual([]);
    expect(cancelled.filter((about) => about.length > 1)).toEqual([]);
    expect(cancelled.length).toBeGreaterThan(0);
  });
});
