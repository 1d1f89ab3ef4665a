/** The KMS keys that EC2 names: which they are, and whose. */
import type { Aws } from '../../../aws/facts/reader.ts';
import { arnOf, parseArn } from '../../../core/arn.ts';
import { type Fact, known, type Source } from '../../../core/facts.ts';
import type { EncryptionKey } from '../facts.ts';

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
  const manager = await aws.related('kms.keyManager', arn);
  return known(manager.known ? manager.value : { arn, managerUnknown: manager }, source);
}
