/**
 * Who calls the emulated AWS besides its root user, which deploys: an operator, whom the deployments name, and an
 * application of the same account. ministack checks their rights as AWS does; its root user passes everything but the
 * policies of queues and topics.
 */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { operatorRoleName } from '../../lib/aws/names.ts';
import { roleSession } from '../../lib/aws/sts.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Callers {
  /** May do everything that no policy of a resource denies, and assume the operator role. */
  readonly operator: Credentials;
  /** May do everything with queues, topics, buses and tables that no policy of a resource denies, and invoke functions. */
  readonly application: Credentials;
}

/** The name of the operator's user, which deployments get as a parameter. */
const operatorName = 'operator';

/** The parameter of a deployment that the operator may operate. */
export function operatorParameter(account: string): string {
  return `operatorArns=arn:aws:iam::${account}:user/${operatorName}`;
}

/** @param config of the emulator, with the credentials of its root user. */
export async function makeCallers(config: ConstructorParameters<typeof IAMClient>[0]): Promise<Callers> {
  const iam = new IAMClient(config ?? {});
  const [operator, application] = await Promise.all([
    makeUser(iam, operatorName, ['*']),
    makeUser(iam, 'application', ['sqs:*', 'sns:*', 'events:*', 'dynamodb:*', 'lambda:InvokeFunction']),
  ]);
  return { operator, application };
}

async function makeUser(iam: IAMClient, UserName: string, actions: readonly string[]): Promise<Credentials> {
  const allowed = { Effect: 'Allow', Action: actions, Resource: '*' };
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName,
      PolicyName: 'all',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [allowed] }),
    }),
  );
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = key ?? {};
  if (accessKeyId === undefined || secretAccessKey === undefined) throw new Error(`${UserName} has no key`);
  return { accessKeyId, secretAccessKey };
}

/** The operator's session of the operator role of a stage, as the command has it. */
export function asOperator({ operator }: Callers, account: string, region: string, stage: string) {
  return roleSession(
    new STSClient({ region, credentials: operator }),
    `arn:aws:iam::${account}:role/${operatorRoleName(stage, region)}`,
    { name: 'a-test' },
    Date.now,
  );
}

/** The environment of a program that the caller runs. */
export function environmentOf({
  accessKeyId,
  secretAccessKey,
}: Credentials): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
}
