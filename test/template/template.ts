/** The packaged template, with its references followed as CloudFormation would in one account and Region. */
import { inject } from 'vitest';
import { at, isObject, list, text } from '../../lib/core/json.ts';

export const account = '111122223333';
export const region = 'eu-central-1';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::AccountId': account,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'trailseal-dev',
};

export interface Made {
  readonly type: string;
  readonly properties: unknown;
  readonly raw: unknown;
}

/** All resources of a template by their logical ids, as they would be made. */
export function resourcesOf(template: unknown): ReadonlyMap<string, Made> {
  const resources = at(template, 'Resources');
  if (!isObject(resources)) throw new Error('the template has no resources');
  return new Map(
    Object.entries(resources).map(([id, raw]) => [
      id,
      { type: text(raw, 'Type') ?? '', properties: followed(at(raw, 'Properties'), resources), raw },
    ]),
  );
}

/** What `sls package` made. */
export function packaged(): ReadonlyMap<string, Made> {
  return resourcesOf(JSON.parse(inject('template')));
}

/** The same with a policy that asks for actions. */
export function packagedActive(): ReadonlyMap<string, Made> {
  return resourcesOf(JSON.parse(inject('activeTemplate')));
}

function followed(value: unknown, resources: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => followed(item, resources));
  if (!isObject(value)) return value;
  const [first] = Object.entries(value);
  if (first !== undefined && Object.keys(value).length === 1) {
    const [intrinsic, argument] = first;
    if (intrinsic === 'Ref') return referred(String(argument), resources);
    if (intrinsic === 'Fn::GetAtt') {
      const arn = arnOf(String(at(argument, 0)), resources);
      return at(argument, 1) === 'StreamArn' ? `${arn}/stream/2026-01-01T00:00:00.000` : arn;
    }
    if (intrinsic === 'Fn::Sub') {
      return String(argument).replaceAll(/\$\{([\w:]+)(\.Arn)?\}/g, (_, id: string, arn?: string) =>
        arn === undefined ? referred(id, resources) : arnOf(id, resources),
      );
    }
    if (intrinsic === 'Fn::Join') {
      const parts = followed(at(argument, 1), resources);
      return Array.isArray(parts) ? parts.join(String(at(argument, 0))) : parts;
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, followed(item, resources)]));
}

function referred(id: string, resources: Readonly<Record<string, unknown>>): string {
  const known = pseudo[id];
  if (known !== undefined) return known;
  const name = nameOf(id, resources);
  switch (text(resources[id], 'Type')) {
    case 'AWS::SQS::Queue':
      return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${region}:${account}:${name}`;
    default:
      return name;
  }
}

/** Source: AWS CloudFormation Template Reference, the return values of each type. */
function arnOf(id: string, resources: Readonly<Record<string, unknown>>): string {
  const name = nameOf(id, resources);
  const local = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
  const type = text(resources[id], 'Type');
  switch (type) {
    case 'AWS::SQS::Queue':
      return local('sqs', name);
    case 'AWS::Events::Rule': {
      const bus = at(resources[id], 'Properties', 'EventBusName');
      const of = bus === undefined ? '' : `${String(followed(bus, resources))}/`;
      return local('events', `rule/${of}${name}`);
    }
    case 'AWS::Events::EventBus':
      return local('events', `event-bus/${name}`);
    case 'AWS::DynamoDB::Table':
      return local('dynamodb', `table/${name}`);
    case 'AWS::Lambda::Function':
      return local('lambda', `function:${name}`);
    case 'AWS::KMS::Key':
      return local('kms', `key/${name}`);
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${account}:role/${name}`;
    default:
      throw new Error(`${id} is a ${type}, whose ARN is not known here`);
  }
}

const nameProperties = ['QueueName', 'TableName', 'FunctionName', 'TopicName', 'Name'];

/** Its name, or its logical id where CloudFormation makes a name of that. */
function nameOf(id: string, resources: Readonly<Record<string, unknown>>): string {
  if (resources[id] === undefined) throw new Error(`the template refers to ${id}, which it has not`);
  const names = nameProperties.flatMap((property) => text(resources[id], 'Properties', property) ?? []);
  return names[0] ?? id;
}

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: unknown;
  readonly principal: unknown;
}

/** The statements of a policy document. */
export function statementsIn(document: unknown): readonly Statement[] {
  const statements = at(document, 'Statement');
  return (Array.isArray(statements) ? statements : []).map((statement) => ({
    effect: text(statement, 'Effect') ?? '',
    actions: strings(at(statement, 'Action')),
    resources: strings(at(statement, 'Resource')),
    conditions: at(statement, 'Condition'),
    principal: at(statement, 'Principal'),
  }));
}

export function strings(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item) => typeof item === 'string');
}

/** The one policy document of a role. */
export function policyOf(role: Made): unknown {
  return at(role.properties, 'Policies', 0, 'PolicyDocument');
}

/** All policy documents of a role. */
export function documentsOf(role: Made): readonly unknown[] {
  return list(role.properties, 'Policies').map((policy) => at(policy, 'PolicyDocument'));
}

/** The role with this logical id, with the policies that are resources of their own. Throws where there is none. */
export function roleIn(resources: ReadonlyMap<string, Made>, id: string): Made {
  const role = one(resources, id);
  const attached = ofType(resources, 'AWS::IAM::Policy')
    .filter(([, { properties }]) => list(properties, 'Roles').includes(id))
    .map(([, { properties }]) => properties);
  const properties = isObject(role.properties) ? role.properties : {};
  return { ...role, properties: { ...properties, Policies: [...list(properties, 'Policies'), ...attached] } };
}

/** The resource with this logical id. Throws where there is none. */
export function one(resources: ReadonlyMap<string, Made>, id: string): Made {
  const found = resources.get(id);
  if (found === undefined) throw new Error(`the template has no ${id}`);
  return found;
}

export function ofType(
  resources: ReadonlyMap<string, Made>,
  type: string,
): readonly (readonly [string, Made])[] {
  return [...resources].filter(([, made]) => made.type === type);
}
