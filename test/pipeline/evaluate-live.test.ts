import { DescribeInstancesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { Control } from '../../lib/core/control.ts';
import type { LiveFactProvider } from '../../lib/core/fact-provider.ts';
import { evaluateLive } from '../../lib/pipeline/evaluate.ts';
import { ec2VolumeEncryption } from '../../lib/services/ec2/controls/ec2-volume-encryption.ts';
import { key, mockAws, volume } from './gathering.ts';

/** The control on volumes, and how often it has evaluated. */
function counted() {
  const evaluated: string[] = [];
  const control: Control = {
    ...ec2VolumeEncryption,
    evaluate(resource, facts, settings) {
      evaluated.push(resource.id);
      return ec2VolumeEncryption.evaluate(resource, facts, ec2VolumeEncryption.settings.parse(settings));
    },
  };
  return { control, evaluated };
}

/** An instance with an unencrypted volume and an encrypted one. */
function withTwoVolumes() {
  const aws = mockAws();
  aws.ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [
      {
        Instances: [
          {
            InstanceId: 'i-1',
            BlockDeviceMappings: [
              { DeviceName: '/dev/sda1', Ebs: { VolumeId: 'vol-1' } },
              { DeviceName: '/dev/sdb', Ebs: { VolumeId: 'vol-2' } },
            ],
          },
        ],
      },
    ],
  });
  aws.ec2.on(DescribeVolumesCommand).resolves({
    Volumes: [
      { VolumeId: 'vol-1', Encrypted: false },
      { VolumeId: 'vol-2', Encrypted: true },
    ],
  });
  return aws;
}

const noSettings = () => ({});

describe('evaluating live', () => {
  it('gives a evaluation for each resource that a concern turns out to be about', async () => {
    const { control } = counted();
    const resource = volume('i-1:/dev/sda1');
    const evaluated = await evaluateLive([{ control, resource }], withTwoVolumes().provider, noSettings);
    expect(evaluated).toMatchObject([
      [
        { control, resource: { id: 'vol-1', tags: {} }, evaluation: { verdict: 'FAIL' } },
        { control, resource: { id: 'vol-2', tags: {} }, evaluation: { verdict: 'PASS' } },
      ],
    ]);
  });

  it('evaluates a resource once by a control, however many concerns are about it', async () => {
    const { control, evaluated } = counted();
    const concerns = ['i-1:/dev/sda1', 'vol-2', 'i-1:/dev/sdb'].map((id) => ({
      control,
      resource: volume(id),
    }));
    const results = await evaluateLive(concerns, withTwoVolumes().provider, noSettings);
    expect(evaluated.toSorted()).toEqual(['vol-1', 'vol-2']);
    expect(results.map((each) => each.map(({ resource }) => resource.id))).toEqual([
      ['vol-1', 'vol-2'],
      ['vol-2'],
      ['vol-1', 'vol-2'],
    ]);
    expect(new Set(results.flat()).size).toBe(2);
  });

  it('does not wait for what may be deleted', async () => {
    const { control } = counted();
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [] });
    const concern = { control, resource: volume('vol-1'), mayBeDeleted: true };
    await evaluateLive([concern], aws.provider, noSettings);
    expect(aws.waits).toEqual([]);
  });

  it('hands the settings of the control to it', async () => {
    const settings = { key: [key.arn] };
    const [[evaluated] = []] = await evaluateLive(
      [{ control: counted().control, resource: volume('vol-1') }],
      withTwoVolumes().provider,
      (id) => (id === ec2VolumeEncryption.id ? settings : undefined),
    );
    expect(evaluated?.evaluation.evidence.required).toContain(key.arn);
  });

  it('rejects when a fact that the control reads was not answered for', async () => {
    const provider: LiveFactProvider = {
      readCurrent: async () => [[{ resource: volume('vol-1'), facts: {} }]],
    };
    await expect(
      evaluateLive([{ control: counted().control, resource: volume('vol-1') }], provider, noSettings),
    ).rejects.toThrow(/ec2\.volumeEncryption/);
  });
});
