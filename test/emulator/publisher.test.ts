/**
 * Findings in the Security Hub that moto is. It overwrites a finding whatever its UpdatedAt, refuses hardly
 * anything and fills in nothing (no top-level Severity): `test/findings/` holds what it cannot be.
 */
import {
  type AwsSecurityFinding,
  EnableSecurityHubCommand,
  paginateGetFindings,
} from '@aws-sdk/client-securityhub';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { securityHubClient } from '../../lib/aws/sdk.ts';
import type { Resource } from '../../lib/core/control.ts';
import { known } from '../../lib/core/facts.ts';
import { toAsff } from '../../lib/findings/asff.ts';
import { detailsOf } from '../../lib/findings/asff-resource.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { Publisher } from '../../lib/findings/publisher.ts';
import { resourceTypeOf } from '../../lib/services/catalogue.ts';
import { ec2VolumeEncryption as control } from '../../lib/services/ec2/controls/ec2-volume-encryption.ts';
import { findingAfter } from '../findings/life.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL_SECURITYHUB'] = inject('moto');

const account = '123456789012';
const region = 'eu-west-1';
const client = securityHubClient({ region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
const publisher = new Publisher({
  clientOf: () => client,
  now: () => new Date(),
  wait: async () => undefined,
  random: Math.random,
});
const cause = {
  id: 'event-1',
  eventName: 'CreateVolume',
  time: Date.parse('2026-11-21T10:00:00.000Z'),
  actor: {
    type: 'IAMUser',
    arn: `arn:aws:iam::${account}:user/ana`,
    name: 'ana',
    account,
    sourceIp: '203.0.113.7',
    userAgent: 'aws-cli/2',
  },
};

const volumes: readonly Resource[] = Array.from({ length: 250 }, (_, index) => {
  const id = `vol-${index.toString(16).padStart(17, '0')}`;
  return { type: 'AwsEc2Volume', id, arn: `arn:aws:ec2:${region}:${account}:volume/${id}`, account, region };
});

function opened(resource: Resource): Finding {
  return findingAfter(
    undefined,
    { control, resource, cause },
    {
      verdict: 'FAIL',
      evidence: { summary: `${resource.id} is not encrypted.`, required: 'encryption', observed: [] },
    },
  );
}

function asffOf(resource: Resource, finding: Finding, updatedAt: string): AwsSecurityFinding {
  const details = detailsOf(resourceTypeOf(resource.type), resource, {
    'ec2.volumeEncryption': known(
      { encrypted: false, shownBy: 'aws' },
      { kind: 'api', call: 'DescribeVolumes', at: updatedAt },
    ),
  });
  return toAsff(finding, control, updatedAt, {
    type: resourceTypeOf(resource.type),
    details,
    tags: { team: 'payments' },
  });
}

async function held(): Promise<ReadonlyMap<string | undefined, AwsSecurityFinding>> {
  const all: AwsSecurityFinding[] = [];
  for await (const { Findings = [] } of paginateGetFindings({ client, pageSize: 100 }, {}))
    all.push(...Findings);
  return new Map(all.map((finding) => [finding.Id, finding]));
}

describe('250 findings', () => {
  const findings = volumes.map((resource) => asffOf(resource, opened(resource), '2026-11-21T10:00:05.000Z'));

  beforeAll(async () => {
    await client.send(new EnableSecurityHubCommand({}));
  });

  it('are imported', async () => {
    const { accepted, refused, deferred, off } = await publisher.publish(findings);
    expect(accepted).toEqual(findings.map(({ Id }) => Id));
    expect([refused, deferred, off]).toEqual([[], [], undefined]);
  });

  it('are read back as they were sent', async () => {
    await publisher.publish(findings);
    const there = await held();
    expect(there.size).toBe(250);
    for (const finding of findings) expect(there.get(finding.Id)).toEqual(finding);
  });

  it('are updated, each where it is, and the others stay', async () => {
    await publisher.publish(findings);
    const passed = {
      verdict: 'PASS',
      evidence: { summary: 'It is encrypted now.', required: 'encryption', observed: [] },
    } as const;
    const closed = volumes
      .slice(0, 120)
      .map((resource) =>
        asffOf(
          resource,
          findingAfter(opened(resource), { control, resource, cause }, passed),
          '2026-11-21T11:00:00.000Z',
        ),
      );
    expect((await publisher.publish(closed)).accepted).toHaveLength(120);
    const statuses = Map.groupBy((await held()).values(), ({ Compliance }) => Compliance?.Status);
    expect([...statuses].map(([status, its]) => [status, its.length])).toEqual([
      ['PASSED', 120],
      ['FAILED', 130],
    ]);
  });
});
