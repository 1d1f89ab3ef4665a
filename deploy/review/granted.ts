/** What every role of a stack allows, from its template: the functions' roles, those that write, those of schedules. */
import { isObject, list, text } from '../../lib/core/json.ts';
import { tableArn } from '../hop-policies.ts';
import type { StackResources } from '../template.ts';

/** One IAM action that a role allows. */
export interface Granted {
  readonly action: string;
  /**
   * What the request must have: `ec2:Attribute`; with its value where that is yes or no: `eks:loggingType/api=true`, or says
   * which items: `dynamodb:LeadingKeys=events/*`; what it must not have: `no ec2:Add/group`.
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
  const own = { ids: new Set(Object.keys(resources)), tables: tablesOf(resources) };
  const roles = Object.entries(resources).filter(([, { Type: type }]) => type === 'AWS::IAM::Role');
  return new Map(
    roles.map(([id, { Properties: properties }]) => [
      id,
      [...list(properties, 'Policies').map((policy) => documentOf(policy)), ...attached(id, resources)]
        .flatMap((document) => list(document, 'Statement'))
        .filter((statement) => text(statement, 'Effect') === 'Allow')
        .flatMap((statement) => grantedBy(statement, own)),
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

interface OwnResources {
  readonly ids: ReadonlySet<string>;
  /** The ARNs of its tables, by which roles name them. */
  readonly tables: readonly string[];
}

function tablesOf(resources: StackResources): readonly string[] {
  return Object.values(resources).flatMap(({ Type: type, Properties: properties }) => {
    const name = type === 'AWS::DynamoDB::Table' ? text(properties, 'TableName') : undefined;
    return name === undefined ? [] : [tableArn(name)];
  });
}

function grantedBy(statement: unknown, made: OwnResources): readonly Granted[] {
  if (!isObject(statement)) return [];
  const actions = [statement['Action']].flat().map(String);
  const conditions = conditionsIn(statement['Condition']);
  const own = [statement['Resource']].flat().every((resource) => isOwn(resource, made));
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
  // Which items of the state table they are: each kind has a prefix of its own.
  if (key === 'dynamodb:LeadingKeys') return [key, `${key}=${[value].flat().join(' ')}`];
  return operator === 'Bool' ? [key, `${key}=${String(value)}`] : [key];
}

/** Whether a resource is one that the stack makes, or a part of one. */
function isOwn(resource: unknown, { ids, tables }: OwnResources): boolean {
  if (!isObject(resource)) return false;
  const arn = text(resource, 'Fn::Sub');
  if (arn !== undefined && tables.some((table) => arn === table || arn.startsWith(`${table}/`))) return true;
  const names = [
    ...[resource['Fn::GetAtt']].flat().slice(0, 1),
    resource['Ref'],
    ...[...String(resource['Fn::Sub'] ?? '').matchAll(/\$\{(\w+)[.}]/g)].map(([, name]) => name),
  ];
  return names.some((name) => typeof name === 'string' && ids.has(name));
}
