/** What the trail proves about volumes. Encryption and key are set when a volume is created and never change. */
import { accountRegionKey } from '../../../core/account-region.ts';
import type { ArnResource, Fact, TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { flag, text } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import type { EncryptionKey, TemplateVolume, VolumeEncryption } from '../facts.ts';
import { snapshotArn } from '../resources/snapshots.ts';
import { type LaunchedVolume, launchedVolumes, volumeCreated } from '../resources/volumes.ts';
import type { EbsDefaults } from './ebs-defaults.ts';
import type { Keys } from './keys.ts';
import { type LaunchTemplates, templateOfLaunch } from './launch-templates.ts';
import type { Snapshots } from './snapshots.ts';

export const volumeContextEvents = ['RunInstances', 'CreateVolume'] as const;

interface Volume {
  readonly encryption: Fact<VolumeEncryption>;
  readonly key: Fact<EncryptionKey>;
}

/** What a request or a template sets for a volume. */
interface Asked {
  readonly encrypted?: boolean | undefined;
  readonly kmsKeyId?: string | undefined;
  /** The snapshot that it should be made from. */
  readonly snapshotId?: string | undefined;
  readonly shownBy: 'request' | 'launch-template';
}

/** What a volume is made from, as a sentence names it, and whether that is encrypted. */
interface Origin {
  readonly name: string;
  readonly encryption: Fact<boolean>;
}

/**
 * Opens a reader of the encryption and keys of volumes, by account, Region and id.
 * @param defaults the account's EBS defaults.
 * @param keys the keys that EC2's events name.
 * @param templates the launch templates that launches use.
 * @param snapshots the snapshots that volumes come from.
 * @returns a reader without events; a volume without events is unknown.
 * @example openVolumes(defaults, keys, templates, snapshots).encryption(resource).known // false
 */
export function openVolumes(
  defaults: EbsDefaults,
  keys: Keys,
  templates: LaunchTemplates,
  snapshots: Snapshots,
) {
  const volumes = new Map<string, Volume>();

  const originOf = (
    event: TrailEvent,
    snapshotId: string | undefined,
    image: string | undefined,
  ): Origin | undefined => {
    if (snapshotId !== undefined) {
      const encryption = snapshots.encryption({ arn: snapshotArn(event, snapshotId) });
      return { name: `the snapshot ${snapshotId}`, encryption };
    }
    return image === undefined ? undefined : { name: image, encryption: amiUnseen };
  };

  /**
   * AWS's response counts first. Then the request: `true` means encrypted, and so does a named key. An encrypted
   * snapshot and encryption by default both override `false`. Without a request, the volume's origin decides.
   * Source: Amazon EBS User Guide, "Amazon EBS encryption": encryption outcomes; EC2 API Reference, "CreateVolume".
   * @param image the AMI's snapshot for the volume, as a sentence names it; `undefined` without an AMI.
   */
  const settle = (
    event: TrailEvent,
    answered: boolean | undefined,
    asked: Fact<Asked>,
    image: string | undefined,
  ): Fact<VolumeEncryption> => {
    if (answered !== undefined) return known({ encrypted: answered, shownBy: 'aws' }, sourceOf(event));
    const stated = asked.known ? asked.value : undefined;
    const wanted = stated?.encrypted ?? (stated?.kmsKeyId === undefined ? undefined : true);
    if (asked.known && wanted === true) {
      return known({ encrypted: true, shownBy: asked.value.shownBy }, asked.source);
    }
    const origin = originOf(event, stated?.snapshotId, image);
    if (origin?.encryption.known && origin.encryption.value) {
      return known({ encrypted: true, shownBy: 'snapshot' }, origin.encryption.source);
    }
    const byDefault = defaults.encryption(event);
    if (byDefault.known && byDefault.value) {
      return known({ encrypted: true, shownBy: 'default' }, byDefault.source);
    }
    if (!asked.known) return asked;
    const { shownBy } = asked.value;
    return wanted === false
      ? known({ encrypted: false, shownBy }, asked.source)
      : unasked(shownBy, origin, byDefault);
  };

  /**
   * The key named, else the account's default key, as it is now: later changes of the default do not reach the
   * volume. A volume from a snapshot may have the snapshot's key instead, which no event contains.
   */
  const keyOf = (
    event: TrailEvent,
    fromSnapshot: boolean,
    ...names: readonly (string | undefined)[]
  ): Fact<EncryptionKey> => {
    const given = names.filter((name) => name !== undefined);
    const key = keys.named(event, ...given);
    if (key !== undefined) return known(key, sourceOf(event));
    if (given.length > 0) return unknownFact('unreadable', 'the event names a key, but not readably');
    return fromSnapshot
      ? unknownFact(
          'not-in-trail',
          'the event names no key, and a volume from a snapshot may have the key of the snapshot',
        )
      : defaults.key(event);
  };

  const learnCreated = (event: TrailEvent): void => {
    const { request, response } = event;
    const snapshotId = text(response, 'snapshotId') || text(request, 'snapshotId') || undefined;
    const kmsKeyId = text(request, 'kmsKeyId');
    const encrypted = flag(request, 'encrypted');
    const asked = known({ encrypted, kmsKeyId, snapshotId, shownBy: 'request' as const }, sourceOf(event));
    const volume: Volume = {
      encryption: settle(event, flag(response, 'encrypted'), asked, undefined),
      key: keyOf(event, snapshotId !== undefined, text(response, 'kmsKeyId'), kmsKeyId),
    };
    for (const resource of volumeCreated(event)) volumes.set(idOf(resource), volume);
  };

  const learnLaunched = (event: TrailEvent): void => {
    const ref = templateOfLaunch(event);
    const template = ref === undefined ? undefined : templates.used(event, ref, 'the launch used').volumes;
    for (const volume of launchedVolumes(event)) {
      const asked = askedAtLaunch(event, volume, template);
      const { kmsKeyId, snapshotId }: Partial<Asked> = asked.known ? asked.value : {};
      const image = volume.root ? 'the snapshot of the AMI' : 'what the AMI has for the device';
      const fromSnapshot = volume.root || snapshotId !== undefined;
      volumes.set(idOf(volume.resource), {
        encryption: settle(event, flag(volume.answered, 'encrypted'), asked, image),
        key: keyOf(event, fromSnapshot, text(volume.answered, 'kmsKeyId'), kmsKeyId),
      });
    }
  };

  const notMade = unknownFact('not-in-trail', 'the trail does not show how this volume was made');

  return {
    learn(event: TrailEvent): void {
      if (event.eventName === 'CreateVolume') learnCreated(event);
      else if (event.eventName === 'RunInstances') learnLaunched(event);
    },
    encryption: (resource: ArnResource): Fact<VolumeEncryption> =>
      volumes.get(idOf(resource))?.encryption ?? notMade,
    key: (resource: ArnResource): Fact<EncryptionKey> => volumes.get(idOf(resource))?.key ?? notMade,
  };
}

/**
 * What the request's mapping of the device sets for a launched volume; where it maps only other devices, what the
 * mapping of the launch template sets. Source: EC2 API Reference, "RunInstances": LaunchTemplate, whose parameters
 * hold unless the request gives its own.
 */
function askedAtLaunch(
  event: TrailEvent,
  volume: LaunchedVolume,
  template: Fact<readonly TemplateVolume[]> | undefined,
): Fact<Asked> {
  const { requested, device } = volume;
  if (requested === undefined && template !== undefined) {
    if (!template.known) return template;
    const mapped = template.value.find((each) => each.device === device);
    return known({ ...mapped, shownBy: 'launch-template' }, template.source);
  }
  const asked: Asked = {
    encrypted: flag(requested, 'encrypted'),
    kmsKeyId: text(requested, 'kmsKeyId'),
    snapshotId: text(requested, 'snapshotId') || undefined,
    shownBy: 'request',
  };
  return known(asked, sourceOf(event));
}

/**
 * Whether a volume is encrypted without a request: as its origin is, unless encryption by default was on, which is
 * not known here.
 */
function unasked(
  shownBy: Asked['shownBy'],
  origin: Origin | undefined,
  byDefault: Fact<boolean>,
): Fact<VolumeEncryption> {
  const silent = notAsking[shownBy];
  if (origin !== undefined && !origin.encryption.known) {
    return unknownFact(
      'not-in-trail',
      byDefault.known
        ? `${silent} and encryption by default was off, so ${origin.name} decides, which the trail does not show`
        : `${silent}, so ${origin.name} decides, unless encryption by default was on, which the trail does not show`,
    );
  }
  if (!byDefault.known) {
    const plain = origin === undefined ? '' : ` and ${origin.name} is not encrypted`;
    return unknownFact(
      'not-in-trail',
      `${silent}${plain}, so encryption by default decides, which the trail does not show`,
    );
  }
  return origin?.encryption.known
    ? known({ encrypted: false, shownBy: 'snapshot' }, origin.encryption.source)
    : known({ encrypted: false, shownBy: 'default' }, byDefault.source);
}

const notAsking = {
  request: 'the request does not ask for encryption',
  'launch-template': 'neither the request nor its launch template asks for encryption',
} as const;

const amiUnseen = unknownFact('not-in-trail', 'the trail does not show what an AMI holds');

function idOf(resource: ArnResource): string {
  return `${accountRegionKey(resource)}/${resource.id}`;
}
