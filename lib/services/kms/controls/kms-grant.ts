import * as z from 'zod/mini';
import { defineControl, type Evaluation, fail, observe, pass, unknown } from '../../../core/control.ts';
import { fewer } from '../../../core/narrowing.ts';
import { shorten } from '../../../iam/condition.ts';
import { principalOf } from '../../../iam/principal.ts';
import { allowedAccounts } from '../../settings/allowed-accounts.ts';
import { grantInEvent, keyInEvent } from '../resources.ts';

/**
 * A grant lets a principal use a key independently of the key policy, invisible to those who read only the policy,
 * and lasts until it is revoked or retired.
 * Source: AWS KMS Developer Guide, "Grants in AWS KMS"; KMS API Reference, CreateGrant.
 */
export const kmsGrant = defineControl({
  id: 'kms-grant',
  title: 'KMS grants should go to no principal outside the allowed accounts',
  description:
    'A grant lets its grantee use the key, with no word of it in the key policy and no end of its own. Given ' +
    'to a principal of another account it is a way to the data that outlives the removal of users and roles. ' +
    'AWS services are not external. An external retiring principal can only end the grant, and is shown, not failed.',
  severity: 'HIGH',
  resourceType: 'AwsKmsGrant',
  standards: {
    'NIST.800-53.r5': ['AC-3', 'AC-6', 'SC-12'],
    'PCI DSS v4.0.1': ['3.6.1', '7.2.1'],
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['CreateGrant'],
      resources: grantInEvent,
    },
    // These delete a grant, though ListGrants may show it for some minutes more. Source: KMS API Reference, "RevokeGrant"
    // (eventual consistency).
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['RevokeGrant', 'RetireGrant'],
      resources: grantInEvent,
      mayDelete: true,
    },
  ],
  deletions: [
    {
      kind: 'service-event',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteKey'],
      resources: keyInEvent,
    },
  ],
  facts: ['kms.grant'],
  settings: z.strictObject({
    allowedAccounts: allowedAccounts("Accounts besides the key's own whose principals may have a grant."),
  }),
  narrowing: { allowedAccounts: fewer() },
  evaluate(resource, facts, settings) {
    const grant = facts['kms.grant'];
    const accounts = new Set([resource.account, ...settings.allowedAccounts]);
    const required = `no grant to a principal outside of ${[...accounts].join(', ')}`;
    const seen = [
      observe('status', grant, (value) => value.status),
      ...(grant.known
        ? [
            observe(
              'granteePrincipal',
              grant,
              (value) => value.granteePrincipal ?? value.granteeServicePrincipal,
            ),
            observe('retiringPrincipal', grant, (value) => value.retiringPrincipal),
            observe('operations', grant, (value) => value.operations.slice(0, 50)),
            observe('constraints', grant, (value) => value.constraints.slice(0, 20)),
          ]
        : []),
    ];
    if (!grant.known) {
      return unknown(`Grant ${resource.id} is unknown: ${grant.detail}.`, required, seen);
    }
    const { status, granteePrincipal, granteeServicePrincipal, operations } = grant.value;
    if (status !== 'ACTIVE') {
      return pass(
        `Grant ${resource.id} was ${status === 'REVOKED' ? 'revoked' : 'retired'}.`,
        required,
        seen,
      );
    }
    const what = operations.length === 0 ? 'use of the key' : shorten(operations);
    if (granteePrincipal === null) {
      return granteeServicePrincipal === null
        ? unknown(`The grantee of grant ${resource.id} is unknown.`, required, seen)
        : pass(
            `Grant ${resource.id} gives ${what} to ${granteeServicePrincipal}, an AWS service.`,
            required,
            seen,
          );
    }
    const verdict = verdictOn(granteePrincipal, accounts);
    const to = `Grant ${resource.id} gives ${what} to ${shorten([granteePrincipal])}`;
    return verdict.evaluate(`${to}, ${verdict.because}.`, required, seen);
  },
  actions: ['notify', 'fix:revoke-grant'],
  remediation:
    'Read in CloudTrail what the grantee did with the key, then: aws kms revoke-grant --key-id ARN --grant-id ' +
    'ID (the id is what follows the slash in the resource id).',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/grants.html',
});

interface Opinion {
  readonly evaluate: (
    summary: string,
    required: string,
    seen: Evaluation['evidence']['observed'],
  ) => Evaluation;
  readonly because: string;
}

function verdictOn(granteePrincipal: string, accounts: ReadonlySet<string>): Opinion {
  const principal = principalOf(granteePrincipal);
  switch (principal.kind) {
    case 'service':
      return { evaluate: pass, because: 'an AWS service' };
    case 'everyone':
      return { evaluate: fail, because: 'which is everybody' };
    case 'unclear':
      return { evaluate: unknown, because: `but ${principal.why}` };
    case 'account':
      return accounts.has(principal.account)
        ? { evaluate: pass, because: `of account ${principal.account}` }
        : { evaluate: fail, because: `of account ${principal.account}, which is not allowed` };
  }
}
