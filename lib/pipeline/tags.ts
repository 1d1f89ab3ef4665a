/** The tags of what fails, read before it is decided about, where the policy goes by them and the look tells none. */
import type { TagsOf } from '../core/fact-provider.ts';
import type { Policy } from '../policy/assemble.ts';
import { goesByTags } from '../policy/by-tags.ts';
import { bearsTags } from '../policy/guardrails.ts';
import type { Judged } from './evaluate.ts';

/**
 * @param tagsOf asked once, for all of them, and only where something is to be asked.
 * @returns the judgements as they were given, those of which tags were asked with the tags, or with why they are unknown.
 *   What was one object stays one.
 */
export async function withTags(
  judged: readonly (readonly Judged[])[],
  policy: Policy,
  tagsOf: TagsOf | undefined,
): Promise<readonly (readonly Judged[])[]> {
  const wanting = [...new Set(judged.flat())].filter(
    ({ control, resource, judgement }) =>
      judgement.verdict === 'FAIL' &&
      resource.tags === undefined &&
      bearsTags(resource) &&
      goesByTags(policy, control.id),
  );
  if (tagsOf === undefined || wanting.length === 0) return judged;
  const read = await tagsOf(wanting.map(({ resource }) => resource));
  const told = new Map(
    wanting.map((one, index): [Judged, Judged] => {
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
  return judged.map((some) => some.map((one) => told.get(one) ?? one));
}
