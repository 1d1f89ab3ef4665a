/** Real and official CloudTrail records, where they lie beside the project; see its SOURCES.md. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Replay, replayPaths } from '../lib/pipeline/replay/replay.ts';
import { defaultPolicy } from '../lib/policy/file/assemble.ts';
import { controls } from '../lib/services/catalogue.ts';

const data = path.join(import.meta.dirname, '..', '..', 'shared', 'data');

function replayed(...folder: readonly string[]): Promise<Replay> {
  return replayPaths([path.join(data, ...folder)], {
    controls,
    policy: defaultPolicy(controls),
    now: new Date(),
  });
}

function statusesOf({ findings }: Replay): Readonly<Record<string, string>> {
  return Object.fromEntries(
    findings.map(({ control, resource, verdict, status }) => [
      `${control} ${resource.id}`,
      `${verdict} ${status}`,
    ]),
  );
}

describe.skipIf(!existsSync(data))('real trails', () => {
  it('are read whole: every record is matched, ignored for a reason, or rejected for one', async () => {
    const { records, matched, ignored, rejected, inputErrors } = await replayed();
    expect(matched + Object.values(ignored).reduce((sum, count) => sum + count, 0) + rejected).toBe(records);
    expect(inputErrors.map(({ file }) => path.basename(file))).toEqual(['test_events.json']);
  });

  it('of an attack simulation give the findings that an expert would', async () => {
    expect(statusesOf(await replayed('invictus-aws_dataset'))).toMatchObject({
      // Two volumes without encryption, both deleted before the day was over.
      'ec2-volume-encryption vol-0a2e548958718390d': 'FAIL ARCHIVED',
      'ec2-volume-encryption vol-0fc2e34e74650e145': 'FAIL ARCHIVED',
      // Shared with 012345678912 for half a minute, unshared, deleted.
      'ebs-snapshot-sharing snap-083d3b857c13988bc': 'FAIL ARCHIVED',
      // Two t3.micro, launched and terminated; what their AMI's volumes are, no event tells.
      'ec2-transit-encryption i-0dbc91f429e48eeed': 'FAIL ARCHIVED',
      'ec2-transit-encryption i-05c30218156bcc246': 'FAIL ARCHIVED',
      'ec2-volume-encryption i-0dbc91f429e48eeed:/dev/xvda': 'UNKNOWN ARCHIVED',
    });
  });

  it('of the KMS documentation name keys by the ARN in resources[], in the Region that it tells', async () => {
    const { findings } = await replayed('awsdocs-kms', 'ct-schedule-key-deletion.json');
    expect(findings).toMatchObject([
      {
        control: 'kms-key-deletion',
        verdict: 'FAIL',
        status: 'OPEN',
        region: 'us-west-2',
        resource: { id: '1234abcd-12ab-34cd-56ef-1234567890ab' },
      },
    ]);
  });

  it('of the EKS documentation: a cluster of 1.10 with everything at its default fails three controls', async () => {
    const cluster = statusesOf(await replayed('awsdocs-eks'));
    expect(cluster).toEqual({
      'eks-secrets-encryption test': 'FAIL OPEN',
      'eks-endpoint-access test': 'FAIL OPEN',
      'eks-audit-logging test': 'FAIL OPEN',
    });
  });
});
