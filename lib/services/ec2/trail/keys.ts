/** What the trail proves about the KMS keys that EC2's events name: their ARNs and managers. */

import type { AccountRegion } from '../../../core/account-region.ts';
import { accountIn, arnOf, parseArn } from '../../../core/arn.ts';
import type { AskTrail } from '../../../core/trail-facts.ts';
import type { EncryptionKey } from '../facts.ts';

export type Keys = ReturnType<typeof openKeys>;

/**
 * Opens a reader of the keys that EC2's events name, by ARN, each with its manager.
 * @param ask reads facts of KMS, which learns from the events that create keys.
 * @example const keys = openKeys(ask);
 */
export function openKeys(ask: AskTrail) {
  const managers = new Map<string, 'AWS' | 'CUSTOMER'>();

  const managerOf = (accountRegion: AccountRegion, arn: string): 'AWS' | 'CUSTOMER' | undefined => {
    const created = ask('kms.keyManager', accountRegion, arn);
    return managers.get(arn) ?? (created.known ? created.value.manager : undefined);
  };

  return {
    /**
     * The key that one event names in one or several ways (an alias in its request, the ARN in its response): a
     * manager that one of the names shows is remembered for the ARN. The first readable name counts; a bare id or
     * alias means one of the event's account and Region.
     */
    named(
      accountRegion: AccountRegion,
      ...names: readonly (string | undefined)[]
    ): EncryptionKey | undefined {
      const arns = names.flatMap((name) => {
        const arn = name === undefined ? undefined : arnOfKey(accountRegion, name);
        return arn === undefined ? [] : [arn];
      });
      const [arn] = arns;
      if (arn === undefined) return undefined;
      const manager = arns
        .map((each) => managerOf(accountRegion, each) ?? managerIn(accountRegion, each))
        .find(Boolean);
      if (manager === undefined) return { arn };
      if (!isAlias(arn)) managers.set(arn, manager);
      return { arn, manager };
    },
  };
}

/** A key id, alias, key ARN or alias ARN as ARN; `undefined` for anything else (`<sensitiveDataRemoved>`). */
function arnOfKey({ account, region }: AccountRegion, name: string): string | undefined {
  if (parseArn(name)?.service === 'kms') return name;
  if (/^alias\/[\w/-]+$/.test(name)) return arnOf('kms', region, account, name);
  return /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(name)
    ? arnOf('kms', region, account, `key/${name}`)
    : undefined;
}

function isAlias(arn: string): boolean {
  return parseArn(arn)?.resource.startsWith('alias/') === true;
}

/**
 * The manager that the ARN itself shows. The prefix `alias/aws/` is reserved for AWS managed keys, and no other alias
 * can point to one; AWS managed keys are never multi-Region (`mrk-`), and work in their own account only. Source: AWS
 * KMS API Reference, "CreateAlias"; AWS KMS Developer Guide, "AWS KMS keys", "Multi-Region keys in AWS KMS".
 */
function managerIn(accountRegion: AccountRegion, arn: string): 'AWS' | 'CUSTOMER' | undefined {
  const resource = parseArn(arn)?.resource ?? '';
  if (resource.startsWith('alias/aws/')) return 'AWS';
  if (resource.startsWith('alias/') || resource.startsWith('key/mrk-')) return 'CUSTOMER';
  const owner = accountIn(arn);
  const user = accountIn(accountRegion.account);
  return owner !== undefined && user !== undefined && owner !== user ? 'CUSTOMER' : undefined;
}
