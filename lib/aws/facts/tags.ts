/** The tags of resources, as AWS tells them now. A resource that is known to bear none has `{}`. */
import type { Tag } from '@aws-sdk/client-ec2';
import type { Resource } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';

/** The resource with EC2's tags. EC2 tells them with whatever it describes, and of the untagged leaves them out. */
export function withEc2Tags(resource: Resource, tags: readonly Tag[] | undefined): Resource {
  return { ...resource, tags: fromPairs(tags ?? []) };
}

/** Tags by their names, of the pairs that AWS tells. */
export function fromPairs(pairs: readonly Tag[]): Tags {
  return Object.fromEntries(
    pairs.flatMap(({ Key: key, Value: value = '' }): [string, string][] =>
      key === undefined ? [] : [[key, value]],
    ),
  );
}

/** The resource with EKS's tags. */
export function withEksTags(
  resource: Resource,
  tags: Readonly<Record<string, string>> | undefined,
): Resource {
  return { ...resource, tags: { ...tags } };
}

/** The resource with tags unknown: those that an event told may have changed since. */
export function withoutTags({ tags: _tags, ...resource }: Resource): Resource {
  return resource;
}
