import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Control, FactName, Resource, TrailEvent } from '../../../lib/core/control.ts';
import { contextEvents, TrailFacts } from '../../../lib/pipeline/trail-facts.ts';
import { ebsDefaultEncryption } from '../../../lib/services/ec2/controls/ebs-default-encryption.ts';
import { ebsSnapshotSharing } from '../../../lib/services/ec2/controls/ebs-snapshot-sharing.ts';
import { ec2TransitEncryption } from '../../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { ec2VolumeEncryption } from '../../../lib/services/ec2/controls/ec2-volume-encryption.ts';
import { launchTemplateEncryption } from '../../../lib/services/ec2/controls/launch-template-encryption.ts';
import { parseRecord } from '../../../lib/trail/parse.ts';
import { evaluateTrail, eventOf } from '../../evaluating.ts';
import {
  account,
  defaultKey,
  ec2,
  enableByDefault,
  keyArn,
  keyCreated,
  launch,
  region,
  template,
} from './controls/records.ts';

/** One fact of a resource, after some records. */
async function fact(
  name: FactName,
  resource: Partial<Resource>,
  records: readonly unknown[],
): Promise<unknown> {
  const facts = new TrailFacts();
  for (const record of records) facts.learn(eventOf(record));
  const whole: Resource = { type: 'AwsAccount', id: account, arn: '', account, region, ...resource };
  const [gathered] = await facts.gather([{ resource: whole, facts: [name] }]);
  return gathered?.[name];
}

const arn = (what: string) => `arn:aws:ec2:${region}:${account}:${what}`;

describe('the facts about EC2 and EBS', () => {
  it('come from events that the archive is asked to keep', () => {
    const kept = contextEvents.flatMap(({ eventSource, eventNames }) =>
      eventNames.map((name) => `${eventSource}/${name}`),
    );
    expect(kept).toEqual(
      expect.arrayContaining([
        'ec2.amazonaws.com/CopySnapshot',
        'ec2.amazonaws.com/CreateSnapshot',
        'ec2.amazonaws.com/DeleteLaunchTemplateVersions',
        'ec2.amazonaws.com/ModifyLaunchTemplate',
        'kms.amazonaws.com/CreateKey',
      ]),
    );
  });

  it.each<[FactName, Partial<Resource>]>([
    ['ec2.instance', { type: 'AwsEc2Instance', arn: arn('instance/i-1') }],
    ['ec2.instanceType', { type: 'AwsEc2Instance', arn: arn('instance/i-1') }],
    ['ec2.instanceType', { type: 'AwsEc2LaunchTemplate', arn: arn('launch-template/lt-1') }],
    ['ec2.volumeEncryption', { id: 'vol-1' }],
    ['ec2.volumeKey', { id: 'vol-1' }],
    ['ec2.ebsDefaultEncryption', {}],
    ['ec2.ebsDefaultKey', {}],
    ['ec2.snapshotSharing', { arn: 'arn:aws:ec2:us-east-1::snapshot/snap-1' }],
    ['ec2.snapshotEncryption', { arn: 'arn:aws:ec2:us-east-1::snapshot/snap-1' }],
    ['ec2.launchTemplateVersion', { arn: arn('launch-template/lt-1') }],
    ['ec2.launchTemplateType', { arn: arn('launch-template/lt-1') }],
    ['ec2.launchTemplateVolumes', { arn: arn('launch-template/lt-1') }],
  ])('an empty trail does not tell %s', async (name, resource) => {
    expect(await fact(name, resource, [])).toMatchObject({ known: false, reason: 'not-in-trail' });
  });

  it('name the event that they come from', async () => {
    const record = { ...enableByDefault, eventID: 'e-1', eventTime: '2026-02-10T08:15:30Z' };
    expect(await fact('ec2.ebsDefaultEncryption', {}, [record])).toEqual({
      known: true,
      value: true,
      source: {
        kind: 'event',
        eventName: 'EnableEbsEncryptionByDefault',
        eventId: 'e-1',
        eventTime: '2026-02-10T08:15:30.000Z',
      },
    });
  });

  it('know a default key before its manager', async () => {
    expect(await fact('ec2.ebsDefaultKey', {}, [defaultKey(keyArn)])).toMatchObject({
      value: { arn: keyArn },
    });
  });

  it('add the manager when the key turns out to be created by a customer', async () => {
    const records = [defaultKey(keyArn), keyCreated(keyArn)];
    expect(await fact('ec2.ebsDefaultKey', {}, records)).toMatchObject({
      value: { arn: keyArn, manager: 'CUSTOMER' },
    });
  });

  it('keep what was settled when the volume was made', async () => {
    const records = [
      launch('i-1', {}),
      enableByDefault,
      ec2('CreateVolume', {}, { volumeId: 'vol-1', encrypted: false }),
    ];
    expect(await fact('ec2.volumeEncryption', { id: 'i-1:/dev/xvda' }, records)).toMatchObject({
      known: false,
    });
  });

  it('tell what encrypted a volume', async () => {
    const records = [enableByDefault, launch('i-1', {})];
    expect(await fact('ec2.volumeEncryption', { id: 'i-1:/dev/xvda' }, records)).toMatchObject({
      value: { encrypted: true, shownBy: 'default' },
    });
  });

  it('hold the type of a launch template for the control on types', async () => {
    const resource = { type: 'AwsEc2LaunchTemplate', arn: arn('launch-template/lt-1') } as const;
    const records = [template('lt-1', { InstanceType: 't3.micro' })];
    expect(await fact('ec2.instanceType', resource, records)).toMatchObject({
      value: { instanceType: 't3.micro', encryptionInTransitSupported: false },
    });
  });

  it('hold the type of a launch template for the node groups of EKS, whichever way the trail tells it', async () => {
    const records = [
      ec2(
        'CreateLaunchTemplate',
        { launchTemplateName: 'nodes', launchTemplateData: { instanceType: 'm6i.large' } },
        { launchTemplate: { launchTemplateId: 'lt-1', launchTemplateName: 'nodes' } },
      ),
      ec2(
        'CreateNodegroup',
        { name: 'shop', nodegroupName: 'general', launchTemplate: { name: 'nodes', version: '1' } },
        null,
        { eventSource: 'eks.amazonaws.com' },
      ),
    ];
    const partOf = `arn:aws:eks:${region}:${account}:cluster/shop`;
    expect(
      await fact('eks.nodegroup', { type: 'AwsEksNodegroup', id: 'shop/general', partOf }, records),
    ).toMatchObject({ value: { instanceTypes: ['m6i.large'], namedBy: 'launch template' } });
  });

  it('forget a snapshot that was deleted', async () => {
    const resource = { arn: 'arn:aws:ec2:us-east-1::snapshot/snap-1' };
    const records = [
      ec2('ResetSnapshotAttribute', { snapshotId: 'snap-1' }),
      ec2('DeleteSnapshot', { snapshotId: 'snap-1' }),
    ];
    expect(await fact('ec2.snapshotSharing', resource, records)).toMatchObject({ known: false });
  });
});

const data = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

describe.skipIf(!existsSync(data))('the controls on EC2 over real and official records', () => {
  const events = existsSync(data) ? recordsBelow(data) : [];
  const controls: readonly Control[] = [
    ec2TransitEncryption,
    ec2VolumeEncryption,
    ebsDefaultEncryption,
    ebsSnapshotSharing,
    launchTemplateEncryption,
  ];

  it.each(controls)('$id evaluates each with evidence', async (control) => {
    const evaluated = await evaluateTrail(control, events);
    expect(evaluated.filter(({ evidence }) => evidence.summary === '' || evidence.required === '')).toEqual(
      [],
    );
  });

  it('find the volumes that AWS answered were not encrypted', async () => {
    const plain = (record: unknown): boolean => {
      const { eventName, outcome, response }: TrailEvent = eventOf(record);
      return (
        eventName === 'CreateVolume' &&
        outcome.kind === 'success' &&
        JSON.stringify(response).includes('"encrypted":false')
      );
    };
    const evaluated = await evaluateTrail(ec2VolumeEncryption, events.filter(plain));
    expect(new Set(evaluated.map(({ verdict }) => verdict))).toEqual(new Set(['FAIL']));
  });
});

/** Every record in the JSON files below a folder; what is no JSON or no record is passed over. */
function recordsBelow(folder: string): readonly unknown[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => documentsIn(readFileSync(path.join(folder, file), 'utf8')))
    .flatMap((document) => {
      const records =
        typeof document === 'object' && document !== null && 'Records' in document
          ? document.Records
          : document;
      return Array.isArray(records) ? records : [records];
    })
    .filter((record) => parseRecord(record).ok);
}

/** The JSON document in a text, else those in its lines. */
function documentsIn(content: string): readonly unknown[] {
  const whole = parsed(content);
  return whole === undefined ? content.split('\n').map(parsed) : [whole];
}

/** `undefined` for a text that is no JSON: the folder holds some that was broken at its source. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
