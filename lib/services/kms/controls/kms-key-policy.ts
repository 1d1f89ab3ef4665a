import * as z from 'zod/mini';
import {
  type ArnResource,
  defineControl,
  fail,
  notApplicable,
  type ObservedValue,
  observe,
  pass,
  unknown,
} from '../../../core/control.ts';
import { fewer, more, type Narrowing } from '../../../core/narrowing.ts';
import { shorten } from '../../../iam/condition.ts';
import { evaluateKeyPolicy, type GrantToOther } from '../../../iam/evaluate.ts';
import { allowedAccounts } from '../../settings/allowed-accounts.ts';
import { keyInEvent } from '../resources.ts';

/**
 * An empty list is another rule, not a shorter list: a statement that is confined to the key's own organization and to one
 * more fails under it, and is unknown under a list.
 */
const fewerOrganizations: Narrowing<readonly string[]> = {
  may: 'remove entries, but not all, and list none where the deployed policy lists none',
  widenings: (override, deployed) =>
    override.length === 0 && deployed.length > 0
      ? [{ path: [], must: `keep one of ${deployed.join(', ')}`, found: '[]' }]
      : fewer<string>().widenings(override, deployed),
};

/**
 * The key policy alone decides who may use a key; IAM policies count only where it says so. A policy that is open to
 * everybody exposes the data, and only AWS Support can repair one that nobody may change.
 * Source: AWS KMS Developer Guide, "Key policies in AWS KMS", "Default key policy" and "AWS KMS condition keys";
 * `lib/iam` documents how principals and conditions are evaluated.
 */
export const kmsKeyPolicy = defineControl({
  id: 'kms-key-policy',
  title: 'KMS key policies should grant nothing to external accounts and keep their administrators',
  description:
    'A key policy should grant nothing to everybody, nor to accounts that are not allowed. A wildcard principal ' +
    'is evaluated by the conditions that confine it: those that name accounts, principals, an organization or AWS ' +
    'services count; kms:ViaService alone does not, as it holds for callers of any account, nor do negated ' +
    'operators, …IfExists and ForAllValues, which hold where the key is missing. Somebody of the own account ' +
    'must be left who may do kms:PutKeyPolicy.',
  severity: 'CRITICAL',
  resourceType: 'AwsKmsKey',
  standards: {
    'NIST.800-53.r5': ['AC-3', 'AC-6', 'SC-12'],
    'PCI DSS v4.0.1': ['3.6.1', '7.2.1'],
    'AWS FSBP': ['KMS.5'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['CreateKey', 'PutKeyPolicy'],
      resources: keyInEvent,
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
  facts: ['kms.key', 'kms.keyPolicy'],
  settings: z.strictObject({
    allowedAccounts: allowedAccounts("Accounts besides the key's own that the policy may let in."),
    allowedOrganizations: z
      ._default(
        z.array(z.string().check(z.regex(/^o-[a-z0-9]{10,32}$/, 'must be the id of an organization, o-…'))),
        [],
      )
      .check(
        z.describe(
          'Organizations (o-…) to which a condition may confine a statement; where none is listed, any single one ' +
            "that the statement names, which is taken for the account's own.",
        ),
      ),
    administrators: z
      ._default(z.array(z.string().check(z.regex(/^arn:/, 'must be the ARN of a principal'))), [])
      .check(
        z.describe(
          'Principals that must keep kms:PutKeyPolicy, as ARNs, in which * and ? are wildcards; where none is ' +
            'listed, it is enough that anybody of the own account does.',
        ),
      ),
  }),
  narrowing: { allowedAccounts: fewer(), allowedOrganizations: fewerOrganizations, administrators: more() },
  evaluate(key: ArnResource, facts, settings) {
    const metadata = facts['kms.key'];
    const policy = facts['kms.keyPolicy'];
    const accounts = new Set([key.account, ...settings.allowedAccounts]);
    const administrators =
      settings.administrators.length === 0
        ? `anybody of account ${key.account}`
        : settings.administrators.join(', ');
    const required =
      `no grant to everybody or outside of ${[...accounts].join(', ')}` +
      `${settings.allowedOrganizations.length === 0 ? '' : ` and ${settings.allowedOrganizations.join(', ')}`}` +
      `; kms:PutKeyPolicy kept by ${administrators}`;
    if (metadata.known && metadata.value.keyManager === 'AWS') {
      return notApplicable(`AWS manages key ${key.id} and its policy.`, required, [
        observe('keyManager', metadata, (value) => value.keyManager),
      ]);
    }
    const statements = observe('statements', policy, (value) =>
      value.isDefault
        ? 'the default key policy'
        : value.policy.statements.map(({ label }) => label).slice(0, 20),
    );
    if (!policy.known) {
      return unknown(`The policy of key ${key.id} is unknown: ${policy.detail}.`, required, [statements]);
    }
    const { others, administration } = evaluateKeyPolicy(policy.value.policy, {
      keyArn: key.arn,
      ownAccount: key.account,
      accounts,
      organizations: settings.allowedOrganizations,
      administrators: settings.administrators,
    });
    const of = (kind: GrantToOther['kind']) => others.filter((other) => other.kind === kind);
    const [outside, unclear, inside] = [of('outside'), of('unclear'), of('inside')];
    const listed = (what: string, grants: readonly GrantToOther[]): readonly ObservedValue[] =>
      grants.length === 0 ? [] : [{ what, value: grants.slice(0, 20).map(describe), source: policy.source }];
    const seen = [
      statements,
      ...listed('grants outside', outside),
      ...listed('grants that are unclear', unclear),
      ...listed('grants confined by conditions', inside),
      { what: 'administration', value: administration.why, source: policy.source },
    ];
    if (outside.length > 0) {
      return fail(
        `The policy of key ${key.id} grants to external accounts: ${together(outside)}.`,
        required,
        seen,
      );
    }
    if (administration.kept === 'no') {
      return fail(
        `The policy of key ${key.id} does not keep its administrators: ${administration.why}.`,
        required,
        seen,
      );
    }
    if (unclear.length > 0) {
      return unknown(
        `Whether the policy of key ${key.id} grants to external accounts is unknown: ${together(unclear)}.`,
        required,
        seen,
      );
    }
    if (administration.kept === 'unclear') {
      return unknown(
        `Whether the policy of key ${key.id} keeps its administrators is unknown: ${administration.why}.`,
        required,
        seen,
      );
    }
    const confined = inside.length === 0 ? '' : ` (${together(inside)})`;
    return pass(
      `The policy of key ${key.id} grants nothing to external accounts${confined} and keeps its administrators.`,
      required,
      seen,
    );
  },
  actions: ['notify', 'tag', 'fix:restore-key-policy'],
  broadActions: {
    'fix:restore-key-policy':
      'kms:PutKeyPolicy lets its caller give anybody any key of the account and Region',
  },
  remediation:
    'Read the policy (aws kms get-key-policy --key-id ARN --policy-name default), take out the statement, or ' +
    'confine it with kms:CallerAccount or aws:PrincipalOrgID, keep a statement that gives the account kms:*, ' +
    'and put it back: aws kms put-key-policy --key-id ARN --policy-name default --policy file://policy.json. ' +
    'Search CloudTrail for Decrypt, GenerateDataKey and CreateGrant calls by other accounts since.',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html',
});

function describe({ statement, principal, actions, why }: GrantToOther): string {
  return `${statement} lets ${shorten([principal])} do ${actions}, ${shorten([why])}`;
}

/** The first three permissions in words, and the number of the others. */
function together(grants: readonly GrantToOther[]): string {
  const stated = grants.slice(0, 3).map(describe);
  const more = grants.length - stated.length;
  return [...stated, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
