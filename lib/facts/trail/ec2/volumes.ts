/** What the trail proves about volumes. It is settled when a volume is made, and holds as long as the volume. */
import type { Fact, Resource, Source, TrailEvent } from '../../../control.ts';
import { flag, list, text } from '../../../json.ts';
import { type LaunchedVolume, launchedVolumes, volumeCreated } from '../../../trail/resources/ec2/volumes.ts';
import type { EncryptionKey, TemplateVolume, VolumeEncryption } from '../../types/ec2.ts';
import { known, type Unknown, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';
import type { EbsDefaults } from './ebs-defaults.ts';
import type { Keys } from './keys.ts';
import type { LaunchTemplates } from './launch-templates.ts';
import { placeOf } from './place.ts';

export const volumeLessons = ['RunInstances', 'CreateVolume'] as const;

interface Volume {
  readonly encryption: Fact<VolumeEncryption>;
  readonly key: Fact<EncryptionKey>;
}

/** What was asked of a volume, wherever that was. */
interface Asked {
  readonly encrypted: boolean | undefined;
  readonly kmsKeyId: string | undefined;
  readonly shownBy: 'request' | 'launch-template';
  readonly source: Source;
}

/** Volumes by account, Region and id. */
export function openVolumes(defaults: EbsDefaults, keys: Keys, templates: LaunchTemplates) {
  const volumes = new Map<string, Volume>();

  /**
   * AWS's answer counts first. Then what was asked: `true` was done; `false` too, unless encryption by default
   * was on, which overrides it; a named key needs encryption. Asked nothing, the default encrypts if it was on.
   * Source: Amazon EBS User Guide, "Amazon EBS encryption": encryption outcomes; EC2 API Reference, "CreateVolume".
   */
  const settle = (
    event: TrailEvent,
    answered: boolean | undefined,
    asked: Asked,
    otherwise: Fact<VolumeEncryption>,
  ): Fact<VolumeEncryption> => {
    if (answered !== undefined) return known({ encrypted: answered, shownBy: 'aws' }, sourceOf(event));
    const { shownBy, source } = asked;
    const wanted = asked.encrypted ?? (asked.kmsKeyId === undefined ? undefined : true);
    if (wanted === true) return known({ encrypted: true, shownBy }, source);
    const byDefault = defaults.encryption(event);
    if (byDefault.known && byDefault.value) {
      return known({ encrypted: true, shownBy: 'default' }, byDefault.source);
    }
    return wanted === false ? known({ encrypted: false, shownBy }, source) : otherwise;
  };

  /**
   * The key named, else the account's default key, as it is now: later changes of the default do not reach
   * the volume. A volume from a snapshot may have the snapshot's key instead, which no event tells.
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
    const fromSnapshot = [text(response, 'snapshotId'), text(request, 'snapshotId')].some(Boolean);
    const kmsKeyId = text(request, 'kmsKeyId');
    const asked: Asked = {
      encrypted: flag(request, 'encrypted'),
      kmsKeyId,
      shownBy: 'request',
      source: sourceOf(event),
    };
    const byDefault = defaults.encryption(event);
    const otherwise =
      byDefault.known && !fromSnapshot
        ? known({ encrypted: byDefault.value, shownBy: 'default' as const }, byDefault.source)
        : undecided(event, byDefault, fromSnapshot ? 'the snapshot' : undefined);
    const volume: Volume = {
      encryption: settle(event, flag(response, 'encrypted'), asked, otherwise),
      key: keyOf(event, fromSnapshot, text(response, 'kmsKeyId'), kmsKeyId),
    };
    for (const resource of volumeCreated(event)) volumes.set(idOf(resource), volume);
  };

  const learnLaunched = (event: TrailEvent): void => {
    const mapsNothing = list(event.request, 'blockDeviceMapping').length === 0;
    const template = mapsNothing ? templates.usedBy(event) : undefined;
    for (const volume of launchedVolumes(event)) {
      const { asked, undecidedBecause } = askedAtLaunch(event, volume, template);
      const fromSnapshot = volume.root || Boolean(text(volume.requested, 'snapshotId'));
      volumes.set(idOf(volume.resource), {
        encryption: settle(
          event,
          flag(volume.answered, 'encrypted'),
          asked,
          undecidedBecause ?? undecided(event, defaults.encryption(event), "the AMI's snapshot"),
        ),
        key: keyOf(event, fromSnapshot, text(volume.answered, 'kmsKeyId'), asked.kmsKeyId),
      });
    }
  };

  const notMade = unknownFact('not-in-trail', 'the trail does not show how this volume was made');

  return {
    learn(event: TrailEvent): void {
      if (event.eventName === 'CreateVolume') learnCreated(event);
      else if (event.eventName === 'RunInstances') learnLaunched(event);
    },
    encryption: (resource: Resource): Fact<VolumeEncryption> =>
      volumes.get(idOf(resource))?.encryption ?? notMade,
    key: (resource: Resource): Fact<EncryptionKey> => volumes.get(idOf(resource))?.key ?? notMade,
  };
}

/** What the request asks of a launched volume; where the request maps nothing, what its template does. */
function askedAtLaunch(
  event: TrailEvent,
  volume: LaunchedVolume,
  template: Fact<readonly TemplateVolume[]> | undefined,
): { readonly asked: Asked; readonly undecidedBecause?: Unknown } {
  const source = sourceOf(event);
  if (template === undefined) {
    const encrypted = flag(volume.requested, 'encrypted');
    return { asked: { encrypted, kmsKeyId: text(volume.requested, 'kmsKeyId'), shownBy: 'request', source } };
  }
  const nothing: Asked = { encrypted: undefined, kmsKeyId: undefined, shownBy: 'launch-template', source };
  if (!template.known) return { asked: nothing, undecidedBecause: template };
  const mapped = template.value.find(({ device }) => device === volume.device);
  const asked = {
    ...nothing,
    encrypted: mapped?.encrypted,
    kmsKeyId: mapped?.kmsKeyId,
    source: template.source,
  };
  return { asked };
}

/** Nothing was asked: then the default decides, and if it is off, the snapshot that the volume comes from. */
function undecided(event: TrailEvent, byDefault: Fact<boolean>, snapshot: string | undefined): Unknown {
  const decides = snapshot === undefined ? '' : `${snapshot} decides unless encryption by default is on, `;
  const told = byDefault.known
    ? 'and it was off'
    : 'and the trail does not show whether encryption by default was on in this account and Region';
  return unknownFact('not-in-trail', `${event.eventName} does not say, ${decides}${told}`);
}

function idOf(resource: Resource): string {
  return `${placeOf(resource)}/${resource.id}`;
}
