/** The parts of a CloudFormation template, as plain data. */

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export interface StackResource {
  readonly Type: string;
  readonly Properties: { readonly [key: string]: Value };
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Delete' | 'Retain';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain';
  readonly Metadata?: { readonly [key: string]: Value };
}

/** Resources by their logical ids. */
export type StackResources = { readonly [logicalId: string]: StackResource };

export function ref(logicalId: string): Value {
  return { Ref: logicalId };
}

export function arnOf(logicalId: string): Value {
  return { 'Fn::GetAtt': [logicalId, 'Arn'] };
}

/** @param text with `${AWS::Region}` and the like, or `${Logical}` for what `Ref` would be. */
export function sub(text: string): Value {
  return { 'Fn::Sub': text };
}

/** The ARN of a resource in the stack's own account and Region. */
export function localArn(service: string, resource: string): Value {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`);
}

/** The stack's own account, as a principal or as what a statement is about. */
export const accountRoot: Value = sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root`);

/** A service's host in the stack's own Region. */
export function endpointOf(service: string): Value {
  return sub(`${service}.\${AWS::Region}.\${AWS::URLSuffix}`);
}

/** A part of a logical id: `ec2` as `Ec2`. */
export function capital(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
