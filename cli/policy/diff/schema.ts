/**
 * The JSON that `trailseal policy diff --format json` prints. The schema is the contract:
 * `docs/schemas/policy-diff.schema.json` is generated from it, and tests hold real output to it.
 */
import * as z from 'zod/mini';
import { severities } from '../../../lib/core/control.ts';
import { statuses } from '../../../lib/findings/finding.ts';
import { skippedBecause } from '../../../lib/policy/model.ts';
import { findingSchema, replaySchema } from '../../output/replay-schema.ts';

const text = z.string();
const count = z.int().check(z.nonnegative());
const { files, records, inputErrors, skipped, scopeErrors } = replaySchema.shape;

/** The result of one policy for a resource and a control. */
const side = z.strictObject({
  finding: z
    .nullable(
      z.strictObject({
        status: z.enum(statuses),
        verdict: z.enum(['FAIL', 'UNKNOWN']),
        severity: z.enum(severities),
        exemption: findingSchema.shape.exemption,
      }),
    )
    .check(z.describe('null where there is no finding.')),
  reason: text.check(z.describe('The evidence of the finding, or why there is none.')),
});

const outcome = z.strictObject({
  outcome: z.enum(['planned', 'skipped', 'none']),
  because: z.nullable(z.enum(skippedBecause)),
  reason: text.check(z.describe('One sentence.')),
});

export const changeKinds = ['appears', 'disappears', 'changes'] as const;
export const changedThings = ['status', 'verdict', 'severity', 'exemption', 'actions'] as const;

const change = z.strictObject({
  id: text.check(z.describe("The finding's id.")),
  change: z.enum(changeKinds),
  what: z
    .array(z.enum(changedThings))
    .check(z.describe('What differs; empty for a finding that appears or disappears.')),
  control: text,
  title: text,
  resource: findingSchema.shape.resource,
  account: text,
  region: text,
  old: side,
  new: side,
  actions: z
    .array(z.strictObject({ action: text, old: outcome, new: outcome }))
    .check(z.describe('Actions with another outcome.')),
});

const counts = z.strictObject({
  findings: count,
  open: count.check(z.describe('Findings that are open.')),
  exempt: count.check(z.describe('Open findings with an active exemption.')),
  actions: count.check(z.describe('Planned actions.')),
});

const controlChanges = z.strictObject({
  control: text,
  old: counts,
  new: counts,
  appear: count,
  disappear: count,
  change: count,
});

export const policyDiffSchema = z.strictObject({
  trailseal: text,
  generatedAt: text,
  old: text.check(z.describe('The file of the old policy.')),
  new: text.check(z.describe('The file of the new policy.')),
  sources: z.array(text),
  files,
  records,
  summary: text.check(z.describe('The changes in one sentence.')),
  changed: z.boolean(),
  same: count.check(z.describe('Number of findings that are the same under both policies.')),
  controls: z.array(controlChanges).check(z.describe('Controls with findings under either policy.')),
  findings: z.array(change).check(z.describe('Findings that differ between the policies.')),
  inputErrors,
  scopeErrors,
  skipped,
});

export type PolicyDiffJson = z.infer<typeof policyDiffSchema>;
export type Side = z.infer<typeof side>;
export type ActionOutcome = z.infer<typeof outcome>;
export type FindingDifference = z.infer<typeof change>;
export type ControlChanges = z.infer<typeof controlChanges>;
export type Counts = z.infer<typeof counts>;
