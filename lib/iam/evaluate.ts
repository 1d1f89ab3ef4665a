/**
 * What a key policy grants, to whom, and who may change it. Pure: policy and scope in, findings out.
 * Source: AWS KMS Developer Guide, "Key policies in AWS KMS" and "Default key policy"; IAM User Guide,
 * "Policy evaluation logic".
 */
import { parseArn } from '../core/arn.ts';
import { matchesPattern } from '../core/pattern.ts';
import { type CallerScope, type Reach, reachOf, reachPast, shorten } from './condition.ts';
import type { Condition, KeyPolicy, Patterns, PolicyStatement } from './document.ts';
import type { Principal } from './principal.ts';

export type { CallerScope } from './condition.ts';

export interface KeyPolicyScope extends CallerScope {
  readonly keyArn: string;
  /** ARNs, or patterns of ARNs, that must keep `kms:PutKeyPolicy`; none means anybody of the own account. */
  readonly administrators: readonly string[];
}

/** One thing a statement grants to somebody not of the key's own account. */
export interface GrantToOther {
  readonly kind: 'inside' | 'outside' | 'unclear';
  readonly statement: string;
  readonly principal: string;
  /** What the principal may do, in words. */
  readonly actions: string;
  /** Completes the sentence "the statement lets the principal do the actions, …". */
  readonly why: string;
}

export interface Administration {
  /** `unclear`: only under conditions, or by IAM policies, which a key policy does not show. */
  readonly kept: 'yes' | 'no' | 'unclear';
  readonly why: string;
}

export interface KeyPolicyEvaluation {
  readonly others: readonly GrantToOther[];
  readonly administration: Administration;
}

/**
 * Evaluates a key policy: its grants to others, in the order of its statements, and its administrators.
 * @example evaluateKeyPolicy(policy, scope).administration.kept // 'yes'
 */
export function evaluateKeyPolicy(policy: KeyPolicy, scope: KeyPolicyScope): KeyPolicyEvaluation {
  const allows = policy.statements.filter(
    (statement) => statement.effect === 'Allow' && works(statement, scope),
  );
  const denies = policy.statements.filter(
    (statement) => statement.effect === 'Deny' && works(statement, scope),
  );
  return {
    others: allows.flatMap((allow) => grantsToOthers(allow, denies, scope)),
    administration: administration(allows, denies, scope),
  };
}

/** Whether a statement has any effect on this key: without actions or resources it has none. */
function works({ actions, resources }: PolicyStatement, { keyArn }: KeyPolicyScope): boolean {
  if (actions === undefined || resources === undefined) return false;
  const concernsKms =
    actions.negated ||
    actions.patterns.some((action) => matchesPattern((action.split(':')[0] ?? '').toLowerCase(), 'kms'));
  return concernsKms && applies(resources, (pattern) => matchesPattern(pattern, keyArn));
}

function applies(patterns: Patterns, matches: (pattern: string) => boolean): boolean {
  return patterns.patterns.some(matches) !== patterns.negated;
}

function grantsToOthers(
  allow: PolicyStatement,
  denies: readonly PolicyStatement[],
  scope: KeyPolicyScope,
): readonly GrantToOther[] {
  const others = allow.allBut
    ? [
        {
          kind: 'everyone' as const,
          name: `everybody but ${allow.principals.map(({ name }) => name).join(', ')}`,
        },
      ]
    : allow.principals.filter((principal) => isOther(principal, scope));
  if (others.length === 0 || allow.actions === undefined) return [];
  const actions = inWords(allow.actions);
  const reach = narrowed(allow, denies, scope);
  return others.map((principal) => ({
    ...grantTo(principal, reach),
    statement: allow.label,
    principal: principal.name,
    actions,
  }));
}

function inWords({ patterns, negated }: Patterns): string {
  // `*` in a key policy is every action of KMS.
  const named = shorten(patterns.map((pattern) => (pattern === '*' ? 'kms:*' : pattern)));
  return negated ? `everything but ${named}` : named;
}

/** Accounts that are allowed and AWS services are not others. */
function isOther(principal: Principal, scope: KeyPolicyScope): boolean {
  if (principal.kind === 'service') return false;
  return principal.kind !== 'account' || !scope.accounts.has(principal.account);
}

/** The reach of an Allow statement under its own conditions and under each Deny that covers all it allows. */
function narrowed(allow: PolicyStatement, denies: readonly PolicyStatement[], scope: KeyPolicyScope): Reach {
  const own = reachOf(allow.conditions, scope);
  if (own.kind === 'inside') return own;
  const covering = denies.filter((deny) => covers(deny.actions, allow.actions));
  return covering.map((deny) => reachPastDeny(deny, scope)).find((reach) => reach.kind === 'inside') ?? own;
}

/** Whom a Deny lets pass: those that it does not name, and those that escape its conditions. */
function reachPastDeny(deny: PolicyStatement, scope: KeyPolicyScope): Reach {
  const spared: Reach = deny.allBut
    ? {
        kind: deny.principals.some((principal) => isOther(principal, scope)) ? 'open' : 'inside',
        why: deny.label,
      }
    : { kind: concernsEveryone(deny) ? 'inside' : 'open', why: deny.label };
  return spared.kind === 'open' ? spared : reachPast(deny.conditions, scope);
}

function grantTo(principal: Principal, reach: Reach): Pick<GrantToOther, 'kind' | 'why'> {
  if (reach.kind === 'inside') return reach;
  switch (principal.kind) {
    case 'everyone':
      return { kind: reach.kind === 'open' ? 'outside' : reach.kind, why: reach.why };
    case 'account':
      return { kind: 'outside', why: `and account ${principal.account} is not allowed` };
    case 'unclear':
      return { kind: 'unclear', why: `and ${principal.why}` };
    case 'service':
      return { kind: 'inside', why: 'as an AWS service' };
  }
}

function concernsEveryone({ principals, allBut }: PolicyStatement): boolean {
  return !allBut && principals.some(({ kind }) => kind === 'everyone');
}

/** Whether every action that `narrow` means is meant by `wide` too. Never says so wrongly. */
function covers(wide: Patterns | undefined, narrow: Patterns | undefined): boolean {
  if (wide === undefined || narrow === undefined || wide.negated) return false;
  // As text, a pattern that matches another's wildcards as they stand matches all that they stand for;
  // not so `?`, which would take a `*` for one character.
  const wides = wide.patterns.filter((pattern) => !pattern.includes('?')).map(wholeAction);
  const narrows = narrow.negated ? ['kms:*'] : narrow.patterns.map(wholeAction);
  return narrows.every((action) => wides.some((pattern) => matchesPattern(pattern, action)));
}

/** In lower case, as case does not count in actions; `*` in a key policy is every action of KMS. */
function wholeAction(pattern: string): string {
  return pattern === '*' ? 'kms:*' : pattern.toLowerCase();
}

const putKeyPolicy = 'kms:putkeypolicy';

function letsPut({ actions }: PolicyStatement): boolean {
  return (
    actions !== undefined &&
    applies(actions, (pattern) => matchesPattern(pattern.toLowerCase(), putKeyPolicy))
  );
}

/** Somebody of the key's own account who may change the policy, always or when conditions hold. */
interface Administrator {
  readonly name: string;
  readonly statement: string;
  readonly always: boolean;
}

function administration(
  allows: readonly PolicyStatement[],
  denies: readonly PolicyStatement[],
  scope: KeyPolicyScope,
): Administration {
  // A Deny under conditions leaves a way, so only one without any can lock an administrator out.
  const locks = denies.filter((deny) => letsPut(deny) && deny.conditions.length === 0);
  const found = allows
    .filter(letsPut)
    .flatMap((allow) => administratorsIn(allow, scope))
    .filter(({ name }) => !locks.some((lock) => locksOut(lock, name)));
  if (scope.administrators.length === 0) return somebody(found);
  const each = scope.administrators.map((wanted) => named(wanted, found));
  return (
    each.find(({ kept }) => kept === 'no') ??
    each.find(({ kept }) => kept === 'unclear') ?? {
      kept: 'yes',
      why: `kms:PutKeyPolicy stays with ${scope.administrators.join(', ')}`,
    }
  );
}

function somebody(found: readonly Administrator[]): Administration {
  const first = found.find(({ always }) => always) ?? found[0];
  if (first === undefined) return { kept: 'no', why: 'nobody of the own account may do kms:PutKeyPolicy' };
  return {
    kept: first.always ? 'yes' : 'unclear',
    why: `${first.statement} allows kms:PutKeyPolicy to ${first.name}${first.always ? '' : ' under conditions only'}`,
  };
}

/** A listed administrator: by name; or, at one remove, by the account's root, which leaves it to IAM policies. */
function named(wanted: string, found: readonly Administrator[]): Administration {
  const exactly = found.filter(({ name }) => matchesPattern(wanted, name));
  const first = exactly.find(({ always }) => always) ?? exactly[0];
  if (first !== undefined) {
    return first.always
      ? { kept: 'yes', why: `${first.statement} allows kms:PutKeyPolicy to ${first.name}` }
      : { kept: 'unclear', why: `${first.name} may do kms:PutKeyPolicy under conditions only` };
  }
  const account = parseArn(wanted)?.account ?? '';
  const root = found.find(
    ({ name }) => isRoot(name) && matchesPattern(account, parseArn(name)?.account ?? ''),
  );
  return root === undefined
    ? { kept: 'no', why: `${wanted} may not do kms:PutKeyPolicy` }
    : {
        kept: 'unclear',
        why: `whether ${wanted} may do kms:PutKeyPolicy is left to the account's IAM policies`,
      };
}

function administratorsIn(allow: PolicyStatement, scope: KeyPolicyScope): readonly Administrator[] {
  const principals = allow.allBut ? [{ kind: 'everyone' as const, name: 'everybody' }] : allow.principals;
  return principals.flatMap((principal): Administrator[] => {
    if (principal.kind !== 'everyone' && principal.kind !== 'account') return [];
    if (principal.kind === 'account' && principal.account !== scope.ownAccount) return [];
    const name = principal.kind === 'everyone' ? rootOf(scope) : principal.name;
    const admits = allow.conditions.map((condition) => admitsOwn(condition, scope));
    if (admits.includes('never')) return [];
    const always = admits.every((admit) => admit === 'always');
    return [{ name: isRoot(name) ? rootOf(scope) : name, statement: allow.label, always }];
  });
}

/** Whether a condition lets the own account's principals: by naming the account, or never by naming others. */
function admitsOwn(condition: Condition, scope: KeyPolicyScope): 'always' | 'never' | 'sometimes' {
  const key = condition.key.toLowerCase();
  if (key !== 'kms:calleraccount' && key !== 'aws:principalaccount') return 'sometimes';
  // With every account it names allowed, a condition that names accounts and nothing else is inside.
  const accounts = new Set([...condition.values, scope.ownAccount]);
  if (reachOf([condition], { ...scope, accounts }).kind !== 'inside') return 'sometimes';
  const namesOwn = condition.values.some(
    (value) => value === scope.ownAccount || /^\$\{aws:resourceaccount\}$/i.test(value),
  );
  return namesOwn ? 'always' : 'never';
}

function locksOut(lock: PolicyStatement, name: string): boolean {
  const listed = lock.principals.some(
    (principal) =>
      principal.kind === 'everyone' ||
      principal.name === name ||
      // A Deny of an account's root is a Deny of everybody in the account.
      (principal.kind === 'account' && isRoot(principal.name) && sameAccount(principal.name, name)),
  );
  return listed !== lock.allBut;
}

function isRoot(name: string): boolean {
  return parseArn(name)?.resource === 'root';
}

function sameAccount(one: string, other: string): boolean {
  return parseArn(one)?.account === parseArn(other)?.account;
}

/** The ARN that stands for the whole account. */
function rootOf({ keyArn, ownAccount }: KeyPolicyScope): string {
  return `arn:${parseArn(keyArn)?.partition ?? 'aws'}:iam::${ownAccount}:root`;
}
