import { describe, expect, it } from 'vitest';
import { kmsGrant as control } from '../../../../lib/services/kms/controls/kms-grant.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import { account, keyArn, keyId, kms, other, region } from './records.ts';

const grantId = 'abcde1237f76e4ba7987489ac329fbfba6ad343d6f7075dbd1ef191f0120514a';
const create = (request: Readonly<Record<string, unknown>>) =>
  kms('CreateGrant', {
    request: { keyId, operations: ['Decrypt', 'Encrypt'], ...request },
    response: { grantId },
  });
const external = create({ granteePrincipal: `arn:aws:iam::${other}:role/collector` });

async function verdict(record: unknown, settings: unknown = {}) {
  return (await evaluateTrail(control, [record], settings)).at(-1)?.verdict;
}

describe('kms-grant', () => {
  it('evaluates the grant, as a part of its key', async () => {
    const [evaluated] = await evaluateTrail(control, [external]);
    expect(evaluated?.resource).toEqual({
      type: 'AwsKmsGrant',
      id: `${keyId}/${grantId}`,
      arn: keyArn,
      account,
      region,
      partOf: keyArn,
    });
  });

  it.each([
    ['a role of the own account', `arn:aws:iam::${account}:role/app`, 'PASS'],
    [
      'a session of the own account',
      `arn:aws:sts::${account}:assumed-role/aws:ec2-infrastructure/i-0abc`,
      'PASS',
    ],
    ['the own account by its number', account, 'PASS'],
    ['a service', 'dynamodb.us-west-2.amazonaws.com', 'PASS'],
    ['a service in China', 'ec2.cn-north-1.amazonaws.com.cn', 'PASS'],
    ['a service that AWS does not name', 'AWS Internal', 'PASS'],
    ['a role of another account', `arn:aws:iam::${other}:role/app`, 'FAIL'],
    ['a session of another account', `arn:aws:sts::${other}:assumed-role/app/me`, 'FAIL'],
    ['another account by its number', other, 'FAIL'],
    ['everybody', '*', 'FAIL'],
    ["EC2's part of the own account", `${account}:aws:ec2-infrastructure:i-81e2f56c`, 'PASS'],
    ["EC2's part of another account", `${other}:aws:ec2-infrastructure:i-81e2f56c`, 'FAIL'],
    ['the root of another account, in short', `${other}:root`, 'FAIL'],
    ['a service of the European partition', 'ec2.eusc-de-east-1.amazonaws.eu', 'PASS'],
    ['what resembles an account', `${other}0:root`, 'UNKNOWN'],
    ['a unique id', 'AROAQ3EGTESTROLE7NOTA', 'UNKNOWN'],
    ['an id hidden by the documentation', 'EX_PRINCIPAL_ID', 'UNKNOWN'],
    ['what resembles a service', 'amazonaws.com.example.org', 'UNKNOWN'],
  ])('evaluates %s', async (_who, granteePrincipal, expected) => {
    expect(await verdict(create({ granteePrincipal }))).toBe(expected);
  });

  it('passes a grant to a service principal', async () => {
    expect(await verdict(create({ granteeServicePrincipal: 'rds.amazonaws.com' }))).toBe('PASS');
  });

  it('does not know to whom a grant without a grantee went', async () => {
    expect(await verdict(create({}))).toBe('UNKNOWN');
  });

  it('passes a grant to an account that is allowed', async () => {
    expect(await verdict(external, { allowedAccounts: [other] })).toBe('PASS');
  });

  it('shows an external retiring principal, and does not fail for it', async () => {
    const retiringPrincipal = `arn:aws:iam::${other}:root`;
    const [evaluated] = await evaluateTrail(control, [
      create({ granteePrincipal: `arn:aws:iam::${account}:role/app`, retiringPrincipal }),
    ]);
    expect(evaluated?.verdict).toBe('PASS');
    expect(evaluated?.evidence.observed).toContainEqual(
      expect.objectContaining({ what: 'retiringPrincipal', value: retiringPrincipal }),
    );
  });

  it('goes by the account of the key, whoever records the event', async () => {
    const elsewhere = { ...external, recipientAccountId: other };
    expect(await verdict(elsewhere)).toBe('FAIL');
  });

  it.each([
    ['RevokeGrant', { request: { keyId, grantId } }],
    ['RetireGrant', { request: { keyId, grantId } }],
    ['RetireGrant', { additionalEventData: { grantId } }],
  ])('passes after %s, on the same resource', async (eventName, rest) => {
    const evaluated = await evaluateTrail(control, [external, kms(eventName, rest)]);
    expect(evaluated.map((each) => each.verdict)).toEqual(['FAIL', 'PASS']);
    expect(new Set(evaluated.map(({ resource }) => resource.id)).size).toBe(1);
  });

  it('keeps grants of one id apart by their keys', async () => {
    const otherKey = `arn:aws:kms:${region}:${account}:key/0987dcba-09fe-87dc-65ba-ab0987654321`;
    const evaluated = await evaluateTrail(control, [
      kms('RevokeGrant', { request: { grantId }, arn: otherKey }),
      external,
    ]);
    expect(evaluated.at(-1)?.verdict).toBe('FAIL');
  });

  it('evaluates nothing where a retirement by token names no grant', async () => {
    expect(await evaluateTrail(control, [kms('RetireGrant')])).toEqual([]);
  });

  it('evaluates nothing in a dry run', async () => {
    expect(await evaluateTrail(control, [create({ granteePrincipal: other, dryRun: true })])).toEqual([]);
  });

  it('ends with its key', () => {
    expect(deletedResources(control, kms('DeleteKey')).map(({ arn }) => arn)).toEqual([keyArn]);
  });
});
