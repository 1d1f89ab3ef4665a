/**
 * The listers of KMS's resources: ListKeys, and ListGrants for each key. They include the keys that AWS manages, some
 * dozens a Region: ListKeys does not distinguish them, CreateGrant makes their grants like all others, and the
 * controls evaluate the keys themselves.
 */
import { ListGrantsCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import type { Clients } from '../../aws/clients.ts';
import { arnOf } from '../../core/arn.ts';
import { asked, type Lister, tokenIn } from '../../core/list.ts';
import { nested } from '../../core/nested-list.ts';

const keysAction = 'kms:ListKeys';

/** Source: KMS API Reference, "ListKeys": Limit is between 1 and 1000. Evaluating a key takes several calls. */
async function listKeys({ kms }: Clients, token: string | undefined) {
  const answer = await kms.send(
    new ListKeysCommand({ Limit: 100, ...(token === undefined ? {} : { Marker: token }) }),
  );
  return {
    items: (answer.Keys ?? []).flatMap(({ KeyId }) => KeyId ?? []),
    next: answer.NextMarker,
  };
}

const keys: Lister = {
  permissions: [keysAction],
  async list(clients, accountRegion, token) {
    const { account, region } = accountRegion;
    const { items, next } = await asked(keysAction, accountRegion, () => listKeys(clients, token));
    return {
      resources: items.map((id) => ({
        type: 'AwsKmsKey',
        id,
        arn: arnOf('kms', region, account, `key/${id}`),
        account,
        region,
      })),
      token: tokenIn(next),
      unlisted: [],
    };
  },
};

const grants = nested({
  outer: { action: keysAction, list: listKeys },
  inner: {
    action: 'kms:ListGrants',
    async list({ kms }, keyId, token) {
      // Source: KMS API Reference, "ListGrants": Limit is between 1 and 100.
      const answer = await kms.send(
        new ListGrantsCommand({
          KeyId: keyId,
          Limit: 100,
          ...(token === undefined ? {} : { Marker: token }),
        }),
      );
      return {
        items: (answer.Grants ?? []).flatMap(({ GrantId }) => GrantId ?? []),
        next: answer.NextMarker,
      };
    },
    deleted: 'NotFoundException',
    // A key policy may deny the call whatever IAM allows, and KMS refuses it for keys in some states.
    particular: ['AccessDeniedException', 'KMSInvalidStateException'],
  },
  resource: (keyId, grantId, { account, region }) => {
    const arn = arnOf('kms', region, account, `key/${keyId}`);
    return { type: 'AwsKmsGrant', id: `${keyId}/${grantId}`, arn, account, region, partOf: arn };
  },
});

export const listers = { AwsKmsKey: keys, AwsKmsGrant: grants };
