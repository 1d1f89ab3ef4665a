import { describe, expect, it } from 'vitest';
import { launchTemplateEncryption as control } from '../../../../lib/services/ec2/controls/launch-template-encryption.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import {
  account,
  disableByDefault,
  ec2,
  enableByDefault,
  region,
  template,
  templateVersion,
} from './records.ts';

const encrypted = { BlockDeviceMapping: { tag: 1, DeviceName: '/dev/xvda', Ebs: { Encrypted: true } } };
const plain = { BlockDeviceMapping: { tag: 1, DeviceName: '/dev/xvda', Ebs: { Encrypted: false } } };
const goodType = { InstanceType: 'c7i.large' };
const badType = { InstanceType: 't3.micro' };

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}
async function summary(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).at(-1)?.evidence.summary;
}

describe('launch-template-encryption', () => {
  it('evaluates the template that the response names, with its tags', async () => {
    const record = ec2(
      'CreateLaunchTemplate',
      { CreateLaunchTemplateRequest: { LaunchTemplateName: 'web', LaunchTemplateData: goodType } },
      {
        CreateLaunchTemplateResponse: {
          launchTemplate: { launchTemplateId: 'lt-1', tagSet: { item: { key: 'Team', value: 'web' } } },
        },
      },
    );
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.resource).toEqual({
      type: 'AwsEc2LaunchTemplate',
      id: 'lt-1',
      arn: `arn:aws:ec2:${region}:${account}:launch-template/lt-1`,
      account,
      region,
      tags: { Team: 'web' },
    });
  });

  it('takes the tags that the request asked for where the response has none', async () => {
    const record = ec2(
      'CreateLaunchTemplate',
      {
        CreateLaunchTemplateRequest: {
          LaunchTemplateData: goodType,
          TagSpecification: {
            tag: 1,
            ResourceType: 'launch-template',
            Tag: { tag: 1, Key: 'Team', Value: 'web' },
          },
        },
      },
      { CreateLaunchTemplateResponse: { launchTemplate: { launchTemplateId: 'lt-1' } } },
    );
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.resource.tags).toEqual({ Team: 'web' });
  });

  it.each([
    ['an encrypting type and encrypted volumes', { ...goodType, ...encrypted }, 'PASS'],
    ['neither type nor volumes', { ImageId: 'ami-1' }, 'PASS'],
    ['an unencrypted volume', { ...goodType, ...plain }, 'FAIL'],
    ['a type that does not encrypt', { ...badType, ...encrypted }, 'FAIL'],
    ['a type that the snapshot does not hold', { InstanceType: 'zz9.plural' }, 'UNKNOWN'],
    ['an unencrypted volume and an unknown type', { InstanceType: 'zz9.plural', ...plain }, 'FAIL'],
    ['requirements on the type', { InstanceRequirements: { VCpuCount: { Min: 2 } } }, 'UNKNOWN'],
    ['requirements and an unencrypted volume', { InstanceRequirements: {}, ...plain }, 'FAIL'],
    ['a volume that leaves its encryption open', { BlockDeviceMapping: { Ebs: { VolumeSize: 8 } } }, 'PASS'],
    [
      'several volumes, one of them unencrypted',
      { BlockDeviceMappings: [{ Ebs: { Encrypted: true } }, { Ebs: { Encrypted: 'false' } }] },
      'FAIL',
    ],
    [
      'volumes in a set',
      { BlockDeviceMapping: { items: [{ DeviceName: '/dev/sdb', Ebs: { Encrypted: false } }] } },
      'FAIL',
    ],
    [
      'a device that is left out',
      { BlockDeviceMapping: { DeviceName: '/dev/sdb', NoDevice: '', Ebs: { Encrypted: false } } },
      'PASS',
    ],
    [
      'volumes of unreadable encryption',
      { BlockDeviceMapping: { Ebs: { Encrypted: '<removed>' } } },
      'UNKNOWN',
    ],
    ['data that cannot be read', '<sensitiveDataRemoved>', 'UNKNOWN'],
    ['no data', undefined, 'UNKNOWN'],
  ])('a template with %s', async (_what, data, verdict) => {
    expect(await verdicts([template('lt-1', data)])).toEqual([verdict]);
  });

  it('takes the naming of a key for a require of encryption', async () => {
    const data = { BlockDeviceMapping: { DeviceName: '/dev/xvda', Ebs: { KmsKeyId: 'alias/mine' } } };
    const [evaluated] = await evaluateTrail(control, [template('lt-1', data)]);
    expect(evaluated?.evidence.summary).toContain('prescribes encrypted volumes only');
    expect(evaluated?.evidence.observed).toContainEqual(
      expect.objectContaining({ value: ['/dev/xvda: Encrypted not given, KmsKeyId alias/mine'] }),
    );
  });

  it('tells both faults in one sentence', async () => {
    expect(await summary([template('lt-1', { ...badType, ...plain })])).toBe(
      'Version 1 of lt-1 prescribes unencrypted volumes (/dev/xvda) and prescribes t3.micro, which does not ' +
        'encrypt traffic between instances.',
    );
  });

  it('says so when the template prescribes nothing', async () => {
    expect(await summary([template('lt-1', { ImageId: 'ami-1' })])).toBe(
      'Version 1 of lt-1 prescribes no volumes and prescribes no instance type.',
    );
  });

  it('lets an unencrypted volume pass where encryption by default is on', async () => {
    expect(await verdicts([enableByDefault, template('lt-1', plain)])).toEqual(['PASS']);
  });

  it('does not where it was switched off again', async () => {
    expect(await verdicts([enableByDefault, disableByDefault, template('lt-1', plain)])).toEqual(['FAIL']);
  });

  it.each([
    [{ requireVolumeEncryption: false }, plain, 'PASS'],
    [{ requireTransitEncryption: false }, badType, 'PASS'],
    [{ requireVolumeEncryption: false }, badType, 'FAIL'],
    [{ requireTransitEncryption: false }, plain, 'FAIL'],
    [{ requireVolumeEncryption: false, requireTransitEncryption: false }, { ...badType, ...plain }, 'PASS'],
    [{ allowedInstanceTypes: ['t3.*'] }, badType, 'PASS'],
    [{ allowedInstanceTypes: ['t3.small'] }, badType, 'FAIL'],
  ])('with settings %j', async (settings, data, verdict) => {
    expect(await verdicts([template('lt-1', data)], settings)).toEqual([verdict]);
  });
});

describe('launch-template-encryption, a new version', () => {
  it('takes the place of the one before', async () => {
    const trail = [
      template('lt-1', { ...badType, ...plain }),
      templateVersion('lt-1', 2, { LaunchTemplateData: { ...goodType, ...encrypted } }),
    ];
    expect(await verdicts(trail)).toEqual(['FAIL', 'PASS']);
  });

  it('is named in the evidence', async () => {
    const records = [templateVersion('lt-1', 7, { LaunchTemplateData: badType })];
    const [evaluated] = await evaluateTrail(control, records);
    expect(evaluated?.evidence).toMatchObject({
      summary: expect.stringMatching(/^Version 7 of lt-1 /),
      observed: expect.arrayContaining([expect.objectContaining({ what: 'version', value: '7' })]),
    });
  });

  it('made from none contains only what it gives', async () => {
    const trail = [
      template('lt-1', { ...badType, ...plain }),
      templateVersion('lt-1', 2, { LaunchTemplateData: { ImageId: 'ami-1' } }),
    ];
    expect(await verdicts(trail)).toEqual(['FAIL', 'PASS']);
  });

  it.each(['1', '$Latest', '$Default'])(
    'made from version %s inherits what it does not give',
    async (source) => {
      const trail = [
        template('lt-1', { ...badType, ...encrypted }),
        templateVersion('lt-1', 2, { SourceVersion: source, LaunchTemplateData: { ImageId: 'ami-1' } }),
      ];
      expect(await verdicts(trail)).toEqual(['FAIL', 'FAIL']);
    },
  );

  it('made from another overrides what it gives', async () => {
    const trail = [
      template('lt-1', { ...badType, ...plain }),
      templateVersion('lt-1', 2, { SourceVersion: '1', LaunchTemplateData: { ...goodType, ...encrypted } }),
    ];
    expect(await verdicts(trail)).toEqual(['FAIL', 'PASS']);
  });

  it('may inherit everything', async () => {
    const trail = [template('lt-1', badType), templateVersion('lt-1', 2, { SourceVersion: '1' })];
    expect(await verdicts(trail)).toEqual(['FAIL', 'FAIL']);
  });

  it('made from a version that the trail does not show is known only in what it gives', async () => {
    const source = { SourceVersion: '6', LaunchTemplateData: goodType };
    const [evaluated] = await evaluateTrail(control, [templateVersion('lt-1', 7, source)]);
    expect(evaluated).toMatchObject({
      verdict: 'UNKNOWN',
      evidence: { summary: expect.stringContaining('inherited from version 6') },
    });
  });

  it('made from an unknown version fails all the same by what it gives', async () => {
    const source = { SourceVersion: '6', LaunchTemplateData: badType };
    expect(await verdicts([templateVersion('lt-1', 7, source)])).toEqual(['FAIL']);
  });

  it('is as the response tells it, where it does', async () => {
    const answered = {
      launchTemplateData: {
        instanceType: 'c7i.large',
        blockDeviceMappingSet: { item: { deviceName: '/dev/xvda', ebs: { encrypted: false } } },
      },
    };
    const source = { SourceVersion: '6', LaunchTemplateData: goodType };
    expect(await verdicts([templateVersion('lt-1', 7, source, answered)])).toEqual(['FAIL']);
  });

  it('is whole in the response, inherited members and all', async () => {
    const answered = { launchTemplateData: { imageId: 'ami-1', instanceType: 'c7i.large' } };
    const source = { SourceVersion: '6', LaunchTemplateData: { ImageId: 'ami-1' } };
    expect(await summary([templateVersion('lt-1', 7, source, answered)])).toBe(
      'Version 7 of lt-1 prescribes no volumes and prescribes c7i.large, which encrypts traffic between instances.',
    );
  });

  it('is known from the response where the request cannot be read', async () => {
    const answered = { launchTemplateData: { instanceType: 'c7i.large' } };
    const request = { LaunchTemplateData: '<sensitiveDataRemoved>' };
    expect(await verdicts([templateVersion('lt-1', 2, request, answered)])).toEqual(['PASS']);
  });

  it('of a template named in the request only is no resource', async () => {
    const request = { LaunchTemplateName: 'web', LaunchTemplateData: badType };
    const record = ec2('CreateLaunchTemplateVersion', { CreateLaunchTemplateVersionRequest: request }, null);
    expect(await verdicts([record])).toEqual([]);
  });

  it('is read without its wrapper too', async () => {
    const record = ec2(
      'CreateLaunchTemplateVersion',
      { launchTemplateId: 'lt-1', launchTemplateData: { instanceType: 't3.micro' } },
      { launchTemplateVersion: { launchTemplateId: 'lt-1', versionNumber: 2 } },
    );
    expect(await verdicts([record])).toEqual(['FAIL']);
  });
});

describe('launch-template-encryption, the end of a template', () => {
  it.each([
    ['by id', { LaunchTemplateId: 'lt-1' }, null],
    [
      'by name',
      { LaunchTemplateName: 'web' },
      { DeleteLaunchTemplateResponse: { launchTemplate: { launchTemplateId: 'lt-1' } } },
    ],
  ])('is found %s', (_how, request, response) => {
    const record = ec2('DeleteLaunchTemplate', { DeleteLaunchTemplateRequest: request }, response);
    expect(deletedResources(control, record)).toMatchObject([{ type: 'AwsEc2LaunchTemplate', id: 'lt-1' }]);
  });

  it('is not guessed from a name alone', () => {
    const record = ec2(
      'DeleteLaunchTemplate',
      { DeleteLaunchTemplateRequest: { LaunchTemplateName: 'web' } },
      null,
    );
    expect(deletedResources(control, record)).toEqual([]);
  });
});
