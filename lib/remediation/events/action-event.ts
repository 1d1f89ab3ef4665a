/**
 * Events about actions on Trailseal's own bus. Public, as transitions are: a change that could break whoever builds on
 * it is a new version. Pure.
 */
import * as z from 'zod/mini';
import type { AnyAction } from '../../core/action.ts';
import { type Action, type Resource, severities } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import { reversalResponses, type SkippedBecause } from '../../policy/model.ts';
import type { ActionDecision, ActionRun, Reversal } from '../actions/action-run.ts';
import { actorSchema, eventActor, resourceArn } from './transition.ts';

export const actionEventVersion = 1;

/** The `detail-type` of an event, by the outcome that it reports. */
export const actionDetailTypes = {
  pending: 'Action Pending',
  done: 'Action Done',
  skipped: 'Action Skipped',
  'partially-completed': 'Action Partially Completed',
  undone: 'Action Undone',
  'undo-refused': 'Action Undo Refused',
  reverted: 'Action Reverted',
} as const;
export type ActionDetailType = (typeof actionDetailTypes)[keyof typeof actionDetailTypes];

const text = z.string();

/** The `detail` of an event. Readers should let pass what they do not know: members may be added. */
export const actionEventSchema = z.object({
  version: z.literal(actionEventVersion),
  id: text.check(z.describe('The same for the same event, which may come twice.')),
  finding: text.check(z.describe("The finding's id, in Security Hub as well.")),
  account: text,
  region: text,
  control: z.object({ id: text, title: text }),
  severity: z.enum(severities),
  resource: z.object({ type: text, id: text, arn: resourceArn }),
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
    .enum(['pending', 'done', 'skipped', 'partially-completed', 'undone', 'undo-refused', 'reverted'])
    .check(
      z.describe(
        'pending: it will be done when the grace period is over, unless somebody stops it until then. reverted: somebody ' +
          'has changed since what was done, other than by an undo.',
      ),
    ),
  because: text.check(z.describe('One sentence for people.')),
  skippedBecause: z
    .optional(text)
    .check(
      z.describe(
        "Why it is skipped, for machines: as `because` in a transition's plan. Left out where the plan gives no reason.",
      ),
    ),
  reversal: z
    .optional(
      z.object({
        response: z
          .enum(reversalResponses)
          .check(z.describe('What the policy says for it; nobody is notified of one that it leaves at that.')),
        differences: z.array(text).check(z.describe('What is not as the action left it.')),
        call: z
          .nullable(z.object({ eventName: text, eventId: z.nullable(text), actor: text, at: z.nullable(text) }))
          .check(z.describe('The call in CloudTrail after which it was noticed: a hint who reverted it.')),
      }),
    )
    .check(z.describe('How somebody reverted the action. Left out where nobody did.')),
  plan: z.array(text).check(z.describe('What was done, or is to be done, step by step.')),
  due: z.nullable(text).check(z.describe('When a pending action will be done: ISO 8601, UTC.')),
  undo: text.check(z.describe('How to undo it, or why it can not be undone.')),
  decision: z
    .object({
      actor: z.enum(['policy', 'operator']),
      name: text.check(z.describe('The policy’s file or version; the operator’s ARN, as far as it is known.')),
      reason: text.check(z.describe('One sentence for people.')),
    })
    .check(z.describe('Who decided on the action, or on its undo.')),
  at: text.check(z.describe('ISO 8601, UTC.')),
});

export type ActionEvent = z.infer<typeof actionEventSchema>;

/** What an event reports. */
export interface ActionEventInput {
  /** The same for the same event. */
  readonly id: string;
  readonly outcome: ActionEvent['outcome'];
  /** A sentence. */
  readonly because: string;
  /** Why the plan skips the action, where that is what stops it. */
  readonly skippedBecause?: SkippedBecause;
  readonly at: Date;
  /** When a pending action will be done. */
  readonly due?: Date;
  readonly actionRun?: ActionRun;
  readonly reversal?: Reversal;
  readonly definition?: AnyAction;
  /** Who decided; else it is as the action run says. */
  readonly decision?: ActionDecision;
  /** The deployment's name, for the command that undoes it. */
  readonly stage: string;
}

/**
 * @param finding without actor and evidence where they are not known.
 * @param action `undo` and `fix` stand for what an operator requested, where that is no single action.
 * @returns the event.
 */
export function actionEventOf(
  finding: Pick<Finding, 'id' | 'control' | 'title' | 'severity'> &
    Partial<Pick<Finding, 'actor' | 'evidence'>>,
  { type, id: resourceId, arn, account, region }: Resource,
  action: Action | 'undo' | 'fix',
  {
    id,
    outcome,
    because,
    skippedBecause,
    at,
    due,
    actionRun,
    reversal,
    definition,
    decision,
    stage,
  }: ActionEventInput,
): ActionEvent {
  const decided: ActionDecision = decision ??
    actionRun?.undo ??
    actionRun?.decision ?? { actor: 'policy', name: 'the policy', reason: because };
  return {
    version: actionEventVersion,
    id,
    finding: finding.id,
    account,
    region,
    control: { id: finding.control, title: finding.title },
    severity: finding.severity,
    resource: { type, id: resourceId, ...(arn === undefined ? {} : { arn }) },
    ...(finding.actor === undefined ? {} : { actor: eventActor(finding.actor) }),
    ...(finding.evidence === undefined ? {} : { summary: finding.evidence.summary }),
    action,
    outcome,
    because,
    ...(skippedBecause === undefined ? {} : { skippedBecause }),
    ...(reversal === undefined
      ? {}
      : {
          reversal: {
            response: reversal.response,
            differences: [...reversal.differences],
            call: reversal.call === null ? null : { ...reversal.call },
          },
        }),
    plan: [...(actionRun?.plan ?? [])],
    due: due?.toISOString() ?? null,
    undo: definition === undefined ? '' : howToUndo(definition, finding.id, { stage, region }),
    decision: { ...decided },
    at: at.toISOString(),
  };
}

/** Where the command that undoes is run. */
interface UndoneIn {
  /** The deployment's name. */
  readonly stage: string;
  readonly region: string;
}

/**
 * How to undo an action, for people: the command, what it can't restore, and whether only an operator can run it; or why
 * there is none.
 * @param finding the finding's id.
 */
export function howToUndo({ undo }: AnyAction, finding: string, undoneIn: UndoneIn): string {
  switch (undo.kind) {
    case 'restores': {
      const own =
        undo.by === 'function'
          ? ''
          : `; no function may do it, so that you need the permissions yourself: ${undo.because}`;
      const except = undo.except.length === 0 ? '' : `; it can not restore: ${undo.except.join('; ')}`;
      return `${undoCommand(finding, undoneIn)}${own}${except}`;
    }
    case 'command':
      return `Not by Trailseal itself: ${undo.because} "trailseal undo" prints the command.`;
    case 'impossible':
      return `It can't be undone: ${undo.because}`;
  }
}

/**
 * The command that undoes what was done about a finding, ready to be pasted.
 * @param finding its id; without one, a word for the reader to replace.
 * @param options `region`: left out where each finding has its own; `action`: that action alone.
 * @example undoCommand('trailseal/kms-key-disabled/…', { stage: 'dev', region: 'eu-central-1' }) // "trailseal undo --stage dev --region eu-central-1 'trailseal/…'"
 */
export function undoCommand(
  finding: string | undefined,
  {
    stage,
    region,
    action,
  }: { readonly stage: string; readonly region?: string | undefined; readonly action?: string },
): string {
  const which = finding === undefined ? 'FINDING' : `'${finding.replaceAll("'", String.raw`'\''`)}'`;
  const options = [
    `--stage ${stage}`,
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(action === undefined ? [] : [`--action ${action}`]),
  ];
  return `trailseal undo ${options.join(' ')} ${which}`;
}
