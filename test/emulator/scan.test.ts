/** A scan of real resources in moto: the function, and the command as users run it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { CreateGrantCommand, CreateKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type FindingJson, replaySchema } from '../../cli/output/replay-schema.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { type Ended, put, workFolder } from '../cli/command.ts';

const account = '123456789012';
// A Region of its own, so that what other tests make in moto is not there.
const region = 'ap-southeast-2';
const env = {
  ...process.env,
  NO_COLOR: '1',
  AWS_ENDPOINT_URL: inject('moto'),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
};
process.env['AWS_ENDPOINT_URL'] = inject('moto');
const { ec2, eks, kms } = makeClients({
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not tell ${what}`);
  return value;
}

const made = { instance: '', volume: '', key: '', grant: '' };

beforeAll(async () => {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnet = await ec2.send(
    new CreateSubnetCommand({ VpcId: present(vpc.Vpc?.VpcId, 'the VPC'), CidrBlock: '10.0.0.0/24' }),
  );
  const subnetId = present(subnet.Subnet?.SubnetId, 'the subnet');
  const images = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const launched = await ec2.send(
    new RunInstancesCommand({
      ImageId: present(
        images.Images?.find(({ RootDeviceType: root }) => root === 'ebs')?.ImageId,
        'an image',
      ),
      InstanceType: 't3.micro',
      SubnetId: subnetId,
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'owner', Value: 'lab' }] }],
    }),
  );
  made.instance = present(launched.Instances?.[0]?.InstanceId, 'the instance');
  const volume = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1, Encrypted: false }),
  );
  made.volume = present(volume.VolumeId, 'the volume');
  const roleArn = `arn:aws:iam::${account}:role/eks`;
  await eks.send(
    new CreateClusterCommand({ name: 'payments', roleArn, resourcesVpcConfig: { subnetIds: [subnetId] } }),
  );
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: 'payments',
      nodegroupName: 'blue',
      nodeRole: roleArn,
      subnets: [subnetId],
      instanceTypes: ['t3.micro'],
    }),
  );
  const key = await kms.send(new CreateKeyCommand({}));
  made.key = present(key.KeyMetadata?.KeyId, 'the key');
  const granted = await kms.send(
    new CreateGrantCommand({
      KeyId: made.key,
      GranteePrincipal: 'arn:aws:iam::444455556666:role/partner',
      Operations: ['Decrypt'],
    }),
  );
  made.grant = present(granted.GrantId, 'the grant');
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: made.key, PendingWindowInDays: 7 }));
});

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

function scanned(cwd: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Ended {
  const done = spawnSync(process.execPath, [bin, 'scan', ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...env, ...more },
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

function findingOf(findings: readonly FindingJson[], control: string, resource: string) {
  return findings.find((finding) => finding.control === control && finding.resource.id === resource);
}

describe('trailseal scan', () => {
  const cwd = workFolder();
  let deleted: Ended;
  beforeAll(() => {
    deleted = scanned(cwd, ['--region', region, '--format', 'json']);
  });
  const json = () => replaySchema.parse(JSON.parse(deleted.stdout));

  it('succeeds without output on stderr', () => {
    expect({ code: deleted.code, stderr: deleted.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('says what was scanned', () => {
    expect(json()).toMatchObject({ sources: [`${account}/${region}`], inputErrors: [], rejected: 0 });
  });

  it('counts the resources that it listed, and those that it evaluated', () => {
    const { records, matched, ignored } = json();
    expect(records).toBe(matched + Object.values(ignored).reduce((sum, count) => sum + count, 0));
  });

  it.each([
    ['ec2-transit-encryption', () => made.instance],
    ['ec2-volume-encryption', () => made.volume],
    ['ebs-default-encryption', () => account],
    ['eks-secrets-encryption', () => 'payments'],
    ['eks-audit-logging', () => 'payments'],
    ['eks-node-transit-encryption', () => 'payments/blue'],
    ['kms-key-deletion', () => made.key],
    ['kms-grant', () => `${made.key}/${made.grant}`],
  ])('finds the failure of %s', (control, resource) => {
    expect(findingOf(json().findings, control, resource())).toMatchObject({
      verdict: 'FAIL',
      status: 'OPEN',
      account,
      region,
    });
  });

  it('has no actor', () => {
    const actors = json().findings.map(({ actor }) => actor);
    expect(new Set(actors.map(({ name, type, arn }) => `${name} ${type} ${arn}`))).toEqual(
      new Set(['unknown (found by the scan) unknown unknown']),
    );
  });

  it('writes the same files as a replay', () => {
    expect(readdirSync(path.join(cwd, 'out')).sort()).toEqual([
      'findings.asff.json',
      'findings.ndjson',
      'report.html',
      'summary.json',
    ]);
    const asff = JSON.parse(readFileSync(path.join(cwd, 'out', 'findings.asff.json'), 'utf8'));
    expect(asff).toHaveLength(json().findings.length);
  });

  it('writes a report about resources, not records', () => {
    const report = readFileSync(path.join(cwd, 'out', 'report.html'), 'utf8');
    const words = report.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '');
    expect(words).toContain('the answers of AWS during the scan');
    expect(words).not.toMatch(/Over time|Top actors|records alone|the trail does not contain/);
  });
});

describe('the options of trailseal scan', () => {
  it('evaluate by the chosen control alone, and fail on a severity', () => {
    const cwd = workFolder();
    const { code, stdout } = scanned(cwd, [
      ...['--region', region, '--control', 'ec2-volume-encryption', '--fail-on', 'high', '--format', 'json'],
    ]);
    const { posture } = replaySchema.parse(JSON.parse(stdout));
    expect({ code, controls: Object.keys(posture) }).toEqual({
      code: 1,
      controls: ['ec2-volume-encryption'],
    });
  });

  it('exempt a resource by the tags that AWS returns', () => {
    const cwd = workFolder();
    put(
      cwd,
      'policy.yml',
      [
        'version: 1',
        'exemptions:',
        '  - controls: [ec2-transit-encryption]',
        '    tags: { owner: lab }',
        '    reason: a lab',
        '    owner: lab@example.com',
        '    expires: 2100-01-01',
        '',
      ].join('\n'),
    );
    const { stdout } = scanned(cwd, [
      ...['--region', region, '--policy', 'policy.yml', '--format', 'json'],
      ...['--control', 'ec2-transit-encryption'],
    ]);
    const { findings } = replaySchema.parse(JSON.parse(stdout));
    expect(findings).toMatchObject([{ resource: { id: made.instance }, exemption: { state: 'active' } }]);
  });

  it('take several Regions, repeated or with commas', () => {
    // No other test switches on encryption by default in these.
    const regions = ['ca-central-1', 'ca-west-1', 'sa-east-1'];
    const { stdout } = scanned(workFolder(), [
      ...['--region', 'ca-central-1,ca-west-1', '--region', 'sa-east-1'],
      ...['--control', 'ebs-default-encryption', '--format', 'json'],
    ]);
    const { sources, findings } = replaySchema.parse(JSON.parse(stdout));
    expect(sources).toEqual(regions.map((name) => `${account}/${name}`));
    expect(findings.map((finding) => finding.region).sort()).toEqual(regions);
  });

  it('take all Regions that are enabled', () => {
    const { stdout } = scanned(
      workFolder(),
      ['--region', 'all', '--control', 'ebs-default-encryption', '--format', 'json'],
      { AWS_REGION: 'us-east-1' },
    );
    const { sources } = replaySchema.parse(JSON.parse(stdout));
    expect(sources.length).toBeGreaterThan(10);
    expect(sources).toContain(`${account}/${region}`);
  });

  it('leave the Region to the configuration', () => {
    const { stdout } = scanned(workFolder(), ['--control', 'ebs-default-encryption', '--format', 'json'], {
      AWS_REGION: 'eu-west-3',
    });
    expect(replaySchema.parse(JSON.parse(stdout)).sources).toEqual([`${account}/eu-west-3`]);
  });

  it('end with 3 for a Region that does not exist, say which one was meant, and scan the others', () => {
    const args = ['--region', `${region},ap-southest-2`, '--control', 'ec2-volume-encryption'];
    const { code, stdout, stderr } = scanned(workFolder(), [...args, '--format', 'json']);
    expect(code).toBe(3);
    expect(stderr).toContain(
      'trailseal: --region ap-southest-2: there is no such Region; did you mean ap-southeast-2?',
    );
    expect(replaySchema.parse(JSON.parse(stdout)).sources).toEqual([`${account}/${region}`]);
  });

  it('end with 3 where there is nothing to evaluate, unless that is meant', () => {
    // A Region that no other test makes anything in.
    const args = ['--region', 'ap-northeast-3', '--control', 'ec2-volume-encryption'];
    const empty = scanned(workFolder(), [...args, '--format', 'json']);
    expect({ code: empty.code, matched: replaySchema.parse(JSON.parse(empty.stdout)).matched }).toEqual({
      code: 3,
      matched: 0,
    });
    expect(empty.stderr).toContain('nothing was evaluated');
    expect(scanned(workFolder(), [...args, '--allow-empty']).code).toBe(0);
  });

  it('print the report of instances: account, instance, type, class and reason', () => {
    const { stdout } = scanned(workFolder(), [
      ...['--region', region, '--control', 'ec2-transit-encryption', '--format', 'csv'],
    ]);
    const [head = '', row = ''] = stdout.split('\r\n');
    expect(head).toMatch(/^accountId,accountName,region,resourceId,resourceType,instanceType,instanceClass,/);
    expect(row).toContain(`${account},,${region},${made.instance},AwsEc2Instance,`);
  });

  it('print a summary as text', () => {
    const { code, stdout } = scanned(workFolder(), ['--region', region]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Trailseal scan of 123456789012\/ap-southeast-2\n[\d,]+ resources in 1 Region, /);
    expect(stdout).toContain('Resources by verdict');
  });
});
