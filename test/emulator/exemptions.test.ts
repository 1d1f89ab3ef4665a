/** Operators' exemptions, in a DynamoDB that is moto's. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { DynamoExemptions } from '../../lib/findings/state/exemptions.ts';
import type { OperatorExemption } from '../../lib/policy/operator-exemption.ts';
import { account, makeTable, region } from './action-deps.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';

const client = dynamodbClient({ region });
let tables = 0;
let table = '';

beforeEach(async () => {
  tables += 1;
  table = `exemptions-${tables}`;
  await makeTable(table);
});

const at = (accountRegion: { account: string; region: string }) =>
  new DynamoExemptions({ client, table, accountRegion });
const here = () => at({ account, region });

function exemption(finding: string, more: Partial<OperatorExemption> = {}): OperatorExemption {
  return {
    finding,
    reason: 'load test <b>',
    owner: 'ana',
    expires: '2026-12-21',
    givenAt: '2026-11-21T10:00:00.000Z',
    lifted: null,
    ...more,
  };
}

describe("operators' exemptions", () => {
  it('are none where none was given', async () => {
    expect(await here().all()).toEqual(new Map());
  });

  it('are returned as they were given, each by its finding', async () => {
    await here().give(exemption('one'));
    await here().give(exemption('two', { expires: '2026-12-22' }));
    expect(await here().all()).toEqual(
      new Map([
        ['one', exemption('one')],
        ['two', exemption('two', { expires: '2026-12-22' })],
      ]),
    );
  });

  it('can be of a finding with the longest possible id', async () => {
    const id = `trailseal/${'é'.repeat(502)}`;
    await here().give(exemption(id));
    expect([...(await here().all()).keys()]).toEqual([id]);
  });

  it('replace the earlier exemption of the finding', async () => {
    await here().give(exemption('one'));
    const lifted = exemption('one', { lifted: { by: 'ben', at: '2026-11-22T10:00:00.000Z' } });
    await here().give(lifted);
    expect([...(await here().all()).values()]).toEqual([lifted]);
  });

  it('stay as they were given last, even if an older one is recorded late', async () => {
    const lifted = exemption('one', { lifted: { by: 'ben', at: '2026-11-22T10:00:00.000Z' } });
    expect(await here().give(lifted)).toBe(true);
    expect(await here().give(exemption('one'))).toBe(false);
    expect([...(await here().all()).values()]).toEqual([lifted]);
    expect(await here().give(exemption('one', { givenAt: '2026-11-23T10:00:00.000Z' }))).toBe(true);
  });

  it('are all returned, over any number of pages of a megabyte', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `finding-${index}`);
    const reason = 'x'.repeat(100_000);
    await Promise.all(ids.map((id) => here().give(exemption(id, { reason }))));
    expect([...(await here().all()).keys()].toSorted()).toEqual(ids.toSorted());
  });

  it('of another account or Region are not returned', async () => {
    await at({ account: '444455556666', region }).give(exemption('one'));
    await at({ account, region: 'us-west-1' }).give(exemption('two'));
    expect(await here().all()).toEqual(new Map());
  });

  it('that cannot be read make the reader fail, because it cannot know which findings are exempt', async () => {
    const item = { pk: `exemptions/${account}/${region}`, sk: 'one', formatVersion: 1 };
    await client.send(new PutItemCommand({ TableName: table, Item: marshall(item) }));
    await expect(here().all()).rejects.toThrow(StateTableError);
    await expect(here().all()).rejects.toThrow(/Delete it, and give the exemption again/);
  });

  it('of a newer format make the reader fail, and are not overwritten', async () => {
    const item = { pk: `exemptions/${account}/${region}`, sk: 'one', formatVersion: 2, saidAt: '2026-01-01' };
    await client.send(new PutItemCommand({ TableName: table, Item: marshall(item) }));
    await expect(here().all()).rejects.toMatchObject({ trouble: 'newer-format' });
    await expect(here().give(exemption('one'))).rejects.toMatchObject({ trouble: 'newer-format' });
  });

  it('of a table that does not exist reject with what to check', async () => {
    const none = new DynamoExemptions({ client, table: 'none', accountRegion: { account, region } });
    await expect(none.all()).rejects.toThrow(/The state table's table none can't be read/);
    await expect(none.give(exemption('one'))).rejects.toThrow(/can't be written/);
  });
});
