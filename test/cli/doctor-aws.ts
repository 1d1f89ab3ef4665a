/** What doctor asks, without AWS. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { accountClients } from '../../cli/doctor/clients.ts';
import { observe } from '../../cli/doctor/observe.ts';
import { defaultPolicy } from '../../lib/policy/file/assemble.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { account, caller, region, stage } from './doctor-region.ts';

const operatorCredentials = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret',
  SessionToken: 'token',
  Expiration: new Date('2099-01-01T00:00:00Z'),
};

/** An AWS that answers each call with nothing, until a test says otherwise. */
export function mockAws(policy = defaultPolicy(controls)) {
  const clients = accountClients(region, undefined);
  const here = clients.of(region);
  const mocks = {
    sts: mockClient(clients.sts),
    iam: mockClient(clients.iam),
    cloudtrail: mockClient(here.cloudtrail),
    dynamodb: mockClient(DynamoDBClient),
    events: mockClient(here.events),
    lambda: mockClient(here.lambda),
    scheduler: mockClient(here.scheduler),
    securityhub: mockClient(here.securityhub),
    sns: mockClient(here.sns),
    sqs: mockClient(here.sqs),
    ssm: mockClient(here.ssm),
    cloudwatch: mockClient(here.cloudwatch),
  };
  mocks.iam.onAnyCommand().resolves({});
  mocks.cloudtrail.onAnyCommand().resolves({});
  mocks.cloudwatch.onAnyCommand().resolves({});
  mocks.dynamodb.onAnyCommand().resolves({});
  mocks.events.onAnyCommand().resolves({});
  mocks.lambda.onAnyCommand().resolves({});
  mocks.scheduler.onAnyCommand().resolves({});
  mocks.securityhub.onAnyCommand().resolves({});
  mocks.sns.onAnyCommand().resolves({});
  mocks.sqs.onAnyCommand().resolves({});
  mocks.ssm.onAnyCommand().resolves({});
  mocks.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: caller });
  mocks.sts.on(AssumeRoleCommand).resolves({ Credentials: operatorCredentials });
  const observeHere = async () => {
    const { regions } = await observe(clients, { stage, regions: [region], policy, controls });
    const [only] = regions;
    if (only === undefined) throw new Error('nothing was checked');
    return only;
  };
  return { ...mocks, observeHere };
}
