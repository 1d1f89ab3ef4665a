/** Volumes: DescribeVolumes, by their ids; DescribeInstances for those of a launch, whose ids no event contains. */
import { DescribeVolumesCommand, type DescribeVolumesCommandInput, type Volume } from '@aws-sdk/client-ec2';
import { allPages, type Describe, describeAll } from '../../../aws/facts/calls.ts';
import { derive, type Lookup, type Lookups } from '../../../aws/facts/lookups.ts';
import type { Aws, Readers } from '../../../aws/facts/reader.ts';
import { withEc2Tags } from '../../../aws/facts/tags.ts';
import { arnOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import { type Fact, known, unknownFact } from '../../../core/facts.ts';
import type { Ec2Facts } from '../facts.ts';
import { instances } from './instances.ts';
import { encryptionKey } from './keys.ts';
import { standIn, volumeOn, volumesOf } from './launched-volumes.ts';

const action = 'ec2:DescribeVolumes';

function describe(input: DescribeVolumesCommandInput, lookups: Lookups): Promise<readonly Volume[]> {
  return allPages(async (token) => {
    const answer = await lookups.call(({ ec2 }) =>
      ec2.send(
        new DescribeVolumesCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    return { items: answer.Volumes, next: answer.NextToken };
  });
}

const byIds: Describe<Volume> = {
  action,
  size: 200,
  byId: (ids, lookups) => describe({ VolumeIds: [...ids] }, lookups),
  byFilter: (ids, lookups) => describe({ Filters: [{ Name: 'volume-id', Values: [...ids] }] }, lookups),
  idsOf: (volume) => [volume.VolumeId],
};

/** Volumes by id. A volume that is being deleted counts as deleted. */
const volumes: Lookup<Volume> = {
  permissions: [action],
  async find(ids, lookups, waitsFor) {
    const found = await describeAll(byIds, ids, lookups, waitsFor);
    return new Map([...found].map(([id, fact]) => [id, derive(fact, (volume) => present(volume, fact))]));
  },
};

function present(volume: Volume, fact: Fact<Volume>): Fact<Volume> {
  return volume.State === 'deleting' || volume.State === 'deleted'
    ? unknownFact('not-found', `the volume ${volume.VolumeId} is ${volume.State}`)
    : fact;
}

/** The volume of an id, `vol-…`, or of an instance and device, `i-…:/dev/sdX`. */
async function volumeOf(id: string, aws: Aws): Promise<Fact<Volume>> {
  const launched = standIn(id);
  if (launched === undefined) return aws.ask(volumes, id);
  const instance = await aws.ask(instances, launched.instance);
  if (!instance.known) return instance;
  const volume = volumeOn(launched, instance.value);
  return 'id' in volume ? aws.ask(volumes, volume.id) : volume;
}

async function keyOf(resource: ArnResource, aws: Aws): Promise<Ec2Facts['ec2.volumeKey']> {
  const fact = await volumeOf(resource.id, aws);
  if (!fact.known) return fact;
  const { Encrypted: encrypted, KmsKeyId: key } = fact.value;
  if (key !== undefined && key !== '') return encryptionKey(key, fact.source, aws);
  return encrypted === false
    ? unknownFact('absent', 'the volume is not encrypted, and so has no key')
    : unknownFact('unreadable', `${action} does not tell the key of the volume`);
}

/** The volume; for an instance and device, all volumes of the instance, and the resource itself where it has none. */
async function identify(resource: ArnResource, aws: Aws): Promise<readonly ArnResource[]> {
  const launched = standIn(resource.id);
  if (launched === undefined) return [await described(resource, aws)];
  const fact = await aws.ask(instances, launched.instance);
  if (!fact.known) return [resource];
  const found = volumesOf(fact.value);
  const volume = volumeOn(launched, fact.value);
  const toCome = 'reason' in volume && volume.reason === 'not-ready';
  const { type, account, region } = resource;
  const own = await Promise.all(
    found.map(({ id, goesWithInstance }) => {
      const arn = arnOf('ec2', region, account, `volume/${id}`);
      const part = goesWithInstance ? { partOf: instanceArn(launched.instance, resource) } : {};
      return described({ type, id, arn, account, region, ...part }, aws);
    }),
  );
  return toCome || own.length === 0 ? [...own, resource] : own;
}

/**
 * A volume with its tags, as part of the instance that it is deleted with: `DeleteOnTermination` of its one
 * attachment. A volume that several instances share outlives each. Source: EC2 API Reference, "VolumeAttachment".
 */
async function described(resource: ArnResource, aws: Aws): Promise<ArnResource> {
  const fact = await aws.ask(volumes, resource.id);
  if (!fact.known) return resource;
  const { partOf: _partOf, ...alone } = withEc2Tags(resource, fact.value.Tags);
  const [attachment, ...others] = (fact.value.Attachments ?? []).filter(({ State }) => State !== 'detached');
  return attachment?.DeleteOnTermination === true &&
    attachment.InstanceId !== undefined &&
    others.length === 0
    ? { ...alone, partOf: instanceArn(attachment.InstanceId, resource) }
    : alone;
}

function instanceArn(id: string, { account, region }: ArnResource): string {
  return arnOf('ec2', region, account, `instance/${id}`);
}

export const volumeReaders: Readers<'ec2.volumeEncryption' | 'ec2.volumeKey', ArnResource> = {
  'ec2.volumeEncryption': {
    uses: [instances, volumes],
    read: async (resource, aws) =>
      derive(await volumeOf(resource.id, aws), ({ Encrypted: encrypted }, source) =>
        encrypted === undefined
          ? unknownFact('unreadable', `${action} does not tell whether the volume is encrypted`)
          : known({ encrypted, shownBy: 'aws' as const }, source),
      ),
    identify,
  },
  'ec2.volumeKey': { uses: [instances, volumes], asks: ['kms.keyManager'], read: keyOf, identify },
};
