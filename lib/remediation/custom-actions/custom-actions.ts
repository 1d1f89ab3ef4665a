/**
 * Custom actions: takes their events from Security Hub, requests what the policy lets operators request, and notes on
 * each finding what came of it. Nothing here writes to a resource. Everything may be done twice: an event that comes again
 * requests nothing anew, and notes nothing anew.
 */

import { customActionLabels, type QueueName, type Stage } from '../../aws/names.ts';
import { reasonOf } from '../../aws/reason.ts';
import type { AccountRegion } from '../../core/account-region.ts';
import type { Control } from '../../core/control.ts';
import { findingIdPrefix } from '../../findings/id.ts';
import type { Recorded, StateTable } from '../../findings/state/table.ts';
import { recheckBody } from '../../pipeline/live/message.ts';
import { customActionsOf } from '../../policy/custom-actions.ts';
import type { Policy } from '../../policy/model.ts';
import { exemptDays, exemptionFromNow, type OperatorExemption } from '../../policy/operator-exemption.ts';
import { evaluatorOf } from '../../services/catalogue.ts';
import { type ActionRequest, requestedActions } from '../action-request.ts';
import { type Blocked, blocked } from '../deps.ts';
import type { ActionEvent } from '../events/action-event.ts';
import type { FindingIdentifier } from '../own-finding.ts';
import type { CustomActionEvent, SelectedFinding } from './message.ts';
import { actionEventNote, customActionNote, noteAuthor, operatorOf } from './note-text.ts';

/** What handling custom actions needs. */
export interface CustomActionDeps {
  readonly controls: readonly Control[];
  readonly policy: Policy;
  /** Where the deployment acts. */
  readonly accountRegion: AccountRegion;
  readonly stage: Stage;
  readonly stateTable: Pick<StateTable, 'read'>;
  readonly exemptions: {
    all(): Promise<ReadonlyMap<string, OperatorExemption>>;
    /** @returns `false` where a newer exemption of the finding, or a newer end of it, is stored. */
    give(exemption: OperatorExemption): Promise<boolean>;
  };
  /** Sends to the queue of an evaluator; `false` where this deployment has none. */
  readonly send: (queue: QueueName, body: unknown) => Promise<boolean>;
  /** Stores a request, and has remediation carry it out; `false` where this deployment has no remediation. */
  readonly request: (request: ActionRequest) => Promise<boolean>;
  /** Whether Security Hub has this very finding. */
  readonly inSecurityHub: (finding: FindingIdentifier) => Promise<boolean>;
  /** Puts news into the note of a finding, in their order. */
  readonly note: (finding: FindingIdentifier, news: readonly string[], author: string) => Promise<unknown>;
  /** The ARN of the product to which the account's own findings belong. */
  readonly productArn: string;
}

/** What came of a custom action for one finding. */
export interface CustomActionResult {
  readonly finding: string;
  readonly customAction: CustomActionEvent['customAction'];
  /** Whether it was accepted, so that something is to come of it. */
  readonly accepted: boolean;
  /** What the note says. */
  readonly note: string;
}

/** A custom action that was accepted. `note`: one or more sentences. */
interface Accepted {
  readonly kind: 'accepted';
  readonly note: string;
}

/**
 * Handles a custom action, for one finding after the other, and notes what came of it.
 * @returns what came of it, for each finding. Rejects, after all were handled, when something about one could not be
 *   read, sent or noted: the same event may be handled again.
 */
export async function handleCustomAction(
  deps: CustomActionDeps,
  event: CustomActionEvent,
): Promise<readonly CustomActionResult[]> {
  const { customAction } = event;
  const elsewhere = notHere(deps, event);
  if (elsewhere !== undefined) {
    return event.findings.map(({ id }) => ({ finding: id, customAction, accepted: false, note: elsewhere }));
  }
  const results: CustomActionResult[] = [];
  const errors: unknown[] = [];
  for (const finding of event.findings) {
    try {
      const handled = await handleOne(deps, event, finding);
      const note = handled.kind === 'blocked' ? handled.because : handled.note;
      await deps.note(finding, [customActionNote(event, note)], noteAuthor(deps.stage));
      results.push({ finding: finding.id, customAction, accepted: handled.kind === 'accepted', note });
    } catch (error) {
      // The other findings are handled all the same.
      errors.push(error);
    }
  }
  const [first] = errors;
  if (errors.length > 1) throw new AggregateError(errors, `of several errors the first: ${reasonOf(first)}`);
  if (first !== undefined) throw first;
  return results;
}

/**
 * Notes what came of requested actions, all about a finding at once: of two notes that follow each other closely,
 * Security Hub may not return the first yet when the second is made. Rejects with a `NoteError` when one can't be noted:
 * the same may be noted again.
 */
export async function noteActionEvents(
  {
    stage,
    note,
    productArn,
    accountRegion: { account },
  }: Pick<CustomActionDeps, 'stage' | 'note' | 'productArn' | 'accountRegion'>,
  events: readonly ActionEvent[],
): Promise<void> {
  for (const [id, some] of Map.groupBy(events, ({ finding }) => finding)) {
    await note({ id, productArn, account }, some.map(actionEventNote), noteAuthor(stage));
  }
}

/** Why an event is of no custom action of this deployment: then nothing is noted either. */
function notHere(
  { accountRegion: here }: CustomActionDeps,
  { account, region }: CustomActionEvent,
): string | undefined {
  return account === here.account && region === here.region
    ? undefined
    : `The event is of account ${account}, ${region}, and this deployment is in account ${here.account}, ${here.region}: nothing is done.`;
}

async function handleOne(
  deps: CustomActionDeps,
  event: CustomActionEvent,
  selected: SelectedFinding,
): Promise<Accepted | Blocked> {
  const { customAction } = event;
  const entry = await find(deps, selected);
  if (entry.kind === 'blocked') return entry;
  if (!customActionsOf(deps.policy.customActions).includes(customAction)) {
    return blocked(
      `The policy does not let operators use "${customActionLabels[customAction]}": see operators.customActions in the policy.`,
    );
  }
  switch (customAction) {
    case 're-check':
      return await reCheck(
        deps,
        entry.recorded,
        'The resource is being evaluated again; the finding will show the result.',
      );
    case 'exempt':
      return await exempt(deps, event, entry.recorded);
    case 'undo':
      return await undo(deps, event, entry.recorded);
    case 'fix':
    case 'quarantine':
      return await requestAction(deps, event, customAction, entry.recorded);
  }
}

/**
 * The state table's entry; blocked where the finding is none of this deployment's, or Security Hub does not have it. Of
 * what the event says of the finding, nothing is used but what identifies it.
 */
async function find(
  { stage, accountRegion: here, stateTable, productArn, inSecurityHub }: CustomActionDeps,
  { id, productArn: product, account, region }: SelectedFinding,
): Promise<{ readonly kind: 'found'; readonly recorded: Recorded } | Blocked> {
  if (!id.startsWith(findingIdPrefix)) {
    return blocked(
      `This custom action is Trailseal's (${stage}), which can only act on its own findings: their ids begin with "trailseal/".`,
    );
  }
  if (account !== here.account || region !== here.region) {
    return blocked(
      `This custom action acts in account ${here.account}, ${here.region}, and the finding is of ${account}, ${region}: use the custom action of the deployment there.`,
    );
  }
  const recorded = product === productArn ? (await stateTable.read([id])).get(id) : undefined;
  const isHere = recorded?.resource.account === here.account && recorded.resource.region === here.region;
  if (recorded?.finding === undefined || !isHere) {
    return blocked(
      `The deployment ${stage} in account ${here.account}, ${here.region}, has no such finding: another deployment may have created it, or it was closed long ago.`,
    );
  }
  if (!(await inSecurityHub({ id, productArn, account }))) {
    return blocked(
      `Security Hub in account ${account}, ${region}, does not have the finding: nothing is done.`,
    );
  }
  return { kind: 'found', recorded };
}

/** Has the resource evaluated again. @param note what is said of it. */
async function reCheck(
  { controls, send }: CustomActionDeps,
  { resource, control: id }: Recorded,
  note: string,
): Promise<Accepted | Blocked> {
  const control = controls.find((each) => each.id === id);
  const body = recheckBody([{ resource, controls: [id] }]);
  if (control === undefined || !(await send(evaluatorOf(control), body))) {
    return blocked(`This deployment does not evaluate ${id}.`);
  }
  return { kind: 'accepted', note };
}

async function exempt(
  deps: CustomActionDeps,
  event: CustomActionEvent,
  entry: Recorded,
): Promise<Accepted | Blocked> {
  const { exemptions, controls } = deps;
  const { finding } = entry;
  if (finding?.status !== 'OPEN') {
    return blocked(`The finding is ${finding?.status}: there is nothing to exempt.`);
  }
  if (!controls.some(({ id }) => id === entry.control)) {
    return blocked(`This deployment does not evaluate ${entry.control}.`);
  }
  const operator = operatorOf(event);
  const exemption = exemptionFromNow(
    entry.id,
    {
      owner: operator,
      reason: `Exempt for ${exemptDays} days, by "${customActionLabels.exempt}" in Security Hub`,
    },
    // Since the custom action was used: the same event again gives the same.
    new Date(event.at),
  );
  // An event that comes late does not reverse what was requested after it.
  if (!(await exemptions.give(exemption))) {
    return blocked('Another custom action was used for the finding since: that one holds.');
  }
  return await reCheck(
    deps,
    entry,
    `Exempt until ${exemption.expires} (UTC), given by ${operator}. Nothing is done about it until then; "${customActionLabels.undo}" ends the exemption.`,
  );
}

/** Requests the undo of what was done, and ends the exemption that an operator gave; earlier requests are not carried out any more. */
async function undo(
  deps: CustomActionDeps,
  event: CustomActionEvent,
  entry: Recorded,
): Promise<Accepted | Blocked> {
  const { exemptions, request } = deps;
  const given = (await exemptions.all()).get(entry.id);
  const operator = operatorOf(event);
  const before: OperatorExemption = given ?? {
    finding: entry.id,
    owner: operator,
    reason: 'None was given.',
    expires: event.at.slice(0, 10),
    givenAt: event.at,
    lifted: null,
  };
  const isOver = before.lifted !== null && before.lifted.at !== event.at;
  const isNew = await exemptions.give({ ...before, lifted: { by: operator, at: event.at } });
  const endsExemption = given !== undefined && isNew && !isOver;
  if (endsExemption) await reCheck(deps, entry, '');
  const requested = await request(requestOf(event, 'undo', entry.id));
  const note = [
    ...(endsExemption ? ['The exemption is ended.'] : []),
    requested
      ? 'What Trailseal did about it is being undone: the result will be noted here.'
      : 'This deployment changes no resources, so that there is nothing else to undo.',
  ].join(' ');
  return requested || endsExemption ? { kind: 'accepted', note } : blocked(note);
}

async function requestAction(
  { controls, policy, request }: CustomActionDeps,
  event: CustomActionEvent,
  action: 'fix' | 'quarantine',
  entry: Recorded,
): Promise<Accepted | Blocked> {
  const control = controls.find(({ id }) => id === entry.control);
  const actions = control === undefined ? [] : requestedActions(action, control, policy);
  if (actions.length === 0) {
    return blocked(
      `There is no ${action} for ${entry.control} that the policy lets operators request: see operators.customActions in the policy.`,
    );
  }
  if (!(await request(requestOf(event, action, entry.id)))) {
    return blocked('This deployment changes no resources.');
  }
  return {
    kind: 'accepted',
    note: `Requested: ${actions.join(', ')}. The result will be noted here.`,
  };
}

function requestOf(
  event: CustomActionEvent,
  action: ActionRequest['action'],
  finding: string,
): ActionRequest {
  const { id, at, customAction } = event;
  return {
    id: `${id} ${finding}`,
    finding,
    action,
    actor: operatorOf(event),
    reason: `"${customActionLabels[customAction]}" was used for this finding in Security Hub at ${at}.`,
    at,
  };
}
