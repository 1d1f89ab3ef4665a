/** What every role of a stack allows, from its template: the functions' roles, those that write, those of schedules. */
import { isObject, list, text } from '../../lib/core/json.ts';
import type { StackResources } from '../template.ts';

/** One IAM action that a role allows. */
export interface Granted {
  readonly action: string;
  /**
   * What the request must have: `ec2:Attribute`; with its value where that is yes or no: `eks:loggingType/api=true`; what it
   * must not have: `no ec2:Add/group`.
   */
  readonly conditions: readonly string[];
  /** Whether it is on resources of the stack alone. */
  readonly own: boolean;
}

/**
 * By the logical id of each role, what it allows by policies of its own or attached to it.
 * @example (await grantedIn((await stackOf(parameters)).resources.Resources)).get('KmsWriteRole')
 */
export function grantedIn(resources: StackResources): ReadonlyMap<string, readonly Granted[]> {
  const ids = new Set(Object.keys(resources));
  const roles = Object.entries(resources).filter(([, { Type: type }]) => type === 'AWS::IAM::Role');
  return new Map(
    roles.map(([id, { Properties: properties }]) => [
      id,
      [...list(properties, 'Policies').map((policy) => documentOf(policy)), ...attached(id, resources)]
        .flatMap((document) => list(document, 'Statement'))
        .filter((statement) => text(statement, 'Effect') === 'Allow')
        .flatMap((statement) => grantedBy(statement, ids)),
    ]),
  );
}

function documentOf(policy: unknown): unknown {
  return isObject(policy) ? policy['PolicyDocument'] : undefined;
}

/** The policies that are resources of their own. */
function attached(role: string, resources: StackResources): readonly unknown[] {
  return Object.values(resources)
    .filter(({ Type: type, Properties: properties }) => {
      const roles = list(properties, 'Roles').map((one) => text(one, 'Ref'));
      return /^AWS::IAM::(Managed)?Policy$/.test(type) && roles.includes(role);
    })
    .map(({ Properties: properties }) => documentOf(properties));
}

function grantedBy(statement: unknown, ids: ReadonlySet<string>): readonly Granted[] {
  if (!isObject(statement)) return [];
  const actions = [statement['Action']].flat().map(String);
  const conditions = conditionsIn(statement['Condition']);
  const own = [statement['Resource']].flat().every((resource) => isOwn(resource, ids));
  return actions.map((action) => ({ action, conditions, own }));
}

function conditionsIn(condition: unknown): readonly string[] {
  if (!isObject(condition)) return [];
  const found = Object.entries(condition).flatMap(([operator, keys]) =>
    isObject(keys) ? Object.entries(keys).flatMap(([key, value]) => named(operator, key, value)) : [],
  );
  return [...new Set(found)].sort();
}

function named(operator: string, key: string, value: unknown): readonly string[] {
  if (key === 'aws:RequestedRegion') return [];
  // What need not be there narrows nothing that must be.
  if (operator.endsWith('IfExists')) return [`${key}, if there`];
  if (operator === 'Null') return [String(value) === 'true' ? `no ${key}` : key];
  return operator === 'Bool' ? [key, `${key}=${String(value)}`] : [key];
}

/** Whether a resource is one that the stack makes, or a part of one. */
function isOwn(resource: unknown, ids: ReadonlySet<string>): boolean {
  if (!isObject(resource)) return false;
  const names = [
    ...[resource['Fn::GetAtt']].flat().slice(0, 1),
    resource['Ref'],
    ...[...String(resource['Fn::Sub'] ?? '').matchAll(/\$\{(\w+)[.}]/g)].map(([, name]) => name),
  ];
  return names.some((name) => typeof name === 'string' && ids.has(name));
}
