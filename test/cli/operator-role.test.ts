/** The operator role: who assumes it, under which name, and what is said to whoever may not. */
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { UnansweredError, UsageError } from '../../cli/exit.ts';
import type { DeploymentSession } from '../../cli/operator/deployment.ts';
import { asOperator, operatorRoleArn, operatorSessionName } from '../../cli/operator/operator-role.ts';

const region = 'eu-central-1';
const own = { accessKeyId: 'AKIAOWN', secretAccessKey: 'own' };
const assumed = {
  AccessKeyId: 'ASIAOPERATOR',
  SecretAccessKey: 'secret',
  SessionToken: 'token',
  Expiration: new Date('2099-01-01T00:00:00Z'),
};

function session(caller: string | undefined): DeploymentSession {
  const config = { region, credentials: own, maxAttempts: 1, requestTimeout: 1_000 };
  return { stage: 'dev', account: '111122223333', region, caller, config };
}
const ana = 'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Ops_0a1b/ana@example.com';

const sts = mockClient(STSClient);
beforeEach(() => sts.reset());

function refuse(name: string, message: string): void {
  sts
    .on(AssumeRoleCommand)
    .rejects(
      new STSServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 403 } }),
    );
}

describe('the name of the session', () => {
  it.each([
    ['arn:aws:iam::111122223333:user/team/ana', 'ana'],
    [ana, 'ana@example.com'],
    ['arn:aws:sts::111122223333:federated-user/ana', 'ana'],
    ['arn:aws:iam::111122223333:user/a', 'operator-a'],
    [`arn:aws:iam::111122223333:user/${'a'.repeat(80)}`, 'a'.repeat(64)],
    ['arn:aws:iam::111122223333:user/ana\u202e müller', 'ana--m-ller'],
    [undefined, 'operator-'],
  ])('of %s is %s', (caller, expected) => {
    expect(operatorSessionName(caller)).toBe(expected);
    expect(operatorSessionName(caller)).toMatch(/^[\w+=,.@-]{2,64}$/);
  });
});

describe('the operator role', () => {
  it('is in the partition, the account and the Region of the caller', () => {
    const caller = 'arn:aws-us-gov:iam::111122223333:user/ana';
    const operator = { stage: 'prod', account: '111122223333', region: 'us-gov-west-1', caller };
    expect(operatorRoleArn(operator)).toBe(
      'arn:aws-us-gov:iam::111122223333:role/trailseal-prod-operator-us-gov-west-1',
    );
  });

  it('is assumed in the name of the caller, and its credentials are those of the clients', async () => {
    sts.on(AssumeRoleCommand).resolves({ Credentials: assumed });
    const { credentials } = await asOperator(session(ana));
    if (typeof credentials !== 'function') throw new Error('there is no provider');
    expect(await credentials()).toMatchObject({ accessKeyId: 'ASIAOPERATOR', sessionToken: 'token' });
    const calls = sts.commandCalls(AssumeRoleCommand).map(({ args: [{ input }] }) => input);
    expect(calls).toMatchObject([
      {
        RoleArn: 'arn:aws:iam::111122223333:role/trailseal-dev-operator-eu-central-1',
        RoleSessionName: 'ana@example.com',
      },
    ]);
  });

  it('is not assumed by a session of the role itself', async () => {
    const caller = 'arn:aws:sts::111122223333:assumed-role/trailseal-dev-operator-eu-central-1/ana';
    expect((await asOperator(session(caller))).credentials).toBe(own);
    expect(sts.calls()).toEqual([]);
  });

  it.each([
    [ana, 'the ARN of the role AWSReservedSSO_Ops_0a1b (with its path)'],
    ['arn:aws:iam::111122223333:user/ana', 'arn:aws:iam::111122223333:user/ana in the parameter'],
    ['arn:aws:iam::111122223333:root', 'the ARN of an IAM user or role'],
  ])('that %s may not assume: the error says whom the parameter has to name', async (caller, named) => {
    refuse('AccessDenied', 'User is not authorized to perform: sts:AssumeRole');
    const error: unknown = await asOperator(session(caller)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('may not assume the operator role trailseal-dev-operator-eu-central-1');
    expect(String(error)).toContain(named);
    expect(String(error)).toContain(
      'npm run deploy -- --stage dev --region eu-central-1 --param="operatorArns=ARN,…"',
    );
  });

  it('that STS does not answer about: nothing is said of the caller', async () => {
    refuse('InternalFailure', 'try again');
    await expect(asOperator(session(ana))).rejects.toThrow(UnansweredError);
  });

  it('of a caller whose name could move the cursor: it is escaped', async () => {
    refuse('AccessDenied', 'no');
    await expect(asOperator(session('arn:aws:iam::111122223333:user/\u001b[2J'))).rejects.toThrow(
      String.raw`\u{1b}[2J`,
    );
  });
});
