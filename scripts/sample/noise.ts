/**
 * The records that no control reads: calls of services and monitoring, decryption by pods, console sessions, failed
 * calls. Their proportions are roughly those of real trails: four of five records are reads, most of them by services.
 */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { JsonObject } from '../../lib/core/json.ts';
import {
  ana,
  auditor,
  awsService,
  data,
  deploy,
  kwaku,
  li,
  linkedRole,
  mateo,
  nikki,
  organization,
  production,
  program,
  saanvi,
  sandbox,
  scheduler,
  security,
  staging,
  terraform,
} from './cast.ts';
import { type Launch, launchRequest } from './ec2.ts';
import { keyArn } from './kms.ts';
import { digest, ec2Id, exampleId, Random, uuidOf } from './random.ts';
import { type Act, type Caller, type Happening, happening, inWords, type SampleCall } from './record.ts';
import { isWorkday } from './story.ts';

type Hours = 'always' | 'office' | 'night';

interface Kind {
  /** Their number in a month, in an account of weight 1. */
  readonly count: number;
  readonly when: Hours;
  /** `which` numbers one of several similar actors and resources; it is the same for the caller and the call. */
  readonly caller: (which: number, random: Random, accountRegion: AccountRegion) => Caller;
  readonly act: (random: Random, accountRegion: AccountRegion, which: number) => Act;
  /** Logged in us-east-1 whatever the caller's Region, as IAM and sign-in are. */
  readonly global?: boolean;
}

const accounts = [
  {
    ...production,
    weight: 1,
    regions: [production.frankfurt, production.frankfurt, production.frankfurt, production.virginia],
  },
  {
    ...data,
    weight: 0.62,
    regions: [data.frankfurt, data.frankfurt, data.frankfurt, data.frankfurt, data.ireland],
  },
  {
    ...staging,
    weight: 0.42,
    regions: [staging.frankfurt, staging.frankfurt, staging.frankfurt, staging.frankfurt, staging.virginia],
  },
  { ...sandbox, weight: 0.2, regions: [sandbox.frankfurt, sandbox.frankfurt, sandbox.virginia] },
  { ...security, weight: 0.26, regions: [security.frankfurt] },
] as const;

/** @param scale a factor for the counts of the month. */
export function noise(scale = 0.61): readonly Happening[] {
  const happenings: Happening[] = [...rounds(new Random('rounds'))];
  for (const { account, virginia, weight, regions } of accounts) {
    for (const [number, kind] of kinds.entries()) {
      // Seeded by the index in the list: a new kind is appended, and changes no other.
      const random = new Random(`noise ${account} ${number}`);
      const count = Math.round(kind.count * weight * scale);
      for (let index = 0; index < count; index += 1) {
        const [time, accountRegion] = drawn(() => {
          const here = kind.global === true ? virginia : random.pick(regions);
          const time = timeFor(kind.when, random);
          const day = new Date(time).getUTCDate();
          return isQuiet(here, day) || isIdle(here, number, kind, day) ? undefined : [time, here];
        });
        const which = random.below(60);
        happenings.push(
          happening(
            time,
            accountRegion,
            kind.caller(which, random, accountRegion),
            kind.act(random, accountRegion, which),
            random,
          ),
        );
      }
    }
  }
  return happenings;
}

/** The first draw that is not undefined. */
function drawn<T>(draw: () => T | undefined): T {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const found = draw();
    if (found !== undefined) return found;
  }
  throw new RangeError('a kind of noise has no day that is neither quiet nor idle');
}

/**
 * Other Regions and small accounts have records on some days only: a real trail has a file for every five minutes in
 * every Region, which would be too many to ship.
 */
function isQuiet({ account, region }: AccountRegion, day: number): boolean {
  if (region !== 'eu-central-1') return day % 10 !== 6;
  if (account === production.account) return false;
  return !isWorkday(day) || (account === security.account && day % 2 === 0);
}

/** For the same reason rare kinds occur on some days only. */
function isIdle({ account, region }: AccountRegion, number: number, { count }: Kind, day: number): boolean {
  if (region !== 'eu-central-1' || count >= 600) return false;
  return (day + Number.parseInt(digest(`${account} ${number}`).slice(0, 2), 16)) % 5 !== 0;
}

function timeFor(when: Hours, random: Random): number {
  const second =
    when === 'always'
      ? random.below(86_400)
      : when === 'night'
        ? 3600 + random.below(4 * 3600)
        : // Two draws make the middle of the day busier than its ends.
          6 * 3600 + Math.floor(((random.next() + random.next()) / 2) * 11 * 3600);
  const day = when === 'office' ? random.pick(workdays) : 1 + random.below(31);
  return Date.UTC(2026, 9, day) + second * 1000;
}

const workdays = Array.from({ length: 31 }, (_, index) => index + 1).filter(isWorkday);

function read(
  service: string,
  name: string,
  request: JsonObject | null,
  more: Partial<SampleCall> = {},
): Act {
  return () => ({ service, name, readOnly: true, request, response: null, ...more });
}

function write(
  service: string,
  name: string,
  request: JsonObject | null,
  response: JsonObject | null = null,
): Act {
  return () => ({ service, name, readOnly: false, request, response });
}

function failing(
  service: string,
  name: string,
  code: string,
  message: string,
  request: JsonObject | null,
  response: JsonObject | null = null,
): Act {
  return () => ({
    service,
    name,
    readOnly: /^(Describe|Get|List|Head)/.test(name),
    request,
    response,
    error: { code, message },
  });
}

const filters = (name: string, value: string): JsonObject => ({
  filterSet: { items: [{ name, valueSet: { items: [{ value }] } }] },
});

const functions = ['orders-api', 'payments-webhook', 'thumbnailer', 'nightly-report', 'stream-enricher'];
const buckets = [
  'example-data-lake',
  'example-artifacts',
  'example-invoices',
  'example-cloudtrail-logs',
  'example-static',
];
const secrets = ['prod/db/orders', 'prod/db/payments', 'shared/smtp', 'ci/registry'];
const logGroups = [
  '/aws/lambda/orders-api',
  '/aws/eks/ledger/cluster',
  '/ecs/web',
  '/aws/rds/instance/orders/postgresql',
];
const roles = ['lambda-orders-api', 'ecs-task-web', 'airflow-worker', 'config-recorder', 'backup-service'];
const hostsOf: Readonly<Record<string, readonly string[]>> = {
  [production.account]: ['web-m6i-1', 'web-m6i-2', 'web-m6i-3', 'legacy-erp'],
  [staging.account]: ['jump-host', 'bi-reports', 'bi-loader'],
  [data.account]: ['spark-worker-1', 'airflow-main'],
  [sandbox.account]: ['load-test-3', 'notebook'],
  [security.account]: ['siem-collector'],
};

/** The element of a list that `which` selects. */
function nth(list: readonly string[], which: number): string {
  return list[which % list.length] ?? '';
}

const anyBucket = (random: Random): string => random.pick(buckets);

const lambdaOf = (which: number): Caller => {
  const name = nth(functions, which);
  return program(`lambda-${name}`, name, 'lambda', '192.0.2.60');
};
/** The id of one of the account's instances. */
function host({ account }: AccountRegion, which: number): string {
  return ec2Id('i', nth(hostsOf[account] ?? [], which));
}

const ssmAgent = (which: number, _random: Random, accountRegion: AccountRegion): Caller =>
  program('ec2-instance-profile', host(accountRegion, which), 'ssmAgent', '192.0.2.61');
/** The users of each account. */
const peopleOf: Readonly<Record<string, readonly (typeof ana)[]>> = {
  [production.account]: [ana, saanvi, kwaku],
  [staging.account]: [saanvi, kwaku],
  [data.account]: [li, nikki],
  [sandbox.account]: [mateo, li],
  [security.account]: [nikki],
};
const somebody = (_which: number, random: Random, { account }: AccountRegion): Caller =>
  random.pick(peopleOf[account] ?? []).console;
const somebodyAtTheShell = (_which: number, random: Random, { account }: AccountRegion): Caller =>
  random.pick(peopleOf[account] ?? []).cli;
const fixed = (caller: Caller) => (): Caller => caller;

const config = linkedRole('AWSServiceRoleForConfig', 'config.amazonaws.com', 'configLambdaExecution');
const guardDuty = linkedRole('AWSServiceRoleForAmazonGuardDuty', 'guardduty.amazonaws.com', 'GuardDuty');
const inspector = linkedRole(
  'AWSServiceRoleForAmazonInspector2',
  'inspector2.amazonaws.com',
  'InspectorAgentless',
);
const scaling = linkedRole('AWSServiceRoleForAutoScaling', 'autoscaling.amazonaws.com', 'AutoScaling');
const eksRole = linkedRole('AWSServiceRoleForAmazonEKS', 'eks.amazonaws.com', 'EKS');
const datadogLike = program('monitoring-integration', 'metrics-crawler', 'boto3', '198.51.100.24');

function kmsUse(
  name: 'Decrypt' | 'GenerateDataKey',
  context: (accountRegion: AccountRegion, which: number) => JsonObject,
): Kind['act'] {
  return (_random, accountRegion, which) => {
    const key = keyArn(accountRegion, nth(['customer records', 'data lake', 'default'], which));
    return read(
      'kms',
      name,
      {
        encryptionContext: context(accountRegion, which),
        ...(name === 'Decrypt'
          ? { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
          : { keyId: key, keySpec: 'AES_256' }),
      },
      { resources: [{ accountId: accountRegion.account, type: 'AWS::KMS::Key', ARN: key }] },
    );
  };
}

/** A service assumes a role; the session is named after the service, so that it is often the same. */
function assumeRole(_random: Random, accountRegion: AccountRegion, which: number): Act {
  const role = nth(roles, which);
  return assumption(role, role, accountRegion.account);
}

/** Both accounts log a cross-account AssumeRole, with the same `sharedEventID`. */
function assumption(role: string, session: string, account: string, shared = false): Act {
  const arn = `arn:aws:iam::${account}:role/${role}`;
  return ({ time }) => ({
    service: 'sts',
    name: 'AssumeRole',
    readOnly: true,
    request: { roleArn: arn, roleSessionName: session, durationSeconds: 3600 },
    response: {
      credentials: {
        accessKeyId: exampleId('ASIA', `${account} ${session}`, 20),
        sessionToken: 'HIDDEN_DUE_TO_SECURITY_REASONS',
        expiration: inWords(time + 3_600_000),
      },
      assumedRoleUser: {
        assumedRoleId: `${exampleId('AROA', `${account} ${role}`, 21)}:${session}`,
        arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
      },
    },
    resources: [{ accountId: account, type: 'AWS::IAM::Role', ARN: arn }],
    ...(shared ? { sharedEventId: uuidOf(`${arn} ${session} ${time}`) } : {}),
  });
}

/** The nightly audit: one AssumeRole for each account, logged there and in the auditors' account. */
function rounds(random: Random): readonly Happening[] {
  const home = security.frankfurt;
  return Array.from({ length: 31 }, (_, index) => index + 1).flatMap((day) =>
    accounts
      .filter(({ account }) => account !== security.account)
      .filter(({ frankfurt }) => !isQuiet(home, day) && !isQuiet(frankfurt, day))
      .flatMap(({ account, frankfurt }, index) => {
        const time = Date.UTC(2026, 9, day, 1, index, 12);
        const act = assumption('security-audit', 'nightly-audit', account, true);
        const caller = program('audit-runner', 'audit-runner', 'lambda', '192.0.2.14', security.account);
        return [home, frankfurt].map((accountRegion) => happening(time, accountRegion, caller, act, random));
      }),
  );
}

/** Each has the role of the same index in `roles`. */
const assumers = [
  'lambda.amazonaws.com',
  'ecs-tasks.amazonaws.com',
  'ec2.amazonaws.com',
  'config.amazonaws.com',
  'backup.amazonaws.com',
];

function s3Read(name: string, query: string): Kind['act'] {
  return (random, accountRegion) => {
    const bucketName = anyBucket(random);
    return read(
      's3',
      name,
      { bucketName, Host: `${bucketName}.s3.${accountRegion.region}.amazonaws.com`, [query]: '' },
      {
        additional: {
          SignatureVersion: 'SigV4',
          CipherSuite: 'TLS_AES_128_GCM_SHA256',
          bytesTransferredIn: 0,
          AuthenticationMethod: 'AuthHeader',
          bytesTransferredOut: 480,
        },
        resources: [
          { accountId: accountRegion.account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` },
        ],
      },
    );
  };
}

const tried: Launch = { names: ['tried'], type: 'm5.2xlarge' };

const kinds: readonly Kind[] = [
  // Services and workloads.
  {
    count: 450,
    when: 'always',
    caller: (which) => awsService(nth(assumers, which)),
    act: assumeRole,
  },
  {
    count: 600,
    when: 'always',
    caller: lambdaOf,
    act: kmsUse('Decrypt', (accountRegion, which) => ({
      'aws:lambda:FunctionArn': `arn:aws:lambda:${accountRegion.region}:${accountRegion.account}:function:${nth(functions, which)}`,
    })),
  },
  {
    count: 960,
    when: 'always',
    caller: fixed(awsService('s3.amazonaws.com')),
    act: kmsUse('GenerateDataKey', (_place, which) => ({
      'aws:s3:arn': `arn:aws:s3:::${nth(buckets, which)}`,
    })),
  },
  {
    count: 440,
    when: 'always',
    caller: fixed(awsService('cloudtrail.amazonaws.com')),
    act: kmsUse('GenerateDataKey', (accountRegion) => ({
      'aws:cloudtrail:arn': `arn:aws:cloudtrail:${accountRegion.region}:${accountRegion.account}:trail/${organization}`,
      'aws:s3:arn': `arn:aws:s3:::example-cloudtrail-logs/AWSLogs/${organization}/${accountRegion.account}`,
    })),
  },
  {
    count: 400,
    when: 'always',
    caller: fixed(awsService('cloudtrail.amazonaws.com')),
    act: s3Read('GetBucketAcl', 'acl'),
  },
  {
    count: 420,
    when: 'always',
    caller: lambdaOf,
    act: (random) =>
      write('logs', 'CreateLogStream', {
        logGroupName: random.pick(logGroups),
        logStreamName: `2026/10/[$LATEST]${random.hex(8)}`,
      }),
  },
  {
    count: 500,
    when: 'always',
    caller: ssmAgent,
    act: (_random, accountRegion, which) =>
      write('ssm', 'UpdateInstanceInformation', {
        instanceId: host(accountRegion, which),
        agentVersion: '3.3.2746.0',
        agentStatus: 'Active',
        platformType: 'Linux',
        platformName: 'Amazon Linux',
        platformVersion: '2023',
        agentName: 'amazon-ssm-agent',
      }),
  },
  {
    count: 180,
    when: 'always',
    caller: ssmAgent,
    act: (_random, accountRegion, which) =>
      read('ssm', 'ListInstanceAssociations', { instanceId: host(accountRegion, which), maxResults: 20 }),
  },
  {
    count: 330,
    when: 'always',
    caller: lambdaOf,
    act: (random, accountRegion) =>
      read('secretsmanager', 'GetSecretValue', {
        secretId: `arn:aws:secretsmanager:${accountRegion.region}:${accountRegion.account}:secret:${random.pick(secrets)}`,
      }),
  },
  {
    count: 160,
    when: 'always',
    caller: fixed(scaling),
    act: (_random, accountRegion, which) =>
      read('ec2', 'DescribeInstanceStatus', {
        instancesSet: { items: [{ instanceId: host(accountRegion, which) }] },
        filterSet: {},
        includeAllInstances: true,
      }),
  },
  {
    count: 130,
    when: 'always',
    caller: fixed(scaling),
    act: (random) =>
      read('elasticloadbalancing', 'DescribeTargetHealth', {
        targetGroupArn: `arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/${digest(String(random.below(3))).slice(0, 16)}`,
      }),
  },
  {
    count: 170,
    when: 'always',
    caller: fixed(eksRole),
    act: () =>
      read('ec2', 'DescribeNetworkInterfaces', {
        networkInterfaceIdSet: {},
        ...filters('tag:eks:eni:owner', 'amazon-vpc-cni'),
      }),
  },
  {
    count: 120,
    when: 'always',
    caller: fixed(eksRole),
    act: () =>
      read('ec2', 'DescribeSecurityGroups', {
        securityGroupSet: {},
        securityGroupIdSet: {},
        ...filters('group-name', 'eks-cluster-sg-ledger'),
      }),
  },
  {
    count: 90,
    when: 'always',
    caller: fixed(guardDuty),
    act: () =>
      read('ec2', 'DescribeInstances', { instancesSet: {}, ...filters('instance-state-name', 'running') }),
  },
  {
    count: 90,
    when: 'always',
    caller: fixed(inspector),
    act: (_random, accountRegion, which) =>
      read('ec2', 'DescribeInstances', {
        instancesSet: { items: [{ instanceId: host(accountRegion, which) }] },
        filterSet: {},
      }),
  },
  {
    count: 120,
    when: 'always',
    caller: fixed(config),
    act: (random) =>
      read('kms', 'DescribeKey', { keyId: random.pick(['alias/aws/ebs', 'alias/aws/s3', 'alias/aws/rds']) }),
  },
  { count: 110, when: 'always', caller: fixed(config), act: s3Read('GetBucketEncryption', 'encryption') },
  {
    count: 80,
    when: 'always',
    caller: fixed(config),
    act: s3Read('GetBucketPublicAccessBlock', 'publicAccessBlock'),
  },
  {
    count: 90,
    when: 'always',
    caller: fixed(config),
    act: (random) => read('iam', 'GetRole', { roleName: random.pick(roles) }),
    global: true,
  },
  {
    count: 330,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('ec2', 'DescribeInstances', { maxResults: 1000, instancesSet: {}, filterSet: {} }),
  },
  {
    count: 210,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('ec2', 'DescribeVolumes', { maxResults: 500, volumeSet: {}, filterSet: {} }),
  },
  {
    count: 170,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('rds', 'DescribeDBInstances', { maxRecords: 100 }),
  },
  {
    count: 170,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('monitoring', 'DescribeAlarms', { maxRecords: 100, stateValue: 'ALARM' }),
  },
  {
    count: 120,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('eks', 'ListClusters', { maxResults: 100 }),
  },
  {
    count: 110,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('lambda', 'ListFunctions20150331', { maxItems: 50 }),
  },
  {
    count: 60,
    when: 'always',
    caller: fixed(datadogLike),
    act: () => read('autoscaling', 'DescribeAutoScalingGroups', { maxRecords: 100 }),
  },
  {
    count: 55,
    when: 'office',
    caller: fixed(scheduler),
    act: () =>
      read('ec2', 'DescribeInstances', { instancesSet: {}, ...filters('tag:Schedule', 'office-hours') }),
  },
  // Nightly audits.
  {
    count: 110,
    when: 'night',
    caller: fixed(auditor),
    act: () => read('iam', 'ListAttachedRolePolicies', { roleName: 'ec2-instance-profile' }),
    global: true,
  },
  {
    count: 70,
    when: 'night',
    caller: fixed(auditor),
    act: () => read('ec2', 'GetEbsEncryptionByDefault', { GetEbsEncryptionByDefaultRequest: '' }),
  },
  {
    count: 70,
    when: 'night',
    caller: fixed(auditor),
    act: (random, accountRegion) =>
      read(
        'kms',
        'GetKeyRotationStatus',
        { keyId: keyArn(accountRegion, random.pick(['customer records', 'default'])) },
        {
          resources: [
            {
              accountId: accountRegion.account,
              type: 'AWS::KMS::Key',
              ARN: keyArn(accountRegion, 'default'),
            },
          ],
        },
      ),
  },
  {
    count: 60,
    when: 'night',
    caller: fixed(auditor),
    act: () => read('eks', 'DescribeCluster', { name: 'ledger' }),
  },
  // Pipelines.
  { count: 240, when: 'office', caller: fixed(terraform), act: () => read('sts', 'GetCallerIdentity', null) },
  {
    count: 210,
    when: 'office',
    caller: fixed(terraform),
    act: (random) =>
      read('ec2', 'DescribeSubnets', {
        subnetSet: { items: [{ subnetId: ec2Id('subnet', String(random.below(6))) }] },
        filterSet: {},
      }),
  },
  {
    count: 160,
    when: 'office',
    caller: fixed(terraform),
    act: (random) =>
      read('ec2', 'DescribeLaunchTemplateVersions', {
        DescribeLaunchTemplateVersionsRequest: {
          LaunchTemplateId: ec2Id('lt', random.pick(['web', 'workers', 'batch'])),
          LaunchTemplateVersion: { tag: 1, content: '$Latest' },
        },
      }),
  },
  {
    count: 140,
    when: 'office',
    caller: fixed(terraform),
    act: (random) => read('iam', 'GetRole', { roleName: random.pick(roles) }),
    global: true,
  },
  {
    count: 130,
    when: 'office',
    caller: fixed(terraform),
    act: (random, accountRegion) =>
      read(
        'kms',
        'GetKeyPolicy',
        { keyId: keyArn(accountRegion, 'default'), policyName: 'default' },
        {
          resources: [
            {
              accountId: accountRegion.account,
              type: 'AWS::KMS::Key',
              ARN: keyArn(accountRegion, random.pick(['default', 'customer records'])),
            },
          ],
        },
      ),
  },
  { count: 110, when: 'office', caller: fixed(terraform), act: s3Read('GetBucketVersioning', 'versioning') },
  {
    count: 170,
    when: 'office',
    caller: fixed(deploy),
    act: () => read('ecr', 'GetAuthorizationToken', null),
  },
  {
    count: 90,
    when: 'office',
    caller: fixed(deploy),
    act: (random) =>
      write(
        'lambda',
        'UpdateFunctionCode20150331v2',
        {
          functionName: random.pick(functions),
          s3Bucket: 'example-artifacts',
          s3Key: `builds/${random.hex(12)}.zip`,
          dryRun: false,
          publish: true,
        },
        {
          functionName: random.pick(functions),
          runtime: 'nodejs24.x',
          lastUpdateStatus: 'InProgress',
          state: 'Active',
        },
      ),
  },
  {
    count: 60,
    when: 'office',
    caller: fixed(deploy),
    act: (random) =>
      write('ecs', 'UpdateService', {
        cluster: 'web',
        service: random.pick(['frontend', 'checkout']),
        forceNewDeployment: true,
      }),
  },
  // People.
  {
    count: 80,
    when: 'office',
    caller: somebody,
    act: () => () => ({
      service: 'signin',
      name: 'ConsoleLogin',
      readOnly: false,
      request: null,
      response: { ConsoleLogin: 'Success' },
      additional: {
        LoginTo: 'https://console.aws.amazon.com/console/home',
        MobileVersion: 'No',
        MFAUsed: 'No',
      },
      signIn: true,
    }),
    global: true,
  },
  {
    count: 230,
    when: 'office',
    caller: somebody,
    act: () => read('ec2', 'DescribeInstances', { maxResults: 100, instancesSet: {}, filterSet: {} }),
  },
  {
    count: 110,
    when: 'office',
    caller: somebody,
    act: () => read('ec2', 'DescribeVolumes', { volumeSet: {}, filterSet: {} }),
  },
  {
    count: 110,
    when: 'office',
    caller: somebody,
    act: (random) =>
      read('logs', 'DescribeLogStreams', {
        logGroupName: random.pick(logGroups),
        orderBy: 'LastEventTime',
        descending: true,
      }),
  },
  { count: 90, when: 'office', caller: somebody, act: s3Read('GetBucketPolicy', 'policy') },
  { count: 70, when: 'office', caller: somebody, act: () => read('kms', 'ListAliases', { limit: 100 }) },
  {
    count: 70,
    when: 'office',
    caller: somebody,
    act: () =>
      read('health', 'DescribeEventAggregates', {
        aggregateField: 'eventTypeCategory',
        filter: { eventStatusCodes: ['open', 'upcoming'] },
      }),
    global: true,
  },
  {
    count: 120,
    when: 'office',
    caller: somebodyAtTheShell,
    act: () => read('sts', 'GetCallerIdentity', null),
  },
  {
    count: 90,
    when: 'office',
    caller: somebodyAtTheShell,
    act: (random) => read('eks', 'DescribeCluster', { name: random.pick(['ledger', 'shop', 'analytics']) }),
  },
  {
    count: 60,
    when: 'office',
    caller: somebodyAtTheShell,
    act: (random, accountRegion, which) =>
      write(
        'ssm',
        'StartSession',
        { target: host(accountRegion, which) },
        { sessionId: `session-${random.hex(17)}`, tokenValue: 'Value hidden due to security reasons.' },
      ),
  },
  // Failed calls.
  {
    count: 60,
    when: 'always',
    caller: fixed(datadogLike),
    act: () =>
      failing('ec2', 'DescribeInstances', 'Client.RequestLimitExceeded', 'Request limit exceeded.', {
        maxResults: 1000,
        instancesSet: {},
        filterSet: {},
      }),
  },
  {
    count: 50,
    when: 'always',
    caller: lambdaOf,
    act: () => failing('kms', 'Decrypt', 'ThrottlingException', 'Rate exceeded', null),
  },
  {
    count: 45,
    when: 'always',
    caller: fixed(config),
    act: (random) =>
      failing(
        's3',
        'GetBucketLifecycle',
        'NoSuchLifecycleConfiguration',
        'The lifecycle configuration does not exist',
        { bucketName: anyBucket(random), lifecycle: '' },
      ),
  },
  {
    count: 40,
    when: 'office',
    caller: fixed(terraform),
    act: (random) =>
      failing('iam', 'GetRole', 'NoSuchEntityException', 'The role with name retired-role cannot be found.', {
        roleName: `retired-role-${random.below(9)}`,
      }),
    global: true,
  },
  {
    count: 14,
    when: 'office',
    caller: somebodyAtTheShell,
    act: (_random, { account }) =>
      failing(
        'ec2',
        'RunInstances',
        'Client.UnauthorizedOperation',
        `You are not authorized to perform this operation. User: arn:aws:sts::${account}:assumed-role/Developer is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:*:${account}:instance/* because no identity-based policy allows the ec2:RunInstances action`,
        launchRequest(tried),
      ),
  },
  {
    count: 9,
    when: 'office',
    caller: fixed(deploy),
    act: () =>
      failing(
        'ec2',
        'RunInstances',
        'Client.DryRunOperation',
        'Request would have succeeded, but DryRun flag is set.',
        launchRequest({ names: ['preflight'], type: 'm6i.large' }),
      ),
  },
  {
    count: 8,
    when: 'always',
    caller: fixed(scaling),
    act: () =>
      failing(
        'ec2',
        'RunInstances',
        'Server.InsufficientInstanceCapacity',
        'We currently do not have sufficient c6i.xlarge capacity in the Availability Zone you requested (eu-central-1c).',
        launchRequest({ names: ['short'], type: 'c6i.xlarge', template: ['batch', '7'] }),
      ),
  },
  {
    count: 8,
    when: 'office',
    caller: somebodyAtTheShell,
    act: () =>
      failing(
        'eks',
        'UpdateClusterConfig',
        'AccessDenied',
        'User is not authorized to perform: eks:UpdateClusterConfig',
        null,
        { message: 'User is not authorized to perform: eks:UpdateClusterConfig' },
      ),
  },
  {
    count: 8,
    when: 'office',
    caller: somebodyAtTheShell,
    act: () =>
      failing(
        'kms',
        'ScheduleKeyDeletion',
        'AccessDenied',
        'User is not authorized to perform: kms:ScheduleKeyDeletion because no identity-based policy allows the kms:ScheduleKeyDeletion action',
        null,
      ),
  },
  {
    count: 6,
    when: 'office',
    caller: fixed(terraform),
    act: (_random, accountRegion) =>
      failing(
        'kms',
        'CreateGrant',
        'DryRunOperationException',
        'The request would have succeeded, but the DryRun option is set.',
        {
          keyId: keyArn(accountRegion, 'default'),
          granteePrincipal: `arn:aws:iam::${accountRegion.account}:role/${roles[0]}`,
          operations: ['Decrypt'],
          dryRun: true,
        },
      ),
  },
];
