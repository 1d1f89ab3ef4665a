/** The KMS keys that EC2 names: their ARNs and managers. */
import type { Aws } from '../../../aws/facts/reader.ts';
import { arnOf, parseArn } from '../../../core/arn.ts';
import { type Fact, known, type Source } from '../../../core/facts.ts';
import type { EncryptionKey } from '../facts.ts';

/**
 * The key under a name that EC2 returned. AWS's own aliases (`alias/aws/ebs`) need no call: DescribeKey would create
 * the key
 * where it does not exist yet, and the prefix already says that AWS manages it.
 * Source: KMS API Reference, "DescribeKey": KeyId; "CreateAlias": AliasName.
 * @param name a key id, alias or ARN.
 * @param source the source of the name.
 * @returns the key; where KMS does not answer, the key without its manager and with the reason.
 * @example await encryptionKey('alias/aws/ebs', source, aws) // known({ arn: 'arn:aws:kms:eu-central-1:111122223333:alias/aws/ebs', manager: 'AWS' }, source)
 */
export async function encryptionKey(name: string, source: Source, aws: Aws): Promise<Fact<EncryptionKey>> {
  const { account, region } = aws.lookups;
  const written = name.startsWith('alias/') ? name : `key/${name}`;
  const arn = parseArn(name)?.service === 'kms' ? name : arnOf('kms', region, account, written);
  if (/:alias\/aws\//.test(arn)) return known({ arn, manager: 'AWS' }, source);
  const manager = await aws.related('kms.keyManager', arn);
  return known(manager.known ? manager.value : { arn, managerUnknown: manager }, source);
}
