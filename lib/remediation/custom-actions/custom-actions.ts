/**
 * The operators' side: takes presses of buttons in Security Hub, has done what the policy lets operators order, and notes
 * on each finding what came of it. It writes to no resource itself. Everything may be done twice: a press that comes
 * again orders nothing anew, and says nothing anew.
 */

import { buttonNames, type QueueName, type Stage } from '../../aws/names.ts';
import { reasonOf } from '../../aws/reason.ts';
import type { Control } from '../../core/control.ts';
import type { Ledger, Recorded } from '../../findings/state/table.ts';
import { familyOf } from '../../pipeline/evaluators.ts';
import { lookBody } from '../../pipeline/live/message.ts';
import { buttonsOf } from '../../policy/custom-actions.ts';
import { exemptDays, exemptionFromNow, type OperatorExemption } from '../../policy/operator-exemption.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ActionEvent } from '../events/action-event.ts';
import { orderBody } from '../message.ts';
import { type OperatorOrder, orderedActions } from '../requested-action.ts';
import type { Press, Pressed } from './message.ts';
import { answerNote, noteAuthor, operatorOf, pressNote } from './note.ts';
import type { Named } from './notes.ts';

export interface OperatorOptions {
  readonly controls: readonly Control[];
  readonly policy: Policy;
  readonly place: { readonly account: string; readonly region: string };
  readonly stage: Stage;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly exemptions: {
    all(): Promise<ReadonlyMap<string, OperatorExemption>>;
    /** @returns `false` where something newer was said of the finding. */
    give(exemption: OperatorExemption): Promise<boolean>;
  };
  /** Sends to the queue of a family, or of remediation; `false` where this deployment has none. */
  readonly send: (queue: QueueName | 'remediate', body: unknown) => Promise<boolean>;
  /** Puts news into the note of a finding, in their order. */
  readonly note: (finding: Named, news: readonly string[], author: string) => Promise<unknown>;
  /** The ARN of the product that the account's own findings are of. */
  readonly productArn: string;
}

/** What was made of a button for one finding. */
export interface Pressing {
  readonly finding: string;
  readonly button: Press['button'];
  /** Whether something is to come of it. */
  readonly taken: boolean;
  /** What the note says. */
  readonly said: string;
}

type Made = Pick<Pressing, 'taken' | 'said'>;

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
  async press(press: Press): Promise<readonly Pressing[]> {
    const { stage, note } = this.#options;
    const { button } = press;
    const pressings: Pressing[] = [];
    const errors: unknown[] = [];
    for (const finding of press.findings) {
      try {
        const made = await this.#make(press, finding);
        await note(finding, [pressNote(press, made.said)], noteAuthor(stage));
        pressings.push({ finding: finding.id, button, ...made });
      } catch (error) {
        // One finding keeps no other waiting.
        errors.push(error);
      }
    }
    const [first] = errors;
    if (errors.length > 1)
      throw new AggregateError(errors, `of several errors the first: ${reasonOf(first)}`);
    if (first !== undefined) throw first;
    return pressings;
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

  async #make(press: Press, finding: Pressed): Promise<Made> {
    const { policy } = this.#options;
    const { button } = press;
    const found = await this.#find(finding);
    if (typeof found === 'string') return refused(found);
    if (!buttonsOf(policy.orders).includes(button)) {
      return refused(
        `The policy lets nobody order "${buttonNames[button]}": see operators.orders in the policy.`,
      );
    }
    switch (button) {
      case 're-check':
        return await this.#look(
          found,
          'The resource is being looked at again: what is found stands in the finding.',
        );
      case 'exempt':
        return await this.#exempt(press, found);
      case 'undo':
        return await this.#undo(press, found);
      case 'fix':
      case 'quarantine':
        return await this.#act(press, button, found);
    }
  }

  /** @returns the ledger's entry; a sentence where the finding is none of this deployment's. */
  async #find({ id, productArn, account, region }: Pressed): Promise<Recorded | string> {
    const { stage, place, ledger } = this.#options;
    if (!id.startsWith('trailseal/')) {
      return `This button is Trailseal's (${stage}), which can only act on its own findings: their ids begin with "trailseal/".`;
    }
    if (account !== place.account || region !== place.region) {
      return `This button acts in account ${place.account}, ${place.region}, and the finding is of ${account}, ${region}: press the button of the deployment there.`;
    }
    const entry = productArn === this.#options.productArn ? (await ledger.read([id])).get(id) : undefined;
    const isHere = entry?.resource.account === place.account && entry.resource.region === place.region;
    if (entry?.finding === undefined || !isHere) {
      return `The deployment ${stage} in account ${place.account}, ${place.region}, knows of no such finding: another deployment may have made it, or it is long closed.`;
    }
    return entry;
  }

  async #look({ resource, control: id }: Recorded, said: string): Promise<Made> {
    const control = this.#options.controls.find((each) => each.id === id);
    const look = lookBody([{ resource, controls: [id] }]);
    if (control === undefined || !(await this.#options.send(familyOf(control), look))) {
      return refused(`This deployment does not judge ${id}.`);
    }
    return { taken: true, said };
  }

  async #exempt(press: Press, entry: Recorded): Promise<Made> {
    const { exemptions, controls } = this.#options;
    const { finding } = entry;
    if (finding?.status !== 'OPEN')
      return refused(`The finding is ${finding?.status}: nothing is to be exempted.`);
    if (!controls.some(({ id }) => id === entry.control)) {
      return refused(`This deployment does not judge ${entry.control}.`);
    }
    const operator = operatorOf(press);
    const exemption = exemptionFromNow(
      entry.id,
      {
        owner: operator,
        reason: `Exempt for ${exemptDays} days, by "${buttonNames.exempt}" in Security Hub`,
      },
      // Since it was pressed: the same press again gives the same.
      new Date(press.at),
    );
    // A press that comes late does not take back what was said after it.
    if (!(await exemptions.give(exemption)))
      return refused('Something else was pressed for it since: that holds.');
    return await this.#look(
      entry,
      `Exempt until ${exemption.expires} (UTC), given by ${operator}. Nothing is done about it until then; "${buttonNames.undo}" takes it back.`,
    );
  }

  /** Takes back what was done, and the exemption that an operator gave; what was ordered before it is not done any more. */
  async #undo(press: Press, entry: Recorded): Promise<Made> {
    const { exemptions, send } = this.#options;
    const given = (await exemptions.all()).get(entry.id);
    const by = operatorOf(press);
    const nothingGiven = {
      finding: entry.id,
      owner: by,
      reason: 'None was given.',
      expires: press.at.slice(0, 10),
    };
    const before = given ?? { ...nothingGiven, givenAt: press.at, lifted: null };
    const isOver = before.lifted !== null && before.lifted.at !== press.at;
    const isNew = await exemptions.give({ ...before, lifted: { by, at: press.at } });
    const lifts = given !== undefined && isNew && !isOver;
    if (lifts) await this.#look(entry, '');
    const ordered = await send('remediate', orderBody(this.#order(press, 'undo', entry.id)));
    const said = [
      ...(lifts ? ['The exemption is taken back.'] : []),
      ordered
        ? 'What Trailseal did about it is being undone: what came of it will be noted here.'
        : 'This deployment changes no resources, so that there is nothing else to be undone.',
    ];
    return { taken: ordered || lifts, said: said.join(' ') };
  }

  async #act(press: Press, what: 'fix' | 'quarantine', entry: Recorded): Promise<Made> {
    const { controls, policy, send } = this.#options;
    const control = controls.find(({ id }) => id === entry.control);
    const actions = control === undefined ? [] : orderedActions(what, control, policy);
    if (actions.length === 0) {
      return refused(
        `There is no ${what} of what ${entry.control} finds that the policy lets operators order: see operators.orders in the policy.`,
      );
    }
    if (!(await send('remediate', orderBody(this.#order(press, what, entry.id))))) {
      return refused('This deployment changes no resources.');
    }
    return { taken: true, said: `Ordered: ${actions.join(', ')}. What came of it will be noted here.` };
  }

  #order(press: Press, what: OperatorOrder['what'], finding: string): OperatorOrder {
    const { id, at, button } = press;
    return {
      id: `${id} ${finding}`,
      finding,
      what,
      by: operatorOf(press),
      why: `Somebody pressed "${buttonNames[button]}" for this finding at ${at}.`,
      at,
    };
  }
}

function refused(said: string): Made {
  return { taken: false, said };
}
