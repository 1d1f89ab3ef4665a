/** The worst that whoever takes over a function could do, held equal to what people reviewed. */
import { describe, expect, it } from 'vitest';
import { type Granted, grantedIn } from '../../../deploy/review/granted.ts';
import { reviewed, reviewOf } from '../../../deploy/review/harms.ts';
import { roleReviews } from '../../../deploy/review/worst.ts';

const reviews = await roleReviews();

const whatToDo =
  'decide what whoever takes over the function could do with it, add a line to deploy/review/harms.ts, and run "npm run generate"';

describe('the roles of a stack that asks for everything', () => {
  it('allow nothing that nobody has reviewed', () => {
    const unreviewed = reviews.flatMap(({ role, unreviewed: some }) =>
      some.map(({ action, conditions }) => `${role}: ${action} where ${conditions.join(', ')}: ${whatToDo}`),
    );
    expect(unreviewed).toEqual([]);
  });

  it('allow at worst what is listed here', () => {
    expect(Object.fromEntries(reviews.map(({ role, worst }) => [role, worst]))).toEqual({
      Ec2Role: 'reads configuration',
      EksRole: 'reads configuration',
      NetworkRole: 'reads configuration',
      KmsRole: 'reads configuration',
      ScanRole: 'reads configuration',
      TransitionsRole: 'reads configuration',
      RemediateRole: 'reads configuration',
      NotifyRole: 'reads configuration',
      OperatorRole: 'availability',
      WatchdogRole: 'reads configuration',
      ScheduledScanScheduleRole: 'own parts',
      WatchdogScheduleRole: 'own parts',
      GraceScheduleRole: 'own parts',
      Ec2WriteRole: 'weakens protection',
      EksWriteRole: 'weakens protection',
      ElbWriteRole: 'reads configuration',
      KmsWriteRole: 'weakens protection',
      EksAssociateEncryptionWriteRole: 'exposes data',
      EksRestrictEndpointWriteRole: 'exposes data',
      KmsRestoreKeyPolicyWriteRole: 'exposes data',
    });
  });

  it('execute no code on instances and expose no data, unless the policy allows that by name', () => {
    const exposing = reviews.filter(({ lines }) =>
      lines.some(({ harm }) => harm === 'exposes data' || harm === 'executes code'),
    );
    expect(exposing.filter(({ offByDefault }) => !offByDefault).map(({ role }) => role)).toEqual([]);
    expect(reviews.flatMap(({ lines }) => lines).filter(({ harm }) => harm === 'executes code')).toEqual([]);
  });

  it('use every line that was reviewed', () => {
    const used = new Set(reviews.flatMap(({ lines }) => lines.map(({ may }) => may)));
    expect(reviewed.filter(({ may }) => !used.has(may)).map(({ may }) => may)).toEqual([]);
  });
});

describe('a permission', () => {
  const granted = (action: string, conditions: readonly string[] = [], own = false): Granted => ({
    action,
    conditions,
    own,
  });

  it.each([
    ['of an action that is new', granted('ec2:RunInstances')],
    ['that lost its condition', granted('ec2:ModifyInstanceAttribute')],
    ['that lost one of its conditions', granted('ec2:ModifySnapshotAttribute', ['ec2:Remove/group'])],
    ['that is no longer on the stack’s own resources', granted('sqs:SendMessage')],
    ['to take any role', granted('sts:AssumeRole')],
  ])('%s has no reviewed line', (_what, one) => {
    expect(reviewOf(one)).toBeUndefined();
  });

  it('is what the line with most of its conditions says', () => {
    expect(reviewOf(granted('dynamodb:PutItem', ['dynamodb:LeadingKeys=exemptions/*'], true))?.may).toBe(
      'exempt findings',
    );
  });

  it('is found in policies of the role and in those attached to it, with its conditions', () => {
    const statement = {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      Condition: { Bool: { 'aws:SecureTransport': 'true' }, Null: { 'a:b': 'true', 'a:c': 'false' } },
    };
    const document = { Statement: [statement, { ...statement, Effect: 'Deny', Action: 'sqs:*' }] };
    const found = grantedIn({
      Queue: { Type: 'AWS::SQS::Queue', Properties: {} },
      One: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyDocument: document }] } },
      More: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          Roles: [{ Ref: 'One' }],
          PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['kms:Decrypt'], Resource: '*' }] },
        },
      },
    });
    expect(found.get('One')).toEqual([
      {
        action: 'sqs:SendMessage',
        conditions: ['a:c', 'aws:SecureTransport', 'aws:SecureTransport=true', 'no a:b'],
        own: true,
      },
      { action: 'kms:Decrypt', conditions: [], own: false },
    ]);
  });
});
