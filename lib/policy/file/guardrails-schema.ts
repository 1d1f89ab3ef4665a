/** The schema of the policy file's guardrails. */
import * as z from 'zod/mini';
import { durationPattern, durationText, millisecondsIn } from '../duration.ts';
import {
  type ActionKind,
  type DelayedActionKind,
  defaultGracePeriod,
  defaultLimits,
  defaultWhenReverted,
  highestLimit,
  longestGracePeriod,
  mostRepeats,
  type RateLimits,
  reversalResponses,
} from '../model.ts';
import { listOf, noted, tagKey, valuePattern } from './schema-parts.ts';

const count = z.number().check(z.int(), z.gte(0), z.lte(highestLimit));

const limitNotes = {
  perAccount: 'Maximum number of actions of a kind in one account in any hour; 0 allows none.',
  perActor:
    'Maximum number of actions of a kind in any hour because of the changes of one principal, a role whatever its sessions; ' +
    'of the part that is not reserved. Without it, half of that part of an account.',
  total: 'Maximum number of actions of a kind in all accounts together in any hour; 0 allows none.',
  reservedForCritical:
    'Per cent of perAccount and of total, rounded up, that only CRITICAL findings may use; one principal may use half of it.',
};

const percent = z.number().check(z.int(), z.gte(0), z.lte(100));

function limits(description: string) {
  return noted(
    z.strictObject({
      perAccount: z.optional(noted(count, { description: limitNotes.perAccount, examples: [2] })),
      perActor: z.optional(noted(count, { description: limitNotes.perActor, examples: [1] })),
      total: z.optional(noted(count, { description: limitNotes.total, examples: [5] })),
      reservedForCritical: z.optional(
        noted(percent, { description: limitNotes.reservedForCritical, examples: [50] }),
      ),
    }),
    { description },
  );
}

const durationForm = 'must be a duration such as 15 minutes, 1 hour or 2 days, or 0';

/** A duration; `0` may also be the number that YAML reads. */
function duration(longest: number) {
  const written = z.string().check(
    z.regex(durationPattern, durationForm),
    z.refine((text) => (millisecondsIn(text) ?? 0) <= longest, `must be at most ${durationText(longest)}`),
  );
  return z.union([z.literal(0), written], durationForm);
}

function gracePeriod(kind: DelayedActionKind, description: string) {
  return z.optional(
    noted(duration(longestGracePeriod), {
      description,
      examples: ['1 hour'],
      default: defaultGracePeriod[kind] === 0 ? 0 : durationText(defaultGracePeriod[kind]),
    }),
  );
}

function whenReverted(kind: ActionKind, what: string) {
  return z.optional(
    noted(z.enum(reversalResponses), {
      description: `What follows where somebody reverts ${what}.`,
      default: defaultWhenReverted[kind],
    }),
  );
}

/** The key `guardrails`. */
export const guardrails = noted(
  z.strictObject({
    actionsPerHour: z.optional(
      noted(
        z.strictObject({
          perAccount: z.optional(
            noted(count, { description: limitNotes.perAccount, default: defaultLimits.perAccount }),
          ),
          perActor: z.optional(noted(count, { description: limitNotes.perActor, examples: [4] })),
          total: z.optional(noted(count, { description: limitNotes.total, default: defaultLimits.total })),
          reservedForCritical: z.optional(
            noted(percent, {
              description: limitNotes.reservedForCritical,
              default: defaultLimits.reservedForCritical,
            }),
          ),
          tag: z.optional(limits('Limits on tagging; what is left out is as for every kind.')),
          quarantine: z.optional(limits('Limits on quarantines; what is left out is as for every kind.')),
          fix: z.optional(limits('Limits on all fixes together; what is left out is as for every kind.')),
        } satisfies Record<ActionKind | keyof RateLimits, unknown>),
        {
          description:
            'Maximum number of actions in any hour. Each kind (tag, quarantine, fix) is counted separately; notifications ' +
            'are not limited.',
          examples: [{ perAccount: 10, total: 50, quarantine: { perAccount: 2, total: 5 } }],
        },
      ),
    ),
    protectedTags: z.optional(
      noted(z.record(tagKey, listOf(valuePattern)), {
        description:
          'Resources with one of these tags are never changed, only reported, and so are resources whose tags are not ' +
          'known. For each tag a list of values ("*" and "?" as in resources).',
        examples: [{ environment: ['prod*'], 'do-not-touch': ['*'] }],
      }),
    ),
    gracePeriod: z.optional(
      noted(
        z.strictObject({
          fix: gracePeriod('fix', 'How long every fix waits after the finding.'),
          quarantine: gracePeriod('quarantine', 'How long a quarantine waits after the finding.'),
        } satisfies Record<DelayedActionKind, unknown>),
        {
          description:
            'How long an action waits after the finding, at most 7 days: people are notified at once, and a fix, an ' +
            'exemption or a person can prevent it. A whole number of seconds, minutes, hours or days; 0 for none.',
          examples: [{ fix: '5 minutes', quarantine: '1 hour' }],
        },
      ),
    ),
    whenReverted: z.optional(
      noted(
        z.strictObject({
          tag: whenReverted('tag', 'the tags of a failure'),
          fix: whenReverted('fix', 'a fix'),
          quarantine: whenReverted('quarantine', 'a quarantine'),
          maxRepeats: z.optional(
            noted(z.number().check(z.int(), z.gte(0), z.lte(mostRepeats)), {
              description:
                'How often one action is repeated for one failure at most; people are notified afterwards.',
              default: defaultWhenReverted.maxRepeats,
            }),
          ),
        } satisfies Record<ActionKind | 'maxRepeats', unknown>),
        {
          description:
            'What follows where somebody reverts an action, other than by an undo of Trailseal, while its finding is ' +
            'open: repeat (it is done again, within the limits), notify (people are notified), or leave (the run history ' +
            'tells it, and nobody is notified).',
          examples: [{ quarantine: 'repeat', maxRepeats: 2 }],
        },
      ),
    ),
  }),
  { description: 'Limits on what is done, whatever the controls list.' },
);
