/**
 * Who may use the hops of the stack: its queues, DLQs, topics, the bus, the state table and its stream. A policy of each
 * denies the actions on its data to everybody but the roles of the stack whose own policies allow one of them there, and
 * the services that the hop's policy lets in, from the sources that it names: whoever holds `sqs:*` on `*` elsewhere in the
 * account can neither forge a message nor read one. Who that is follows from the stack's resources, so that no hop can be
 * left out. Control-plane actions are denied to nobody, or CloudFormation could not change the stack any more.
 *
 * Sources: IAM User Guide, "AWS global condition context keys" (aws:PrincipalIsAWSService, aws:PrincipalArn,
 * aws:SourceArn); the policy examples of AWS's data perimeters (aws-samples/data-perimeter-policy-examples); Amazon SQS
 * API Reference, "AddPermission" (at most seven actions in a statement); Amazon DynamoDB Developer Guide, "API operations
 * supported by resource-based policies".
 */
import { at, isObject, list, text } from '../lib/core/json.ts';
import type { Statement } from './statements.ts';
import { arnOf, ref, type StackResource, type StackResources, sub, type Value } from './template.ts';

/** The actions on the data of a hop, as IAM names them. Their batches have none of their own. */
export const dataActions = {
  'AWS::SQS::Queue': [
    'sqs:SendMessage',
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:ChangeMessageVisibility',
    'sqs:PurgeQueue',
    'sqs:StartMessageMoveTask',
    'sqs:CancelMessageMoveTask',
  ],
  'AWS::SNS::Topic': ['sns:Publish'],
  'AWS::Events::EventBus': ['events:PutEvents'],
  'AWS::DynamoDB::Table': [
    'dynamodb:BatchGetItem',
    'dynamodb:BatchWriteItem',
    'dynamodb:ConditionCheckItem',
    'dynamodb:DeleteItem',
    'dynamodb:GetItem',
    'dynamodb:PartiQLDelete',
    'dynamodb:PartiQLInsert',
    'dynamodb:PartiQLSelect',
    'dynamodb:PartiQLUpdate',
    'dynamodb:PutItem',
    'dynamodb:Query',
    'dynamodb:Scan',
    'dynamodb:UpdateItem',
  ],
} as const;
export type HopType = keyof typeof dataActions;

/** The actions on a table's stream, which has a policy of its own. */
export const streamActions = ['dynamodb:GetRecords', 'dynamodb:GetShardIterator'] as const;

/** The type of resource that a policy belongs to, and the property that names it. */
const policyTypes: Readonly<Record<string, string>> = {
  'AWS::SQS::QueuePolicy': 'Queues',
  'AWS::SNS::TopicPolicy': 'Topics',
};

/**
 * @param resources all of the stack's.
 * @returns them, with policies that keep others from the data of each hop.
 * @throws TypeError for a queue or topic without a policy, or a policy of several.
 */
export function withHopPolicies(resources: StackResources): StackResources {
  const guarded = new Set<string>();
  const made = Object.entries(resources).flatMap(([id, resource]): readonly [string, StackResource][] => {
    const property = policyTypes[resource.Type];
    if (property !== undefined) {
      const hop = hopOf(id, resource, property);
      guarded.add(hop);
      return [[id, withStatements(resource, hop, resources)]];
    }
    switch (resource.Type) {
      case 'AWS::DynamoDB::Table':
        return [[id, guardedTable(id, resource, resources)]];
      case 'AWS::Events::EventBus':
        return [[id, resource], ...busPolicies(id, resources)];
      default:
        return [[id, resource]];
    }
  });
  for (const [id, { Type: type }] of Object.entries(resources)) {
    if ((type === 'AWS::SQS::Queue' || type === 'AWS::SNS::Topic') && !guarded.has(id)) {
      throw new TypeError(`${id} has no policy, so that anybody in the account may use it`);
    }
  }
  return Object.fromEntries(made);
}

/** The one queue or topic of a policy. */
function hopOf(id: string, { Properties: properties }: StackResource, property: string): string {
  const [hop, ...others] = list(properties, property);
  const name = text(hop, 'Ref');
  if (name === undefined || others.length > 0) throw new TypeError(`${id} is not the policy of one resource`);
  return name;
}

function withStatements(policy: StackResource, hop: string, resources: StackResources): StackResource {
  const document = policy.Properties['PolicyDocument'];
  const own = list(document, 'Statement').filter(isObject);
  const type = resources[hop]?.Type;
  if (type !== 'AWS::SQS::Queue' && type !== 'AWS::SNS::Topic') {
    throw new TypeError(`${hop} is neither a queue nor a topic`);
  }
  const denied = denials({
    actions: dataActions[type],
    resource: type === 'AWS::SQS::Queue' ? arnOf(hop) : ref(hop),
    roles: rolesThatUse(hop, dataActions[type], resources),
    sources: own.flatMap(sourcesIn),
  });
  return {
    ...policy,
    Properties: {
      ...policy.Properties,
      PolicyDocument: { Version: '2012-10-17', Statement: [...statementsIn(document), ...denied.map(plain)] },
    },
  };
}

/** EventBridge has one resource for each statement of a bus's policy. */
function busPolicies(id: string, resources: StackResources): readonly [string, StackResource][] {
  const actions = dataActions['AWS::Events::EventBus'];
  const denied = denials({
    actions,
    resource: arnOf(id),
    roles: rolesThatUse(id, actions, resources),
    sources: [],
  });
  return denied.map(({ Sid: sid, ...statement }) => [
    `${id}Policy${sid}`,
    {
      Type: 'AWS::Events::EventBusPolicy',
      Properties: { EventBusName: ref(id), StatementId: sid, Statement: { ...statement } },
    },
  ]);
}

/** The policies of a table and of its stream are parts of the table, and not resources. */
function guardedTable(id: string, table: StackResource, resources: StackResources): StackResource {
  const actions = dataActions['AWS::DynamoDB::Table'];
  const arn = arnByName(table);
  const { StreamSpecification: stream } = table.Properties;
  const document = (denied: readonly Statement[]): Value => ({
    PolicyDocument: { Version: '2012-10-17', Statement: denied.map(plain) },
  });
  return {
    ...table,
    Properties: {
      ...table.Properties,
      ResourcePolicy: document(
        denials({
          actions,
          resource: [sub(arn), sub(`${arn}/index/*`)],
          roles: rolesThatUse(id, actions, resources),
          sources: [],
        }),
      ),
      ...(isValues(stream)
        ? {
            StreamSpecification: {
              ...stream,
              ResourcePolicy: document(
                denials({
                  actions: streamActions,
                  // The stream that the policy is attached to: its ARN is not known before it exists.
                  resource: '*',
                  roles: rolesThatUse(id, streamActions, resources),
                  sources: [],
                }),
              ),
            },
          }
        : {}),
    },
  };
}

interface Allowed {
  readonly actions: readonly string[];
  readonly resource: Value;
  /** The ARNs of the roles that may use the hop. */
  readonly roles: readonly Value[];
  /** The ARNs for which services may use it, `*` included. */
  readonly sources: readonly Value[];
}

/** Calls of a service's own have no principal with an ARN; those that a service makes with a role have the role's. */
function denials({ actions, resource, roles, sources }: Allowed): readonly Statement[] {
  const deny = (Sid: string, Condition: NonNullable<Statement['Condition']>): Statement => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action: actions,
    Resource: resource,
    Condition,
  });
  return [
    deny('OnlyOwnRoles', {
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      ...(roles.length === 0 ? {} : { ArnNotLikeIfExists: { 'aws:PrincipalArn': roles } }),
    }),
    deny('OnlyOwnSources', {
      Bool: { 'aws:PrincipalIsAWSService': 'true' },
      ...(sources.length === 0 ? {} : { ArnNotLikeIfExists: { 'aws:SourceArn': sources } }),
    }),
  ];
}

/** The roles of the stack whose policies allow one of the actions on the hop. */
function rolesThatUse(hop: string, actions: readonly string[], resources: StackResources): readonly Value[] {
  const allows = (document: unknown): boolean =>
    list(document, 'Statement').some(
      (statement) =>
        text(statement, 'Effect') === 'Allow' &&
        list(statement, 'Action').some((action) => actions.some((one) => one === action)) &&
        isOn(at(statement, 'Resource'), hop, resources),
    );
  return Object.entries(resources).flatMap(([id, { Type: type, Properties: properties }]) => {
    if (type !== 'AWS::IAM::Role') return [];
    const attached = Object.values(resources).filter(
      (one) =>
        one.Type === 'AWS::IAM::Policy' &&
        list(one.Properties, 'Roles').some((role) => text(role, 'Ref') === id),
    );
    const documents = [
      ...list(properties, 'Policies').map((policy) => at(policy, 'PolicyDocument')),
      ...attached.map((policy) => policy.Properties['PolicyDocument']),
    ];
    return documents.some(allows) ? [arnOf(id)] : [];
  });
}

/** Whether what a statement is on is the hop, or a part of it: by its logical id, or by the ARN of its name. */
function isOn(resource: unknown, hop: string, resources: StackResources): boolean {
  if (Array.isArray(resource)) return resource.some((one) => isOn(one, hop, resources));
  if (text(resource, 'Ref') === hop || at(resource, 'Fn::GetAtt', 0) === hop) return true;
  const written = text(resource, 'Fn::Sub');
  const made = resources[hop];
  if (written === undefined || made === undefined) return false;
  if (made.Type !== 'AWS::DynamoDB::Table') return written.startsWith(`\${${hop}.Arn}`);
  const arn = arnByName(made);
  return written === arn || written.startsWith(`${arn}/`);
}

/**
 * The ARN of a table by its name: roles name the table so, and the table's policy names the roles, which would otherwise
 * refer to each other.
 */
export function tableArn(name: string): string {
  return `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${name}`;
}

function arnByName({ Properties: properties }: StackResource): string {
  const name = properties['TableName'];
  if (typeof name !== 'string') throw new TypeError('the table has no name');
  return tableArn(name);
}

/** The ARNs for which a statement lets a service in. @throws TypeError for one that lets it in whatever it does it for. */
function sourcesIn(statement: Readonly<Record<string, unknown>>): readonly Value[] {
  if (statement['Effect'] !== 'Allow' || at(statement, 'Principal', 'Service') === undefined) return [];
  const sources = ['ArnEquals', 'ArnLike'].flatMap((operator) =>
    [at(statement, 'Condition', operator, 'aws:SourceArn')].flat(),
  );
  const named = sources.filter(isValue);
  if (named.length === 0) throw new TypeError(`${String(statement['Sid'])} lets a service in for any source`);
  return named;
}

function statementsIn(document: Value | undefined): readonly Value[] {
  return list(document, 'Statement').filter(isValue);
}

function plain(statement: Statement): Value {
  return { ...statement };
}

function isValues(value: Value | undefined): value is { readonly [key: string]: Value } {
  return isObject(value);
}

function isValue(value: unknown): value is Value {
  return isObject(value) || typeof value === 'string';
}
