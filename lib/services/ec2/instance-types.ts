/** The dated snapshot of instance types that ships with Trailseal; see `scripts/instance-types.ts`. */
import snapshot from '../../../data/instance-types.json' with { type: 'json' };
import { type Facts, known, unknownFact } from '../../core/facts.ts';

const encrypts = new Set(snapshot.encrypts);
const doesNotEncrypt = new Set(snapshot.doesNotEncrypt);
const source = { kind: 'snapshot', name: 'instance types', date: snapshot.date } as const;

/**
 * What the shipped snapshot says about an instance type.
 * @param instanceType `c5n.large`.
 * @returns whether it encrypts in transit; unknown (`not-in-snapshot`) for a type that the snapshot lacks.
 * @example instanceTypeSnapshot('c5n.large').known // true
 */
export function instanceTypeSnapshot(instanceType: string): Facts['ec2.instanceType'] {
  const encryptionInTransitSupported = encrypts.has(instanceType);
  if (!encryptionInTransitSupported && !doesNotEncrypt.has(instanceType)) {
    return unknownFact(
      'not-in-snapshot',
      `instance type ${instanceType} is not in the snapshot of ${snapshot.date}: ask DescribeInstanceTypes`,
    );
  }
  return known({ instanceType, encryptionInTransitSupported }, source);
}

/**
 * All instance types of the shipped snapshot, and its date.
 * @example knownInstanceTypes().types.includes('t3.micro') // true
 */
export function knownInstanceTypes(): { readonly types: readonly string[]; readonly date: string } {
  return { types: [...encrypts, ...doesNotEncrypt], date: snapshot.date };
}
