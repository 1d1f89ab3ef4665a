/**
 * The archive that the benchmark reads: 240,000 records, about 300 MB raw and 30 MB gzip, in 40 files, one in
 * two hundred of them an event that some control wants. It is the same bytes on every machine: what looks
 * random comes from a seeded generator, and account ids, addresses and names are the documentation's.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface BenchArchive {
  readonly folder: string;
  readonly files: readonly string[];
  readonly records: number;
  readonly rawBytes: number;
  readonly gzipBytes: number;
}

export const shape = { files: 40, recordsPerFile: 6000, wantedEvery: 200, seed: 20260101 };
/** Counted up when this module writes other records, so that an older archive is not taken for it. */
const version = 1;

/** The archive in `folder`, written there first unless it is there already, and whole. */
export function benchArchive(folder: string): BenchArchive {
  // Beside the folder, which holds nothing but the archive.
  const manifest = `${folder}.manifest.json`;
  const key = createHash('sha256').update(JSON.stringify({ shape, version })).digest('hex');
  if (existsSync(manifest)) {
    const known: { key: string; archive: BenchArchive } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (known.key === key && known.archive.files.every((file) => existsSync(file))) return known.archive;
  }
  rmSync(folder, { recursive: true, force: true });
  const trail = join(folder, 'AWSLogs', '111122223333', 'CloudTrail', 'eu-west-1', '2026', '01', '15');
  mkdirSync(trail, { recursive: true });
  const random = generator(shape.seed);
  const files: string[] = [];
  let rawBytes = 0;
  let gzipBytes = 0;
  let n = 0;
  for (let i = 0; i < shape.files; i++) {
    const records: string[] = [];
    for (let j = 0; j < shape.recordsPerFile; j++, n++) {
      const time = new Date(Date.UTC(2026, 0, 15) + n * 300).toISOString().replace(/\.\d+Z$/, 'Z');
      records.push(JSON.stringify(n % shape.wantedEvery === 77 ? wanted(random, time) : other(random, time)));
    }
    const raw = Buffer.from(`{"Records":[${records.join(',')}]}`);
    const stored = gzipSync(raw, { level: 6 });
    const hour = String(Math.floor((i * 24) / shape.files)).padStart(2, '0');
    const minute = String((i * 5) % 60).padStart(2, '0');
    const name = `111122223333_CloudTrail_eu-west-1_20260115T${hour}${minute}Z_${word(random, 16)}.json.gz`;
    const file = join(trail, name);
    writeFileSync(file, stored);
    files.push(file);
    rawBytes += raw.length;
    gzipBytes += stored.length;
  }
  const archive: BenchArchive = { folder: join(folder, 'AWSLogs'), files, records: n, rawBytes, gzipBytes };
  // The manifest comes last and in one step: without it the archive does not count as whole.
  writeFileSync(`${manifest}.part`, JSON.stringify({ key, archive }));
  renameSync(`${manifest}.part`, manifest);
  return archive;
}

type Random = () => number;
type Fields = Readonly<Record<string, unknown>>;

/** Mulberry32: small, seeded, good enough for filling files. */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random() * from.length)] ?? from[0];
}

function characters(random: Random, alphabet: string, length: number): string {
  let made = '';
  for (let i = 0; i < length; i++) made += alphabet.charAt(Math.floor(random() * alphabet.length));
  return made;
}

const hex = (random: Random, length: number): string => characters(random, '0123456789abcdef', length);
const word = (random: Random, length: number): string =>
  characters(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length);

function uuid(random: Random): string {
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;
}

const accounts = ['111122223333', '444455556666', '123456789012'] as const;
const regions = ['eu-west-1', 'eu-central-1', 'us-east-1'] as const;
const roles = ['app-server', 'ci-deploy', 'data-pipeline', 'platform-admin', 'backup', 'readonly'] as const;
const addresses = ['192.0.2.10', '192.0.2.77', '198.51.100.4', '203.0.113.9', '203.0.113.200'] as const;
const agents = [
  'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.167.0',
  'Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.10.217 md/arch#x86_64 lang/python#3.12.3 cfg/retry-mode#standard',
  'APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) terraform-provider-aws/5.56.1 aws-sdk-go-v2/1.30.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
] as const;

/** What everyday calls look like: service, name, whether it only reads, and its parameters. */
const calls: readonly [Call, ...Call[]] = [
  [
    'sts',
    'AssumeRole',
    true,
    (r, at) => ({
      roleArn: `arn:aws:iam::${at.account}:role/${pick(r, roles)}`,
      roleSessionName: word(r, 12),
      durationSeconds: 3600,
    }),
  ],
  [
    'kms',
    'Decrypt',
    true,
    (r, at) => ({
      encryptionContext: { 'aws:s3:arn': `arn:aws:s3:::logs-${at.account}/${hex(r, 8)}` },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    }),
  ],
  [
    'kms',
    'GenerateDataKey',
    true,
    (r, at) => ({
      keySpec: 'AES_256',
      keyId: `arn:aws:kms:${at.region}:${at.account}:key/${uuid(r)}`,
      encryptionContext: { 'aws:ebs:id': `vol-${hex(r, 17)}` },
    }),
  ],
  [
    's3',
    'GetObject',
    true,
    (r, at) => ({
      bucketName: `artifacts-${at.account}`,
      Host: `artifacts-${at.account}.s3.${at.region}.amazonaws.com`,
      key: `builds/${hex(r, 10)}/app.tar.gz`,
    }),
  ],
  [
    's3',
    'PutObject',
    false,
    (r, at) => ({
      bucketName: `logs-${at.account}`,
      Host: `logs-${at.account}.s3.${at.region}.amazonaws.com`,
      'x-amz-server-side-encryption': 'aws:kms',
      key: `2026/01/15/${uuid(r)}.json`,
    }),
  ],
  [
    's3',
    'ListObjects',
    true,
    (r, at) => ({
      bucketName: `artifacts-${at.account}`,
      Host: `s3.${at.region}.amazonaws.com`,
      prefix: `builds/${hex(r, 6)}`,
      'max-keys': '1000',
    }),
  ],
  [
    'ec2',
    'DescribeInstances',
    true,
    (r) => ({ instancesSet: { items: [{ instanceId: `i-${hex(r, 17)}` }] }, filterSet: {} }),
  ],
  [
    'ec2',
    'DescribeNetworkInterfaces',
    true,
    (r) => ({
      networkInterfaceIdSet: {},
      filterSet: { items: [{ name: 'group-id', valueSet: { items: [{ value: `sg-${hex(r, 17)}` }] } }] },
    }),
  ],
  [
    'ec2',
    'CreateTags',
    false,
    (r) => ({
      resourcesSet: { items: [{ resourceId: `i-${hex(r, 17)}` }] },
      tagSet: {
        items: [
          { key: 'Name', value: `worker-${hex(r, 4)}` },
          { key: 'team', value: pick(r, roles) },
        ],
      },
    }),
  ],
  ['dynamodb', 'DescribeTable', true, (r) => ({ tableName: `orders-${pick(r, roles)}` })],
  [
    'lambda',
    'GetFunction20150331v2',
    true,
    (r, at) => ({
      functionName: `arn:aws:lambda:${at.region}:${at.account}:function:${pick(r, roles)}-handler`,
    }),
  ],
  [
    'logs',
    'CreateLogStream',
    false,
    (r) => ({
      logGroupName: `/aws/lambda/${pick(r, roles)}-handler`,
      logStreamName: `2026/01/15/[$LATEST]${hex(r, 32)}`,
    }),
  ],
  [
    'ssm',
    'UpdateInstanceInformation',
    false,
    (r) => ({
      instanceId: `i-${hex(r, 17)}`,
      agentVersion: '3.3.551.0',
      agentStatus: 'Active',
      platformType: 'Linux',
      platformName: 'Amazon Linux',
      iPAddress: '192.0.2.31',
      availabilityZone: 'eu-west-1b',
    }),
  ],
  [
    'autoscaling',
    'DescribeAutoScalingGroups',
    true,
    (r) => ({ maxRecords: 100, autoScalingGroupNames: [`${pick(r, roles)}-asg`] }),
  ],
  [
    'elasticloadbalancing',
    'DescribeTargetHealth',
    true,
    (r, at) => ({
      targetGroupArn: `arn:aws:elasticloadbalancing:${at.region}:${at.account}:targetgroup/web/${hex(r, 16)}`,
    }),
  ],
  ['monitoring', 'DescribeAlarms', true, (r) => ({ alarmNames: [`cpu-${pick(r, roles)}`], maxRecords: 50 })],
  ['iam', 'GetRole', true, (r) => ({ roleName: pick(r, roles) })],
  [
    'ecr',
    'BatchGetImage',
    true,
    (r, at) => ({
      registryId: at.account,
      repositoryName: `team/${pick(r, roles)}`,
      imageIds: [{ imageDigest: `sha256:${hex(r, 64)}` }],
    }),
  ],
  [
    'secretsmanager',
    'GetSecretValue',
    true,
    (r, at) => ({
      secretId: `arn:aws:secretsmanager:${at.region}:${at.account}:secret:${pick(r, roles)}/db-${word(r, 6)}`,
    }),
  ],
];
type Call = readonly [
  service: string,
  name: string,
  readOnly: boolean,
  request: (random: Random, at: Where) => Fields,
];
interface Where {
  readonly account: string;
  readonly region: string;
}

function other(random: Random, time: string): Fields {
  const at: Where = { account: pick(random, accounts), region: pick(random, regions) };
  const [service, name, readOnly, request] = pick(random, calls);
  return record(random, time, at, service, name, {
    requestParameters: request(random, at),
    responseElements: readOnly ? null : { _return: true, requestId: uuid(random) },
    readOnly,
    failed: random() < 0.03,
  });
}

/** Events that the controls are triggered by, some good, some bad. */
function wanted(random: Random, time: string): Fields {
  const at: Where = { account: pick(random, accounts), region: pick(random, regions) };
  const good = random() < 0.7;
  const key = `arn:aws:kms:${at.region}:${at.account}:key/${uuid(random)}`;
  const instance = `i-${hex(random, 17)}`;
  switch (Math.floor(random() * 5)) {
    case 0: {
      const instanceType = good ? 'm6i.large' : 't2.micro';
      return record(random, time, at, 'ec2', 'RunInstances', {
        requestParameters: {
          instancesSet: { items: [{ imageId: `ami-${hex(random, 17)}`, minCount: 1, maxCount: 1 }] },
          instanceType,
          blockDeviceMapping: {
            items: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 20, encrypted: good } }],
          },
        },
        responseElements: {
          reservationId: `r-${hex(random, 17)}`,
          ownerId: at.account,
          instancesSet: {
            items: [{ instanceId: instance, instanceType, instanceState: { code: 0, name: 'pending' } }],
          },
        },
      });
    }
    case 1:
      return record(random, time, at, 'ec2', 'CreateVolume', {
        requestParameters: { size: '50', zone: `${at.region}a`, volumeType: 'gp3', encrypted: good },
        responseElements: {
          volumeId: `vol-${hex(random, 17)}`,
          size: '50',
          encrypted: good,
          status: 'creating',
          ...(good ? { kmsKeyId: key } : {}),
        },
      });
    case 2:
      return record(random, time, at, 'ec2', 'TerminateInstances', {
        requestParameters: { instancesSet: { items: [{ instanceId: instance }] } },
        responseElements: {
          instancesSet: {
            items: [
              {
                instanceId: instance,
                currentState: { code: 32, name: 'shutting-down' },
                previousState: { code: 16, name: 'running' },
              },
            ],
          },
        },
      });
    case 3:
      return record(random, time, at, 'kms', good ? 'EnableKeyRotation' : 'DisableKey', {
        requestParameters: { keyId: key },
        responseElements: { keyId: key },
        resources: [{ accountId: at.account, type: 'AWS::KMS::Key', ARN: key }],
      });
    default:
      return record(random, time, at, 'ec2', 'StartInstances', {
        requestParameters: { instancesSet: { items: [{ instanceId: instance }] } },
        responseElements: {
          instancesSet: {
            items: [
              {
                instanceId: instance,
                currentState: { code: 0, name: 'pending' },
                previousState: { code: 80, name: 'stopped' },
              },
            ],
          },
        },
      });
  }
}

interface Parts {
  readonly requestParameters: Fields;
  readonly responseElements: Fields | null;
  readonly readOnly?: boolean;
  readonly failed?: boolean;
  readonly resources?: readonly Fields[];
}

function record(
  random: Random,
  time: string,
  at: Where,
  service: string,
  name: string,
  parts: Parts,
): Fields {
  const role = pick(random, roles);
  const session = `i-${hex(random, 17)}`;
  const principal = `AROA${roles.indexOf(role)}EXAMPLEEXAMPLE`;
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `${principal}:${session}`,
      arn: `arn:aws:sts::${at.account}:assumed-role/${role}/${session}`,
      accountId: at.account,
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: principal,
          arn: `arn:aws:iam::${at.account}:role/${role}`,
          accountId: at.account,
          userName: role,
        },
        attributes: { creationDate: `${time.slice(0, 14)}00:00Z`, mfaAuthenticated: 'false' },
      },
    },
    eventTime: time,
    eventSource: `${service}.amazonaws.com`,
    eventName: name,
    awsRegion: at.region,
    sourceIPAddress: pick(random, addresses),
    userAgent: pick(random, agents),
    ...(parts.failed === true
      ? {
          errorCode: 'AccessDenied',
          errorMessage: `User: arn:aws:sts::${at.account}:assumed-role/${role}/${session} is not authorized to perform: ${service}:${name} because no identity-based policy allows the "${service}:${name}" action`,
        }
      : {}),
    requestParameters: parts.requestParameters,
    responseElements: parts.failed === true ? null : parts.responseElements,
    requestID: uuid(random),
    eventID: uuid(random),
    readOnly: parts.readOnly ?? false,
    ...(parts.resources === undefined ? {} : { resources: parts.resources }),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: at.account,
    eventCategory: 'Management',
    ...(random() < 0.3
      ? {
          tlsDetails: {
            tlsVersion: 'TLSv1.3',
            cipherSuite: 'TLS_AES_128_GCM_SHA256',
            clientProvidedHostHeader: `${service}.${at.region}.amazonaws.com`,
          },
        }
      : {}),
  };
}
