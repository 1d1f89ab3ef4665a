/**
 * The JSON of `trailseal replay --format json` and `scan --format json`, and of each line of `findings.ndjson`. The
 * schema is the contract: `docs/schemas/replay.schema.json` is generated from it, and tests hold real output to it.
 */
import * as z from 'zod/mini';
import { severities, type verdicts } from '../../lib/core/control.ts';
import { statuses } from '../../lib/findings/finding.ts';
import { ignoredReasons } from '../../lib/pipeline/replay/replay.ts';
import { exemptionOrigins, exemptionStates, skippedBecause } from '../../lib/policy/model.ts';
import { notificationTargets } from '../../lib/policy/notifications.ts';

const count = z.int().check(z.nonnegative());
const time = z.nullable(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)));
const nullableText = z.nullable(z.string());

const actorSchema = z.strictObject({
  type: z.string(),
  arn: z.string(),
  name: z.string(),
  account: nullableText,
  sourceIp: nullableText,
  userAgent: nullableText,
});

const sourceSchema = z.union([
  z.strictObject({
    kind: z.literal('event'),
    eventName: z.string(),
    eventId: nullableText,
    eventTime: nullableText,
  }),
  z.strictObject({ kind: z.literal('snapshot'), name: z.string(), date: z.string() }),
  z.strictObject({ kind: z.literal('api'), call: z.string(), at: z.string() }),
]);

const evidenceSchema = z.strictObject({
  summary: z.string(),
  required: z.string(),
  observed: z.array(
    z.strictObject({
      what: z.string(),
      value: z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
      source: z.nullable(sourceSchema),
    }),
  ),
  command: z.optional(z.string()),
});

const planSchema = z.strictObject({
  actions: z.array(
    z.strictObject({
      action: z.string(),
      reason: z.string(),
      targets: z.optional(z.array(z.enum(notificationTargets))),
    }),
  ),
  skipped: z.array(
    z.strictObject({ action: z.string(), because: z.enum(skippedBecause), reason: z.string() }),
  ),
});

export const findingSchema = z.strictObject({
  id: z.string(),
  control: z.string(),
  title: z.string(),
  severity: z.enum(severities),
  verdict: z.enum(['FAIL', 'UNKNOWN']),
  status: z.enum(statuses),
  /** `arn` is null where its type has no ARNs. */
  resource: z.strictObject({ type: z.string(), id: z.string(), arn: nullableText }),
  account: z.string(),
  region: z.string(),
  openedAt: time,
  closedAt: time,
  eventIds: z.array(z.string()),
  actor: actorSchema,
  evidence: evidenceSchema,
  closing: z.nullable(z.strictObject({ actor: actorSchema, summary: z.string() })),
  plan: planSchema,
  exemption: z.nullable(
    z.strictObject({
      state: z.enum(exemptionStates),
      from: z.enum(exemptionOrigins),
      reason: z.string(),
      owner: z.string(),
      expires: nullableText,
      endsSoon: z.optional(z.literal(true)),
    }),
  ),
  history: z.array(
    z.strictObject({
      status: z.enum(statuses),
      verdict: z.enum(['FAIL', 'UNKNOWN']),
      at: time,
      eventName: z.string(),
      eventId: nullableText,
      actor: actorSchema,
      summary: z.string(),
    }),
  ),
});
export type FindingJson = z.infer<typeof findingSchema>;

const verdictCounts = z.strictObject({
  PASS: count,
  FAIL: count,
  UNKNOWN: count,
  NOT_APPLICABLE: count,
} satisfies Record<(typeof verdicts)[number], typeof count>);

export const replaySchema = z.strictObject({
  trailseal: z.string(),
  generatedAt: z.string(),
  sources: z.array(z.string()),
  policy: z.string(),
  period: z.strictObject({ from: time, to: time }),
  files: count,
  skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  records: count,
  matched: count,
  ignored: z.strictObject(Object.fromEntries(ignoredReasons.map((reason) => [reason, count]))),
  rejected: count,
  verdicts: verdictCounts,
  posture: z.record(z.string(), verdictCounts),
  findings: z.array(findingSchema),
  inputErrors: z.array(
    z.strictObject({ file: z.string(), line: z.optional(z.int().check(z.positive())), reason: z.string() }),
  ),
  scopeErrors: z
    .array(z.string())
    .check(
      z.describe('What was asked for and is not there, or why nothing was evaluated: one sentence each.'),
    ),
});
export type ReplayJson = z.infer<typeof replaySchema>;
