/** Every call that the functions make, as a bundle can make them: `bundle.test.ts` bundles this module. */
import {
  BatchGetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
} from '@aws-sdk/client-eks';
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { type AwsSecurityFinding, BatchImportFindingsCommand } from '@aws-sdk/client-securityhub';
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { callLogger } from '../../lib/aws/calls.ts';
import { dynamodbClient, securityHubClient, sqsClient } from '../../lib/aws/sdk.ts';
import { makeClients } from '../../lib/services/clients.ts';

/** What there is to ask about. */
export interface Things {
  readonly region: string;
  readonly instance: string;
  readonly volume: string;
  readonly snapshot: string;
  readonly template: string;
  readonly cluster: string;
  readonly nodegroup: string;
  readonly key: string;
  readonly table: string;
  readonly queue: string;
  readonly finding: AwsSecurityFinding;
}

export interface Outcome {
  /** The calls that the logger received. */
  readonly calls: readonly string[];
  readonly answers: Readonly<Record<string, unknown>>;
}

/** Makes each call, and each that fails, with clients of its own. An error is an answer: its name, its fields. */
export async function makeCalls(things: Things): Promise<Outcome> {
  const { region, instance, volume, snapshot, template, cluster, nodegroup, key, table, queue } = things;
  const calls: string[] = [];
  const config = { region, maxAttempts: 1, logger: callLogger((call) => calls.push(call)) };
  const { ec2, eks, kms } = makeClients(config);
  const dynamodb = dynamodbClient(config);
  const securityHub = securityHubClient(config);
  const sqs = sqsClient(config);
  const item = { pk: { S: 'a finding' }, sk: { S: 'entry' } };
  const put = (more: object) =>
    dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: table, Item: { ...item, body: { B: Buffer.from('body') } }, ...more } },
        ],
      }),
    );
  const all: Readonly<Record<string, () => Promise<unknown>>> = {
    instances: () => ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] })),
    'no instance': () => ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0123456789abcdef0'] })),
    'instance types': () => ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m5.large'] })),
    volumes: () => ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] })),
    'no volume': () => ec2.send(new DescribeVolumesCommand({ VolumeIds: ['vol-0123456789abcdef0'] })),
    snapshots: () => ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] })),
    'snapshot attribute': () =>
      ec2.send(
        new DescribeSnapshotAttributeCommand({
          SnapshotId: snapshot,
          Attribute: 'createVolumePermission',
        }),
      ),
    templates: () => ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [template] })),
    'template versions': () =>
      ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: template, Versions: ['$Latest'] }),
      ),
    'encryption by default': () => ec2.send(new GetEbsEncryptionByDefaultCommand({})),
    'default key': () => ec2.send(new GetEbsDefaultKmsKeyIdCommand({})),
    clusters: () => eks.send(new ListClustersCommand({})),
    cluster: () => eks.send(new DescribeClusterCommand({ name: cluster })),
    'no cluster': () => eks.send(new DescribeClusterCommand({ name: 'none' })),
    nodegroups: () => eks.send(new ListNodegroupsCommand({ clusterName: cluster })),
    nodegroup: () =>
      eks.send(new DescribeNodegroupCommand({ clusterName: cluster, nodegroupName: nodegroup })),
    keys: () => kms.send(new ListKeysCommand({})),
    key: () => kms.send(new DescribeKeyCommand({ KeyId: key })),
    'no key': () => kms.send(new DescribeKeyCommand({ KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab' })),
    'key policy': () => kms.send(new GetKeyPolicyCommand({ KeyId: key, PolicyName: 'default' })),
    rotation: () => kms.send(new GetKeyRotationStatusCommand({ KeyId: key })),
    rotations: () => kms.send(new ListKeyRotationsCommand({ KeyId: key })),
    grants: () => kms.send(new ListGrantsCommand({ KeyId: key })),
    tags: () => kms.send(new ListResourceTagsCommand({ KeyId: key })),
    put: () => put({}),
    'refused put': () =>
      put({
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    'single put': () => dynamodb.send(new PutItemCommand({ TableName: table, Item: item })),
    get: () => dynamodb.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [item] } } })),
    query: () =>
      dynamodb.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': item.pk },
        }),
      ),
    'no table': () => dynamodb.send(new BatchGetItemCommand({ RequestItems: { none: { Keys: [item] } } })),
    finding: () => securityHub.send(new BatchImportFindingsCommand({ Findings: [things.finding] })),
    'no findings': () => securityHub.send(new BatchImportFindingsCommand({ Findings: [] })),
    message: () =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl: queue,
          MessageBody: 'body',
          MessageAttributes: { reason: { DataType: 'String', StringValue: 'why' } },
        }),
      ),
    messages: () =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: queue,
          Entries: [{ Id: '0', MessageBody: 'body', DelaySeconds: 900 }],
        }),
      ),
    // Of a message that was never received: the refusal is the answer.
    'hide a message': () =>
      sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queue,
          Entries: [{ Id: '0', ReceiptHandle: 'none', VisibilityTimeout: 5 }],
        }),
      ),
    'no queue': () => sqs.send(new SendMessageCommand({ QueueUrl: `${queue}-none`, MessageBody: 'body' })),
  };
  const answers: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(all)) {
    answers[name] = await call().then(portrait, (error: unknown) => ({
      error: portrait(error),
      isError: error instanceof Error,
      isCanceled: error instanceof TransactionCanceledException,
    }));
  }
  return { calls, answers };
}

/** What says how the answer came, and when, and not what it is. */
const passing = new Set(['$metadata', '$response', 'MessageId', 'RequestId', 'requestId', 'stack']);

/** An answer or an error as plain data, which keeps types that JSON would lose. */
function portrait(value: unknown): unknown {
  if (value instanceof Date) return { time: value.toISOString() };
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(portrait);
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.getOwnPropertyNames(value).filter((name) => !passing.has(name));
  return Object.fromEntries(own.map((name) => [name, portrait(Reflect.get(value, name))]));
}
