/** How the policies of hops follow from the resources of a stack; what they refuse is in `test/template/hops.test.ts`. */
import { describe, expect, it } from 'vitest';
import { tableArn, withHopPolicies } from '../../deploy/hop-policies.ts';
import { queuePolicy } from '../../deploy/queues.ts';
import { allow, policyDocument, type Statement } from '../../deploy/statements.ts';
import {
  arnOf,
  ref,
  type StackResource,
  type StackResources,
  sub,
  type Value,
} from '../../deploy/template.ts';
import { at, list } from '../../lib/core/json.ts';

const queue: StackResource = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } };
const bus: StackResource = { Type: 'AWS::Events::EventBus', Properties: { Name: 'b' } };
const table: StackResource = {
  Type: 'AWS::DynamoDB::Table',
  Properties: { TableName: 't', StreamSpecification: { StreamViewType: 'NEW_IMAGE' } },
};

function role(...statements: readonly Statement[]): StackResource {
  const Policies: Value =
    statements.length === 0 ? [] : [{ PolicyName: 'p', PolicyDocument: policyDocument(statements) }];
  return { Type: 'AWS::IAM::Role', Properties: { Policies } };
}

function attached(to: string, statement: Statement): StackResource {
  return {
    Type: 'AWS::IAM::Policy',
    Properties: { Roles: [ref(to)], PolicyDocument: policyDocument([statement]) },
  };
}

/** The roles that the deny of a policy document leaves out. */
function letIn(document: unknown): readonly unknown[] {
  const denying = list(document, 'Statement').find((statement) => at(statement, 'Sid') === 'OnlyOwnRoles');
  return list(at(denying, 'Condition', 'ArnNotLikeIfExists', 'aws:PrincipalArn'));
}

const made = (resources: StackResources, id: string, ...path: readonly string[]) =>
  at(withHopPolicies(resources), id, 'Properties', ...path);

describe('let in is each role whose policies allow an action on messages or items of the hop', () => {
  const on = (resource: Value) => role(allow('Use', ['sqs:SendMessage'], resource));

  it('of a queue, by its logical id, alone or among others, in a policy of its own or an attached one', () => {
    const resources = {
      Q: queue,
      QPolicy: queuePolicy('Q', []),
      Sender: on(arnOf('Q')),
      AmongOthers: on([arnOf('Other'), arnOf('Q')]),
      Attached: role(),
      AttachedPolicy: attached('Attached', allow('Use', ['sqs:ReceiveMessage'], arnOf('Q'))),
      OfAnother: on(arnOf('Other')),
      ReadsOnly: role(allow('Read', ['sqs:GetQueueAttributes'], arnOf('Q'))),
      Denied: role({ ...allow('No', ['sqs:SendMessage'], arnOf('Q')), Effect: 'Deny' }),
    };
    expect(letIn(made(resources, 'QPolicy', 'PolicyDocument'))).toEqual(
      ['Sender', 'AmongOthers', 'Attached'].map(arnOf),
    );
  });

  it('of a table and its stream, by the name of the table, which is not that of another', () => {
    const read = (name: string, part = '') =>
      allow('Use', ['dynamodb:Query'], sub(`${tableArn(name)}${part}`));
    const resources = {
      T: table,
      Whole: role(read('t')),
      Index: role(read('t', '/index/open')),
      OfAnother: role(read('t-2')),
      Stream: role(allow('Read', ['dynamodb:GetRecords'], sub(`${tableArn('t')}/stream/*`))),
    };
    expect(letIn(made(resources, 'T', 'ResourcePolicy', 'PolicyDocument'))).toEqual(
      ['Whole', 'Index'].map(arnOf),
    );
    expect(letIn(made(resources, 'T', 'StreamSpecification', 'ResourcePolicy', 'PolicyDocument'))).toEqual([
      arnOf('Stream'),
    ]);
  });

  it('of a bus, whose statements are resources of their own', () => {
    const resources = { B: bus, Publisher: role(allow('Put', ['events:PutEvents'], arnOf('B'))) };
    expect(made(resources, 'BPolicyOnlyOwnRoles')).toMatchObject({
      EventBusName: ref('B'),
      Statement: { Condition: { ArnNotLikeIfExists: { 'aws:PrincipalArn': [arnOf('Publisher')] } } },
    });
  });
});

describe('a stack is not made', () => {
  it('with a queue that has no policy', () => {
    expect(() => withHopPolicies({ Q: queue })).toThrow('Q has no policy');
  });

  it('with a policy that lets a service in whatever it calls for', () => {
    const open: Statement = {
      ...allow('FromAnyRule', ['sqs:SendMessage'], arnOf('Q')),
      Principal: { Service: 'events.amazonaws.com' },
    };
    expect(() => withHopPolicies({ Q: queue, QPolicy: queuePolicy('Q', [open]) })).toThrow(
      'FromAnyRule lets a service in for any source',
    );
  });
});
