/** How EC2's events name EBS snapshots, and which events concern their sharing. */
import { arnOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { list, memberText } from '../../../core/json.ts';
import { tagged, tagsAsked, tagsIn } from './instances.ts';
import { requestOf } from './wrapped.ts';

/**
 * DeleteSnapshot: the snapshot in the request.
 * @returns one snapshot, or none.
 * @example snapshotInRequest({ ...event, request: { snapshotId: 'snap-0123456789abcdef0' } })[0]?.id // 'snap-0123456789abcdef0'
 */
export function snapshotInRequest(event: TrailEvent): readonly ArnResource[] {
  return snapshotNamed(event, requestOf(event));
}

/**
 * CreateSnapshot, CopySnapshot: the snapshot in the response.
 * @returns one snapshot with its tags, or none.
 * @example snapshotCreated({ ...event, response: { snapshotId: 'snap-0123456789abcdef0' } })[0]?.id // 'snap-0123456789abcdef0'
 */
export function snapshotCreated(event: TrailEvent): readonly ArnResource[] {
  const tags = tagsIn(list(event.response, 'tagSet')) ?? tagsAsked(event.request, 'snapshot');
  return snapshotNamed(event, event.response).map((resource) => tagged(resource, tags));
}

/**
 * ModifySnapshotAttribute, ResetSnapshotAttribute: the snapshot, unless the event concerns its product codes, the
 * only other attribute besides the permission to create volumes. Real records spell the attribute `"attributeType":
 * "CREATE_VOLUME_PERMISSION"`, the API `createVolumePermission`.
 * @returns one snapshot, or none.
 * @example snapshotWhoseSharingChanged({ ...event, request: { snapshotId: 'snap-0123456789abcdef0', attributeType: 'PRODUCT_CODES' } }) // []
 */
export function snapshotWhoseSharingChanged(event: TrailEvent): readonly ArnResource[] {
  const request = requestOf(event);
  const attribute = memberText(request, 'AttributeType') ?? memberText(request, 'Attribute') ?? '';
  const aboutCodes = attribute.replace(/[^a-z]/gi, '').toLowerCase() === 'productcodes';
  return aboutCodes ? [] : snapshotInRequest(event);
}

/**
 * The ARN of a snapshot, which contains no account. Source: Service Authorization Reference, "Amazon EC2": resource
 * types.
 * @example snapshotArn({ region: 'eu-central-1' }, 'snap-0123456789abcdef0') // 'arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0'
 */
export function snapshotArn({ region }: Pick<TrailEvent, 'region'>, id: string): string {
  return arnOf('ec2', region, '', `snapshot/${id}`);
}

function snapshotNamed(event: TrailEvent, holder: unknown): readonly ArnResource[] {
  const { account, region } = event;
  const id = memberText(holder, 'SnapshotId');
  if (id === undefined) return [];
  return [{ type: 'AwsEc2Snapshot', id, arn: snapshotArn(event, id), account, region }];
}
