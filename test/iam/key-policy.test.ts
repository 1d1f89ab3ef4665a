import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../lib/core/pattern.ts';
import { parseKeyPolicy } from '../../lib/iam/document.ts';
import { evaluateKeyPolicy, type KeyPolicyEvaluation, type KeyPolicyScope } from '../../lib/iam/evaluate.ts';

const own = '111122223333';
const ally = '444455556666';
const external = '999999999999';
const keyArn = `arn:aws:kms:us-west-2:${own}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const root = {
  Sid: 'root',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${own}:root` },
  Action: 'kms:*',
  Resource: '*',
};

/** A policy variable, as policies write it. */
const variable = (name: string): string => `$\{${name}}`;

interface Told {
  readonly organizations?: readonly string[];
  readonly administrators?: readonly string[];
}

function evaluate(statements: unknown, told: Told = {}): KeyPolicyEvaluation {
  const parsed = parseKeyPolicy({ Version: '2012-10-17', Statement: statements });
  if (!parsed.ok) throw new Error(parsed.reason);
  const scope: KeyPolicyScope = {
    keyArn,
    ownAccount: own,
    accounts: new Set([own, ally]),
    organizations: told.organizations ?? [],
    administrators: told.administrators ?? [],
  };
  return evaluateKeyPolicy(parsed.policy, scope);
}

const worst = ['inside', 'unclear', 'outside'] as const;
/** The worst that a policy grants to others; `none` when it grants them nothing. */
function reach({ others }: KeyPolicyEvaluation): (typeof worst)[number] | 'none' {
  return worst.findLast((kind) => others.some((other) => other.kind === kind)) ?? 'none';
}

function allow(principal: unknown, condition?: unknown, rest: object = {}) {
  return {
    Effect: 'Allow',
    Principal: principal,
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    ...(condition === undefined ? {} : { Condition: condition }),
    ...rest,
  };
}

describe('the principals of an Allow statement', () => {
  it.each([
    ['*', 'outside'],
    [{ AWS: '*' }, 'outside'],
    [{ AWS: ['*'] }, 'outside'],
    [{ aws: '*' }, 'outside'],
    [{ AWS: 'arn:aws:iam::*:root' }, 'outside'],
    [{ AWS: own }, 'none'],
    [{ AWS: `arn:aws:iam::${own}:role/app` }, 'none'],
    [{ AWS: [ally, `arn:aws:sts::${ally}:assumed-role/app/me`] }, 'none'],
    [{ AWS: external }, 'outside'],
    [{ AWS: `arn:aws:iam::${external}:user/eve` }, 'outside'],
    [{ AWS: [`arn:aws:iam::${own}:role/app`, `arn:aws:iam::${external}:root`] }, 'outside'],
    [{ AWS: 'AROAQ3EGTESTROLE7NOTA' }, 'unclear'],
    [{ AWS: 'AIDACKCEVSQ6C2EXAMPLE' }, 'unclear'],
    [{ AWS: `${own}:root` }, 'none'],
    [{ AWS: `${external}:root` }, 'outside'],
    [{ Service: 'ec2.eusc-de-east-1.amazonaws.eu' }, 'none'],
    [{ Service: 'logs.us-west-2.amazonaws.com' }, 'none'],
    [{ Service: ['cloudtrail.amazonaws.com', 'delivery.logs.amazonaws.com'] }, 'none'],
    [{ Service: '*' }, 'unclear'],
    [{ Federated: 'accounts.google.com' }, 'unclear'],
    [{ Federated: `arn:aws:iam::${own}:saml-provider/idp` }, 'none'],
    [{ Federated: `arn:aws:iam::${external}:saml-provider/idp` }, 'outside'],
    [{ CanonicalUser: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be' }, 'unclear'],
    [{ Martian: 'x' }, 'unclear'],
  ])('%j: %s', (principal, expected) => {
    expect(reach(evaluate([root, allow(principal)]))).toBe(expected);
  });

  it('are everybody else where it has NotPrincipal', () => {
    const { Principal: _, ...statement } = allow('*');
    expect(reach(evaluate([root, { ...statement, NotPrincipal: { AWS: own } }]))).toBe('outside');
  });

  it('come with the statement, by its Sid or its number', () => {
    const evaluated = evaluate([root, allow('*'), allow({ AWS: external }, undefined, { Sid: 'Partner' })]);
    expect(evaluated.others.map(({ statement, principal }) => [statement, principal])).toEqual([
      ['statement 2', 'everybody'],
      ['statement "Partner"', `arn:aws:iam::${external}:root`],
    ]);
  });
});

describe('the conditions of a statement that is open to everybody', () => {
  const account = 'kms:CallerAccount';
  it.each([
    // Accounts.
    [{ StringEquals: { [account]: own } }, 'inside'],
    [{ StringEquals: { 'kms:calleraccount': own } }, 'inside'],
    [{ StringEquals: { [account]: [own, ally] } }, 'inside'],
    [{ StringEquals: { [account]: [own, external] } }, 'outside'],
    [{ StringEquals: { 'aws:PrincipalAccount': own } }, 'inside'],
    [{ StringEquals: { 'aws:PrincipalAccount': variable('aws:ResourceAccount') } }, 'inside'],
    [{ StringEquals: { 'aws:PrincipalAccount': variable('aws:PrincipalAccount') } }, 'outside'],
    [{ StringEquals: { 'aws:SourceAccount': own } }, 'inside'],
    [{ StringLike: { [account]: own } }, 'inside'],
    [{ StringLike: { [account]: '*' } }, 'outside'],
    [{ StringLike: { [account]: '11112222333?' } }, 'outside'],
    [{ StringEquals: { [account]: '*' } }, 'unclear'],
    [{ StringEquals: { [account]: [] } }, 'unclear'],
    // Services.
    [{ StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } }, 'outside'],
    [{ StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com', [account]: own } }, 'inside'],
    [{ StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com', [account]: external } }, 'outside'],
    [{ Bool: { 'aws:PrincipalIsAWSService': 'true' } }, 'inside'],
    [{ Bool: { 'aws:PrincipalIsAWSService': false } }, 'outside'],
    [{ Bool: { 'kms:GrantIsForAWSResource': true } }, 'outside'],
    [{ StringEquals: { 'aws:PrincipalServiceName': 'cloudtrail.amazonaws.com' } }, 'inside'],
    // Organizations.
    [{ StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }, 'inside'],
    [{ StringEquals: { 'aws:PrincipalOrgID': ['o-a1b2c3d4e5', 'o-f6g7h8i9j0'] } }, 'outside'],
    [{ StringEquals: { 'aws:PrincipalOrgID': variable('aws:ResourceOrgID') } }, 'inside'],
    [{ StringLike: { 'aws:PrincipalOrgID': 'o-*' } }, 'outside'],
    [{ 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/*' } }, 'inside'],
    [{ 'ForAllValues:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/*' } }, 'outside'],
    [
      {
        'ForAllValues:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/*' },
        Null: { 'aws:PrincipalOrgPaths': 'false' },
      },
      'inside',
    ],
    [{ StringEquals: { 'aws:PrincipalOrgID': 'organization' } }, 'unclear'],
    // ARNs.
    [{ ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${own}:role/*` } }, 'inside'],
    [{ ArnEquals: { 'aws:PrincipalArn': `arn:*:iam::${own}:role/*` } }, 'inside'],
    [{ StringLike: { 'aws:PrincipalArn': `arn:*:iam::${own}:role/*` } }, 'outside'],
    [{ StringLike: { 'aws:PrincipalArn': `arn:aws:iam::${own}:role/*` } }, 'inside'],
    [{ StringEquals: { 'aws:PrincipalArn': `arn:aws:iam::${external}:role/app` } }, 'outside'],
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/app' } }, 'outside'],
    [{ ArnLike: { 'aws:PrincipalArn': '*' } }, 'outside'],
    [{ ArnLike: { 'aws:SourceArn': `arn:aws:cloudtrail:*:${own}:trail/*` } }, 'inside'],
    [{ ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::bucket' } }, 'unclear'],
    // Networks and users, which tell no account.
    [{ StringEquals: { 'aws:SourceVpce': 'vpce-0a1b2c3d4e5f67890' } }, 'unclear'],
    [{ StringLike: { 'aws:SourceVpc': '*' } }, 'outside'],
    [{ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, 'unclear'],
    [{ IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '0.0.0.0/0'] } }, 'outside'],
    [{ StringLike: { 'aws:userId': 'AROAQ3EGTESTROLE7NOTA:*' } }, 'unclear'],
    [{ StringEquals: { [account]: own, 'aws:SourceVpce': 'vpce-0a1b2c3d4e5f67890' } }, 'inside'],
    // What holds without the key, or for all but the values, confines nobody.
    [{ StringEqualsIfExists: { [account]: own } }, 'outside'],
    [{ StringEqualsIfExists: { [account]: own }, Null: { [account]: false } }, 'inside'],
    [{ StringNotEquals: { [account]: external } }, 'outside'],
    [{ ArnNotLike: { 'aws:PrincipalArn': `arn:aws:iam::${external}:*` } }, 'outside'],
    [{ Null: { 'aws:PrincipalOrgID': 'false' } }, 'outside'],
    // What anybody can bring about confines nobody.
    [{ StringEquals: { 'aws:PrincipalTag/team': 'payments' } }, 'outside'],
    [{ StringEquals: { 'kms:EncryptionContext:app': 'payments' } }, 'outside'],
    [{ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, 'outside'],
    [{}, 'outside'],
  ])('%j: %s', (condition, expected) => {
    expect(reach(evaluate([root, allow('*', condition)]))).toBe(expected);
  });

  it.each([
    ['o-a1b2c3d4e5', 'inside'],
    ['o-f6g7h8i9j0', 'outside'],
    [variable('aws:ResourceOrgID'), 'unclear'],
  ])('evaluate organization %s by the list, where there is one: %s', (organization, expected) => {
    const statement = allow('*', { StringEquals: { 'aws:PrincipalOrgID': organization } });
    expect(reach(evaluate([root, statement], { organizations: ['o-a1b2c3d4e5'] }))).toBe(expected);
  });

  it('confine principals of other accounts too', () => {
    const statement = allow({ AWS: external }, { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } });
    expect(reach(evaluate([root, statement]))).toBe('inside');
  });

  it('do not help another account where they name no account', () => {
    const statement = allow(
      { AWS: external },
      { StringEquals: { 'aws:SourceVpce': 'vpce-0a1b2c3d4e5f67890' } },
    );
    expect(reach(evaluate([root, statement]))).toBe('outside');
  });
});

describe('a Deny statement', () => {
  const everybody = allow('*');
  const deny = (condition?: unknown, rest: object = {}) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: 'kms:*',
    Resource: '*',
    ...(condition === undefined ? {} : { Condition: condition }),
    ...rest,
  });

  it.each([
    ['of all other accounts', deny({ StringNotEquals: { 'kms:CallerAccount': own } }), 'inside'],
    [
      'of all other organizations',
      deny({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }),
      'inside',
    ],
    [
      'of all but the organization and services',
      deny({
        StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      }),
      'inside',
    ],
    [
      'of all without a second factor from elsewhere',
      deny({
        StringNotEquals: { 'kms:CallerAccount': own },
        Bool: { 'aws:MultiFactorAuthPresent': 'false' },
      }),
      'outside',
    ],
    ['of one account', deny({ StringEquals: { 'kms:CallerAccount': external } }), 'outside'],
    ['of everybody', deny(), 'inside'],
    [
      'of everybody but own principals',
      deny(undefined, { Principal: undefined, NotPrincipal: { AWS: [own, `arn:aws:iam::${own}:role/app`] } }),
      'inside',
    ],
    [
      'that the value of a list may escape',
      deny({ 'ForAnyValue:StringNotLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/*' } }),
      'outside',
    ],
    [
      'of all other actions',
      deny({ StringNotEquals: { 'kms:CallerAccount': own } }, { Action: 'kms:Decrypt' }),
      'outside',
    ],
    [
      'of the same actions',
      deny({ StringNotEquals: { 'kms:CallerAccount': own } }, { Action: ['kms:decrypt', 'kms:Generate*'] }),
      'inside',
    ],
    [
      'of another key',
      deny({ StringNotEquals: { 'kms:CallerAccount': own } }, { Resource: `${keyArn}0` }),
      'outside',
    ],
  ])('%s', (_what, statement, expected) => {
    // Through JSON, so that what is undefined is not there.
    expect(reach(evaluate(JSON.parse(JSON.stringify([root, everybody, statement]))))).toBe(expected);
  });
});

describe('a statement without effect', () => {
  it.each([
    ['no Action', { Action: undefined }],
    ['no Resource', { Resource: undefined }],
    ['another key', { Resource: 'arn:aws:kms:us-west-2:111122223333:key/other' }],
    ['another service', { Action: ['s3:GetObject'] }],
  ])('%s grants nothing', (_why, rest) => {
    expect(reach(evaluate(JSON.parse(JSON.stringify([root, allow('*', undefined, rest)]))))).toBe('none');
  });

  it.each([
    ['the key by its ARN', { Resource: keyArn }],
    ['keys by a pattern', { Resource: 'arn:aws:kms:*:*:key/*' }],
    ['all but another key', { Resource: undefined, NotResource: `${keyArn}0` }],
    ['all actions', { Action: '*' }],
    ['all but one action', { Action: undefined, NotAction: 'kms:PutKeyPolicy' }],
  ])('is none that names %s', (_what, rest) => {
    expect(reach(evaluate(JSON.parse(JSON.stringify([root, allow('*', undefined, rest)]))))).toBe('outside');
  });
});

describe('the administrators', () => {
  const admin = `arn:aws:iam::${own}:role/KeyAdmin`;
  const administers = (rest: object) => ({ ...root, Sid: 'admin', ...rest });
  const kept = (statements: unknown, administrators: readonly string[] = []) =>
    evaluate(statements, { administrators }).administration.kept;

  it.each([
    ['the root', {}, 'yes'],
    ['the account', { Principal: { AWS: own } }, 'yes'],
    ['a role', { Principal: { AWS: admin }, Action: ['kms:Put*'] }, 'yes'],
    ['a role, in other letters', { Principal: { AWS: admin }, Action: 'KMS:putkeypolicy' }, 'yes'],
    [
      'a role, by what is left out',
      { Principal: { AWS: admin }, Action: undefined, NotAction: 'kms:Decrypt' },
      'yes',
    ],
    ['nobody, by what is left out', { Action: undefined, NotAction: 'kms:Put*' }, 'no'],
    ['nobody, who may only use it', { Action: ['kms:Decrypt', 'kms:GetKeyPolicy'] }, 'no'],
    ['somebody of another account', { Principal: { AWS: external } }, 'no'],
    ['a service', { Principal: { Service: 'ec2.amazonaws.com' } }, 'no'],
    ['a deleted principal', { Principal: { AWS: 'AROAQ3EGTESTROLE7NOTA' } }, 'no'],
    [
      'everybody of the account',
      { Principal: '*', Condition: { StringEquals: { 'kms:CallerAccount': [own, ally] } } },
      'yes',
    ],
    [
      'everybody of another',
      { Principal: '*', Condition: { StringEquals: { 'kms:CallerAccount': ally } } },
      'no',
    ],
    [
      'the root with a second factor',
      { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } },
      'unclear',
    ],
  ])('are kept by a grant to %s: %s', (_who, rest, expected) => {
    expect(kept(JSON.parse(JSON.stringify([administers(rest)])))).toBe(expected);
  });

  it('are not kept by a policy without statements', () => {
    expect(kept([])).toBe('no');
  });

  it.each([
    ['everybody', { Principal: '*' }, 'no'],
    ['the whole account', { Principal: { AWS: `arn:aws:iam::${own}:root` } }, 'no'],
    ['somebody else', { Principal: { AWS: `arn:aws:iam::${own}:role/app` } }, 'yes'],
    [
      'everybody under a condition',
      { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      'yes',
    ],
    ['everybody, but not this', { Principal: '*', Action: 'kms:Decrypt' }, 'yes'],
  ])('are locked out by a Deny to %s: %s', (_who, rest, expected) => {
    expect(kept([root, { Effect: 'Deny', Action: 'kms:*', Resource: '*', ...rest }])).toBe(expected);
  });

  it('are locked out by a Deny that spares others only', () => {
    const deny = { Effect: 'Deny', NotPrincipal: { AWS: admin }, Action: 'kms:PutKeyPolicy', Resource: '*' };
    expect(kept([root, deny])).toBe('no');
    expect(kept([administers({ Principal: { AWS: admin } }), deny])).toBe('yes');
  });

  describe('that are listed', () => {
    it.each([
      ['are kept by name', [admin], { Principal: { AWS: admin } }, 'yes'],
      ['are kept by a pattern', ['arn:aws:iam::*:role/Key*'], { Principal: { AWS: admin } }, 'yes'],
      ['may be kept by the root, through IAM policies', [admin], {}, 'unclear'],
      ['are not kept by another role', [admin], { Principal: { AWS: `arn:aws:iam::${own}:role/app` } }, 'no'],
      ['are all to be kept', [admin, `arn:aws:iam::${own}:role/app`], { Principal: { AWS: admin } }, 'no'],
      ['may be the root itself', [`arn:aws:iam::${own}:root`], { Principal: { AWS: own } }, 'yes'],
      ['of another account are not kept by this one', [`arn:aws:iam::${ally}:role/KeyAdmin`], {}, 'no'],
    ])('%s', (_what, administrators, rest, expected) => {
      expect(kept([administers(rest)], administrators)).toBe(expected);
    });
  });
});

describe('reading a policy', () => {
  it.each([
    ['HIDDEN_DUE_TO_SECURITY_REASONS', 'the policy is not JSON'],
    ['{"Version":"2012-10-17","Statement":[{"Eff', 'the policy is not JSON'],
    ['[]', 'the policy is not an object'],
    ['null', 'the policy is not an object'],
    [undefined, 'the policy is not an object'],
    ['{}', 'the policy has no Statement'],
    ['{"Statement":["x"]}', 'statement 1 is not an object'],
    ['{"Statement":{"Effect":"Maybe"}}', 'statement 1 has an Effect other than Allow and Deny'],
    ['{"Statement":{"Effect":"Allow"}}', 'statement 1 has no Principal'],
    ['{"Statement":{"Effect":"Allow","Principal":"me"}}', 'statement 1 has a Principal that is not one'],
    ['{"Statement":{"Effect":"Allow","Principal":{"AWS":{}}}}', 'the Principal of statement 1 is not text'],
    [
      '{"Statement":{"Effect":"Allow","Principal":"*","Action":[{}]}}',
      'the Action of statement 1 is not text',
    ],
    [
      '{"Statement":{"Effect":"Allow","Principal":"*","Condition":[]}}',
      'statement 1 has a Condition that is not one',
    ],
  ])('%j fails, as %s', (value, reason) => {
    expect(parseKeyPolicy(value)).toEqual({ ok: false, reason });
  });

  it('takes a single statement for a list of one', () => {
    expect(evaluate(root).administration.kept).toBe('yes');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseKeyPolicy(value);
        parseKeyPolicy(JSON.stringify(value));
        parseKeyPolicy({
          Statement: [{ Effect: 'Allow', Principal: value, Condition: value, Action: value }],
        });
      }),
    );
  });
});

describe('matchesPattern', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['kms:*', 'kms:Decrypt', true],
    ['kms:*', 'kmsx', false],
    ['kms:?ecrypt', 'kms:Decrypt', true],
    ['kms:?ecrypt', 'kms:ecrypt', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['[a].', 'a.', false],
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('agrees with the regular expression of the same meaning', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(few, letters, (pattern, text) => {
        const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesPattern(pattern, text)).toBe(same.test(text));
      }),
    );
  });

  it('does not hang on a pattern of many stars', () => {
    expect(matchesPattern(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false);
  });
});

describe('any policy', () => {
  const principal = fc.constantFrom(
    '*',
    { AWS: '*' },
    { AWS: own },
    { AWS: [ally, external] },
    { AWS: `arn:aws:iam::${external}:root` },
    { Service: 'ec2.amazonaws.com' },
    { AWS: 'AROAQ3EGTESTROLE7NOTA' },
  );
  const condition = fc.constantFrom<Record<string, Record<string, string | string[]>>>(
    {},
    { StringEquals: { 'kms:CallerAccount': own } },
    { StringEquals: { 'kms:CallerAccount': [own, external] } },
    { StringNotEquals: { 'kms:CallerAccount': own } },
    { StringLike: { 'aws:PrincipalArn': `arn:aws:iam::${own}:*` } },
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/x' } },
    { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
    { StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } },
    { StringEqualsIfExists: { 'aws:SourceVpc': 'vpc-0a1b2c3d' } },
    { Bool: { 'aws:PrincipalIsAWSService': 'true' } },
    { 'ForAllValues:StringEquals': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/r-ab12/' } },
  );
  const statement = fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Principal: principal,
    Action: fc.constantFrom('kms:*', '*', 'kms:Decrypt', ['kms:Put*', 'kms:Get*']),
    Resource: fc.constantFrom('*', keyArn, 'arn:aws:kms:us-west-2:111122223333:key/other'),
    Condition: condition,
  });
  const statements = fc.array(statement, { maxLength: 5 });
  const badness = (evaluated: KeyPolicyEvaluation) =>
    ['none', 'inside', 'unclear', 'outside'].indexOf(reach(evaluated));
  const safe = (evaluated: KeyPolicyEvaluation) => badness(evaluated) <= 1;

  it('grants no more to others for a Deny that is added', () => {
    fc.assert(
      fc.property(statements, statement, (policy, added) => {
        const more = evaluate([...policy, { ...added, Effect: 'Deny' }]);
        expect(badness(more)).toBeLessThanOrEqual(badness(evaluate(policy)));
      }),
    );
  });

  it('keeps its administrators for a Deny under conditions that is added', () => {
    fc.assert(
      fc.property(statements, statement, (policy, added) => {
        const conditional = {
          ...added,
          Effect: 'Deny',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        };
        expect(evaluate([...policy, conditional]).administration).toEqual(evaluate(policy).administration);
      }),
    );
  });

  it('grants no less to others for an Allow that is added', () => {
    fc.assert(
      fc.property(statements, statement, (policy, added) => {
        const more = evaluate([...policy, { ...added, Effect: 'Allow' }]);
        expect(badness(more)).toBeGreaterThanOrEqual(badness(evaluate(policy)));
      }),
    );
  });

  it('stays safe when a condition is added to an Allow', () => {
    fc.assert(
      fc.property(statements, statement, condition, (policy, widened, added) => {
        const wide = { ...widened, Effect: 'Allow' };
        const merged: Record<string, Record<string, string | string[]>> = { ...wide.Condition };
        for (const [operator, tests] of Object.entries(added))
          merged[operator] = { ...tests, ...merged[operator] };
        const narrow = { ...wide, Condition: merged };
        if (safe(evaluate([...policy, wide]))) expect(safe(evaluate([...policy, narrow]))).toBe(true);
      }),
    );
  });

  it('is never called safe while it lets somebody else in', () => {
    const callers = [external, '222222222222'].flatMap((account) =>
      [undefined, 'o-zzzzzzzzzz'].flatMap((org) =>
        [undefined, 's3.us-west-2.amazonaws.com'].map((via) => callOf(account, org, via)),
      ),
    );
    fc.assert(
      fc.property(statements, (policy) => {
        const lets = callers.some((call) =>
          ['kms:Decrypt', 'kms:PutKeyPolicy'].some((action) => permitted(policy, call, action)),
        );
        if (lets) expect(reach(evaluate(policy))).toBe('outside');
      }),
      { numRuns: 1000 },
    );
  });

  it('is evaluated the same in any order of its statements', () => {
    fc.assert(
      fc.property(statements, (policy) => {
        const turned = evaluate(policy.toReversed());
        expect(reach(turned)).toBe(reach(evaluate(policy)));
        expect(turned.administration.kept).toBe(evaluate(policy).administration.kept);
      }),
    );
  });
});

/** A call's context, as IAM sees it; a key that is not there is missing. */
type Call = Readonly<Record<string, string>>;

function callOf(account: string, org: string | undefined, via: string | undefined): Call {
  return {
    'kms:CallerAccount': account,
    'aws:PrincipalArn': `arn:aws:iam::${account}:role/x`,
    'aws:PrincipalIsAWSService': 'false',
    ...(org === undefined ? {} : { 'aws:PrincipalOrgID': org, 'aws:PrincipalOrgPaths': `${org}/r-ab12/` }),
    ...(via === undefined ? {} : { 'kms:ViaService': via }),
  };
}

interface Written {
  readonly Effect: string;
  readonly Principal: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource: string;
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** IAM's own logic for the policies generated above: some Allow matches the call, and no Deny. */
function permitted(policy: readonly Written[], call: Call, action: string): boolean {
  const matching = policy.filter((written) => matchesCall(written, call, action));
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  );
}

function matchesCall(
  { Principal, Action, Resource, Condition }: Written,
  call: Call,
  action: string,
): boolean {
  const names = typeof Principal === 'string' ? [Principal] : [Principal['AWS'] ?? []].flat();
  const account = call['kms:CallerAccount'] ?? '';
  return (
    names.some((name) => name === '*' || name === account || name === `arn:aws:iam::${account}:root`) &&
    [Action].flat().some((pattern) => matchesPattern(pattern, action)) &&
    matchesPattern(Resource, keyArn) &&
    Object.entries(Condition).every(([operator, tests]) =>
      Object.entries(tests).every(([key, values]) => holds(operator, call[key], [values].flat())),
    )
  );
}

function holds(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  if (value === undefined) return /^ForAllValues:|Not|IfExists$/.test(operator);
  const found = wanted.some((pattern) =>
    operator.includes('Like') ? matchesPattern(pattern, value) : pattern === value,
  );
  return found !== operator.includes('Not');
}
