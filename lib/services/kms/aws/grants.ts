/**
 * Grants: ListGrants, by key and grant id. A revoked or retired grant is no longer listed, and so counts as deleted.
 * Source: KMS API Reference, "ListGrants", "RevokeGrant", "RetireGrant".
 */

import { type GrantListEntry, ListGrantsCommand } from '@aws-sdk/client-kms';
import { allPages, askEach } from '../../../aws/facts/calls.ts';
import { derive, type Lookup } from '../../../aws/facts/lookups.ts';
import type { Readers } from '../../../aws/facts/reader.ts';
import type { ArnResource } from '../../../core/control.ts';
import { known, type Unknown, unknownFact } from '../../../core/facts.ts';

const action = 'kms:ListGrants';

/**
 * Grants by `<key ARN> <grant id>`. The call filters by id, because a key may have 50,000 grants, in pages of 100.
 */
const grants: Lookup<GrantListEntry> = {
  permissions: [action],
  async find(ids, lookups, waitsFor) {
    const found = await askEach(action, ids, lookups, waitsFor, async (id) => {
      const [arn, grantId] = id.split(' ');
      const listed = await allPages(async (token) => {
        const answer = await lookups.call(({ kms }) =>
          kms.send(
            new ListGrantsCommand({
              KeyId: arn,
              GrantId: grantId,
              ...(token === undefined ? {} : { Marker: token }),
            }),
          ),
        );
        return { items: answer.Grants, next: answer.NextMarker };
      });
      return listed.find((grant) => grant.GrantId === grantId);
    });
    return new Map([...found].map(([id, fact]) => [id, fact.known ? fact : unlisted(id, fact)]));
  },
};

/**
 * Why a grant is not known: KMS keeps no trace of a deleted grant, so that revoked and retired ones cannot be
 * distinguished.
 */
function unlisted(id: string, unknown: Unknown): Unknown {
  const [arn, grantId] = id.split(' ');
  return unknown.reason === 'not-found'
    ? unknownFact('not-found', `${action} lists no grant ${grantId} of ${arn}`)
    : unknown;
}

export const grantReaders: Readers<'kms.grant', ArnResource> = {
  'kms.grant': {
    uses: [grants],
    async read({ arn, id }, aws) {
      // The resource's id is `<key id>/<grant id>`.
      const grantId = id.slice(id.lastIndexOf('/') + 1);
      return derive(await aws.ask(grants, `${arn} ${grantId}`), (grant, source) =>
        known(
          {
            status: 'ACTIVE' as const,
            granteePrincipal: grant.GranteePrincipal ?? null,
            granteeServicePrincipal: grant.GranteeServicePrincipal ?? null,
            retiringPrincipal: grant.RetiringPrincipal ?? grant.RetiringServicePrincipal ?? null,
            operations: grant.Operations ?? [],
            // The names are CloudTrail's.
            constraints: Object.keys(grant.Constraints ?? {}).map(
              (name) => name.charAt(0).toLowerCase() + name.slice(1),
            ),
          },
          source,
        ),
      );
    },
  },
};
