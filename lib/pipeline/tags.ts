/** The tags of what fails, read before it is decided about, where the policy goes by them and the look tells none. */
import type { TagsOf } from '../core/fact-provider.ts';
import type { Policy } from '../policy/assemble.ts';
import { goesByTags } from '../policy/by-tags.ts';
import { isTaggable } from '../policy/guardrails.ts';
import type { Evaluated } from './evaluate.ts';

/**
 * @param tagsOf asked once, for all of them, and only where something is to be asked.
 * @returns the evaluations as they were given, those of which tags were asked with the tags, or with why they are unknown.
 *   What was one object stays one.
 */
export async function withTags(
  evaluated: readonly (readonly Evaluated[])[],
  policy: Policy,
  tagsOf: TagsOf | undefined,
): Promise<readonly (readonly Evaluated[])[]> {
  const wanting = [...new Set(evaluated.flat())].filter(
    ({ control, resource, evaluation }) =>
      evaluation.verdict === 'FAIL' &&
      resource.tags === undefined &&
      isTaggable(resource) &&
      goesByTags(policy, control.id),
  );
  if (tagsOf === undefined || wanting.length === 0) return evaluated;
  const read = await tagsOf(wanting.map(({ resource }) => resource));
  const told = new Map(
    wanting.map((one, index): [Evaluated, Evaluated] => {
      const tags = read[index];
      if (tags === undefined) throw new TypeError(`tags were asked of ${wanting.length}, and told of fewer`);
      return [
        one,
        tags.known
          ? { ...one, resource: { ...one.resource, tags: tags.value } }
          : { ...one, tagsUnknown: tags },
      ];
    }),
  );
  return evaluated.map((some) => some.map((one) => told.get(one) ?? one));
}
