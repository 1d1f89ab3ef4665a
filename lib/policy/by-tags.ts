/** Whether a policy goes by the tags of resources: only then are those read that no look tells. Pure. */
import type { Policy } from './assemble.ts';

/**
 * Whether tags may decide what is done about a control's findings: by protecting the resource, or by letting it off. An
 * exemption that has expired counts, too: the finding says that it has.
 */
export function goesByTags(
  { guardrails, exemptionTags, exemptions }: Pick<Policy, 'guardrails' | 'exemptionTags' | 'exemptions'>,
  controlId: string,
): boolean {
  return (
    guardrails.protectedTags.size > 0 ||
    exemptionTags?.controls === 'all' ||
    exemptionTags?.controls.includes(controlId) === true ||
    exemptions.some(
      ({ tags, controls }) => tags !== undefined && (controls === undefined || controls.includes(controlId)),
    )
  );
}
