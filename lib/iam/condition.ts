/**
 * How far a statement reaches under its conditions. A statement open to everybody is evaluated by the conditions
 * that say whose the caller must be; those that say only how the call is made confine nobody.
 *
 * `kms:ViaService` is such a one: it holds for every caller of that service in any account, which is why AWS
 * managed keys, whose policies use it, add `kms:CallerAccount`.
 * Source: AWS KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "AWS global condition context
 * keys", "Condition operators" (a missing key: false for a positive operator, true for a negated one, for
 * `…IfExists` and for `ForAllValues`) and "Policy variables".
 */
import { accountIn, parseArn } from '../core/arn.ts';
import { hasWildcard } from '../core/pattern.ts';
import type { Condition } from './document.ts';

/** Whose use of the key is allowed. */
export interface CallerScope {
  /** The key's own account and those that the policy allows. */
  readonly accounts: ReadonlySet<string>;
  readonly ownAccount: string;
  /** Organizations that are allowed; where none is listed, any single one that the statement names. */
  readonly organizations: readonly string[];
}

/** Each `why` completes the sentence "the statement lets everybody do this, …". */
export type Reach =
  /** Allowed accounts, an organization or AWS services alone, or nobody. */
  | { readonly kind: 'inside'; readonly why: string }
  /** Named accounts or organizations that are not allowed. */
  | { readonly kind: 'outside'; readonly why: string }
  /** Somebody definite, whose account is unknown. */
  | { readonly kind: 'unclear'; readonly why: string }
  /** Anybody, as far as the conditions go. */
  | { readonly kind: 'open'; readonly why: string };

/** From the narrowest; of several tests that must all hold, the narrowest decides. */
const order: readonly Reach['kind'][] = ['inside', 'outside', 'unclear', 'open'];

/** The reach of an Allow statement that has these conditions. */
export function reachOf(conditions: readonly Condition[], scope: CallerScope): Reach {
  const present = new Set(conditions.filter(requiresKey).map(({ key }) => key.toLowerCase()));
  const reaches = conditions.map((condition) => reachOfTest(condition, scope, present));
  return pick(reaches, (kind, other) => order.indexOf(kind) < order.indexOf(other)) ?? open();
}

/**
 * Whom a Deny statement with these conditions leaves out, and so lets pass: all that escape one of its tests.
 * Without conditions it lets nobody pass.
 */
export function reachPast(conditions: readonly Condition[], scope: CallerScope): Reach {
  const reaches = conditions.map((condition) => reachPastTest(condition, scope));
  return (
    pick(reaches, (kind, other) => order.indexOf(kind) > order.indexOf(other)) ?? {
      kind: 'inside',
      why: 'but a Deny statement without conditions takes it back',
    }
  );
}

/** A `Null` test that the key be there, with which `…IfExists` and `ForAllValues` lose their loophole. */
function requiresKey({ operator, values }: Condition): boolean {
  return (
    operator.toLowerCase() === 'null' && values.length > 0 && values.every((value) => /^false$/i.test(value))
  );
}

interface ConditionOperator {
  readonly quantifier: 'forallvalues' | 'foranyvalue' | undefined;
  readonly base: string;
  readonly ifExists: boolean;
}

function operatorOf(name: string): ConditionOperator {
  const [, quantifier, base = '', ifExists] =
    /^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$/s.exec(name.toLowerCase()) ?? [];
  return {
    quantifier: quantifier === 'forallvalues' || quantifier === 'foranyvalue' ? quantifier : undefined,
    base,
    ifExists: ifExists !== undefined,
  };
}

/** How the values of an operator are read: letter by letter, as a pattern, or as an ARN of patterns. */
type ValueReading = 'exact' | 'pattern' | 'arn';

const readings = new Map<string, ValueReading>([
  ['stringequals', 'exact'],
  ['stringequalsignorecase', 'exact'],
  ['numericequals', 'exact'],
  ['stringlike', 'pattern'],
  ['arnequals', 'arn'],
  ['arnlike', 'arn'],
]);

function reachOfTest(condition: Condition, scope: CallerScope, present: ReadonlySet<string>): Reach {
  const { quantifier, base, ifExists } = operatorOf(condition.operator);
  const holdsWithoutKey = quantifier === 'forallvalues' || ifExists;
  if (holdsWithoutKey && !present.has(condition.key.toLowerCase())) return open(condition);
  if (base === 'bool') return reachOfFlag(condition, 'true');
  if (base === 'ipaddress') return reachOfNetwork(condition);
  const reading = readings.get(base);
  return reading === undefined ? open(condition) : reachOfValues(condition, reading, scope);
}

/** The complement of one test of a Deny statement: only a negated operator leaves out somebody definite. */
function reachPastTest(condition: Condition, scope: CallerScope): Reach {
  const { quantifier, base } = operatorOf(condition.operator);
  // ForAnyValue is false where the key is missing, so that it denies nothing to those who lack the key.
  if (quantifier === 'foranyvalue') return open(condition);
  if (base === 'bool') return reachOfFlag(condition, 'false');
  const reading = readings.get(base.replace('not', ''));
  return base.includes('not') && reading !== undefined
    ? reachOfValues(condition, reading, scope)
    : open(condition);
}

/** `aws:PrincipalIsAWSService`, the one flag that says who calls. */
function reachOfFlag(condition: Condition, wanted: 'true' | 'false'): Reach {
  const { key, values } = condition;
  return key.toLowerCase() === 'aws:principalisawsservice' &&
    values.length > 0 &&
    values.every((value) => value.toLowerCase() === wanted)
    ? { kind: 'inside', why: `under ${key}, which lets AWS services alone` }
    : open(condition);
}

const accountKeys = new Set([
  'kms:calleraccount',
  'aws:principalaccount',
  'aws:sourceaccount',
  'aws:sourceowner',
]);
/** ARNs of the caller, or of the resource for which a service calls. */
const arnKeys = new Set(['aws:principalarn', 'aws:sourcearn']);
const organizationKeys = new Set([
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
]);
const serviceKeys = new Set(['aws:principalservicename', 'aws:principalservicenameslist']);
/** They name a network or a user, but neither whose it is nor, for a network, who calls from there. */
const unclearKeys = new Set([
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourcevpcarn',
  'aws:vpceaccount',
  'aws:vpceorgid',
  'aws:vpceorgpaths',
  'aws:userid',
]);

function reachOfValues(condition: Condition, reading: ValueReading, scope: CallerScope): Reach {
  const key = condition.key.toLowerCase();
  if (condition.values.length === 0)
    return { kind: 'unclear', why: `under ${condition.key}, which has no value` };
  if (accountKeys.has(key)) {
    return reachOfAccounts(condition, scope, (value) => accountOfValue(value, reading, scope));
  }
  if (arnKeys.has(key)) {
    return reachOfAccounts(condition, scope, (value) => accountOfArn(value, reading));
  }
  if (organizationKeys.has(key)) return reachOfOrganizations(condition, reading, scope);
  const loose = condition.values.some(
    (value) => value.includes('${') || (reading !== 'exact' && hasWildcard(value)),
  );
  if (serviceKeys.has(key)) {
    return loose
      ? open(condition)
      : { kind: 'inside', why: `under ${condition.key}, which lets AWS services alone` };
  }
  if (unclearKeys.has(key)) {
    const everything = condition.values.some((value) => value.includes('${') || /^[*?]/.test(value));
    return everything && reading !== 'exact'
      ? open(condition)
      : { kind: 'unclear', why: `under ${condition.key}, which does not name the caller's account` };
  }
  return open(condition);
}

/** An account; or `open` when the value matches any; or `unclear`. */
type CallerAccount = { readonly account: string } | 'open' | 'unclear';

function reachOfAccounts(
  condition: Condition,
  scope: CallerScope,
  callerAccount: (value: string) => CallerAccount,
): Reach {
  const { key, values } = condition;
  const callers = values.map(callerAccount);
  if (callers.includes('open')) return open(condition);
  const accounts = [
    ...new Set(callers.flatMap((found) => (typeof found === 'string' ? [] : [found.account]))),
  ];
  const external = accounts.filter((account) => !scope.accounts.has(account));
  if (external.length > 0) return { kind: 'outside', why: `under ${key}, which names ${shorten(external)}` };
  return callers.includes('unclear')
    ? { kind: 'unclear', why: `under ${key}, which has a value that does not name the account` }
    : { kind: 'inside', why: `under ${key}, which names ${shorten(accounts)} alone` };
}

function accountOfValue(value: string, reading: ValueReading, scope: CallerScope): CallerAccount {
  if (/^\$\{aws:resourceaccount\}$/i.test(value)) return { account: scope.ownAccount };
  if (value.includes('${') || (reading !== 'exact' && hasWildcard(value))) return 'open';
  return /^\d{12}$/.test(value) ? { account: value } : 'unclear';
}

/**
 * The account that an ARN's pattern fixes. An ARN operator compares part by part, so that wildcards elsewhere
 * do no harm; to StringLike, a `*` before the account may also stand for colons, and a path may hold some.
 */
function accountOfArn(value: string, reading: ValueReading): CallerAccount {
  const arn = parseArn(value);
  if (value.includes('${')) return 'open';
  if (arn === undefined) return reading !== 'exact' && hasWildcard(value) ? 'open' : 'unclear';
  const before = reading === 'pattern' ? value.slice(0, value.length - arn.resource.length) : arn.account;
  if (reading !== 'exact' && hasWildcard(before)) return 'open';
  const account = accountIn(value);
  return account === undefined ? 'unclear' : { account };
}

/**
 * Organizations by id, or by path (`o-…/r-…/ou-…/*`). An account is in one organization at most, so where
 * none is listed as allowed a single one is taken for the account's own, and of two one must be external.
 */
function reachOfOrganizations(condition: Condition, reading: ValueReading, scope: CallerScope): Reach {
  const { key, values } = condition;
  const keysOwn = "the key's own organization";
  const ids = new Set<string>();
  for (const value of values) {
    const own = /^\$\{aws:resourceorgid\}(\/|$)/i.test(value);
    const id = value.split('/')[0] ?? '';
    if (!own && value.includes('${')) return open(condition);
    if (reading !== 'exact' && hasWildcard(id)) return open(condition);
    if (own && scope.organizations.length > 0) {
      return {
        kind: 'unclear',
        why: `under ${key}, which names the key's own organization, and its id is not known`,
      };
    }
    if (!own && !/^o-[a-z0-9-]+$/i.test(id)) {
      return { kind: 'unclear', why: `under ${key}, which has a value that is no organization's id` };
    }
    ids.add(own ? keysOwn : id);
  }
  const alone = `under ${key}, which names ${shorten([...ids])} alone`;
  if (scope.organizations.length === 0 && ids.size === 1) {
    const taken = ids.has(keysOwn) ? '' : ", taken for the account's own organization";
    return { kind: 'inside', why: `${alone}${taken}` };
  }
  const external = [...ids].filter((id) => !scope.organizations.includes(id));
  return external.length === 0
    ? { kind: 'inside', why: alone }
    : { kind: 'outside', why: `under ${key}, which names ${shorten(external)}` };
}

/** `aws:SourceIp`: a network, unless it is so wide that it is none (S3 draws the line at /8 too). */
function reachOfNetwork(condition: Condition): Reach {
  const { key, values } = condition;
  const wide = values.some((value) => {
    const [address = '', bits] = value.split('/');
    return bits !== undefined && Number(bits) < (address.includes(':') ? 32 : 8);
  });
  return key.toLowerCase() !== 'aws:sourceip' || wide || values.length === 0
    ? open(condition)
    : { kind: 'unclear', why: `under ${key}, which does not name the caller's account` };
}

function open(condition?: Condition): Reach {
  return {
    kind: 'open',
    why:
      condition === undefined
        ? 'under no condition'
        : `under ${condition.operator} on ${condition.key}, which confines no account`,
  };
}

function pick(reaches: readonly Reach[], better: (kind: Reach['kind'], other: Reach['kind']) => boolean) {
  return reaches.reduce<Reach | undefined>(
    (best, reach) => (best === undefined || better(reach.kind, best.kind) ? reach : best),
    undefined,
  );
}

/** The first three of a list of names, and how many more there are. */
export function shorten(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => (name.length > 160 ? `${name.slice(0, 157)}…` : name));
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ');
}
