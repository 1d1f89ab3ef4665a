/** What the role of the one fix that nothing undoes may do, where operators may request it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { mayCall } from './simulate.ts';
import { account, type Made, one, region, resourcesOf } from './template.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-associate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const keyOf = (id: string) => `arn:aws:kms:${region}:${account}:key/${id}`;
const named = keyOf('1234abcd-12ab-34cd-56ef-1234567890ab');
const associating = (...keys: readonly string[]) => ({ 'eks:encryptionConfigProviderKeyArns': keys });
const cluster = `arn:aws:eks:${region}:${account}:cluster/app`;

/** The role of a deployment whose policy lets operators request it, with this setting of the control. */
async function roleWith(key: unknown): Promise<Made> {
  const policy = path.join(folder, 'policy.yml');
  const settings = key === undefined ? '' : `settings: { key: ${JSON.stringify(key)} }`;
  writeFileSync(
    policy,
    `version: 1\ncontrols: { eks-secrets-encryption: { ${settings} } }\n` +
      'operators: { customActions: [fix:associate-encryption] }\n' +
      'actions: { broadPermissions: [fix:associate-encryption] }\n',
  );
  const { resources } = await stackOf({ ...defaultParameters(), policy });
  return one(resourcesOf(resources), 'EksAssociateEncryptionWriteRole');
}

type Row = [
  what: string,
  action: string,
  resource: string,
  context: Readonly<Record<string, readonly string[]>>,
];

describe('where operators may request it, its own role may', () => {
  it.each<Row>([
    ['associate the key with a cluster', 'eks:AssociateEncryptionConfig', cluster, associating(named)],
    ['read the key', 'kms:DescribeKey', named, {}],
    // As EKS asks for it, without kms:GrantIsForAWSResource.
    ['have a grant made on the key that the policy names', 'kms:CreateGrant', named, {}],
  ])('%s', async (_what, action, resource, context) => {
    expect(await mayCall(await roleWith([named]), { action, resource, context })).toBe(true);
  });

  it.each<Row>([
    ['have a grant made on another key', 'kms:CreateGrant', keyOf('other'), {}],
    [
      'associate another key with a cluster',
      'eks:AssociateEncryptionConfig',
      cluster,
      associating(keyOf('other')),
    ],
    [
      'associate another key beside it',
      'eks:AssociateEncryptionConfig',
      cluster,
      associating(named, keyOf('other')),
    ],
    ['change the cluster otherwise', 'eks:UpdateClusterConfig', cluster, {}],
    ['encrypt or decrypt with the key', 'kms:Decrypt', named, {}],
  ])('not %s', async (_what, action, resource, context) => {
    expect(await mayCall(await roleWith([named]), { action, resource, context })).toBe(false);
  });
});

describe('a policy that lets it be requested, and could never have it carried out', () => {
  it.each([
    ['no key', undefined],
    ['any customer managed key', 'customer-managed'],
    ['several keys', [named, keyOf('other')]],
    ['what is no ARN of a key', ['alias/eks']],
  ])('is not deployed: it names %s', async (_what, key) => {
    await expect(roleWith(key)).rejects.toThrow(/can never run/);
  });
});
