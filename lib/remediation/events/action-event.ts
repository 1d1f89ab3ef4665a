/**
 * Events about actions on Trailseal's own bus. Public, as transitions are: a change that could break whoever builds on
 * it is a new version. Pure.
 */
import * as z from 'zod/mini';
import type { AnyAction } from '../../core/action.ts';
import { type Action, type Resource, severities } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import { reversalResponses, type SkippedBecause } from '../../policy/model.ts';
import type { NotificationTarget } from '../../policy/notifications.ts';
import type { ActionDecision, ActionRun, Reversal } from '../actions/action-run.ts';
import { actorSchema, eventActor, notified, resourceArn } from './transition.ts';

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
  targets: notified,
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
  plan: z
    .array(text)
    .check(
      z.describe(
        'The steps of the action: of a pending one those to come, of one that is done or reverted what was done. Of an ' +
          'undo, what the action had done before.',
      ),
    ),
  was: z
    .optional(z.array(text))
    .check(
      z.describe(
        'What was there before the action, in clauses: of an undo, what it restores. Left out where nothing was changed.',
      ),
    ),
  due: z.nullable(text).check(z.describe('When a pending action will be done: ISO 8601, UTC.')),
  undo: text.check(
    z.describe(
      'How to undo what was done, or why it can not be undone; of a partially completed undo, how to resume it. Empty where ' +
        'there is nothing to undo.',
    ),
  ),
  undoCommand: z
    .optional(text)
    .check(z.describe('The command of `undo`, ready to be pasted. Left out where there is none.')),
  caveats: z
    .optional(z.array(text))
    .check(z.describe('What to know before undoing it, each a sentence, as far as it applies to this resource.')),
  undoing: z
    .optional(z.literal(true))
    .check(z.describe('Set where it is the undo that is partially completed, and not the action.')),
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
  /** The targets that are notified; left out where all are. */
  readonly targets?: readonly NotificationTarget[] | undefined;
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
    targets,
  }: ActionEventInput,
): ActionEvent {
  const decided: ActionDecision = decision ??
    actionRun?.undo ??
    actionRun?.decision ?? { actor: 'policy', name: unnamedPolicy, reason: because };
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
    ...(targets === undefined ? {} : { targets: [...targets] }),
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
    ...undoMembers(outcome, definition, finding.id, actionRun, { stage, region }),
    decision: { ...decided },
    at: at.toISOString(),
  };
}

/** What decided where no action run says which policy. */
export const unnamedPolicy = 'the policy';

/** What an event says of undoing: nothing where nothing was done. */
function undoMembers(
  outcome: ActionEvent['outcome'],
  definition: AnyAction | undefined,
  finding: string,
  actionRun: ActionRun | undefined,
  undoneIn: UndoneIn,
): Pick<ActionEvent, 'undo' | 'undoCommand' | 'caveats' | 'undoing' | 'was'> {
  const before = actionRun === undefined ? undefined : definition?.before.safeParse(actionRun.before);
  const was = before?.success === true ? { was: [...(definition?.was(before.data) ?? [])] } : {};
  const inPlace = outcome === 'done' || outcome === 'partially-completed';
  if (definition === undefined || !inPlace) return { undo: '', ...was };
  const { command, caveats } = undoAdvice(definition, finding, undoneIn, actionRun);
  return {
    undo: [...(command === undefined ? [] : [command]), ...caveats].join(' '),
    ...(command === undefined ? {} : { undoCommand: command }),
    ...(caveats.length === 0 ? {} : { caveats: [...caveats] }),
    ...(actionRun?.status === 'undoing' ? { undoing: true } : {}),
    ...was,
  };
}

/** Where the command that undoes is run. */
interface UndoneIn {
  /** The deployment's name. */
  readonly stage: string;
  readonly region: string;
}

/** How to undo an action, for people. */
interface UndoAdvice {
  /** `undefined` where no command undoes it. */
  readonly command: string | undefined;
  /** What the command can't restore, and who can run it; or why there is none. Sentences. */
  readonly caveats: readonly string[];
}

/**
 * @param finding the finding's id.
 * @param actionRun where it is known: then what can't apply to its resource is left out.
 */
function undoAdvice(
  definition: AnyAction,
  finding: string,
  undoneIn: UndoneIn,
  actionRun: ActionRun | undefined,
): UndoAdvice {
  const { undo, id: action } = definition;
  const command = undoCommand(finding, { ...undoneIn, action });
  switch (undo.kind) {
    case 'restores': {
      const except = exceptFor(definition, actionRun);
      return {
        command,
        caveats: [
          ...(undo.by === 'function'
            ? []
            : [`You need the permissions for it yourself, as no function may do it: ${undo.because}`]),
          ...(except.length === 0 ? [] : [`It does not restore: ${except.join('; ')}.`]),
        ],
      };
    }
    case 'command':
      return { command, caveats: [`It prints the command to run, and runs nothing: ${undo.because}`] };
    case 'impossible':
      return { command: undefined, caveats: [`It can't be undone: ${undo.because}`] };
  }
}

function exceptFor({ undo, before, settings }: AnyAction, actionRun: ActionRun | undefined): readonly string[] {
  if (undo.kind !== 'restores') return [];
  if (actionRun === undefined || undo.exceptFor === undefined) return undo.except;
  const was = before.safeParse(actionRun.before);
  const by = settings.safeParse(actionRun.settings);
  return was.success && by.success ? undo.exceptFor(was.data, by.data) : undo.except;
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
