/**
 * What became of an action, as the events on Trailseal's own bus tell it. Public, as transitions are: a change that could
 * break whoever builds on it is a new version.
 */
import * as z from 'zod/mini';
import { severities } from '../../core/control.ts';
import { actorSchema } from './transition.ts';

export const actionEventVersion = 1;
export const actionDetailType = 'Action';

const text = z.string();

export const actionEventSchema = z.object({
  version: z.literal(actionEventVersion),
  id: text.check(z.describe('The same for the same event, which may come twice.')),
  finding: text,
  account: text,
  region: text,
  control: z.object({ id: text, title: text }),
  severity: z.enum(severities),
  resource: z.object({ type: text, id: text, arn: text }),
  actor: z
    .optional(actorSchema)
    .check(
      z.describe('Whose call opened the finding. Left out where it is not known, as in undos by command.'),
    ),
  summary: z
    .optional(text)
    .check(z.describe("The finding's evidence in one sentence. Left out where it is not known.")),
  action: text,
  outcome: z
    .enum(['pending', 'done', 'skipped', 'partially-completed', 'undone', 'undo-refused'])
    .check(
      z.describe(
        'pending: it will be done when the grace period is over, unless somebody stops it until then.',
      ),
    ),
  because: text.check(z.describe('One sentence for people.')),
  skippedBecause: z
    .optional(text)
    .check(
      z.describe(
        "Why it is skipped, for machines: as `because` in a transition's plan. Left out where the plan knew no reason.",
      ),
    ),
  plan: z.array(text).check(z.describe('What was done, or is to be done, step by step.')),
  due: z.nullable(text).check(z.describe('When a pending action will be done: ISO 8601, UTC.')),
  undo: text.check(z.describe('How to undo it, or why it can not be undone.')),
  decision: z.object({ by: z.enum(['policy', 'operator']), name: text, why: text }),
  at: text,
});

export type ActionEvent = z.infer<typeof actionEventSchema>;
