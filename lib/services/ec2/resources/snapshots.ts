/** Where EC2's events name EBS snapshots, and which of them are about who may restore one. */
import { arnOf } from '../../../core/arn.ts';
import type { Resource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { list, memberText } from '../../../core/json.ts';
import { tagged, tagsAsked, tagsIn } from './instances.ts';
import { requestOf } from './wrapped.ts';

/** DeleteSnapshot: the snapshot that the request names. */
export function snapshotInRequest(event: TrailEvent): readonly Resource[] {
  return snapshotNamed(event, requestOf(event));
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
  const request = requestOf(event);
  const attribute = memberText(request, 'AttributeType') ?? memberText(request, 'Attribute') ?? '';
  const aboutCodes = attribute.replace(/[^a-z]/gi, '').toLowerCase() === 'productcodes';
  return aboutCodes ? [] : snapshotInRequest(event);
}

/** A snapshot's ARN bears no account. Source: Service Authorization Reference, "Amazon EC2": resource types. */
export function snapshotArn({ region }: Pick<TrailEvent, 'region'>, id: string): string {
  return arnOf('ec2', region, '', `snapshot/${id}`);
}

function snapshotNamed(event: TrailEvent, holder: unknown): readonly Resource[] {
  const { account, region } = event;
  const id = memberText(holder, 'SnapshotId');
  if (id === undefined) return [];
  return [{ type: 'AwsEc2Snapshot', id, arn: snapshotArn(event, id), account, region }];
}
