import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { type AccountRegion, accountRegionKey } from '../../../lib/core/account-region.ts';
import { arnOf } from '../../../lib/core/arn.ts';
import type { LiveFactProvider } from '../../../lib/core/fact-provider.ts';
import { known } from '../../../lib/core/facts.ts';
import { resourceName } from '../../../lib/core/resource-name.ts';
import { findingId } from '../../../lib/findings/id.ts';
import { Publisher } from '../../../lib/findings/publisher.ts';
import { Evaluator } from '../../../lib/pipeline/live/evaluator.ts';
import { servesOnly } from '../../../lib/pipeline/live/tasks.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { MemoryStateTable } from '../../findings/state/memory-state-table.ts';
import { policyOf } from '../../policy/fixtures.ts';

/** Two accounts in two Regions, and both other partitions that AWS sells to everybody who may have them. */
const served: readonly AccountRegion[] = [
  { account: '111122223333', region: 'eu-central-1' },
  { account: '111122223333', region: 'us-east-1' },
  { account: '444455556666', region: 'eu-central-1' },
  { account: '444455556666', region: 'us-east-1' },
  { account: '777788889999', region: 'cn-north-1' },
  { account: '123456789012', region: 'us-gov-west-1' },
];
/** The same key id in each of them, as a multi-Region key has it. */
const id = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const keyIn = (where: AccountRegion) => arnOf('kms', where.region, where.account, `key/${id}`);

function disabledIn({ account, region }: AccountRegion) {
  return {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: {
      eventVersion: '1.11',
      eventID: `event ${account} ${region}`,
      eventTime: '2026-03-01T11:59:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'DisableKey',
      awsRegion: region,
      recipientAccountId: account,
      userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/ana`, accountId: account },
      requestParameters: { keyId: keyIn({ account, region }) },
      responseElements: null,
      resources: [{ ARN: keyIn({ account, region }), accountId: account, type: 'AWS::KMS::Key' }],
    },
  };
}

/** An evaluator for which every key is disabled, with its reads of AWS and its publications to Security Hub. */
function evaluator() {
  const asked: string[] = [];
  const facts: LiveFactProvider = {
    readCurrent: async (requests) =>
      requests.map(({ resource, facts: names }) => {
        asked.push(resourceName(resource));
        const source = { kind: 'api', call: 'DescribeKey', at: '2026-03-01T12:00:00.000Z' } as const;
        const state = {
          keyState: 'Disabled',
          pendingWindowInDays: null,
          deletionDate: null,
          changedBy: null,
        };
        return [{ resource, facts: Object.fromEntries(names.map((name) => [name, known(state, source)])) }];
      }),
  };
  const now = Date.parse('2026-03-01T12:00:00Z');
  const stateTable = new MemoryStateTable({ now: () => now });
  const hubs = new Map(
    served.map((where) => {
      const client = new SecurityHubClient({ region: where.region });
      const mock = mockClient(client);
      mock.on(BatchImportFindingsCommand).callsFake(({ Findings = [] }) => ({
        FailedCount: 0,
        SuccessCount: Findings.length,
        FailedFindings: [],
      }));
      return [accountRegionKey(where), { client, mock }] as const;
    }),
  );
  const controls = kmsControls.filter((control) => control.id === 'kms-key-disabled');
  return {
    asked,
    stateTable,
    publishedIn: (where: AccountRegion) =>
      hubs
        .get(accountRegionKey(where))
        ?.mock.commandCalls(BatchImportFindingsCommand)
        .flatMap(({ args: [{ input }] }) => input.Findings ?? []) ?? [],
    evaluator: new Evaluator({
      controls,
      policy: policyOf('version: 1', controls),
      serves: servesOnly(...served),
      facts,
      stateTable,
      publisher: new Publisher({
        clientOf: (where) => {
          const hub = hubs.get(accountRegionKey(where));
          if (hub === undefined) throw new Error(`there is no Security Hub in ${accountRegionKey(where)}`);
          return hub.client;
        },
        now: () => new Date(now),
        wait: async () => undefined,
        random: () => 0.5,
      }),
      queues: { again: async () => undefined, deadLetter: async () => undefined },
      now: () => now,
    }),
  };
}

describe('one process that serves several accounts, Regions and partitions', () => {
  const deliver = (one: ReturnType<typeof evaluator>, places: readonly AccountRegion[]) =>
    one.evaluator.take(
      places.map((where, index) => ({
        id: `message ${index}`,
        body: JSON.stringify(disabledIn(where)),
        receives: 1,
      })),
    );

  it('reads each resource by its own ARN, of its own partition', async () => {
    const one = evaluator();
    await deliver(one, served);
    expect(one.asked).toEqual(served.map(keyIn));
    expect(one.asked.map((arn) => arn.split(':')[1])).toEqual([
      'aws',
      'aws',
      'aws',
      'aws',
      'aws-cn',
      'aws-us-gov',
    ]);
  });

  it('keeps a finding for each, though the resources have one id', async () => {
    const one = evaluator();
    await deliver(one, served);
    const ids = served.map((where) => findingId('kms-key-disabled', { ...where, id }));
    const entries = await one.stateTable.read(ids);
    expect([...entries.values()].map(({ finding }) => finding?.status)).toEqual(served.map(() => 'OPEN'));
  });

  it.each(served)(
    'publishes to Security Hub in $account, $region only the finding of that account and Region',
    async (where) => {
      const one = evaluator();
      await deliver(one, served);
      expect(
        one.publishedIn(where).map(({ AwsAccountId, ProductArn, Resources }) => ({
          AwsAccountId,
          ProductArn,
          resource: Resources?.[0]?.Id,
        })),
      ).toEqual([
        {
          AwsAccountId: where.account,
          ProductArn: arnOf('securityhub', where.region, where.account, `product/${where.account}/default`),
          resource: keyIn(where),
        },
      ]);
    },
  );

  it('pages through the open findings of one account and Region at a time', async () => {
    const one = evaluator();
    await deliver(one, served);
    for (const where of served) {
      const { entries } = await one.stateTable.page(where, undefined);
      expect(entries.map(({ resource }) => resource.arn)).toEqual([keyIn(where)]);
    }
  });

  it('ignores what is in none of them', async () => {
    const one = evaluator();
    const { ignored } = await deliver(one, [{ account: '444455556666', region: 'cn-north-1' }]);
    expect(ignored).toMatchObject([{ reason: 'other-account-or-region' }]);
    expect(one.asked).toEqual([]);
  });
});
