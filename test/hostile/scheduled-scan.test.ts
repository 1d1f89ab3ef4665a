import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { scan } from '../../lib/pipeline/live/scheduled-scan.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { listers } from '../../lib/services/listers.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { accountRegion, hostileText, hostileValue } from './values.ts';

/** What a scheduled scan sends because of a message; no part of it asks AWS, which has no credentials here. */
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
    now: () => 0,
    remaining: () => 100_000,
  });
  return bodies;
}

describe('a forged order to scheduled scan', () => {
  it('is nothing, where it names a part that there is not', async () => {
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
      { numRuns: 2_000 },
    );
  });

  it('goes on in the state table from any token, without fail', async () => {
    await fc.assert(
      fc.asyncProperty(hostileValue, async (token) => {
        const trailseal = { version: 1, kind: 'scan', of: 'stateTable', token };
        expect(await sent(JSON.stringify({ trailseal }))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
