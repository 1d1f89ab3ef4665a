import { describe, expect, it } from 'vitest';
import { ec2VolumeEncryption as control } from '../../../../lib/services/ec2/controls/ec2-volume-encryption.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import {
  account,
  defaultKey,
  disableByDefault,
  ec2,
  enableByDefault,
  evicted,
  keyArn,
  keyCreated,
  launch,
  otherKeyArn,
  region,
  template,
  templateVersion,
} from './records.ts';

const instanceArn = `arn:aws:ec2:${region}:${account}:instance/i-0abc`;
const device = (deviceName: string, ebs: unknown) => ({ items: [{ deviceName, ebs }] });
const created = (request: unknown, response: Readonly<Record<string, unknown>> = {}) =>
  ec2('CreateVolume', request, { volumeId: 'vol-0abc', ...response });

const snapshot = (encrypted: boolean) =>
  ec2('CreateSnapshot', { volumeId: 'vol-1' }, { snapshotId: 'snap-1', encrypted });

/** The verdicts of the last record, by resource id. */
async function evaluate(records: readonly unknown[], settings: unknown = {}) {
  const evaluated = await evaluateTrail(control, records, settings);
  const last = evaluated.at(-1)?.event;
  return Object.fromEntries(
    evaluated.filter(({ event }) => event === last).map(({ resource, verdict }) => [resource.id, verdict]),
  );
}

describe('ec2-volume-encryption, the volumes of a launch', () => {
  it('are named by instance and device, since RunInstances knows no volume', async () => {
    const evaluated = await evaluateTrail(control, [
      launch('i-0abc', device('/dev/sdb', { encrypted: true })),
    ]);
    expect(evaluated.map(({ resource }) => resource)).toMatchObject([
      { type: 'AwsEc2Volume', id: 'i-0abc:/dev/sdb', arn: instanceArn, account, region },
      { type: 'AwsEc2Volume', id: 'i-0abc:/dev/xvda', arn: instanceArn },
    ]);
  });

  it('are one set for each instance', async () => {
    const record = ec2(
      'RunInstances',
      { blockDeviceMapping: device('/dev/sdb', { encrypted: false }) },
      {
        instancesSet: {
          items: ['i-1', 'i-2'].map((instanceId) => ({
            instanceId,
            rootDeviceType: 'ebs',
            rootDeviceName: '/dev/sda1',
            blockDeviceMapping: {},
          })),
        },
      },
    );
    expect(await evaluate([record])).toEqual({
      'i-1:/dev/sda1': 'UNKNOWN',
      'i-1:/dev/sdb': 'FAIL',
      'i-2:/dev/sda1': 'UNKNOWN',
      'i-2:/dev/sdb': 'FAIL',
    });
  });

  it('leave out the devices that are omitted or of the instance store', async () => {
    const mapping = {
      items: [
        { deviceName: '/dev/sdb', virtualName: 'ephemeral0' },
        { deviceName: '/dev/sdc', noDevice: {} },
        { deviceName: '/dev/sdd', noDevice: '', ebs: { encrypted: false } },
      ],
    };
    expect(Object.keys(await evaluate([launch('i-0abc', mapping)]))).toEqual(['i-0abc:/dev/xvda']);
  });

  it('have no root volume where the root device is of the instance store', async () => {
    const record = launch('i-0abc', {}, {}, { rootDeviceType: 'instance-store' });
    expect(await evaluate([record])).toEqual({});
  });

  it('have their own ids where the response tells them', async () => {
    const answer = device('/dev/xvda', { volumeId: 'vol-0root', deleteOnTermination: true });
    const evaluated = await evaluateTrail(control, [
      launch('i-0abc', {}, {}, { blockDeviceMapping: answer }),
    ]);
    expect(evaluated.map(({ resource }) => resource)).toMatchObject([
      { id: 'vol-0root', arn: `arn:aws:ec2:${region}:${account}:volume/vol-0root`, partOf: instanceArn },
    ]);
  });

  it('are part of the instance where they are deleted with it', async () => {
    const mapping = {
      items: [
        { deviceName: '/dev/sdb', ebs: { deleteOnTermination: true } },
        { deviceName: '/dev/sdc', ebs: { deleteOnTermination: false } },
        { deviceName: '/dev/sdd', ebs: {} },
      ],
    };
    const evaluated = await evaluateTrail(control, [launch('i-0abc', mapping)]);
    expect(Object.fromEntries(evaluated.map(({ resource }) => [resource.id, resource.partOf]))).toEqual({
      'i-0abc:/dev/sdb': instanceArn,
      'i-0abc:/dev/sdc': undefined,
      'i-0abc:/dev/sdd': undefined,
      'i-0abc:/dev/xvda': instanceArn,
    });
  });

  it('do not end with the instance where the root volume is kept', async () => {
    const record = launch('i-0abc', device('/dev/xvda', { deleteOnTermination: false }));
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.resource.partOf).toBeUndefined();
  });

  it('bear the tags asked for volumes', async () => {
    const tagSpecificationSet = {
      items: [{ resourceType: 'volume', tags: [{ key: 'Team', value: 'db' }] }],
    };
    const [evaluated] = await evaluateTrail(control, [launch('i-0abc', {}, { tagSpecificationSet })]);
    expect(evaluated?.resource.tags).toEqual({ Team: 'db' });
  });
});

describe('ec2-volume-encryption, whether a launched volume is encrypted', () => {
  it.each([
    [true, 'PASS'],
    ['true', 'PASS'],
    [false, 'FAIL'],
    ['false', 'FAIL'],
    [undefined, 'UNKNOWN'],
  ])('a request that says encrypted: %s gives %s', async (encrypted, verdict) => {
    const record = launch('i-0abc', device('/dev/xvda', encrypted === undefined ? {} : { encrypted }));
    expect(await evaluate([record])).toEqual({ 'i-0abc:/dev/xvda': verdict });
  });

  it.each([false, undefined])('encryption by default overrides encrypted: %s', async (encrypted) => {
    const record = launch('i-0abc', device('/dev/xvda', encrypted === undefined ? {} : { encrypted }));
    expect(await evaluate([enableByDefault, record])).toEqual({ 'i-0abc:/dev/xvda': 'PASS' });
  });

  it('the AMI decides where the default is off and the request is silent', async () => {
    const records = [enableByDefault, disableByDefault, launch('i-0abc', {})];
    expect(await evaluate(records)).toEqual({ 'i-0abc:/dev/xvda': 'UNKNOWN' });
  });

  it('the default of another Region proves nothing', async () => {
    const elsewhere = { ...enableByDefault, awsRegion: 'eu-west-1' };
    const record = launch('i-0abc', device('/dev/xvda', { encrypted: false }));
    expect(await evaluate([elsewhere, record])).toEqual({ 'i-0abc:/dev/xvda': 'FAIL' });
  });

  it('a key named proves encryption', async () => {
    const record = launch('i-0abc', device('/dev/xvda', { kmsKeyId: keyArn }));
    expect(await evaluate([record])).toEqual({ 'i-0abc:/dev/xvda': 'PASS' });
  });

  it("AWS's answer wins over the request", async () => {
    const blockDeviceMapping = device('/dev/xvda', { encrypted: true });
    const record = launch('i-0abc', device('/dev/xvda', { encrypted: false }), {}, { blockDeviceMapping });
    expect(await evaluate([record])).toEqual({ 'i-0abc:/dev/xvda': 'PASS' });
  });

  it.each<[string, readonly unknown[], string]>([
    [
      'the snapshot of the AMI',
      [launch('i-0abc', {})],
      'Whether the volume i-0abc:/dev/xvda is encrypted is unknown: the request does not ask for encryption, so the ' +
        'snapshot of the AMI decides, unless encryption by default was on, which the trail does not show.',
    ],
    [
      'the snapshot of the AMI, where the default is known',
      [disableByDefault, launch('i-0abc', {})],
      'Whether the volume i-0abc:/dev/xvda is encrypted is unknown: the request does not ask for encryption and ' +
        'encryption by default was off, so the snapshot of the AMI decides, which the trail does not show.',
    ],
    [
      'what the AMI has for a device that is not the root',
      [launch('i-0abc', device('/dev/sdb', { volumeSize: 10 }))],
      'Whether the volume i-0abc:/dev/sdb is encrypted is unknown: the request does not ask for encryption, so what ' +
        'the AMI has for the device decides, unless encryption by default was on, which the trail does not show.',
    ],
    [
      'the snapshot that is mapped',
      [launch('i-0abc', device('/dev/sdb', { snapshotId: 'snap-1' }))],
      'Whether the volume i-0abc:/dev/sdb is encrypted is unknown: the request does not ask for encryption, so the ' +
        'snapshot snap-1 decides, unless encryption by default was on, which the trail does not show.',
    ],
    [
      'the default, where the snapshot is known not to be encrypted',
      [snapshot(false), launch('i-0abc', device('/dev/sdb', { snapshotId: 'snap-1' }))],
      'Whether the volume i-0abc:/dev/sdb is encrypted is unknown: the request does not ask for encryption and the ' +
        'snapshot snap-1 is not encrypted, so encryption by default decides, which the trail does not show.',
    ],
    [
      'the default, where the volume is made from nothing',
      [created({})],
      'Whether the volume vol-0abc is encrypted is unknown: the request does not ask for encryption, so encryption ' +
        'by default decides, which the trail does not show.',
    ],
  ])('the reason for not knowing names what decides: %s', async (_what, records, summary) => {
    const [evaluated] = await evaluateTrail(control, records);
    expect(evaluated?.evidence.summary).toBe(summary);
  });

  it('the verdict of the default rests on the event that switched it on', async () => {
    const [evaluated] = await evaluateTrail(control, [enableByDefault, launch('i-0abc', {})]);
    expect(evaluated?.evidence.observed[0]).toMatchObject({
      what: 'encrypted',
      value: true,
      source: { eventName: 'EnableEbsEncryptionByDefault' },
    });
  });
});

describe('ec2-volume-encryption, a volume from a snapshot that the trail knows', () => {
  const mapped = launch('i-0abc', device('/dev/xvda', { snapshotId: 'snap-1' }));
  const verdict = async (...records: readonly unknown[]) => Object.values(await evaluate(records))[0];

  it.each([
    ['encrypted', [snapshot(true)], 'PASS'],
    ['encrypted, the default off', [disableByDefault, snapshot(true)], 'PASS'],
    ['not encrypted, the default on', [enableByDefault, snapshot(false)], 'PASS'],
    ['not encrypted, the default off', [disableByDefault, snapshot(false)], 'FAIL'],
    ['not encrypted, the default unknown', [snapshot(false)], 'UNKNOWN'],
    ['deleted', [snapshot(true), ec2('DeleteSnapshot', { snapshotId: 'snap-1' })], 'UNKNOWN'],
  ])('%s', async (_what, before, expected) => {
    expect(await verdict(...before, mapped)).toBe(expected);
    expect(await verdict(...before, created({ snapshotId: 'snap-1' }))).toBe(expected);
  });

  it('is encrypted by it even where the request says not', async () => {
    const record = launch('i-0abc', device('/dev/xvda', { snapshotId: 'snap-1', encrypted: false }));
    expect(await verdict(snapshot(true), record)).toBe('PASS');
  });

  it('rests on the event that made the snapshot', async () => {
    const [evaluated] = await evaluateTrail(control, [snapshot(true), mapped]);
    expect(evaluated?.evidence).toMatchObject({
      summary: 'The volume i-0abc:/dev/xvda is encrypted (the snapshot that it was made from is encrypted).',
      observed: [{ what: 'encrypted', value: true, source: { eventName: 'CreateSnapshot' } }, {}],
    });
  });

  it('is encrypted where the snapshot is a copy made with encryption', async () => {
    const copied = (encrypted: boolean) =>
      ec2('CopySnapshot', { sourceSnapshotId: 'snap-0', encrypted }, { snapshotId: 'snap-1' });
    expect(await verdict(copied(true), mapped)).toBe('PASS');
    // A copy that is not asked to be encrypted is so all the same where its source is.
    expect(await verdict(disableByDefault, copied(false), mapped)).toBe('UNKNOWN');
  });

  it('is of no use in another Region', async () => {
    expect(await verdict({ ...snapshot(true), awsRegion: 'eu-west-1' }, mapped)).toBe('UNKNOWN');
  });

  it('may be mapped by the launch template', async () => {
    const data = { BlockDeviceMapping: { DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1' } } };
    const used = launch('i-0abc', {}, { launchTemplate: { launchTemplateId: 'lt-1', version: '1' } });
    expect(await verdict(snapshot(true), template('lt-1', data), used)).toBe('PASS');
  });
});

describe('ec2-volume-encryption, a launch through a template', () => {
  const plain = { BlockDeviceMapping: { tag: 1, DeviceName: '/dev/xvda', Ebs: { Encrypted: false } } };
  const encrypting = { BlockDeviceMapping: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: 'true' } }] };
  const launchBy = (launchTemplate: unknown) => launch('i-0abc', {}, { launchTemplate });
  const verdict = async (...records: readonly unknown[]) => (await evaluate(records))['i-0abc:/dev/xvda'];

  it.each([
    { launchTemplateId: 'lt-1', version: '1' },
    { launchTemplateName: 'web', version: 1 },
    { launchTemplateId: 'lt-1', version: '$Latest' },
    { launchTemplateId: 'lt-1', version: '$Default' },
    { launchTemplateName: 'web' },
  ])('takes the mapping of the template named by %j', async (by) => {
    expect(await verdict(template('lt-1', plain), launchBy(by))).toBe('FAIL');
  });

  it('takes the mapping of the version that was used', async () => {
    const records = [template('lt-1', plain), templateVersion('lt-1', 2, { LaunchTemplateData: encrypting })];
    expect(await verdict(...records, launchBy({ launchTemplateId: 'lt-1', version: '$Latest' }))).toBe(
      'PASS',
    );
  });

  it('keeps to the default version until another is made the default', async () => {
    const records = [template('lt-1', plain), templateVersion('lt-1', 2, { LaunchTemplateData: encrypting })];
    expect(await verdict(...records, launchBy({ launchTemplateId: 'lt-1' }))).toBe('FAIL');
  });

  it('follows a change of the default version', async () => {
    const records = [
      template('lt-1', plain),
      templateVersion('lt-1', 2, { LaunchTemplateData: encrypting }),
      ec2('ModifyLaunchTemplate', {
        ModifyLaunchTemplateRequest: { LaunchTemplateId: 'lt-1', SetDefaultVersion: '2' },
      }),
    ];
    expect(await verdict(...records, launchBy({ launchTemplateId: 'lt-1' }))).toBe('PASS');
  });

  it('does not know a template that the trail does not show', async () => {
    expect(await verdict(launchBy({ launchTemplateId: 'lt-9', version: '3' }))).toBe('UNKNOWN');
  });

  it('does not know a version that the trail does not show', async () => {
    const records = [templateVersion('lt-1', 5, { LaunchTemplateData: plain })];
    expect(await verdict(...records, launchBy({ launchTemplateId: 'lt-1', version: '4' }))).toBe('UNKNOWN');
  });

  it('does not know the default version of a template older than the trail', async () => {
    const records = [templateVersion('lt-1', 5, { LaunchTemplateData: plain })];
    expect(await verdict(...records, launchBy({ launchTemplateId: 'lt-1' }))).toBe('UNKNOWN');
  });

  describe('after versions were deleted', () => {
    const deleted = (request: unknown, response: unknown = null) =>
      ec2(
        'DeleteLaunchTemplateVersions',
        { DeleteLaunchTemplateVersionsRequest: { LaunchTemplateId: 'lt-1', LaunchTemplateVersion: request } },
        response,
      );
    const known = [
      template('lt-1', plain),
      templateVersion('lt-1', 9, { LaunchTemplateData: encrypting }),
      templateVersion('lt-1', 10, { LaunchTemplateData: plain }),
      templateVersion('lt-1', 11, { LaunchTemplateData: encrypting }),
    ];
    const latest = launchBy({ launchTemplateId: 'lt-1', version: '$Latest' });
    const shown = async (...records: readonly unknown[]) => {
      const evaluated = await evaluateTrail(control, [...records, latest]);
      return evaluated.at(-1)?.evidence.summary;
    };

    it('takes the highest number that is left for the newest', async () => {
      const both = [
        { tag: 1, content: 11 },
        { tag: 2, content: '10' },
      ];
      expect(await verdict(...known, deleted({ tag: 1, content: 11 }), latest)).toBe('FAIL');
      expect(await verdict(...known, deleted(both), latest)).toBe('PASS');
    });

    it('does not know a version of that number any longer', async () => {
      const used = launchBy({ launchTemplateId: 'lt-1', version: '9' });
      expect(await verdict(...known, deleted({ tag: 1, content: 9 }), used)).toBe('UNKNOWN');
    });

    it('keeps those that EC2 answered it did not delete', async () => {
      const response = {
        DeleteLaunchTemplateVersionsResponse: {
          successfullyDeletedLaunchTemplateVersionSet: {
            item: { launchTemplateId: 'lt-1', versionNumber: 9 },
          },
          unsuccessfullyDeletedLaunchTemplateVersionSet: {
            item: { launchTemplateId: 'lt-1', versionNumber: 1 },
          },
        },
      };
      const used = launchBy({ launchTemplateId: 'lt-1', version: '1' });
      expect(await verdict(...known, deleted(['1', '9'], response), used)).toBe('FAIL');
    });

    it('does not know the newest where none is left that the trail shows', async () => {
      const later = templateVersion('lt-1', 7, { LaunchTemplateData: encrypting });
      expect(await shown(later, deleted('7'))).toContain(
        'the newest version of this launch template was deleted',
      );
    });

    it('does not know the newest where the event does not tell which were deleted', async () => {
      expect(await shown(...known, deleted('<sensitiveDataRemoved>'))).toContain(
        'does not tell which versions',
      );
    });
  });

  it('lets go of a name when its template is deleted', async () => {
    const deleted = ec2('DeleteLaunchTemplate', {
      DeleteLaunchTemplateRequest: { LaunchTemplateId: 'lt-1', LaunchTemplateName: 'web' },
    });
    const records = [template('lt-1', plain), deleted, launchBy({ launchTemplateName: 'web' })];
    expect(await verdict(...records)).toBe('UNKNOWN');
  });

  it('leaves the root volume to the AMI where the template does not map it', async () => {
    const elsewhere = { BlockDeviceMapping: { DeviceName: '/dev/sdb', Ebs: { Encrypted: true } } };
    const records = [template('lt-1', elsewhere), launchBy({ launchTemplateId: 'lt-1', version: '1' })];
    expect(await verdict(...records)).toBe('UNKNOWN');
  });

  it('takes the mapping of the template for a device that the request does not map', async () => {
    const used = { launchTemplate: { launchTemplateId: 'lt-1', version: '1' } };
    const record = launch('i-0abc', device('/dev/sdb', { encrypted: true }), used);
    expect(await evaluate([template('lt-1', plain), record])).toEqual({
      'i-0abc:/dev/sdb': 'PASS',
      'i-0abc:/dev/xvda': 'FAIL',
    });
  });

  it('does not know the template of a device that the request does not map', async () => {
    const used = { launchTemplate: { launchTemplateId: 'lt-9', version: '3' } };
    const evaluated = await evaluateTrail(control, [launch('i-0abc', device('/dev/sdb', {}), used)]);
    expect(evaluated.map(({ evidence }) => evidence.summary)).toEqual([
      expect.stringContaining('the request does not ask for encryption'),
      expect.stringContaining('version 3 of launch template lt-9, which the trail does not show'),
    ]);
  });

  it('does not mix the template into the mapping that the request gives of a device', async () => {
    const used = { launchTemplate: { launchTemplateId: 'lt-1', version: '1' } };
    const record = launch('i-0abc', device('/dev/xvda', { volumeSize: 8 }), used);
    expect(await verdict(template('lt-1', plain), record)).toBe('UNKNOWN');
  });
});

describe('ec2-volume-encryption, a created volume', () => {
  it('is named by the response', async () => {
    const record = created(
      { size: '80', zone: 'us-east-1a' },
      { encrypted: true, tagSet: { items: [{ key: 'Name', value: 'a' }] } },
    );
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.resource).toEqual({
      type: 'AwsEc2Volume',
      id: 'vol-0abc',
      arn: `arn:aws:ec2:${region}:${account}:volume/vol-0abc`,
      account,
      region,
      tags: { Name: 'a' },
    });
  });

  it.each([
    [{ encrypted: true }, { encrypted: false }, 'FAIL'],
    [{ encrypted: false }, { encrypted: true }, 'PASS'],
    [{}, { encrypted: false }, 'FAIL'],
    [{ encrypted: true }, {}, 'PASS'],
    [{ encrypted: false }, {}, 'FAIL'],
    [{ kmsKeyId: 'alias/mine' }, {}, 'PASS'],
    [{}, {}, 'UNKNOWN'],
  ])('asked %j and answered %j gives %s', async (request, response, verdict) => {
    expect(await evaluate([created(request, response)])).toEqual({ 'vol-0abc': verdict });
  });

  it("AWS's answer wins over the default", async () => {
    expect(await evaluate([enableByDefault, created({}, { encrypted: false })])).toEqual({
      'vol-0abc': 'FAIL',
    });
  });

  it('is encrypted by default where nothing else is known', async () => {
    expect(await evaluate([enableByDefault, created({})])).toEqual({ 'vol-0abc': 'PASS' });
  });

  it('is not encrypted where the default is off and it is made from nothing', async () => {
    expect(await evaluate([disableByDefault, created({})])).toEqual({ 'vol-0abc': 'FAIL' });
  });

  it('may be encrypted by its snapshot where the default is off', async () => {
    expect(await evaluate([disableByDefault, created({ snapshotId: 'snap-1' })])).toEqual({
      'vol-0abc': 'UNKNOWN',
    });
  });

  it('without an id is no resource', async () => {
    expect(await evaluateTrail(control, [ec2('CreateVolume', { encrypted: false }, null)])).toEqual([]);
  });

  it('ends when it is deleted', () => {
    expect(deletedResources(control, ec2('DeleteVolume', { volumeId: 'vol-0abc' }))).toMatchObject([
      { type: 'AwsEc2Volume', id: 'vol-0abc' },
    ]);
  });

  it('that is part of a Spot Instance ends when EC2 reclaims the instance', () => {
    expect(deletedResources(control, evicted('i-0abc'))).toMatchObject([
      { type: 'AwsEc2Instance', arn: instanceArn },
    ]);
  });

  it('that is part of an instance ends with the instance', () => {
    const record = ec2('TerminateInstances', { instancesSet: { items: [{ instanceId: 'i-0abc' }] } });
    expect(deletedResources(control, record)).toMatchObject([{ type: 'AwsEc2Instance', arn: instanceArn }]);
  });
});

describe('ec2-volume-encryption, the key that the policy requires', () => {
  const customer = { key: 'customer-managed' };
  const listed = { key: [keyArn] };
  const made = (response: Readonly<Record<string, unknown>>, request: unknown = {}) =>
    created(request, { encrypted: true, ...response });
  const verdict = async (settings: unknown, ...records: readonly unknown[]) =>
    (await evaluate(records, settings))['vol-0abc'];

  it('any is met by an unknown key', async () => {
    expect(await verdict({}, made({}))).toBe('PASS');
  });

  it('customer-managed is met by a key whose creation the trail shows', async () => {
    expect(await verdict(customer, keyCreated(keyArn), made({ kmsKeyId: keyArn }))).toBe('PASS');
  });

  it('customer-managed is not known to be met by a key older than the trail', async () => {
    expect(await verdict(customer, made({ kmsKeyId: keyArn }))).toBe('UNKNOWN');
  });

  it('customer-managed is not met by a key that AWS created', async () => {
    expect(await verdict(customer, keyCreated(keyArn, 'AWS'), made({ kmsKeyId: keyArn }))).toBe('FAIL');
  });

  it.each([
    ['alias/aws/ebs', 'FAIL'],
    [`arn:aws:kms:${region}:${account}:alias/aws/ebs`, 'FAIL'],
    ['alias/mine', 'PASS'],
    ['mrk-1234abcd12ab34cd56ef1234567890ab', 'PASS'],
    ['arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab', 'PASS'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', 'UNKNOWN'],
    ['<sensitiveDataRemoved>', 'UNKNOWN'],
  ])('customer-managed, with the key named as %s, gives %s', async (kmsKeyId, expected) => {
    expect(await verdict(customer, made({}, { kmsKeyId }))).toBe(expected);
  });

  it('customer-managed is not met by the ARN that the alias of AWS stood for', async () => {
    const trail = [
      made({ kmsKeyId: otherKeyArn }, { kmsKeyId: 'alias/aws/ebs' }),
      made({ kmsKeyId: otherKeyArn }),
    ];
    expect(await verdict(customer, ...trail)).toBe('FAIL');
  });

  it.each([
    [keyArn, 'PASS'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', 'PASS'],
    [otherKeyArn, 'FAIL'],
    ['alias/aws/ebs', 'FAIL'],
    ['alias/mine', 'UNKNOWN'],
  ])('a list, with the key named as %s, gives %s', async (kmsKeyId, expected) => {
    expect(await verdict(listed, made({}, { kmsKeyId }))).toBe(expected);
  });

  it('a list may hold the alias of the key that AWS manages', async () => {
    const settings = { key: [`arn:aws:kms:${region}:${account}:alias/aws/ebs`] };
    expect(await verdict(settings, made({}, { kmsKeyId: 'alias/aws/ebs' }))).toBe('PASS');
  });

  it('is that of the default key where none is named', async () => {
    expect(await verdict(listed, defaultKey('alias/mine', keyArn), made({}))).toBe('PASS');
  });

  it('is not known to be met where neither a key nor the default is known', async () => {
    expect(await verdict(listed, made({}))).toBe('UNKNOWN');
  });

  it('is not that of the default where the volume comes from a snapshot', async () => {
    const trail = [defaultKey('alias/mine', keyArn), made({ snapshotId: 'snap-1' })];
    expect(await verdict(listed, ...trail)).toBe('UNKNOWN');
  });

  it('is that of the default key at the time of a launch', async () => {
    const mapping = device('/dev/sdb', { encrypted: true });
    const records = [defaultKey(keyArn), launch('i-0abc', mapping)];
    expect((await evaluate(records, listed))['i-0abc:/dev/sdb']).toBe('PASS');
  });

  it('does not matter where the volume is not encrypted', async () => {
    expect(await verdict(listed, created({ kmsKeyId: keyArn }, { encrypted: false }))).toBe('FAIL');
  });

  it('says in the evidence which key was seen', async () => {
    const [evaluated] = await evaluateTrail(control, [made({ kmsKeyId: otherKeyArn })], listed);
    expect(evaluated?.evidence.observed).toContainEqual(
      expect.objectContaining({ what: 'kmsKeyId', value: otherKeyArn }),
    );
  });

  it.each([[[]], ['mine'], [['alias/mine']], [['arn:aws:s3:::bucket']]])('cannot be %j', (key) => {
    expect(control.settings.safeParse({ key }).success).toBe(false);
  });
});
