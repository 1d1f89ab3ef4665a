import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { scan } from '../../lib/pipeline/live/scheduled-scan.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { listers } from '../../lib/services/listers.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { shareOf } from '../suite.ts';
import { accountRegion, hostileText, hostileValue } from './values.ts';

/** What a scheduled scan sends because of a message. No part of it calls AWS: there are no credentials. */
async function sent(body: string): Promise<readonly unknown[]> {
  const message = parseBody(body);
  if (message.kind !== 'scan') return [];
  const bodies: unknown[] = [];
  await scan(message.part, {
    listers,
    clients: makeClients({ region: accountRegion.region }),
    stateTable: new MemoryStateTable({ now: () => 0 }),
    controls,
    accountRegion,
    send: async (_queue, some) => void bodies.push(...some),
    heartbeats: { scanBegan: async () => undefined, partDone: async () => undefined },
    now: () => 0,
    remaining: () => 100_000,
  });
  return bodies;
}

describe('a forged message to the scheduled scan', () => {
  it('sends nothing where it names a part that does not exist', async () => {
    const parts = new Set<unknown>([...controls.map(({ resourceType }) => resourceType), 'stateTable']);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(hostileText, fc.integer()).filter((of) => !parts.has(of)),
        hostileValue,
        async (of, token) => {
          const trailseal = { version: 1, kind: 'scan', of, token };
          expect(await sent(JSON.stringify({ trailseal }))).toEqual([]);
        },
      ),
      { numRuns: shareOf(2_000) },
    );
  });

  it('never fails because of its token in the state table', async () => {
    await fc.assert(
      fc.asyncProperty(hostileValue, async (token) => {
        const trailseal = { version: 1, kind: 'scan', of: 'stateTable', token };
        expect(await sent(JSON.stringify({ trailseal }))).toEqual([]);
      }),
      { numRuns: shareOf(500) },
    );
  });
});
