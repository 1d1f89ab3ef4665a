/** The schema of the policy file's exemptions: those that it lists, and those by tags on resources. */
import * as z from 'zod/mini';
import { longestExemption, longestTagExemption } from '../model.ts';
import { accountId, listOf, noted, tagKey, valuePattern } from './schema-parts.ts';

const notBlank = (message: string) => z.string().check(z.regex(/\S/, message));

const regionName = z
  .string()
  .check(z.regex(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/, 'must be the name of a Region, such as eu-central-1'));

/** Of an ARN, or of the name of a resource that has none (`resourceName`). */
const resourcePattern = z
  .string()
  .check(
    z.regex(
      /^(?:arn:.|[^:/]+\/[^:/]+\/[^:/]+\/.)/,
      'must be the pattern of an ARN, which begins with "arn:", or of ACCOUNT/REGION/TYPE/ID where there is none',
    ),
    z.maxLength(1024, 'must have at most 1024 characters'),
  );

const criteria = ['controls', 'accounts', 'regions', 'resources', 'tags'] as const;

function isNarrowed(exemption: unknown): boolean {
  if (typeof exemption !== 'object' || exemption === null) return true;
  return criteria.some((criterion) => Object.hasOwn(exemption, criterion));
}

/** An entry of `exemptions`. @param ids of all controls. */
export function exemption(ids: readonly string[]) {
  return noted(
    z
      .strictObject({
        controls: z.optional(
          noted(listOf(z.enum(ids)), {
            description: 'The controls it exempts from; every control where this is left out.',
            examples: [ids.slice(0, 1)],
          }),
        ),
        accounts: z.optional(
          noted(listOf(accountId), {
            description: 'Accounts of the resources; every account where this is left out.',
            examples: [['111122223333']],
          }),
        ),
        regions: z.optional(
          noted(listOf(regionName), {
            description: 'Regions of the resources; every Region where this is left out.',
            examples: [['eu-central-1']],
          }),
        ),
        resources: z.optional(
          noted(listOf(resourcePattern), {
            description:
              'Patterns of the resource\'s ARN, of which one must match: "*" stands for any text, "?" for any one ' +
              'character; letter case counts. A resource without an ARN is named ACCOUNT/REGION/TYPE/ID.',
            examples: [['arn:aws:ec2:*:111122223333:instance/i-0abc*']],
          }),
        ),
        tags: z.optional(
          noted(z.record(tagKey, valuePattern), {
            description:
              'Tags that the resource must all have ("*" and "?" as in resources); a resource whose tags are not known is ' +
              'not exempt.',
            examples: [{ environment: 'sandbox' }],
            minProperties: 1,
          }).check(z.refine((tags) => Object.keys(tags).length > 0, 'must name at least one tag')),
        ),
        reason: noted(notBlank('must say why'), {
          description: 'Why it is exempt; shown with every finding that the exemption covers.',
          examples: ['Sandbox without customer data'],
        }),
        owner: noted(notBlank('must name who is responsible'), {
          description: 'Who is responsible for it: a team or a person.',
          examples: ['platform-team@example.com'],
        }),
        expires: noted(z.iso.date('must be a date that exists, as YYYY-MM-DD'), {
          description:
            'The last day (UTC) on which it holds, YYYY-MM-DD. Afterwards the finding says that its exemption has expired.',
          examples: ['2027-01-31'],
        }),
      })
      .check(
        z.refine(isNarrowed, {
          error: 'an exemption must be narrowed by controls, accounts, regions, resources or tags',
          // Checked even when there are other issues, so that one check finds them all.
          when: () => true,
        }),
      ),
    {
      description: 'Exempts resources. Every criterion that is given must match; at least one is needed.',
      anyOf: criteria.map((criterion) => ({ required: [criterion] })),
    },
  );
}

/** The key `exemptionMaxDays`: `trailseal policy validate` holds the exemptions to it, which knows what day it is. */
export const exemptionMaxDays = noted(z.number().check(z.int(), z.gte(1), z.lte(3650)), {
  description:
    'Maximum number of days from now to the last day of an exemption: `trailseal policy validate` refuses a longer one. ' +
    `Without this key it warns of one that is longer than ${longestExemption} days.`,
  examples: [180],
});

/** The key `exemptionTags`. @param ids of all controls. */
export function exemptionTags(ids: readonly string[]) {
  const none = 'must name a control; to let no tag exempt, remove exemptionTags';
  return noted(
    z.strictObject({
      controls: noted(z.union([z.literal('all'), z.array(z.enum(ids)).check(z.minLength(1, none))]), {
        description: 'The controls from which a tag may exempt a resource, or all.',
        examples: ['all', ids.slice(0, 1)],
      }),
      maxDays: noted(z.number().check(z.int(), z.gte(1), z.lte(longestTagExemption)), {
        description: 'Maximum number of days from now to the last day of such an exemption.',
        examples: [30],
      }),
    }),
    {
      description:
        'Lets the tag trailseal:exempt (with the prefix of actions.tag) exempt the resource that has it. Its value: the ' +
        'last day (UTC) on which it holds, and the reason, as in "2027-01-31 load test". Whoever can launch a resource ' +
        'can tag it. Without this key, no tag exempts anything.',
      examples: [{ controls: ids.slice(0, 1), maxDays: 30 }],
    },
  );
}
