/**
 * A KMS key policy, from its JSON to plain data. KMS accepts none that is malformed, so what can't be read
 * here was not recorded whole, and no verdict is given on it.
 * Source: AWS KMS Developer Guide, "Elements in a key policy"; IAM User Guide, "Grammar of the IAM JSON
 * policy language".
 */
import { partitionOf } from '../core/arn.ts';
import { isObject } from '../core/json.ts';
import { type Principal, principalOf, principalOfKind } from './principal.ts';

/** A list of patterns and whether it is what they match that is meant, or all else (`NotAction`). */
export interface Patterns {
  readonly patterns: readonly string[];
  readonly negated: boolean;
}

/** One test of a `Condition` block; all tests of a block must hold, and any one value of a test. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface PolicyStatement {
  /** `statement "Sid"`, or `statement 2` by its place when it has none. */
  readonly label: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principals: readonly Principal[];
  /** `NotPrincipal`: everybody but the principals. */
  readonly allBut: boolean;
  /** `undefined` when there is none: then the statement has no effect (CreateKey, Policy: note). */
  readonly actions: Patterns | undefined;
  readonly resources: Patterns | undefined;
  readonly conditions: readonly Condition[];
}

export interface KeyPolicy {
  readonly statements: readonly PolicyStatement[];
}

export type ParsedKeyPolicy =
  | { readonly ok: true; readonly policy: KeyPolicy }
  | { readonly ok: false; readonly reason: string };

class Unreadable extends Error {}

/**
 * @param value the policy as CloudTrail logs it, a string of JSON (an object is taken too).
 * @returns the policy, or why it can't be read.
 * @example
 * const parsed = parseKeyPolicy(text);
 * if (parsed.ok) console.log(parsed.policy.statements.length);
 */
export function parseKeyPolicy(value: unknown): ParsedKeyPolicy {
  let document = value;
  if (typeof value === 'string') {
    try {
      document = JSON.parse(value);
    } catch {
      // Not JSON: hidden, or cut off by CloudTrail's limit on the size of a record.
      return { ok: false, reason: 'the policy is not JSON' };
    }
  }
  if (!isObject(document)) return { ok: false, reason: 'the policy is not an object' };
  const statements = element(document, 'Statement');
  if (statements === undefined) return { ok: false, reason: 'the policy has no Statement' };
  try {
    return { ok: true, policy: { statements: asList(statements).map(parseStatement) } };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message };
    throw error;
  }
}

/**
 * The policy that KMS attaches when the caller gives none: the key's account, by its IAM policies, may do all.
 * Source: AWS KMS Developer Guide, "Default key policy", "when you create a KMS key programmatically".
 */
export function defaultKeyPolicy(keyArn: string, account: string): KeyPolicy {
  const partition = /^arn:([^:]+):/.exec(keyArn)?.[1] ?? partitionOf('');
  return {
    statements: [
      {
        label: 'statement "Enable IAM User Permissions"',
        effect: 'Allow',
        principals: [{ kind: 'account', name: `arn:${partition}:iam::${account}:root`, account }],
        allBut: false,
        actions: { patterns: ['kms:*'], negated: false },
        resources: { patterns: ['*'], negated: false },
        conditions: [],
      },
    ],
  };
}

function parseStatement(value: unknown, index: number): PolicyStatement {
  const accountRegion = `statement ${index + 1}`;
  if (!isObject(value)) throw new Unreadable(`${accountRegion} is not an object`);
  const sid = element(value, 'Sid');
  const effect = element(value, 'Effect');
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw new Unreadable(`${accountRegion} has an Effect other than Allow and Deny`);
  }
  const allBut = element(value, 'NotPrincipal');
  const principal = allBut ?? element(value, 'Principal');
  if (principal === undefined) throw new Unreadable(`${accountRegion} has no Principal`);
  return {
    label: typeof sid === 'string' && sid !== '' ? `statement "${sid.slice(0, 100)}"` : accountRegion,
    effect,
    principals: parsePrincipals(principal, accountRegion),
    allBut: allBut !== undefined,
    actions: parsePatterns(value, 'Action', accountRegion),
    resources: parsePatterns(value, 'Resource', accountRegion),
    conditions: parseConditions(element(value, 'Condition'), accountRegion),
  };
}

function parsePrincipals(value: unknown, accountRegion: string): readonly Principal[] {
  if (value === '*') return [principalOf(value)];
  if (!isObject(value)) throw new Unreadable(`${accountRegion} has a Principal that is not one`);
  return Object.entries(value).flatMap(([kind, names]) =>
    strings(names, `Principal of ${accountRegion}`).map((name) => principalOfKind(kind, name)),
  );
}

function parsePatterns(
  statement: object,
  name: 'Action' | 'Resource',
  accountRegion: string,
): Patterns | undefined {
  for (const negated of [false, true]) {
    const found = element(statement, negated ? `Not${name}` : name);
    if (found !== undefined) return { patterns: strings(found, `${name} of ${accountRegion}`), negated };
  }
  return undefined;
}

function parseConditions(value: unknown, accountRegion: string): readonly Condition[] {
  if (value === undefined) return [];
  const unreadable = new Unreadable(`${accountRegion} has a Condition that is not one`);
  if (!isObject(value)) throw unreadable;
  return Object.entries(value).flatMap(([operator, tests]) => {
    if (!isObject(tests)) throw unreadable;
    return Object.entries(tests).map(([key, values]) => ({
      operator,
      key,
      values: strings(values, `Condition of ${accountRegion}`),
    }));
  });
}

/** A string, or a list of them; numbers and booleans count by their text. */
function strings(value: unknown, what: string): readonly string[] {
  return asList(value).map((item) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'number' || typeof item === 'boolean') return String(item);
    throw new Unreadable(`the ${what} is not text`);
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** An element by its name, whose case does not matter, as IAM reads them. */
function element(holder: object, name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(holder).find(([key]) => key.toLowerCase() === wanted)?.[1];
}
