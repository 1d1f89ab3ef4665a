/** IAM policy statements. None has `*` or `service:*` as its action. */
import type { Value } from './template.ts';

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Value;
  readonly Action: readonly string[];
  readonly Resource: Value;
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: Value } };
}

export function allow(
  sid: string,
  action: readonly string[],
  resource: Value,
  condition?: Statement['Condition'],
): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: action,
    Resource: resource,
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}

export function policyDocument(statements: readonly Statement[]): Value {
  return { Version: '2012-10-17', Statement: statements.map((statement) => ({ ...statement })) };
}

/** Lets a service take a role. */
export function trust(service: string, condition?: Statement['Condition']): Value {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: ['sts:AssumeRole'],
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  };
}
