/**
 * Who is meant by a principal, in a key policy or in a grant.
 * Source: IAM User Guide, "AWS JSON policy elements: Principal"; KMS API Reference, CreateGrant.
 */
import { accountIn, parseArn } from '../core/arn.ts';
import { hasWildcard } from '../core/pattern.ts';

export type Principal =
  /** Anybody in any account; `name` is "everybody", or the pattern that means it. */
  | { readonly kind: 'everyone'; readonly name: string }
  /** An account, or a user, role or session in it; `name` is an ARN, but for the short form of a grant. */
  | { readonly kind: 'account'; readonly name: string; readonly account: string }
  /** AWS itself, acting through a service. */
  | { readonly kind: 'service'; readonly name: string }
  /** Somebody whose account is not in the name. */
  | { readonly kind: 'unclear'; readonly name: string; readonly why: string };

/**
 * The principal that an `AWS` entry of a policy, or a grant's `granteePrincipal`, names.
 * @example principalOf('arn:aws:iam::444455556666:root')
 */
export function principalOf(name: string): Principal {
  if (name === '*') return { kind: 'everyone', name: 'everybody' };
  const [, id] = /^(\d{12})(?::root)?$/.exec(name) ?? [];
  if (id !== undefined) return { kind: 'account', name: `arn:aws:iam::${id}:root`, account: id };
  const account = accountIn(name) ?? grantee(name);
  if (account !== undefined) return { kind: 'account', name, account };
  const arn = parseArn(name);
  if (arn !== undefined && hasWildcard(arn.account)) return { kind: 'everyone', name };
  if (isService(name)) return { kind: 'service', name };
  if (/^A[A-Z]{3}[A-Z0-9]{12,}$/.test(name)) {
    // AWS shows such an id where the principal it stood for was deleted. Then it grants nothing to anybody;
    // but the id of one that exists has the same form, and names no account.
    return { kind: 'unclear', name, why: 'a unique id, as of a deleted principal, names no account' };
  }
  return { kind: 'unclear', name, why: 'the name does not name the account' };
}

/**
 * The account in the short form of a grant's principal, as `111122223333:aws:ec2-infrastructure:i-81e2f56c`.
 * Source: AWS KMS Developer Guide, "Amazon EC2 example two" (CloudTrail entries).
 */
function grantee(name: string): string | undefined {
  return /^(\d{12}):/.exec(name)?.[1];
}

/**
 * Service principals, `ec2.us-east-1.amazonaws.com`; and `AWS Internal`, which CloudTrail writes for a
 * service that AWS does not name (API Gateway Developer Guide, CreateGrant entry).
 */
function isService(name: string): boolean {
  return name === 'AWS Internal' || /^[a-z0-9.-]+\.(amazonaws\.(com(\.cn)?|eu)|aws\.internal)$/i.test(name);
}

/** The principals of one kind in a policy's `Principal`, such as `AWS` or `Service`. */
export function principalOfKind(kind: string, name: string): Principal {
  const unclear = (why: string): Principal => ({ kind: 'unclear', name: `${kind} ${name}`, why });
  switch (kind.toLowerCase()) {
    case 'aws':
      return principalOf(name);
    case 'service':
      return hasWildcard(name)
        ? unclear('a service principal can have no wildcard')
        : { kind: 'service', name };
    case 'federated': {
      const account = accountIn(name);
      return account === undefined
        ? unclear('a web identity provider belongs to no account')
        : { kind: 'account', name, account };
    }
    case 'canonicaluser':
      return unclear('a canonical user id does not name the account');
    default:
      return unclear(`principals of the kind ${kind} are not known`);
  }
}
