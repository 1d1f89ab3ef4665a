/**
 * Transitions: what changed about a finding, as events on Trailseal's own bus. Pure. The form is public: customers build
 * on it, so that a change of it that could break them is a new version.
 */
import * as z from 'zod/mini';
import { severities, verdicts } from '../../core/control.ts';
import { notificationTargets } from '../../policy/notifications.ts';
import { exemptionOrigins, exemptionStates } from '../../policy/model.ts';
import { type Finding, statuses } from '../../findings/finding.ts';

export const transitionVersion = 1;
/** The `source` of the events. */
export const transitionSource = 'trailseal';

/** The `detail-type` of an event, by what it reports. */
export const detailTypes = {
  failed: 'Control Failed',
  passed: 'Control Passed',
  unknown: 'Control Unknown',
  deleted: 'Resource Deleted',
} as const;
export type DetailType = (typeof detailTypes)[keyof typeof detailTypes];

const text = z.string();
/** The ARN of a resource. */
export const resourceArn = z.optional(text).check(z.describe('Left out where its type has no ARNs.'));
export const actorSchema = z.object({
  type: text,
  arn: text,
  name: text,
  account: z.optional(text),
  sourceIp: z.optional(text),
  userAgent: z.optional(text),
});
const exemption = z.object({
  state: z.enum(exemptionStates).check(z.describe('refused: a tag asks for it, and exempts nothing.')),
  from: z.enum(exemptionOrigins),
  reason: text,
  owner: text,
  expires: z.nullable(text).check(z.describe('The last day on which it holds, YYYY-MM-DD (UTC).')),
  endsSoon: z
    .optional(z.literal(true))
    .check(z.describe('Set within a week of its end: the time to notify whoever answers for it.')),
});

/** Whom the policy notifies. */
export const notified = z
  .optional(z.array(z.enum(notificationTargets)))
  .check(z.describe('The targets that are notified. Left out where all are.'));

/** The `detail` of an event. Readers should let pass what they do not know: members may be added. */
export const transitionSchema = z.object({
  version: z.literal(transitionVersion).check(z.describe('Of this form.')),
  id: text.check(
    z.describe(
      'The same for the same transition: an event may come twice.',
    ),
  ),
  finding: text.check(z.describe("The finding's id, in Security Hub as well.")),
  sequence: z
    .number()
    .check(z.describe("Grows with each transition of a finding; of two the greater is the newer.")),
  account: text,
  region: text,
  control: z.object({ id: text, title: text }),
  severity: z.enum(severities),
  resource: z.object({
    type: text,
    id: text,
    arn: resourceArn,
    tags: z.optional(z.record(z.string(), z.string())),
  }),
  status: z.enum(statuses),
  verdict: z
    .enum(verdicts)
    .check(z.describe('The verdict on the resource now, as far as the finding tells.')),
  previous: z.nullable(z.object({ status: z.enum(statuses), verdict: z.enum(['FAIL', 'UNKNOWN']) })),
  summary: text.check(z.describe('One sentence for people: what was found, or why the finding was closed.')),
  required: text,
  actor: actorSchema.check(z.describe('Whose call caused the transition, as far as it is known.')),
  at: z.nullable(text).check(z.describe('When that call was made: ISO 8601, UTC.')),
  openedAt: z
    .nullable(text)
    .check(z.describe('When the finding was opened, last if it was reopened: ISO 8601, UTC.')),
  eventIds: z.array(text),
  plan: z.object({
    actions: z.array(z.object({ action: text, reason: text, targets: notified })),
    skipped: z.array(z.object({ action: text, because: text, reason: text })),
  }),
  exemption: z.nullable(exemption),
});

export type TransitionEvent = z.infer<typeof transitionSchema>;

/** As much of an entry of the state table as transitions are made of. */
export interface TransitionState {
  readonly finding: Finding | undefined;
  readonly updatedAt: number;
  readonly resource: { readonly tags?: Readonly<Record<string, string>> };
}

/**
 * @param before the entry as it was; `undefined` where there was none.
 * @param after the entry as it is.
 * @returns the transition; `undefined` where there is none: new evidence, or a publication that was noted.
 */
export function transitionOf(before: TransitionState | undefined, after: TransitionState): TransitionEvent | undefined {
  const { finding } = after;
  if (finding === undefined) return undefined;
  const previous = before?.finding;
  if (previous !== undefined && stateOf(previous) === stateOf(finding)) return undefined;
  const last = finding.history.at(-1);
  const { tags } = after.resource;
  return {
    version: transitionVersion,
    id: `${finding.id}@${after.updatedAt}`,
    finding: finding.id,
    sequence: after.updatedAt,
    account: finding.account,
    region: finding.region,
    control: { id: finding.control, title: finding.title },
    severity: finding.severity,
    resource: { ...finding.resource, ...(tags === undefined ? {} : { tags: { ...tags } }) },
    status: finding.status,
    verdict: finding.status === 'RESOLVED' ? 'PASS' : finding.verdict,
    previous: previous === undefined ? null : { status: previous.status, verdict: previous.verdict },
    summary: finding.closing?.summary ?? finding.evidence.summary,
    required: finding.evidence.required,
    actor: eventActor(finding.closing?.actor ?? finding.actor),
    at: last?.at ?? null,
    openedAt: finding.openedAt,
    eventIds: finding.eventIds.slice(-20),
    plan: {
      actions: finding.plan.actions.map(({ action, reason, targets }) => ({
        action,
        reason,
        ...(targets === undefined ? {} : { targets: [...targets] }),
      })),
      skipped: finding.plan.skipped.map((action) => ({ ...action })),
    },
    exemption: finding.exemption,
  };
}

/** The state that others act upon: while it stays the same, there is no transition. */
function stateOf({ status, verdict, exemption, history }: Finding): string {
  // A finding that was closed and opened again between two writes is as before, and yet there are transitions.
  const last = history.at(-1);
  return JSON.stringify([
    status,
    verdict,
    exemption?.state,
    exemption?.expires,
    exemption?.endsSoon,
    last?.status,
    last?.at,
    last?.eventId,
  ]);
}

/** The `detail-type` of a transition. */
export function detailTypeOf({ status, verdict }: Pick<TransitionEvent, 'status' | 'verdict'>): DetailType {
  if (status === 'ARCHIVED') return detailTypes.deleted;
  if (status === 'RESOLVED') return detailTypes.passed;
  return verdict === 'FAIL' ? detailTypes.failed : detailTypes.unknown;
}

/** An actor as events describe it: what is not known is left out. */
export function eventActor({
  type,
  arn,
  name,
  account,
  sourceIp,
  userAgent,
}: Finding['actor']): z.infer<typeof actorSchema> {
  return {
    type,
    arn,
    name,
    ...(account === undefined ? {} : { account }),
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
