/**
 * The JSON that `trailseal policy diff --format json` prints. The schema is the contract:
 * `docs/schemas/policy-diff.schema.json` is generated from it, and tests hold real output to it.
 */
import * as z from 'zod/mini';
import { severities } from '../../../lib/core/control.ts';
import { statuses } from '../../../lib/findings/finding.ts';
import { skippedBecause } from '../../../lib/policy/plan.ts';
import { findingSchema, replaySchema } from '../../output/replay-schema.ts';

const text = z.string();
const count = z.int().check(z.nonnegative());
const { files, records, inputErrors, skipped } = replaySchema.shape;

/** What one policy makes of a resource under one control. */
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
    .check(z.describe('null: no finding.')),
  reason: text.check(z.describe('What the finding rests on, or why there is none.')),
});

const outcome = z.strictObject({
  outcome: z.enum(['planned', 'skipped', 'none']),
  because: z.nullable(z.enum(skippedBecause)),
  reason: text.check(z.describe('A sentence.')),
});

export const changeKinds = ['appears', 'disappears', 'changes'] as const;
export const changedThings = ['status', 'verdict', 'severity', 'exemption', 'actions'] as const;

const change = z.strictObject({
  id: text.check(z.describe("The finding's id.")),
  change: z.enum(changeKinds),
  what: z
    .array(z.enum(changedThings))
    .check(z.describe('What of it is otherwise; of one that appears or disappears, nothing.')),
  control: text,
  title: text,
  resource: findingSchema.shape.resource,
  account: text,
  region: text,
  old: side,
  new: side,
  actions: z
    .array(z.strictObject({ action: text, old: outcome, new: outcome }))
    .check(z.describe('The actions of which something else becomes.')),
});

const counts = z.strictObject({
  findings: count,
  open: count.check(z.describe('Of the findings, those that are open.')),
  exempt: count.check(z.describe('Of the open ones, those that an exemption covers.')),
  actions: count.check(z.describe('Actions that are planned.')),
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
  summary: text.check(z.describe('One sentence for people.')),
  changed: z.boolean(),
  same: count.check(z.describe('Findings that are the same under both.')),
  controls: z.array(controlChanges).check(z.describe('Those with findings under either policy.')),
  findings: z.array(change).check(z.describe('Those that are not the same under both.')),
  inputErrors,
  skipped,
});

export type PolicyDiffJson = z.infer<typeof policyDiffSchema>;
export type Side = z.infer<typeof side>;
export type Outcome = z.infer<typeof outcome>;
export type Change = z.infer<typeof change>;
export type ControlChanges = z.infer<typeof controlChanges>;
export type Counts = z.infer<typeof counts>;
