/** How keys are tagged: TagResource, UntagResource. Grants have no tags. */
import { ListResourceTagsCommand, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kms';
import type { TagAdapter } from '../../core/action.ts';
import { type IamAction, notOwn, onlyPolicyTags, type Write } from '../../core/write.ts';
import { describeKey, isPendingDeletion } from './fixes/kms-key.ts';

function writesTags(action: IamAction): Write {
  return {
    action,
    on: [{ service: 'kms', resource: 'key/*' }],
    condition: { ...onlyPolicyTags, ...notOwn },
  };
}

/** KMS takes no tags of a key that is pending deletion. Source: AWS KMS Developer Guide, "Key states of AWS KMS keys". */
const keys: TagAdapter = {
  permissions: {
    reads: ['kms:DescribeKey', 'kms:ListResourceTags'],
    set: writesTags('kms:TagResource'),
    remove: writesTags('kms:UntagResource'),
  },
  async read(resource, deps) {
    const key = await describeKey(resource, deps);
    if (key === undefined) return undefined;
    const tags: [string, string][] = [];
    let marker: string | undefined;
    do {
      const answer = await deps.clients.kms.send(
        new ListResourceTagsCommand({
          KeyId: resource.id,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      for (const { TagKey: name, TagValue: value } of answer.Tags ?? []) {
        if (name !== undefined) tags.push([name, value ?? '']);
      }
      marker = answer.Truncated === true ? answer.NextMarker : undefined;
    } while (marker !== undefined);
    return {
      tags: Object.fromEntries(tags),
      ...(isPendingDeletion(key) ? { obstacle: 'KMS takes no tags of a key that is pending deletion' } : {}),
      ...(key.KeyManager === 'AWS' ? { obstacle: 'AWS manages the key' } : {}),
    };
  },
  async set({ id }, tags, { clients }) {
    await clients.kms.send(
      new TagResourceCommand({
        KeyId: id,
        Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      }),
    );
  },
  async remove({ id }, names, { clients }) {
    await clients.kms.send(new UntagResourceCommand({ KeyId: id, TagKeys: [...names] }));
  },
};

export const tagAdapters = { AwsKmsKey: keys };
