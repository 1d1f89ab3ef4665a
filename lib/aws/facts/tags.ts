/** The current tags of resources in AWS. A resource that is known to have none has `{}`. */
import type { Tag } from '@aws-sdk/client-ec2';
import type { Resource } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';

/** The resource with EC2's tags. EC2 returns tags with every resource, and leaves them out where there are none. */
export function withEc2Tags<R extends Resource>(resource: R, tags: readonly Tag[] | undefined): R {
  return { ...resource, tags: fromPairs(tags ?? []) };
}

/** Tags by name, from the pairs that AWS returns. */
export function fromPairs(pairs: readonly Tag[]): Tags {
  return Object.fromEntries(
    pairs.flatMap(({ Key: key, Value: value = '' }): [string, string][] =>
      key === undefined ? [] : [[key, value]],
    ),
  );
}

/** The resource with EKS's tags. */
export function withEksTags<R extends Resource>(
  resource: R,
  tags: Readonly<Record<string, string>> | undefined,
): R {
  return { ...resource, tags: { ...tags } };
}

/** The resource without tags, which means unknown: those in an event may have changed since. */
export function withoutTags({ tags: _tags, ...resource }: Resource): Resource {
  return resource;
}
