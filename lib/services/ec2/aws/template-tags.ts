/** The tags of launch templates, which their versions do not contain: DescribeLaunchTemplates. */
import { DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { askEach } from '../../../aws/facts/calls.ts';
import type { TagReaders } from '../../../aws/facts/reader.ts';
import { fromPairs } from '../../../aws/facts/tags.ts';

const action = 'ec2:DescribeLaunchTemplates';

export const templateTags = {
  AwsEc2LaunchTemplate: {
    idOf: ({ id }) => id,
    lookup: {
      permissions: [action],
      find: (ids, lookups, waitsFor) =>
        // One by one: an id that does not exist fails the whole call, and there is no filter by id.
        askEach(action, ids, lookups, waitsFor, async (id) => {
          const answer = await lookups.call(({ ec2 }) =>
            ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] })),
          );
          const [template] = answer.LaunchTemplates ?? [];
          return template && fromPairs(template.Tags ?? []);
        }),
    },
  },
} satisfies TagReaders;
