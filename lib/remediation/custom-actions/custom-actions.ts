/**
 * The operators' side: takes presses of custom actions in Security Hub, has done what the policy lets operators order, and notes
 * on each finding what came of it. It writes to no resource itself. Everything may be done twice: a press that comes
 * again orders nothing anew, and says nothing anew.
 */

import { customActionLabels, type QueueName, type Stage } from '../../aws/names.ts';
import { reasonOf } from '../../aws/reason.ts';
import type { Control } from '../../core/control.ts';
import type { Recorded, StateTable } from '../../findings/state/table.ts';
import { recheckBody } from '../../pipeline/live/message.ts';
import { customActionsOf } from '../../policy/custom-actions.ts';
import type { Policy } from '../../policy/model.ts';
import { exemptDays, exemptionFromNow, type OperatorExemption } from '../../policy/operator-exemption.ts';
import { evaluatorOf } from '../../services/catalogue.ts';
import type { ActionEvent } from '../events/action-event.ts';
import { requestBody } from '../message.ts';
import { type ActionRequest, requestedActions } from '../requested-action.ts';
import type { CustomActionEvent, SelectedFinding } from './message.ts';
import { answerNote, customActionNote, noteAuthor, operatorOf } from './note.ts';
import type { Named } from './notes.ts';

export interface OperatorOptions {
  readonly controls: readonly Control[];
  readonly policy: Policy;
  readonly accountRegion: { readonly account: string; readonly region: string };
  readonly stage: Stage;
  readonly stateTable: Pick<StateTable, 'read'>;
  readonly exemptions: {
    all(): Promise<ReadonlyMap<string, OperatorExemption>>;
    /** @returns `false` where something newer was said of the finding. */
    give(exemption: OperatorExemption): Promise<boolean>;
  };
  /** Sends to the queue of an evaluator, or of remediation; `false` where this deployment has none. */
  readonly send: (queue: QueueName | 'remediate', body: unknown) => Promise<boolean>;
  /** Puts news into the note of a finding, in their order. */
  readonly note: (finding: Named, news: readonly string[], author: string) => Promise<unknown>;
  /** The ARN of the product that the account's own findings are of. */
  readonly productArn: string;
}

/** What was made of a custom action for one finding. */
export interface Requesting {
  readonly finding: string;
  readonly customAction: CustomActionEvent['customAction'];
  /** Whether something is to come of it. */
  readonly taken: boolean;
  /** What the note says. */
  readonly said: string;
}

type Made = Pick<Requesting, 'taken' | 'said'>;

export class Operator {
  readonly #options: OperatorOptions;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /**
   * Has done what was pressed, for one finding after the other, and notes it.
   * @returns what was made of it. Rejects, after all were taken, when something of one could not be read, sent or noted:
   *   the same may be taken again.
   */
  async customActionEvent(customActionEvent: CustomActionEvent): Promise<readonly Requesting[]> {
    const { stage, note } = this.#options;
    const { customAction } = customActionEvent;
    const customActionEvents: Requesting[] = [];
    const errors: unknown[] = [];
    for (const finding of customActionEvent.findings) {
      try {
        const made = await this.#make(customActionEvent, finding);
        await note(finding, [customActionNote(customActionEvent, made.said)], noteAuthor(stage));
        customActionEvents.push({ finding: finding.id, customAction, ...made });
      } catch (error) {
        // One finding keeps no other waiting.
        errors.push(error);
      }
    }
    const [first] = errors;
    if (errors.length > 1)
      throw new AggregateError(errors, `of several errors the first: ${reasonOf(first)}`);
    if (first !== undefined) throw first;
    return customActionEvents;
  }

  /**
   * Notes what came of orders, all about a finding at once: of two notes that follow each other closely, Security Hub may
   * not show the first yet when the second is made. Rejects when one can't be noted: the same may be asked again.
   */
  async answer(answers: readonly ActionEvent[]): Promise<void> {
    const { stage, note, productArn } = this.#options;
    for (const [id, some] of Map.groupBy(answers, ({ finding }) => finding)) {
      await note({ id, productArn }, some.map(answerNote), noteAuthor(stage));
    }
  }

  async #make(customActionEvent: CustomActionEvent, finding: SelectedFinding): Promise<Made> {
    const { policy } = this.#options;
    const { customAction } = customActionEvent;
    const found = await this.#find(finding);
    if (typeof found === 'string') return refused(found);
    if (!customActionsOf(policy.customActions).includes(customAction)) {
      return refused(
        `The policy lets nobody order "${customActionLabels[customAction]}": see operators.customActions in the policy.`,
      );
    }
    switch (customAction) {
      case 're-check':
        return await this.#look(
          found,
          'The resource is being looked at again: what is found stands in the finding.',
        );
      case 'exempt':
        return await this.#exempt(customActionEvent, found);
      case 'undo':
        return await this.#undo(customActionEvent, found);
      case 'fix':
      case 'quarantine':
        return await this.#act(customActionEvent, customAction, found);
    }
  }

  /** @returns the state table's entry; a sentence where the finding is none of this deployment's. */
  async #find({ id, productArn, account, region }: SelectedFinding): Promise<Recorded | string> {
    const { stage, accountRegion, stateTable } = this.#options;
    if (!id.startsWith('trailseal/')) {
      return `This custom action is Trailseal's (${stage}), which can only act on its own findings: their ids begin with "trailseal/".`;
    }
    if (account !== accountRegion.account || region !== accountRegion.region) {
      return `This custom action acts in account ${accountRegion.account}, ${accountRegion.region}, and the finding is of ${account}, ${region}: press the custom action of the deployment there.`;
    }
    const entry = productArn === this.#options.productArn ? (await stateTable.read([id])).get(id) : undefined;
    const isHere =
      entry?.resource.account === accountRegion.account && entry.resource.region === accountRegion.region;
    if (entry?.finding === undefined || !isHere) {
      return `The deployment ${stage} in account ${accountRegion.account}, ${accountRegion.region}, knows of no such finding: another deployment may have made it, or it is long closed.`;
    }
    return entry;
  }

  async #look({ resource, control: id }: Recorded, said: string): Promise<Made> {
    const control = this.#options.controls.find((each) => each.id === id);
    const look = recheckBody([{ resource, controls: [id] }]);
    if (control === undefined || !(await this.#options.send(evaluatorOf(control), look))) {
      return refused(`This deployment does not evaluate ${id}.`);
    }
    return { taken: true, said };
  }

  async #exempt(customActionEvent: CustomActionEvent, entry: Recorded): Promise<Made> {
    const { exemptions, controls } = this.#options;
    const { finding } = entry;
    if (finding?.status !== 'OPEN')
      return refused(`The finding is ${finding?.status}: nothing is to be exempted.`);
    if (!controls.some(({ id }) => id === entry.control)) {
      return refused(`This deployment does not evaluate ${entry.control}.`);
    }
    const operator = operatorOf(customActionEvent);
    const exemption = exemptionFromNow(
      entry.id,
      {
        owner: operator,
        reason: `Exempt for ${exemptDays} days, by "${customActionLabels.exempt}" in Security Hub`,
      },
      // Since it was pressed: the same press again gives the same.
      new Date(customActionEvent.at),
    );
    // A press that comes late does not take back what was said after it.
    if (!(await exemptions.give(exemption)))
      return refused('Something else was pressed for it since: that holds.');
    return await this.#look(
      entry,
      `Exempt until ${exemption.expires} (UTC), given by ${operator}. Nothing is done about it until then; "${customActionLabels.undo}" takes it back.`,
    );
  }

  /** Takes back what was done, and the exemption that an operator gave; what was ordered before it is not done any more. */
  async #undo(customActionEvent: CustomActionEvent, entry: Recorded): Promise<Made> {
    const { exemptions, send } = this.#options;
    const given = (await exemptions.all()).get(entry.id);
    const by = operatorOf(customActionEvent);
    const nothingGiven = {
      finding: entry.id,
      owner: by,
      reason: 'None was given.',
      expires: customActionEvent.at.slice(0, 10),
    };
    const before = given ?? { ...nothingGiven, givenAt: customActionEvent.at, lifted: null };
    const isOver = before.lifted !== null && before.lifted.at !== customActionEvent.at;
    const isNew = await exemptions.give({ ...before, lifted: { by, at: customActionEvent.at } });
    const lifts = given !== undefined && isNew && !isOver;
    if (lifts) await this.#look(entry, '');
    const requested = await send('remediate', requestBody(this.#order(customActionEvent, 'undo', entry.id)));
    const said = [
      ...(lifts ? ['The exemption is taken back.'] : []),
      requested
        ? 'What Trailseal did about it is being undone: what came of it will be noted here.'
        : 'This deployment changes no resources, so that there is nothing else to be undone.',
    ];
    return { taken: requested || lifts, said: said.join(' ') };
  }

  async #act(
    customActionEvent: CustomActionEvent,
    what: 'fix' | 'quarantine',
    entry: Recorded,
  ): Promise<Made> {
    const { controls, policy, send } = this.#options;
    const control = controls.find(({ id }) => id === entry.control);
    const actions = control === undefined ? [] : requestedActions(what, control, policy);
    if (actions.length === 0) {
      return refused(
        `There is no ${what} of what ${entry.control} finds that the policy lets operators order: see operators.customActions in the policy.`,
      );
    }
    if (!(await send('remediate', requestBody(this.#order(customActionEvent, what, entry.id))))) {
      return refused('This deployment changes no resources.');
    }
    return { taken: true, said: `Ordered: ${actions.join(', ')}. What came of it will be noted here.` };
  }

  #order(customActionEvent: CustomActionEvent, what: ActionRequest['what'], finding: string): ActionRequest {
    const { id, at, customAction } = customActionEvent;
    return {
      id: `${id} ${finding}`,
      finding,
      what,
      by: operatorOf(customActionEvent),
      why: `Somebody pressed "${customActionLabels[customAction]}" for this finding at ${at}.`,
      at,
    };
  }
}

function refused(said: string): Made {
  return { taken: false, said };
}
