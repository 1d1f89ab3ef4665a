/** What is remembered of keys, in a DynamoDB that is moto's. */
import { beforeEach, describe, expect, inject, it } from 'vitest';
import type { Resource } from '../../lib/core/control.ts';
import { goodKeyPolicy, keyWasEnabled, memosOf } from '../../lib/services/kms/memory.ts';
import { account, deployment, makeTable, region } from './action-deps.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');

const day = 24 * 3_600_000;
const start = Date.UTC(2026, 10, 21);
const key: Resource = {
  type: 'AwsKmsKey',
  id: 'k',
  arn: `arn:aws:kms:${region}:${account}:key/k`,
  account,
  region,
};

let tables = 0;
let deployed: ReturnType<typeof deployment>;

beforeEach(async () => {
  tables += 1;
  await makeTable(`memory-${tables}`);
  deployed = deployment(`memory-${tables}`);
});

function see(at: number, state: string): Promise<void> {
  return deployed.memory.remember(memosOf({ key, at: start + at, state }));
}

function puts(): number {
  return deployed.calls.filter((call) => call === 'dynamodb:PutItem').length;
}

describe('the state of a key', () => {
  it('is not known before it was seen', async () => {
    expect(await keyWasEnabled(deployed.memory, key)).toBeUndefined();
  });

  it('is the one that was seen last', async () => {
    await see(1, 'Enabled');
    await see(2, 'Disabled');
    expect(await keyWasEnabled(deployed.memory, key)).toEqual({
      value: false,
      at: '2026-11-21T00:00:00.002Z',
    });
  });

  it('is not that of an older read that is recorded late', async () => {
    await see(2, 'Disabled');
    await see(1, 'Enabled');
    expect((await keyWasEnabled(deployed.memory, key))?.value).toBe(false);
  });

  it('is the latest of several in one call', async () => {
    const observations = [
      { key, at: start + 2, state: 'Disabled' },
      { key, at: start + 1, state: 'Enabled' },
    ];
    await deployed.memory.remember(observations.flatMap(memosOf));
    expect((await keyWasEnabled(deployed.memory, key))?.value).toBe(false);
  });

  it('is written once while it stays the same', async () => {
    await see(1, 'Enabled');
    await see(2, 'Enabled');
    expect(puts()).toBe(1);
  });

  it('is written again before it would be forgotten', async () => {
    await see(1, 'Enabled');
    await see(31 * day, 'Enabled');
    expect(puts()).toBe(2);
  });
});

describe('a good key policy', () => {
  it('is the last that passed, not the last that was read', async () => {
    await deployed.memory.remember(
      memosOf({ key, at: start, policy: { text: '{"good":1}', verdict: 'PASS' } }),
    );
    await deployed.memory.remember(
      memosOf({ key, at: start + 1, policy: { text: '{"bad":1}', verdict: 'FAIL' } }),
    );
    expect((await goodKeyPolicy(deployed.memory, key))?.value).toBe('{"good":1}');
  });

  it('is that of the one key', async () => {
    await deployed.memory.remember(memosOf({ key, at: start, policy: { text: '{}', verdict: 'PASS' } }));
    expect(await goodKeyPolicy(deployed.memory, { ...key, id: 'another' })).toBeUndefined();
  });

  it('is kept for more keys than one call takes', async () => {
    const observations = Array.from({ length: 120 }, (_, index) => ({
      key: { ...key, id: `k-${index}` },
      at: start,
      policy: { text: `{"n":${index}}`, verdict: 'PASS' as const },
    }));
    await deployed.memory.remember(observations.flatMap(memosOf));
    expect((await goodKeyPolicy(deployed.memory, { ...key, id: 'k-119' }))?.value).toBe('{"n":119}');
  });
});
