import { type GrantListEntry, ListGrantsCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { unlessDeleted } from '../../../aws/refusal.ts';
import { type ActionDeps, defineAction, type Target } from '../../../core/action.ts';
import { commandLine } from '../../../core/command-line.ts';
import type { ArnResource, Facts, Resource, Source } from '../../../core/control.ts';
import { known } from '../../../core/facts.ts';
import { kmsGrant } from '../controls/kms-grant.ts';
import { writesKeys } from './kms-key.ts';

/**
 * Revokes a grant to a principal of an account that is not allowed. A revoked grant does not come back.
 * Source: KMS API Reference, "RevokeGrant", "ListGrants", "CreateGrant"; AWS KMS Developer Guide, "Grants in AWS KMS".
 */
export const revokeGrant = defineAction({
  id: 'fix:revoke-grant',
  description:
    'Revokes a KMS grant that the control fails: one to a principal outside the allowed accounts. What the grant was ' +
    'is recorded, with the command that makes an equal one.',
  risk:
    'Whatever the grantee did with the key stops working, within minutes: volumes of another account, backups, ' +
    'services that use the key for it. A grant that is made anew has another id and another token.',
  permissions: { reads: ['kms:ListGrants'], writes: [writesKeys('kms:RevokeGrant')] },
  settings: kmsGrant.settings,
  before: z.object({
    grantId: z.string(),
    name: z.nullable(z.string()),
    granteePrincipal: z.nullable(z.string()),
    retiringPrincipal: z.nullable(z.string()),
    operations: z.array(z.string()),
    constraints: z.unknown(),
  }),
  was: ({ grantId, name, granteePrincipal, retiringPrincipal, operations, constraints }) => [
    `the grant ${grantId}${name === null ? '' : ` (${name})`} lets ${granteePrincipal ?? 'a principal that is not known'} ${operations.join(', ')}`,
    ...(retiringPrincipal === null ? [] : [`${retiringPrincipal} may retire it`]),
    ...(constraints === undefined || constraints === null
      ? []
      : [`its constraints are ${JSON.stringify(constraints)}`]),
  ],

  async prepare({ resource, settings }, deps) {
    const grant = await grantOf(resource, deps);
    if (grant === undefined)
      return { kind: 'needless', because: `There is no grant ${resource.id} any more.` };
    const source: Source = { kind: 'api', call: 'ListGrants', at: deps.now().toISOString() };
    const { verdict, evidence } = kmsGrant.evaluate(
      resource,
      { 'kms.grant': factOf(grant, source) },
      settings,
    );
    if (verdict === 'PASS') return { kind: 'needless', because: evidence.summary };
    if (verdict !== 'FAIL') return { kind: 'skipped', because: evidence.summary };
    return {
      kind: 'ready',
      before: {
        grantId: idsOf(resource).grantId,
        name: grant.Name || null,
        granteePrincipal: grant.GranteePrincipal ?? null,
        retiringPrincipal: grant.RetiringPrincipal ?? null,
        operations: [...(grant.Operations ?? [])],
        constraints: grant.Constraints ?? null,
      },
      plan: [`Revoke grant ${resource.id} of ${grant.GranteePrincipal}.`],
    };
  },

  async apply({ resource }, { grantId }, deps) {
    if ((await grantOf(resource, deps)) === undefined) return;
    await unlessDeleted(() =>
      deps.clients.kms.send(new RevokeGrantCommand({ KeyId: idsOf(resource).keyId, GrantId: grantId })),
    );
  },

  async check({ resource }, _before, deps) {
    return (await grantOf(resource, deps)) === undefined
      ? { kind: 'as-set', state: ['KMS lists the grant no more'] }
      : { kind: 'differs', differences: ['KMS still lists the grant'], partial: true };
  },

  undo: {
    kind: 'command',
    because:
      'KMS brings no revoked grant back: an equal one has a new id and a new token, which its user must be given, and ' +
      'lets an external account use the key again.',
    command: (
      { resource }: Target<z.infer<typeof kmsGrant.settings>, ArnResource>,
      { name, granteePrincipal, retiringPrincipal, operations, constraints },
    ) =>
      commandLine([
        ...['aws', 'kms', 'create-grant', '--region', resource.region, '--key-id', resource.arn],
        ...['--grantee-principal', granteePrincipal ?? 'PRINCIPAL', '--operations', ...operations],
        ...(retiringPrincipal === null ? [] : ['--retiring-principal', retiringPrincipal]),
        ...(constraints === null ? [] : ['--constraints', JSON.stringify(constraints)]),
        ...(name === null ? [] : ['--name', name]),
      ]),
  },
});

/** The resource's id is `<key id>/<grant id>`. */
function idsOf({ id }: Resource): { readonly keyId: string; readonly grantId: string } {
  const slash = id.lastIndexOf('/');
  return { keyId: id.slice(0, slash), grantId: id.slice(slash + 1) };
}

/** The facts about the grant that the control needs. */
function factOf(grant: GrantListEntry, source: Source): Facts['kms.grant'] {
  return known(
    {
      status: 'ACTIVE',
      granteePrincipal: grant.GranteePrincipal ?? null,
      granteeServicePrincipal: grant.GranteeServicePrincipal ?? null,
      retiringPrincipal: grant.RetiringPrincipal ?? null,
      operations: grant.Operations ?? [],
      constraints: Object.keys(grant.Constraints ?? {}),
    },
    source,
  );
}

/** The grant as KMS lists it; `undefined` when it, or its key, was deleted. */
function grantOf(resource: Resource, { clients }: ActionDeps): Promise<GrantListEntry | undefined> {
  const { keyId, grantId } = idsOf(resource);
  return unlessDeleted(async () => {
    let marker: string | undefined;
    do {
      const answer = await clients.kms.send(
        new ListGrantsCommand({
          KeyId: keyId,
          GrantId: grantId,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      const grant = answer.Grants?.find(({ GrantId: id }) => id === grantId);
      if (grant !== undefined) return grant;
      marker = answer.Truncated === true ? answer.NextMarker : undefined;
    } while (marker !== undefined);
    return undefined;
  });
}
