/**
 * Reads the tags of resources that fail before their plan is made, where the policy depends on tags and no fact has
 * them.
 */
import type { TagsOf } from '../core/fact-provider.ts';
import { usesTags } from '../policy/decide/tags.ts';
import type { Policy } from '../policy/model.ts';
import { isTaggable } from '../services/catalogue.ts';
import type { Evaluated } from './evaluate.ts';

/**
 * Completes evaluations with tags.
 * @param tagsOf called once for all resources, and only where tags are needed.
 * @returns the same evaluations; where tags were read, with the tags or the reason why they are unknown. An object
 *   that occurs twice in the input is one object in the result too.
 * @example const complete = await withTags(evaluated, policy, (resources) => awsFacts.tagsOf(resources));
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
      usesTags(policy, control.id),
  );
  if (tagsOf === undefined || wanting.length === 0) return evaluated;
  const read = await tagsOf(wanting.map(({ resource }) => resource));
  const completed = new Map(
    wanting.map((one, index): [Evaluated, Evaluated] => {
      const tags = read[index];
      if (tags === undefined)
        throw new TypeError(
          `tags of ${wanting.length} resources were requested, and those of fewer returned`,
        );
      return [
        one,
        tags.known
          ? { ...one, resource: { ...one.resource, tags: tags.value } }
          : { ...one, tagsUnknown: tags },
      ];
    }),
  );
  return evaluated.map((some) => some.map((one) => completed.get(one) ?? one));
}
