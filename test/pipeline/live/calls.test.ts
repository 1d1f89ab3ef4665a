/**
 * How many calls the evaluator makes to AWS: the real facts, state table and publisher, with the SDK mocked, because no
 * emulator says what it was asked.
 */
import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeVolumesCommand,
  EC2Client,
  EC2ServiceException,
} from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { deadLettersTo } from '../../../functions/context.ts';
import { lazyClients } from '../../../lib/aws/clients.ts';
import { sendAll } from '../../../lib/aws/sqs.ts';
import { Publisher } from '../../../lib/findings/publisher.ts';
import { DynamoStateTable } from '../../../lib/findings/state/dynamodb.ts';
import type { Item } from '../../../lib/findings/state/item.ts';
import { AwsFacts } from '../../../lib/pipeline/aws-facts.ts';
import { Evaluator } from '../../../lib/pipeline/live/evaluator.ts';
import { servesOnly } from '../../../lib/pipeline/live/tasks.ts';
import { defaultPolicy } from '../../../lib/policy/file/assemble.ts';
import { aws as ec2Aws } from '../../../lib/services/ec2/aws.ts';
import { controls as ec2Controls } from '../../../lib/services/ec2/controls/index.ts';
import { related } from '../../../lib/services/readers.ts';

const accountRegion = { account: '111122223333', region: 'us-east-1' };
const table = 'stateTable';
const keyArn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const start = Date.parse('2026-03-01T12:00:00Z');

/** EC2 with all instances that are asked for, each with one root volume; and all that the evaluator works with. */
function deployment({ encrypted }: { readonly encrypted: boolean }) {
  const config = {
    region: accountRegion.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const made = { ec2: new EC2Client(config), kms: new KMSClient(config) };
  const clients = {
    dynamodb: new DynamoDBClient(config),
    securityHub: new SecurityHubClient(config),
    sqs: new SQSClient(config),
  };
  const mocks = {
    EC2: mockClient(made.ec2),
    KMS: mockClient(made.kms),
    DynamoDB: mockClient(clients.dynamodb),
    SecurityHub: mockClient(clients.securityHub),
    SQS: mockClient(clients.sqs),
  };
  mocks.EC2.on(DescribeInstancesCommand).callsFake(({ InstanceIds: ids = [] }) => ({
    Reservations: [{ Instances: ids.map(instanceOf) }],
  }));
  mocks.EC2.on(DescribeVolumesCommand).callsFake(({ VolumeIds: ids = [] }) => ({
    Volumes: ids.map((id: string) => volumeOf(id, encrypted)),
  }));
  mocks.EC2.on(DescribeInstanceTypesCommand).callsFake(({ InstanceTypes: types = [] }) => ({
    InstanceTypes: types.map((InstanceType: string) => ({
      InstanceType,
      NetworkInfo: { EncryptionInTransitSupported: encrypted },
    })),
  }));
  mocks.KMS.on(DescribeKeyCommand).resolves({
    KeyMetadata: { KeyId: 'key', Arn: keyArn, KeyManager: 'CUSTOMER' },
  });
  const kept = new Table();
  mocks.DynamoDB.on(BatchGetItemCommand).callsFake((input) => kept.get(input));
  mocks.DynamoDB.on(TransactWriteItemsCommand).callsFake((input) => kept.write(input));
  mocks.DynamoDB.on(QueryCommand).callsFake((input) => kept.query(input));
  mocks.SecurityHub.on(BatchImportFindingsCommand).callsFake(({ Findings = [] }) => ({
    FailedCount: 0,
    SuccessCount: Findings.length,
    FailedFindings: [],
  }));
  mocks.SQS.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
  mocks.SQS.on(SendMessageCommand).resolves({});

  let time = start;
  const wait = async (milliseconds: number) => {
    time += milliseconds;
  };
  const now = () => new Date(time);
  const queueUrl = `https://sqs.${accountRegion.region}.amazonaws.com/${accountRegion.account}/trailseal-dev-ec2`;
  const evaluator = new Evaluator({
    controls: ec2Controls,
    policy: defaultPolicy(ec2Controls),
    serves: servesOnly(accountRegion),
    facts: new AwsFacts({
      readers: ec2Aws.readers,
      related,
      clients: () => lazyClients({ ec2: () => made.ec2, kms: () => made.kms }, config),
      now,
      wait,
    }),
    stateTable: new DynamoStateTable({
      client: clients.dynamodb,
      table,
      now: () => time,
      wait,
      random: () => 0.5,
    }),
    publisher: new Publisher({ clientOf: () => clients.securityHub, now, wait, random: () => 0.5 }),
    queues: {
      again: (bodies, delaySeconds) => sendAll(clients.sqs, queueUrl, bodies, { delaySeconds, wait }),
      deadLetter: deadLettersTo(clients.sqs, `${queueUrl}-dead-letters`),
    },
    now: () => time,
  });

  return {
    /** All instances are on their end, and their volumes with them. */
    terminate() {
      mocks.EC2.on(DescribeInstancesCommand).callsFake(({ InstanceIds: ids = [] }) => ({
        Reservations: [
          { Instances: ids.map((id: string) => ({ ...instanceOf(id), State: { Name: 'terminated' } })) },
        ],
      }));
      mocks.EC2.on(DescribeVolumesCommand).callsFake(({ VolumeIds }) => {
        if (VolumeIds === undefined) return { Volumes: [] };
        const $metadata = { httpStatusCode: 400 };
        throw new EC2ServiceException({ name: 'InvalidVolume.NotFound', $fault: 'client', $metadata });
      });
    },
    /** @returns the calls that were made, by name, and how many findings Security Hub took. */
    async deliver(bodies: readonly unknown[]) {
      for (const mock of Object.values(mocks)) mock.resetHistory();
      time += 1_000;
      const { results, publication } = await evaluator.take(
        bodies.map((body, index) => ({
          id: `message ${time} ${index}`,
          body: JSON.stringify(body),
          receives: 1,
        })),
      );
      const calls = Object.entries(mocks).flatMap(([service, mock]) =>
        mock
          .calls()
          .map(({ args: [command] }) => `${service}:${command.constructor.name.replace(/Command$/, '')}`),
      );
      return {
        results: results.length,
        published: publication.published.length,
        calls: Object.fromEntries(
          [...Map.groupBy(calls, (call) => call)].map(([call, all]) => [call, all.length]),
        ),
      };
    },
  };
}

function instanceOf(id: string) {
  const VolumeId = id.replace(/^i-/, 'vol-');
  return {
    InstanceId: id,
    InstanceType: 'm5.large',
    State: { Name: 'running' },
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeId, DeleteOnTermination: true, Status: 'attached' } },
    ],
  };
}

function volumeOf(id: string, encrypted: boolean) {
  return {
    VolumeId: id,
    State: 'in-use',
    Encrypted: encrypted,
    ...(encrypted ? { KmsKeyId: keyArn } : {}),
    Attachments: [
      {
        InstanceId: id.replace(/^vol-/, 'i-'),
        DeleteOnTermination: true,
        State: 'attached',
        Device: '/dev/xvda',
      },
    ],
  };
}

/** What was written to the table, and how it answers. */
class Table {
  readonly #items = new Map<string, Item>();

  get({ RequestItems: requested = {} }: BatchGetItemCommandInput) {
    const keys = requested[table]?.Keys ?? [];
    return {
      Responses: {
        [table]: keys.flatMap(({ pk }) => {
          const item = this.#items.get(pk?.S ?? '');
          return item === undefined ? [] : [item];
        }),
      },
    };
  }

  write({ TransactItems: puts = [] }: TransactWriteItemsCommandInput) {
    for (const { Put: put } of puts)
      if (put?.Item !== undefined) this.#items.set(put.Item['pk']?.S ?? '', put.Item);
    return {};
  }

  query({ ExpressionAttributeValues: values = {} }: QueryCommandInput) {
    const whole = values[':hash']?.S;
    return { Items: [...this.#items.values()].filter((item) => item['partOf']?.S === whole) };
  }
}

/** `RunInstances` and `TerminateInstances`: event number so and so, of 100 instances. */
function event(eventName: string, number: number) {
  const ids = Array.from({ length: 100 }, (_, index) => {
    const id = `i-${String(number * 100 + index).padStart(17, '0')}`;
    return { instanceId: id, rootDeviceType: 'ebs', rootDeviceName: '/dev/xvda', blockDeviceMapping: {} };
  });
  return {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.ec2',
    detail: {
      eventSource: 'ec2.amazonaws.com',
      eventName,
      eventID: `${eventName}-${number}`,
      eventTime: '2026-03-01T11:59:00Z',
      awsRegion: accountRegion.region,
      recipientAccountId: accountRegion.account,
      userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${accountRegion.account}:user/ana` },
      requestParameters: {},
      responseElements: { instancesSet: { items: ids } },
    },
  };
}

const events = (eventName: string) => Array.from({ length: 10 }, (_, number) => event(eventName, number));

describe('ten events of 100 instances each', () => {
  it('cost 52 calls where all of the 1,000 instances and their volumes pass', async () => {
    const { deliver } = deployment({ encrypted: true });
    expect(await deliver(events('RunInstances'))).toEqual({
      results: 2_000,
      published: 0,
      calls: {
        // By 200 ids, and the one type and the one key that all of them have.
        'EC2:DescribeInstances': 5,
        'EC2:DescribeVolumes': 5,
        'EC2:DescribeInstanceTypes': 1,
        'KMS:DescribeKey': 1,
        // By 100 entries: an entry for each instance and each volume.
        'DynamoDB:BatchGetItem': 20,
        'DynamoDB:TransactWriteItems': 20,
      },
    });
  });

  it('cost 111 calls where each of them fails: 2,000 findings, noted when Security Hub has them', async () => {
    const { deliver } = deployment({ encrypted: false });
    expect(await deliver(events('RunInstances'))).toEqual({
      results: 2_000,
      published: 2_000,
      calls: {
        'EC2:DescribeInstances': 5,
        'EC2:DescribeVolumes': 5,
        'EC2:DescribeInstanceTypes': 1,
        'DynamoDB:BatchGetItem': 40,
        'DynamoDB:TransactWriteItems': 40,
        'SecurityHub:BatchImportFindings': 20,
      },
    });
  });

  it('cost reads alone when they come a second time', async () => {
    const { deliver } = deployment({ encrypted: false });
    await deliver(events('RunInstances'));
    expect(await deliver(events('RunInstances'))).toEqual({
      results: 2_000,
      published: 0,
      calls: { 'EC2:DescribeInstances': 5, 'EC2:DescribeVolumes': 5, 'DynamoDB:BatchGetItem': 20 },
    });
  });

  it('cost a query for each instance that ended, as only the state table knows what was part of it', async () => {
    const { deliver, terminate } = deployment({ encrypted: false });
    await deliver(events('RunInstances'));
    terminate();
    expect(await deliver(events('TerminateInstances'))).toEqual({
      results: 2_000,
      published: 2_000,
      calls: {
        'EC2:DescribeInstances': 5,
        'EC2:DescribeVolumes': 10,
        'DynamoDB:Query': 1_000,
        // Ten times for the parts of 100 instances; then by 100 entries, to record and to note the publication.
        'DynamoDB:BatchGetItem': 50,
        'DynamoDB:TransactWriteItems': 40,
        'SecurityHub:BatchImportFindings': 20,
      },
    });
  });
});
