/** Volumes: DescribeVolumes, by their ids, or by the instance and device that stand for one before it has an id. */
import { DescribeVolumesCommand, type DescribeVolumesCommandInput, type Volume } from '@aws-sdk/client-ec2';
import type { Resource } from '../../../control.ts';
import type { Ec2Facts } from '../../types/ec2.ts';
import { type Fact, known, unknownFact } from '../../types.ts';
import { allPages, type Describe, describeAll } from '../asking.ts';
import { derive, type Lookup, type Place } from '../place.ts';
import type { Aws, Readers } from '../reader.ts';
import { encryptionKey, keyOwners } from './keys.ts';

const action = 'ec2:DescribeVolumes';

function describe(input: DescribeVolumesCommandInput, place: Place): Promise<readonly Volume[]> {
  return allPages(async (token) => {
    const answer = await place.call(({ ec2 }) =>
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
  byId: (ids, place) => describe({ VolumeIds: [...ids] }, place),
  byFilter: (ids, place) => describe({ Filters: [{ Name: 'volume-id', Values: [...ids] }] }, place),
  idsOf: (volume) => [volume.VolumeId],
};

/** By `i-…:/dev/sdX`: there is no call by such an id, so that the filter, with 200 values in all, is the way. */
function attached(ids: readonly string[], place: Place): Promise<readonly Volume[]> {
  const pairs = ids.map(deviceIn);
  const names = (values: readonly string[]) => [...new Set(values)];
  return describe(
    {
      Filters: [
        { Name: 'attachment.instance-id', Values: names(pairs.map(({ instance }) => instance)) },
        { Name: 'attachment.device', Values: names(pairs.map(({ device }) => device)) },
      ],
    },
    place,
  );
}

const byDevices: Describe<Volume> = {
  action,
  size: 100,
  byId: attached,
  byFilter: attached,
  idsOf: (volume) =>
    (volume.Attachments ?? []).map(({ InstanceId, Device }) =>
      InstanceId === undefined || Device === undefined ? undefined : `${InstanceId}:${Device}`,
    ),
};

/** Volumes by id, `vol-…` or `i-…:/dev/sdX`. One that is being deleted is gone. */
export const volumes: Lookup<Volume> = {
  permissions: [action],
  async find(ids, place, waitsFor) {
    const devices = ids.filter((id) => deviceIn(id).device !== '');
    const plain = ids.filter((id) => deviceIn(id).device === '');
    const found = await Promise.all([
      describeAll(byIds, plain, place, waitsFor),
      describeAll(byDevices, devices, place, waitsFor),
    ]);
    const facts = found.flatMap((each) => [...each]);
    return new Map(facts.map(([id, fact]) => [id, derive(fact, (volume) => present(volume, fact))]));
  },
};

function deviceIn(id: string): { readonly instance: string; readonly device: string } {
  const [, instance = '', device = ''] = /^(i-[^:]*):(.+)$/s.exec(id) ?? [];
  return { instance, device };
}

function present(volume: Volume, fact: Fact<Volume>): Fact<Volume> {
  return volume.State === 'deleting' || volume.State === 'deleted'
    ? unknownFact('not-found', `the volume ${volume.VolumeId} is ${volume.State}`)
    : fact;
}

async function keyOf(resource: Resource, aws: Aws): Promise<Ec2Facts['ec2.volumeKey']> {
  const fact = await aws.ask(volumes, resource.id);
  if (!fact.known) return fact;
  const { Encrypted: encrypted, KmsKeyId: key } = fact.value;
  if (key !== undefined && key !== '') return encryptionKey(key, fact.source, aws);
  return encrypted === false
    ? unknownFact('absent', 'the volume is not encrypted, and so has no key')
    : unknownFact('unreadable', `${action} does not tell the key of the volume`);
}

export const volumeReaders: Readers<'ec2.volumeEncryption' | 'ec2.volumeKey'> = {
  'ec2.volumeEncryption': {
    uses: [volumes],
    read: async (resource, aws) =>
      derive(await aws.ask(volumes, resource.id), ({ Encrypted: encrypted }, source) =>
        encrypted === undefined
          ? unknownFact('unreadable', `${action} does not tell whether the volume is encrypted`)
          : known({ encrypted, shownBy: 'aws' as const }, source),
      ),
  },
  'ec2.volumeKey': { uses: [volumes, keyOwners], read: keyOf },
};
