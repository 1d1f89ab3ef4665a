import { describe, expect, it } from 'vitest';
import { kmsKeyPolicy as control } from '../../../../lib/services/kms/controls/kms-key-policy.ts';
import { evaluateTrail } from '../../../evaluating.ts';
import {
  account,
  createKey,
  keyId,
  kms,
  mrkArn,
  mrkId,
  other,
  putKeyPolicy,
  rootStatement,
} from './records.ts';

const share = (principal: unknown, condition?: unknown) => ({
  Sid: 'Share',
  Effect: 'Allow',
  Principal: principal,
  Action: ['kms:Decrypt'],
  Resource: '*',
  ...(condition === undefined ? {} : { Condition: condition }),
});

async function evaluated(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).at(-1);
}
async function verdicts(records: readonly unknown[]) {
  return (await evaluateTrail(control, records)).map(({ verdict }) => verdict);
}

describe('kms-key-policy', () => {
  it('passes a key created without a policy, which gets the default one', async () => {
    const last = await evaluated([createKey()]);
    expect(last?.verdict).toBe('PASS');
    expect(last?.evidence.observed[0]?.value).toBe('the default key policy');
  });

  it('evaluates the policy that a key is created with', async () => {
    const policy = JSON.stringify({ Statement: [rootStatement, share('*')] });
    expect(await verdicts([createKey({}, { policy })])).toEqual(['FAIL']);
  });

  it('follows the policy as it is replaced', async () => {
    const trail = [createKey(), putKeyPolicy(rootStatement, share('*')), putKeyPolicy(rootStatement)];
    expect(await verdicts(trail)).toEqual(['PASS', 'FAIL', 'PASS']);
  });

  it('names the statement, the principal, the actions and the reason', async () => {
    const last = await evaluated([putKeyPolicy(rootStatement, share({ AWS: other }))]);
    expect(last?.evidence.summary).toBe(
      `The policy of key ${keyId} grants to external accounts: statement "Share" lets arn:aws:iam::${other}:root do kms:Decrypt, and account ${other} is not allowed.`,
    );
  });

  it('tells the actions among what was observed too', async () => {
    const last = await evaluated([putKeyPolicy(rootStatement, share('*'))]);
    expect(last?.evidence.observed).toContainEqual(
      expect.objectContaining({
        what: 'grants outside',
        value: ['statement "Share" lets everybody do kms:Decrypt, under no condition'],
      }),
    );
  });

  it.each([
    [{ Action: '*' }, 'do kms:*, under'],
    [{ Action: ['kms:Encrypt', 'kms:Decrypt'] }, 'do kms:Encrypt, kms:Decrypt, under'],
    [{ Action: undefined, NotAction: 'kms:PutKeyPolicy' }, 'do everything but kms:PutKeyPolicy, under'],
    [{ Sid: undefined }, 'statement 2 lets everybody'],
  ])('says of %j: %s', async (rest, words) => {
    const last = await evaluated([putKeyPolicy(rootStatement, { ...share('*'), ...rest })]);
    expect(last?.evidence.summary).toContain(words);
  });

  it('tells every grant apart, and how many more there are', async () => {
    const shares = ['A', 'B', 'C', 'D', 'E'].map((Sid) => ({ ...share('*'), Sid }));
    const last = await evaluated([putKeyPolicy(rootStatement, ...shares)]);
    expect(last?.evidence.summary).toMatch(
      /statement "A" .*; statement "B" .*; statement "C" .*; and 2 more\.$/,
    );
  });

  it.each(['Service', 'Federated', 'CanonicalUser', 'Martian'])(
    'does not call the principal {"%s": "*"} everybody',
    async (kind) => {
      const last = await evaluated([putKeyPolicy(rootStatement, share({ [kind]: '*' }))]);
      expect([last?.verdict, last?.evidence.summary]).toEqual([
        'UNKNOWN',
        expect.stringContaining(`lets ${kind} * do kms:Decrypt, and `),
      ]);
    },
  );

  it('says by which condition a wildcard is confined', async () => {
    const condition = { StringEquals: { 'kms:CallerAccount': account } };
    const last = await evaluated([putKeyPolicy(rootStatement, share('*', condition))]);
    expect(last?.verdict).toBe('PASS');
    expect(last?.evidence.summary).toContain(
      `(statement "Share" lets everybody do kms:Decrypt, under kms:CallerAccount, which names ${account} alone)`,
    );
  });

  it('fails a policy that leaves nobody to change it', async () => {
    const last = await evaluated([putKeyPolicy(share({ AWS: account }))]);
    expect(last?.verdict).toBe('FAIL');
    expect(last?.evidence.summary).toContain('does not keep its administrators');
  });

  it.each([
    [{ allowedAccounts: [other] }, 'PASS'],
    [{ allowedAccounts: ['444455556666'] }, 'FAIL'],
    [{}, 'FAIL'],
  ])('goes by the allowed accounts: %j', async (settings, verdict) => {
    expect((await evaluated([putKeyPolicy(rootStatement, share({ AWS: other }))], settings))?.verdict).toBe(
      verdict,
    );
  });

  it.each([
    [[], 'PASS'],
    [['o-a1b2c3d4e5'], 'PASS'],
    [['o-f6g7h8i9j0'], 'FAIL'],
  ])('goes by the allowed organizations: %j', async (allowedOrganizations, verdict) => {
    const condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };
    const record = putKeyPolicy(rootStatement, share('*', condition));
    expect((await evaluated([record], { allowedOrganizations }))?.verdict).toBe(verdict);
  });

  it.each([
    [[], true],
    [['o-a1b2c3d4e5'], false],
  ])('says that the organization was taken for the own one where %j are listed: %s', async (listed, said) => {
    const condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };
    const last = await evaluated([putKeyPolicy(rootStatement, share('*', condition))], {
      allowedOrganizations: listed,
    });
    expect(last?.evidence.summary.includes("alone, taken for the account's own")).toBe(said);
  });

  it("does not say so of what names the key's own organization", async () => {
    const condition = { StringEquals: { 'aws:PrincipalOrgID': '$'.concat('{aws:ResourceOrgID}') } };
    const last = await evaluated([putKeyPolicy(rootStatement, share('*', condition))]);
    expect(last?.evidence.summary).toContain("which names the key's own organization alone)");
  });

  it.each([
    [[`arn:aws:iam::${account}:root`], 'PASS'],
    [[`arn:aws:iam::${account}:role/KeyAdmin`], 'UNKNOWN'],
    [[`arn:aws:iam::${other}:role/KeyAdmin`], 'FAIL'],
  ])('goes by the administrators: %j', async (administrators, verdict) => {
    expect((await evaluated([putKeyPolicy(rootStatement)], { administrators }))?.verdict).toBe(verdict);
  });

  it.each([
    'HIDDEN_DUE_TO_SECURITY_REASONS',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Al',
    '',
    null,
    undefined,
    7,
  ])('does not know a policy recorded as %j', async (policy) => {
    expect(await verdicts([kms('PutKeyPolicy', { request: { keyId, policy } })])).toEqual(['UNKNOWN']);
  });

  it('does not go by the old policy where the new one is not recorded', async () => {
    expect(await verdicts([putKeyPolicy(rootStatement), kms('PutKeyPolicy')])).toEqual(['PASS', 'UNKNOWN']);
  });

  it.each([[null], [{ omitted: true }]])(
    'does not take request %j of a creation for the default',
    async (request) => {
      expect(await verdicts([createKey({}, request)])).toEqual(['UNKNOWN']);
    },
  );

  it('leaves the policy of an AWS managed key to AWS', async () => {
    expect(await verdicts([createKey({ keyManager: 'AWS' })])).toEqual(['NOT_APPLICABLE']);
  });

  it('prefers to say what is wrong over what is not known', async () => {
    const trail = [putKeyPolicy(rootStatement, share({ AWS: 'AROAQ3EGTESTROLE7NOTA' }), share('*'))];
    expect(await verdicts(trail)).toEqual(['FAIL']);
  });

  describe('of a replica key', () => {
    const arn = mrkArn('eu-west-1');
    const replicate = (request: object, response: object = {}) =>
      kms('ReplicateKey', {
        arn: mrkArn('us-west-2'),
        request: { keyId: mrkId, replicaRegion: 'eu-west-1', ...request },
        response: { replicaKeyMetadata: { arn }, ...response },
      });
    const created = kms('CreateKey', { arn, awsRegion: 'eu-west-1', request: {} });
    const open = JSON.stringify({ Statement: [rootStatement, share('*')] });

    it('is the one that the replication gave', async () => {
      expect(await verdicts([replicate({}, { replicaPolicy: open }), created])).toEqual(['FAIL']);
      expect(await verdicts([replicate({ policy: open }), created])).toEqual(['FAIL']);
    });

    it('stays known where the creation does not show it, whatever the key is called', async () => {
      const here = `arn:aws:kms:eu-west-1:${account}:key/${keyId}`;
      const records = [
        kms('ReplicateKey', {
          request: { keyId, replicaRegion: 'eu-west-1', policy: open },
          response: { replicaKeyMetadata: { arn: here } },
        }),
        kms('CreateKey', { arn: here, awsRegion: 'eu-west-1', request: {} }),
      ];
      expect(await verdicts(records)).toEqual(['FAIL']);
    });

    it('is the default where the replication gave none', async () => {
      expect(await verdicts([replicate({}), created])).toEqual(['PASS']);
    });

    it('is not known from its creation alone', async () => {
      expect(await verdicts([created])).toEqual(['UNKNOWN']);
    });
  });

  it.each([
    [{ allowedAccounts: ['1234'] }],
    [{ allowedOrganizations: ['my organization'] }],
    [{ administrators: ['KeyAdmin'] }],
    [{ unknown: true }],
  ])('refuses the settings %j', (settings) => {
    expect(control.settings.safeParse(settings).success).toBe(false);
  });
});
