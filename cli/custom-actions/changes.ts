/** The custom actions that a deployment should have in Security Hub, and the changes that lead there. Pure. */
import { customActionLabels, customActionResource, type Stage } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { type CustomActionName, customActionNames } from '../../lib/core/custom-action.ts';
import { exemptDays } from '../../lib/policy/operator-exemption.ts';

/** A custom action as Security Hub has it, or should have it. */
export interface DeployedCustomAction {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
}

/** What to do about one custom action of the stage. */
export interface CustomActionChange {
  readonly change: 'create' | 'update' | 'remove' | 'none';
  readonly customAction: CustomActionName;
  readonly action: DeployedCustomAction;
}

/** Most custom actions in an account and Region. Source: AWS Security Hub User Guide, "Security Hub quotas". */
export const customActionQuota = 50;

const descriptions: Readonly<Record<CustomActionName, string>> = {
  quarantine: 'quarantines the instance as the policy says',
  fix: 'carries out the fixes of the control',
  undo: 'undoes the actions for the finding, and an exemption by custom action',
  're-check': 'evaluates the resource again',
  exempt: `exempts the finding for ${exemptDays} days`,
};

/** A custom action of a stage. Its name is the same in every stage; the description names the stage. */
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
 * @param wanted the custom actions that the stage should have; its others are removed.
 * @param existing all custom actions of the account and Region; those that are not of the stage are left alone.
 * @returns one change for each custom action of the stage; removals come first, as they make room.
 */
export function changesTo(
  wanted: readonly CustomActionName[],
  existing: readonly DeployedCustomAction[],
  stage: Stage,
  accountRegion: AccountRegion,
): readonly CustomActionChange[] {
  const changes = customActionNames.flatMap((customAction): readonly CustomActionChange[] => {
    const action = customActionFor(stage, customAction, accountRegion);
    const found = existing.find(({ arn }) => arn === action.arn);
    if (!wanted.includes(customAction))
      return found === undefined ? [] : [{ change: 'remove', customAction, action: found }];
    if (found === undefined) return [{ change: 'create', customAction, action }];
    const same = found.name === action.name && found.description === action.description;
    return [{ change: same ? 'none' : 'update', customAction, action }];
  });
  return [
    ...changes.filter(({ change }) => change === 'remove'),
    ...changes.filter(({ change }) => change !== 'remove'),
  ];
}

/** By how many custom actions the changes would exceed the quota; 0 where all fit. */
export function excessOf(
  changes: readonly CustomActionChange[],
  existing: readonly DeployedCustomAction[],
): number {
  const count = (kind: CustomActionChange['change']) =>
    changes.filter(({ change }) => change === kind).length;
  // Where nothing is created, it does not matter how many there are.
  if (count('create') === 0) return 0;
  return Math.max(0, existing.length - count('remove') + count('create') - customActionQuota);
}

/** Custom actions of others with the name of one of this stage: the console shows them alike. */
export function lookalikes(
  changes: readonly CustomActionChange[],
  existing: readonly DeployedCustomAction[],
): readonly DeployedCustomAction[] {
  const kept = changes.filter(({ change }) => change !== 'remove').map(({ action }) => action);
  const own = new Set(changes.map(({ action }) => action.arn));
  return existing.filter(({ arn, name }) => !own.has(arn) && kept.some((action) => action.name === name));
}
