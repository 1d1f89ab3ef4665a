/** Where EC2's events name EBS snapshots, and which of them are about who may restore one. */
import { arnOf } from '../../../arn.ts';
import type { Resource } from '../../../control.ts';
import { list, text } from '../../../json.ts';
import type { TrailEvent } from '../../event.ts';
import { tagged, tagsAsked, tagsIn } from '../ec2.ts';

/** DeleteSnapshot: the snapshot that the request names. */
export function snapshotInRequest(event: TrailEvent): readonly Resource[] {
  return snapshotNamed(event, event.request);
}

/** CreateSnapshot, CopySnapshot: the snapshot that the response names. */
export function snapshotCreated(event: TrailEvent): readonly Resource[] {
  const tags = tagsIn(list(event.response, 'tagSet')) ?? tagsAsked(event.request, 'snapshot');
  return snapshotNamed(event, event.response).map((resource) => tagged(resource, tags));
}

/**
 * ModifySnapshotAttribute, ResetSnapshotAttribute: the snapshot, unless the event is about its product codes,
 * the one attribute besides the permission to create volumes. Real records spell the attribute
 * `"attributeType": "CREATE_VOLUME_PERMISSION"`, the API `createVolumePermission`.
 */
export function snapshotWhoseSharingChanged(event: TrailEvent): readonly Resource[] {
  const attribute = text(event.request, 'attributeType') ?? text(event.request, 'attribute') ?? '';
  const aboutCodes = attribute.replace(/[^a-z]/gi, '').toLowerCase() === 'productcodes';
  return aboutCodes ? [] : snapshotInRequest(event);
}

/** A snapshot's ARN bears no account. Source: Service Authorization Reference, "Amazon EC2": resource types. */
function snapshotNamed(event: TrailEvent, holder: unknown): readonly Resource[] {
  const { account, region } = event;
  const id = text(holder, 'snapshotId');
  if (id === undefined) return [];
  return [{ type: 'AwsEc2Snapshot', id, arn: arnOf('ec2', region, '', `snapshot/${id}`), account, region }];
}
