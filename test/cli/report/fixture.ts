/** Believable reports of any size, the same for the same arguments. */
import type { CatalogueEntry, ReportInput } from '../../../cli/report/input.ts';
import type { Severity, Standards, Verdict } from '../../../lib/core/control.ts';
import type { Actor } from '../../../lib/core/event.ts';
import type { Finding, Status, StatusChange } from '../../../lib/findings/finding.ts';

interface Kind {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly type: Finding['resource']['type'];
  readonly resource: (number: number) => string;
  readonly arn: (account: string, region: string, id: string) => string;
  readonly standards: Standards;
  readonly eventName: string;
  readonly eventSource: string;
  readonly fixedBy: string;
  readonly summary: (id: string) => string;
  readonly required: string;
  readonly observed: readonly (readonly [string, string | boolean])[];
  readonly remediation: string;
  readonly reference: string;
}

const standards = (nist: readonly string[], pci: readonly string[], fsbp: readonly string[]): Standards => ({
  'NIST.800-53.r5': nist,
  'PCI DSS v4.0.1': pci,
  'AWS FSBP': fsbp,
});
const hex = (number: number, length: number): string =>
  ((number + 1) * 2_654_435_761).toString(16).padStart(length, '0').slice(-length);

const kinds: readonly Kind[] = [
  {
    id: 'ec2-volume-encryption',
    title: 'EBS volumes should be encrypted',
    severity: 'HIGH',
    type: 'AwsEc2Volume',
    resource: (number) => `vol-0${hex(number, 16)}`,
    arn: (account, region, id) => `arn:aws:ec2:${region}:${account}:volume/${id}`,
    standards: standards(['SC-13', 'SC-28', 'SC-28(1)'], ['3.5.1'], ['EC2.3']),
    eventName: 'CreateVolume',
    eventSource: 'ec2.amazonaws.com',
    fixedBy: 'CreateVolume',
    summary: (id) => `Volume ${id} was created without encryption.`,
    required: 'an encrypted volume, with any key',
    observed: [
      ['encrypted', false],
      ['size', '200'],
    ],
    remediation:
      'Snapshot the volume, copy the snapshot with encryption, and create a volume from the copy:\naws ec2 copy-snapshot --encrypted --source-region REGION --source-snapshot-id ID',
    reference: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html',
  },
  {
    id: 'kms-key-deletion',
    title: 'KMS keys in use should not be scheduled for deletion',
    severity: 'CRITICAL',
    type: 'AwsKmsKey',
    resource: (number) => `${hex(number, 8)}-1234-4abc-8def-${hex(number * 7, 12)}`,
    arn: (account, region, id) => `arn:aws:kms:${region}:${account}:key/${id}`,
    standards: standards(['SC-12', 'SC-12(2)'], ['3.7.1'], ['KMS.3']),
    eventName: 'ScheduleKeyDeletion',
    eventSource: 'kms.amazonaws.com',
    fixedBy: 'CancelKeyDeletion',
    summary: () => 'The key is scheduled for deletion in 7 days; what it encrypted will be lost with it.',
    required: 'no deletion scheduled',
    observed: [
      ['keyState', 'PendingDeletion'],
      ['pendingWindowInDays', '7'],
    ],
    remediation: 'Cancel it, then enable the key:\naws kms cancel-key-deletion --key-id ID',
    reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html',
  },
  {
    id: 'ec2-transit-encryption',
    title: 'EC2 instances should be of a type that encrypts traffic between instances',
    severity: 'MEDIUM',
    type: 'AwsEc2Instance',
    resource: (number) => `i-0${hex(number, 16)}`,
    arn: (account, region, id) => `arn:aws:ec2:${region}:${account}:instance/${id}`,
    standards: standards(['SC-8', 'SC-8(1)', 'SC-8(2)', 'SC-13'], ['4.2.1'], []),
    eventName: 'RunInstances',
    eventSource: 'ec2.amazonaws.com',
    fixedBy: 'ModifyInstanceAttribute',
    summary: () => 't3.large does not encrypt traffic between instances.',
    required: 'an instance type with EncryptionInTransitSupported',
    observed: [
      ['instanceType', 't3.large'],
      ['encryptionInTransitSupported', false],
    ],
    remediation: 'Stop the instance and change it to a type that encrypts in transit.',
    reference: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html',
  },
  {
    id: 'ebs-snapshot-sharing',
    title: 'EBS snapshots should not be public, nor shared with external accounts',
    severity: 'CRITICAL',
    type: 'AwsEc2Snapshot',
    resource: (number) => `snap-0${hex(number, 16)}`,
    arn: (_account, region, id) => `arn:aws:ec2:${region}::snapshot/${id}`,
    standards: standards(['AC-3', 'AC-4', 'AC-21'], ['1.4.4'], ['EC2.1']),
    eventName: 'ModifySnapshotAttribute',
    eventSource: 'ec2.amazonaws.com',
    fixedBy: 'ResetSnapshotAttribute',
    summary: (id) => `Snapshot ${id} is shared with everyone.`,
    required: 'shared with no account but its own',
    observed: [['createVolumePermission', 'all']],
    remediation: 'aws ec2 reset-snapshot-attribute --attribute createVolumePermission --snapshot-id ID',
    reference: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html',
  },
  {
    id: 'eks-endpoint-access',
    title: 'EKS API endpoints should be private, or public to named networks only',
    severity: 'HIGH',
    type: 'AwsEksCluster',
    resource: (number) => `payments-${number}`,
    arn: (account, region, id) => `arn:aws:eks:${region}:${account}:cluster/${id}`,
    standards: standards(['SC-7', 'SC-7(10)', 'AC-4'], ['1.4.4'], ['EKS.1']),
    eventName: 'CreateCluster',
    eventSource: 'eks.amazonaws.com',
    fixedBy: 'UpdateClusterConfig',
    summary: (id) => `The API endpoint of ${id} is public to 0.0.0.0/0.`,
    required: 'a private endpoint, or public to the allowed networks',
    observed: [
      ['endpointPublicAccess', true],
      ['publicAccessCidrs', '0.0.0.0/0'],
    ],
    remediation:
      'aws eks update-cluster-config --name NAME --resources-vpc-config endpointPublicAccess=false,endpointPrivateAccess=true',
    reference: 'https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html',
  },
  {
    id: 'kms-key-rotation',
    title: 'KMS keys should rotate',
    severity: 'LOW',
    type: 'AwsKmsKey',
    resource: (number) => `${hex(number, 8)}-4321-4cba-9fed-${hex(number * 5, 12)}`,
    arn: (account, region, id) => `arn:aws:kms:${region}:${account}:key/${id}`,
    standards: standards(['SC-12', 'SC-12(2)', 'SC-28(3)'], ['3.7.4'], ['KMS.4']),
    eventName: 'CreateKey',
    eventSource: 'kms.amazonaws.com',
    fixedBy: 'EnableKeyRotation',
    summary: () => 'Rotation is off, as it is for every new key until it is enabled.',
    required: 'rotation enabled',
    observed: [['rotationEnabled', false]],
    remediation: 'aws kms enable-key-rotation --key-id ID',
    reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html',
  },
  {
    id: 'eks-audit-logging',
    title: 'EKS clusters should log audit and authenticator events',
    severity: 'MEDIUM',
    type: 'AwsEksCluster',
    resource: (number) => `orders-${number}`,
    arn: (account, region, id) => `arn:aws:eks:${region}:${account}:cluster/${id}`,
    standards: standards(['AU-2', 'AU-3', 'AU-12'], ['10.2.1'], ['EKS.8']),
    eventName: 'CreateCluster',
    eventSource: 'eks.amazonaws.com',
    fixedBy: 'UpdateClusterConfig',
    summary: (id) => `Cluster ${id} logs no audit events.`,
    required: 'audit and authenticator logs on',
    observed: [['logging', 'none']],
    remediation: 'aws eks update-cluster-config --name NAME --logging CONFIG',
    reference: 'https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html',
  },
];

/** A control that evaluated resources and found nothing, and one that saw none. */
const quiet: readonly CatalogueEntry[] = [
  {
    id: 'kms-key-disabled',
    title: 'KMS keys should be enabled',
    description: 'A disabled key makes all that it encrypted unreadable until it is enabled again.',
    severity: 'HIGH',
    standards: standards(['SC-12(1)'], [], []),
    remediation: 'aws kms enable-key --key-id ID',
    reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html',
  },
  {
    id: 'launch-template-encryption',
    title: 'Launch templates should not prescribe unencrypted volumes',
    description: 'What a template prescribes is made again and again, by whoever uses it.',
    severity: 'MEDIUM',
    standards: standards(['SC-28'], ['3.5.1'], []),
    remediation: 'Create a new version with Encrypted: true.',
    reference: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-templates.html',
  },
];

const accounts = ['111122223333', '444455556666', '123456789012', '555555555555'];
const regions = ['eu-central-1', 'us-east-1', 'eu-west-1', 'ap-southeast-2'];
const people: readonly Omit<Actor, 'account'>[] = [
  {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/PlatformDeploy/pipeline-4821',
    name: 'PlatformDeploy/pipeline-4821',
    sourceIp: '198.51.100.24',
    userAgent: 'Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.70.0',
  },
  {
    type: 'IAMUser',
    arn: 'arn:aws:iam::444455556666:user/m.oduya',
    name: 'm.oduya',
    sourceIp: '203.0.113.61',
    userAgent: 'aws-cli/2.17.44',
  },
  {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_DataEngineer/j.lindqvist',
    name: 'AWSReservedSSO_DataEngineer/j.lindqvist',
    sourceIp: '203.0.113.9',
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
  },
  {
    type: 'AWSService',
    arn: 'autoscaling.amazonaws.com',
    name: 'autoscaling.amazonaws.com',
    sourceIp: 'autoscaling.amazonaws.com',
    userAgent: 'autoscaling.amazonaws.com',
  },
  {
    type: 'Root',
    arn: 'arn:aws:iam::555555555555:root',
    name: 'root',
    sourceIp: '192.0.2.140',
    userAgent: 'console.amazonaws.com',
  },
];

/** A small generator of numbers below one (mulberry32), so that a report is the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(items: readonly [T, ...T[]] | readonly T[], below1: number): T {
  const item = items[Math.min(items.length - 1, Math.floor(below1 * items.length))];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const catalogue: readonly CatalogueEntry[] = [
  ...kinds.map((kind) => ({
    id: kind.id,
    title: kind.title,
    description: 'What is not encrypted, or whose keys are out of hand, is read by whoever gets hold of it.',
    severity: kind.severity,
    standards: kind.standards,
    remediation: kind.remediation,
    reference: kind.reference,
  })),
  ...quiet,
];

/** A report of `size` findings over a month. */
export function reportInput(size: number, changes: Partial<ReportInput> = {}): ReportInput {
  const next = numbers(size + 1);
  const findings: Finding[] = [];
  const events: Record<string, Readonly<Record<string, unknown>>> = {};
  const posture = new Map<string, Record<Verdict, number>>(
    kinds.map((kind) => [kind.id, { PASS: 9, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 }]),
  );
  posture.set('kms-key-disabled', { PASS: 12, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 2 });
  for (let number = 0; number < size; number += 1) {
    const { finding, event } = make(number, next);
    findings.push(finding);
    events[finding.id] = event;
    const counts = posture.get(finding.control);
    if (counts === undefined) continue;
    if (finding.status === 'OPEN') counts[finding.verdict] += 1;
    if (finding.status === 'RESOLVED') counts.PASS += 1;
  }
  const failed = findings.filter((finding) => finding.verdict === 'FAIL').length;
  return {
    generatedAt: '2026-04-01T06:00:00.000Z',
    sources: ['trail/2026/03'],
    period: { from: '2026-03-01T00:14:09.000Z', to: '2026-03-31T22:41:57.000Z' },
    records: 240_000,
    matched: size + 143,
    ignored: {
      'no control concerns it': 240_000 - size - 143 - 918 - 2,
      'the call failed': 871,
      'a dry run': 6,
      'told twice': 41,
    },
    rejected: 2,
    verdicts: { PASS: 88, FAIL: failed, UNKNOWN: size - failed, NOT_APPLICABLE: 2 },
    posture: Object.fromEntries(posture),
    findings,
    events,
    controls: catalogue,
    inputErrors: [
      {
        file: 'trail/2026/03/14/111122223333_CloudTrail_eu-central-1.json.gz',
        reason: 'truncated gzip: the file ends early',
      },
      { file: 'trail/2026/03/notes.json', line: 12, reason: 'not JSON: unexpected end' },
    ],
    ...changes,
  };
}

function make(
  number: number,
  next: () => number,
): { finding: Finding; event: Readonly<Record<string, unknown>> } {
  const kind = pick(kinds, next() ** 1.3);
  const account = pick(accounts, next() ** 1.8);
  const region = pick(regions, next() ** 1.6);
  const actor: Actor = { ...pick(people, next() ** 1.5), account };
  const id = kind.resource(number);
  const arn = kind.arn(account, region, id);
  const opened = Date.UTC(2026, 2, 1) + Math.floor(next() * 29 * 86_400_000);
  const closed = opened + Math.floor(60_000 + next() ** 4 * 20 * 86_400_000);
  const draw = next();
  const over = closed > Date.UTC(2026, 3, 1);
  const status: Status = over || draw < 0.5 ? 'OPEN' : draw < 0.9 ? 'RESOLVED' : 'ARCHIVED';
  const verdict = next() < 0.08 ? 'UNKNOWN' : 'FAIL';
  const openedAt = new Date(opened).toISOString();
  const closedAt = status === 'OPEN' ? null : new Date(closed).toISOString();
  const eventId = `${hex(number, 8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const closingId = `${hex(number, 8)}-0000-4000-9000-${String(number).padStart(12, '0')}`;
  const summary =
    verdict === 'UNKNOWN' ? 'The trail does not tell what the verdict needs.' : kind.summary(id);
  const opening: StatusChange = {
    status: 'OPEN',
    verdict,
    at: openedAt,
    eventName: kind.eventName,
    eventId,
    actor,
    summary,
  };
  const closer: Actor = { ...pick(people, next()), account };
  const closingSummary =
    status === 'ARCHIVED' ? 'The resource was deleted.' : 'The resource now meets the requirement.';
  const exempt = next();
  const finding: Finding = {
    id: `trailseal/${kind.id}/${account}/${region}/${id}`,
    control: kind.id,
    title: kind.title,
    severity: kind.severity,
    verdict,
    status,
    resource: { type: kind.type, id, arn },
    account,
    region,
    openedAt,
    closedAt,
    eventIds: closedAt === null ? [eventId] : [eventId, closingId],
    actor,
    evidence: {
      summary,
      required: kind.required,
      observed: kind.observed.map(([what, value]) => ({
        what,
        value,
        source: { kind: 'event', eventName: kind.eventName, eventId, eventTime: openedAt },
      })),
    },
    closing: closedAt === null ? null : { actor: closer, summary: closingSummary },
    plan: {
      actions:
        exempt > 0.9 ? [] : [{ action: 'notify', reason: `the policy notifies of every ${kind.id} failure` }],
      skipped: [
        exempt > 0.9
          ? {
              action: 'notify',
              because: 'exempt',
              reason: 'an exemption covers the resource until 2026-06-30',
            }
          : { action: 'tag', because: 'not-in-policy', reason: 'the policy names no tag for this control' },
      ],
    },
    exemption:
      exempt > 0.95
        ? {
            state: 'expired',
            from: 'policy',
            reason: 'migration of the old cluster',
            owner: 'platform team',
            expires: '2026-02-28',
          }
        : exempt > 0.9
          ? {
              state: 'active',
              from: 'policy',
              reason: 'public sample data',
              owner: 'research team',
              expires: '2026-06-30',
            }
          : null,
    history:
      closedAt === null
        ? [opening]
        : [
            opening,
            {
              ...opening,
              status,
              at: closedAt,
              eventName: kind.fixedBy,
              eventId: closingId,
              actor: closer,
              summary: closingSummary,
            },
          ],
  };
  const event = {
    eventVersion: '1.10',
    userIdentity: {
      type: actor.type,
      principalId: 'AIDACKCEVSQ6C2EXAMPLE',
      arn: actor.arn,
      accountId: account,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      sessionContext: { attributes: { creationDate: openedAt, mfaAuthenticated: 'false' } },
    },
    eventTime: openedAt,
    eventSource: kind.eventSource,
    eventName: kind.eventName,
    awsRegion: region,
    sourceIPAddress: actor.sourceIp,
    userAgent: actor.userAgent,
    requestParameters: Object.fromEntries([['name', id], ...kind.observed]),
    responseElements: {
      requestId: eventId,
      resource: { id, arn, state: 'creating', tags: [{ key: 'team', value: 'payments' }] },
    },
    requestID: eventId,
    eventID: eventId,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: `${kind.eventSource}`,
    },
  };
  return { finding, event };
}

/** A report that found nothing. */
export function emptyInput(changes: Partial<ReportInput> = {}): ReportInput {
  return reportInput(0, { inputErrors: [], rejected: 0, ...changes });
}

/** Strings that try to leave the place where they are shown. */
export const hostile = [
  '</script><img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '<!--<script>',
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  'user\u202egpj.exe',
  'bell\u0007null\u0000esc\u001b[31m',
  'line\u2028separator\u2029end',
  '\ud800lone',
  '&lt;b&gt;&amp;',
] as const;

/** A report in which every string that comes from an event, a path or a policy is hostile. */
export function hostileInput(): ReportInput {
  const base = reportInput(hostile.length);
  const findings = base.findings.map((finding, index): Finding => {
    const evil = hostile[index] ?? '';
    const actor: Actor = {
      type: evil,
      arn: evil,
      name: evil,
      account: evil,
      sourceIp: evil,
      userAgent: evil,
    };
    return {
      ...finding,
      id: `trailseal/${finding.control}/${evil}/${index}`,
      resource: { type: finding.resource.type, id: evil, arn: evil },
      account: evil,
      region: evil,
      title: evil,
      actor,
      evidence: { summary: evil, required: evil, observed: [{ what: evil, value: [evil, evil] }] },
      closing: finding.closing === null ? null : { actor, summary: evil },
      plan: {
        actions: [{ action: 'notify', reason: evil }],
        skipped: [{ action: 'tag', because: 'guardrail', reason: evil }],
      },
      exemption: { state: 'active', from: 'policy', reason: evil, owner: evil, expires: evil },
      history: finding.history.map((transition) => ({
        ...transition,
        actor,
        eventName: evil,
        eventId: evil,
        summary: evil,
      })),
    };
  });
  const events = Object.fromEntries(
    findings.map((finding, index) => [
      finding.id,
      Object.fromEntries([
        [hostile[index] ?? '', hostile[index]],
        ['eventName', hostile],
      ]),
    ]),
  );
  return {
    ...base,
    sources: [...hostile],
    ignored: Object.fromEntries(hostile.map((evil, index) => [evil, index])),
    findings,
    events,
    controls: base.controls.map((control) => ({ ...control, reference: 'javascript:alert(1)' })),
    inputErrors: hostile.map((evil) => ({ file: evil, reason: evil })),
  };
}
