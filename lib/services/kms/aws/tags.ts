/** The tags of KMS keys, which DescribeKey does not return: ListResourceTags, one key at a time. */
import { ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { allPages, askEach } from '../../../aws/facts/calls.ts';
import type { TagReaders } from '../../../aws/facts/reader.ts';
import { fromPairs } from '../../../aws/facts/tags.ts';
import type { ArnResource } from '../../../core/control.ts';

const action = 'kms:ListResourceTags';

export const keyTags = {
  AwsKmsKey: {
    idOf: ({ arn }) => arn,
    lookup: {
      permissions: [action],
      find: (arns, lookups, waitsFor) =>
        askEach(action, arns, lookups, waitsFor, async (arn) => {
          const tags = await allPages(async (token) => {
            const answer = await lookups.call(({ kms }) =>
              kms.send(
                new ListResourceTagsCommand({
                  KeyId: arn,
                  ...(token === undefined ? {} : { Marker: token }),
                }),
              ),
            );
            return { items: answer.Tags, next: answer.Truncated === true ? answer.NextMarker : undefined };
          });
          return fromPairs(tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })));
        }),
    },
  },
} satisfies TagReaders<ArnResource>;
