/** Which custom actions a deployment is to have in Security Hub, and what there is to do until it has them. Pure. */

import { customActionLabels, customActionResource, type Stage } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { type CustomActionName, customActionNames } from '../../lib/policy/custom-actions.ts';
import { exemptDays } from '../../lib/policy/operator-exemption.ts';

/** A custom action of Security Hub, as it has it or as it should be. */
export interface DeployedCustomAction {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
}

/** What is to be done about a custom action of the stage; `keep` is nothing. */
export interface Step {
  readonly what: 'remove' | 'change' | 'make' | 'keep';
  readonly customAction: CustomActionName;
  readonly action: DeployedCustomAction;
}

/** So many custom actions an account may have in a Region. Source: AWS Security Hub User Guide, "Security Hub quotas". */
export const mostCustomActions = 50;

const descriptions: Readonly<Record<CustomActionName, string>> = {
  quarantine: 'quarantine the instance, as the policy says how',
  fix: 'do the fix that the control of the finding has',
  undo: 'take back what was done for the finding, and an exemption by custom action',
  're-check': 'look at the resource again, and evaluate it anew',
  exempt: `exempt the finding for ${exemptDays} days`,
};

/** A custom action of a stage as it should be. Its name is the same in every stage: the description tells them apart. */
export function customActionFor(
  stage: Stage,
  customAction: CustomActionName,
  { account, region }: AccountRegion,
): DeployedCustomAction {
  return {
    arn: arnOf('securityhub', region, account, customActionResource(stage, customAction)),
    name: customActionLabels[customAction],
    description: `Trailseal, stage ${stage}: ${descriptions[customAction]}`,
  };
}

/**
 * @param wanted the custom actions that the stage is to have; any other of its custom actions is to go.
 * @param there all custom actions of the account and Region; those of others are left alone.
 * @returns one step for each custom action that is wanted or there; those that make room come first.
 */
export function stepsTo(
  wanted: readonly CustomActionName[],
  there: readonly DeployedCustomAction[],
  stage: Stage,
  accountRegion: AccountRegion,
): readonly Step[] {
  const steps = customActionNames.flatMap((customAction): readonly Step[] => {
    const action = customActionFor(stage, customAction, accountRegion);
    const found = there.find(({ arn }) => arn === action.arn);
    if (!wanted.includes(customAction))
      return found === undefined ? [] : [{ what: 'remove', customAction, action: found }];
    if (found === undefined) return [{ what: 'make', customAction, action }];
    const same = found.name === action.name && found.description === action.description;
    return [{ what: same ? 'keep' : 'change', customAction, action }];
  });
  return [...steps.filter(({ what }) => what === 'remove'), ...steps.filter(({ what }) => what !== 'remove')];
}

/** How many custom actions there would be too many once the steps are done; 0 where all have room. */
export function tooMany(steps: readonly Step[], there: readonly DeployedCustomAction[]): number {
  const count = (what: Step['what']) => steps.filter((step) => step.what === what).length;
  // Where nothing is to be made, it does not matter how many there are.
  if (count('make') === 0) return 0;
  return Math.max(0, there.length - count('remove') + count('make') - mostCustomActions);
}

/** Those of others that are called as a custom action of this stage is, and so look like it in the console. */
export function lookalikes(
  steps: readonly Step[],
  there: readonly DeployedCustomAction[],
): readonly DeployedCustomAction[] {
  const kept = steps.filter(({ what }) => what !== 'remove').map(({ action }) => action);
  const own = new Set(steps.map(({ action }) => action.arn));
  return there.filter(({ arn, name }) => !own.has(arn) && kept.some((action) => action.name === name));
}
