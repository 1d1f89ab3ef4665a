/** The schema of the policy file's guardrails. */
import * as z from 'zod/mini';
import { durationPattern, durationText, millisecondsIn } from './duration.ts';
import {
  type Delayed,
  defaultGracePeriod,
  defaultLimits,
  type kinds,
  longestGracePeriod,
} from './guardrails.ts';
import { listOf, noted, tagKey, valuePattern } from './schema-parts.ts';

/** No policy may ask for more actions an hour: beyond this it would not be a limit. */
const mostPerHour = 10_000;

const count = z.number().check(z.int(), z.gte(0), z.lte(mostPerHour));

const limitNotes = {
  perAccount: 'The most actions of a kind in one account in any hour; 0 allows none.',
  total: 'The most actions of a kind in all accounts together in any hour; 0 allows none.',
};

function limits(description: string) {
  return noted(
    z.strictObject({
      perAccount: z.optional(noted(count, { description: limitNotes.perAccount, examples: [2] })),
      total: z.optional(noted(count, { description: limitNotes.total, examples: [5] })),
    }),
    { description },
  );
}

const durationForm = 'must be a duration such as 15 minutes, 1 hour or 2 days, or 0';

/** A span of time; `0` also as the number that YAML makes of it. */
function duration(longest: number) {
  const written = z.string().check(
    z.regex(durationPattern, durationForm),
    z.refine((text) => (millisecondsIn(text) ?? 0) <= longest, `must be at most ${durationText(longest)}`),
  );
  return z.union([z.literal(0), written], durationForm);
}

function gracePeriod(kind: Delayed, description: string) {
  return z.optional(
    noted(duration(longestGracePeriod), {
      description,
      examples: ['1 hour'],
      default: defaultGracePeriod[kind] === 0 ? 0 : durationText(defaultGracePeriod[kind]),
    }),
  );
}

export const guardrails = noted(
  z.strictObject({
    actionsPerHour: z.optional(
      noted(
        z.strictObject({
          perAccount: z.optional(
            noted(count, { description: limitNotes.perAccount, default: defaultLimits.perAccount }),
          ),
          total: z.optional(noted(count, { description: limitNotes.total, default: defaultLimits.total })),
          tag: z.optional(limits('Limits on tagging alone; what is left out is as for every kind.')),
          quarantine: z.optional(
            limits('Limits on quarantine alone; what is left out is as for every kind.'),
          ),
          fix: z.optional(limits('Limits on all fixes together; what is left out is as for every kind.')),
        } satisfies Record<(typeof kinds)[number] | 'perAccount' | 'total', unknown>),
        {
          description:
            'How many actions may be carried out in any hour. Each kind (tag, quarantine, fix) is counted by itself; ' +
            'notifying is not limited.',
          examples: [{ perAccount: 10, total: 50, quarantine: { perAccount: 2, total: 5 } }],
        },
      ),
    ),
    protectedTags: z.optional(
      noted(z.record(tagKey, listOf(valuePattern)), {
        description:
          'Resources with one of these tags are never changed, only reported; nor is a resource whose tags are not ' +
          'known. For each tag a list of values ("*" and "?" as in resources).',
        examples: [{ environment: ['prod*'], 'do-not-touch': ['*'] }],
      }),
    ),
    gracePeriod: z.optional(
      noted(
        z.strictObject({
          fix: gracePeriod('fix', 'How long every fix waits after the finding.'),
          quarantine: gracePeriod('quarantine', 'How long a quarantine waits after the finding.'),
        } satisfies Record<Delayed, unknown>),
        {
          description:
            'How long an action waits after the finding, at most 7 days: people hear of it at once, and a fix, an ' +
            'exemption or a person can stop it. A whole number of seconds, minutes, hours or days; 0 for none.',
          examples: [{ fix: '5 minutes', quarantine: '1 hour' }],
        },
      ),
    ),
  }),
  { description: 'Limits on what may be done, whatever the controls ask for.' },
);
