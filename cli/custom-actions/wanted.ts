/** Which buttons a deployment is to have in Security Hub, and what there is to do until it has them. Pure. */

import { buttonNames, customActionResource, type Stage } from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { type Button, buttons } from '../../lib/policy/custom-actions.ts';
import { exemptDays } from '../../lib/policy/operator-exemption.ts';

/** A custom action of Security Hub, as it has it or as it should be. */
export interface CustomAction {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
}

/** What is to be done about a button of the stage; `keep` is nothing. */
export interface Step {
  readonly what: 'remove' | 'change' | 'make' | 'keep';
  readonly button: Button;
  readonly action: CustomAction;
}

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** So many custom actions an account may have in a Region. Source: AWS Security Hub User Guide, "Security Hub quotas". */
export const mostCustomActions = 50;

const deeds: Readonly<Record<Button, string>> = {
  quarantine: 'quarantine the instance, as the policy says how',
  fix: 'do the fix that the control of the finding has',
  undo: 'take back what was done for the finding, and an exemption by button',
  're-check': 'look at the resource again, and judge it anew',
  exempt: `exempt the finding for ${exemptDays} days`,
};

/** A button of a stage as it should be. Its name is the same in every stage: the description tells them apart. */
export function customActionFor(stage: Stage, button: Button, { account, region }: Place): CustomAction {
  return {
    arn: arnOf('securityhub', region, account, customActionResource(stage, button)),
    name: buttonNames[button],
    description: `Trailseal, stage ${stage}: ${deeds[button]}`,
  };
}

/**
 * @param wanted the buttons that the stage is to have; any other of its buttons is to go.
 * @param there all custom actions of the account and Region; those of others are left alone.
 * @returns one step for each button that is wanted or there; those that make room come first.
 */
export function stepsTo(
  wanted: readonly Button[],
  there: readonly CustomAction[],
  stage: Stage,
  place: Place,
): readonly Step[] {
  const steps = buttons.flatMap((button): readonly Step[] => {
    const action = customActionFor(stage, button, place);
    const found = there.find(({ arn }) => arn === action.arn);
    if (!wanted.includes(button))
      return found === undefined ? [] : [{ what: 'remove', button, action: found }];
    if (found === undefined) return [{ what: 'make', button, action }];
    const same = found.name === action.name && found.description === action.description;
    return [{ what: same ? 'keep' : 'change', button, action }];
  });
  return [...steps.filter(({ what }) => what === 'remove'), ...steps.filter(({ what }) => what !== 'remove')];
}

/** How many custom actions there would be too many once the steps are done; 0 where all have room. */
export function tooMany(steps: readonly Step[], there: readonly CustomAction[]): number {
  const count = (what: Step['what']) => steps.filter((step) => step.what === what).length;
  // Where nothing is to be made, it does not matter how many there are.
  if (count('make') === 0) return 0;
  return Math.max(0, there.length - count('remove') + count('make') - mostCustomActions);
}

/** Those of others that are called as a button of this stage is, and so look like it in the console. */
export function lookalikes(steps: readonly Step[], there: readonly CustomAction[]): readonly CustomAction[] {
  const kept = steps.filter(({ what }) => what !== 'remove').map(({ action }) => action);
  const own = new Set(steps.map(({ action }) => action.arn));
  return there.filter(({ arn, name }) => !own.has(arn) && kept.some((action) => action.name === name));
}
