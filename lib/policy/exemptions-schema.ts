/** The schema of what the policy file exempts: by exemptions of its own, and by tags on resources. */
import * as z from 'zod/mini';
import { mostDays } from './exemption-tag.ts';
import { accountId, listOf, noted, tagKey, valuePattern } from './schema-parts.ts';

const text = (message: string) => z.string().check(z.regex(/\S/, message));

const regionName = z
  .string()
  .check(z.regex(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/, 'must be the name of a Region, such as eu-central-1'));

const arnPattern = z
  .string()
  .check(
    z.regex(/^arn:./, 'must be the pattern of an ARN: it begins with "arn:"'),
    z.maxLength(1024, 'must have at most 1024 characters'),
  );

const criteria = ['controls', 'accounts', 'regions', 'resources', 'tags'] as const;

function isNarrowed(exemption: unknown): boolean {
  if (typeof exemption !== 'object' || exemption === null) return true;
  return criteria.some((criterion) => Object.hasOwn(exemption, criterion));
}

/** One exemption, for these controls. */
export function exemption(ids: readonly string[]) {
  return noted(
    z
      .strictObject({
        controls: z.optional(
          noted(listOf(z.enum(ids)), {
            description: 'The controls that do not apply; every control where this is left out.',
            examples: [ids.slice(0, 1)],
          }),
        ),
        accounts: z.optional(
          noted(listOf(accountId), {
            description: 'Accounts that own the resource; every account where this is left out.',
            examples: [['111122223333']],
          }),
        ),
        regions: z.optional(
          noted(listOf(regionName), {
            description: 'Regions of the resource; every Region where this is left out.',
            examples: [['eu-central-1']],
          }),
        ),
        resources: z.optional(
          noted(listOf(arnPattern), {
            description:
              'Patterns of the resource\'s ARN: "*" stands for any text, "?" for any one character; letter case ' +
              'counts. Any one may match.',
            examples: [['arn:aws:ec2:*:111122223333:instance/i-0abc*']],
          }),
        ),
        tags: z.optional(
          noted(z.record(tagKey, valuePattern), {
            description:
              'Tags that must all be on the resource, as far as its tags are known ("*" and "?" as in resources); a ' +
              'resource whose tags are not known is not exempt.',
            examples: [{ environment: 'sandbox' }],
            minProperties: 1,
          }).check(z.refine((tags) => Object.keys(tags).length > 0, 'must name at least one tag')),
        ),
        reason: noted(text('must say why'), {
          description: 'Why it is exempt; shown with every finding that it covers.',
          examples: ['Sandbox without customer data'],
        }),
        owner: noted(text('must name who answers for it'), {
          description: 'Who answers for it: a team or a person.',
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
          // Also beside other faults, so that one reading of the file finds them all.
          when: () => true,
        }),
      ),
    {
      description: 'Lets resources off. Every criterion that is given must match; at least one is needed.',
      anyOf: criteria.map((criterion) => ({ required: [criterion] })),
    },
  );
}

/** What tags may exempted, of these controls. */
export function exemptionTags(ids: readonly string[]) {
  const none = 'must name a control; to let tags exempt from none, take exemptionTags out';
  return noted(
    z.strictObject({
      controls: noted(z.union([z.literal('all'), z.array(z.enum(ids)).check(z.minLength(1, none))]), {
        description: 'The controls from which a tag may exempt a resource, or all.',
        examples: ['all', ids.slice(0, 1)],
      }),
      maxDays: noted(z.number().check(z.int(), z.gte(1), z.lte(mostDays)), {
        description: 'How many days away the last day of such an exemption may be, at any time.',
        examples: [30],
      }),
    }),
    {
      description:
        'Lets the tag trailseal:exempt (with the prefix of actions.tag) exempt the resource that bears it. Its value: ' +
        'the last day (UTC) on which it holds, and the reason, as in "2027-01-31 load test". Whoever can launch a ' +
        'resource can tag it. Without this key, tags exempt nothing.',
      examples: [{ controls: ids.slice(0, 1), maxDays: 30 }],
    },
  );
}
