/** The KMS keys that EC2 names: which they are, and whose. */
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { askEach } from '../../../aws/facts/calls.ts';
import type { Lookup } from '../../../aws/facts/lookups.ts';
import type { Aws } from '../../../aws/facts/reader.ts';
import { arnOf, parseArn } from '../../../core/arn.ts';
import { type Fact, known, type Source } from '../../../core/facts.ts';
import type { EncryptionKey } from '../facts.ts';

const action = 'kms:DescribeKey';

/** Keys by ARN, id or alias, with their manager, which never changes and so is kept of a key's own ARN. */
export const keyOwners: Lookup<EncryptionKey> = {
  permissions: [action],
  find: (names, lookups, waitsFor) =>
    askEach(action, names, lookups, waitsFor, async (name) => {
      const kept = lookups.cache.keyManagers.get(name);
      if (kept !== undefined) return { arn: name, manager: kept };
      const answer = await lookups.call(({ kms }) => kms.send(new DescribeKeyCommand({ KeyId: name })));
      const { Arn: arn, KeyManager: manager } = answer.KeyMetadata ?? {};
      if (arn === undefined) return undefined;
      if (manager === undefined) return { arn };
      lookups.cache.keyManagers.set(arn, manager);
      return { arn, manager };
    }),
};

/**
 * The key under a name that EC2 gave. An alias of AWS's own (`alias/aws/ebs`) is not asked about: DescribeKey
 * would make the key where there is none yet, and its prefix tells whose it is. Where KMS does not answer, the
 * key is known, but not whose, and why not. Source: KMS API Reference, "DescribeKey": KeyId; "CreateAlias": AliasName.
 */
export async function encryptionKey(name: string, source: Source, aws: Aws): Promise<Fact<EncryptionKey>> {
  const { account, region } = aws.lookups;
  const written = name.startsWith('alias/') ? name : `key/${name}`;
  const arn = parseArn(name)?.service === 'kms' ? name : arnOf('kms', region, account, written);
  if (/:alias\/aws\//.test(arn)) return known({ arn, manager: 'AWS' }, source);
  const owner = await aws.follow(keyOwners, arn);
  return known(owner.known ? owner.value : { arn, managerUnknown: owner }, source);
}
