/** Every fact there is, with its reader: one that has none does not compile. */
import type { FactName } from '../types.ts';
import { ec2Readers } from './ec2.ts';
import { eksReaders } from './eks.ts';
import { kmsReaders } from './kms.ts';
import type { Readers } from './reader.ts';

export const readers: Readers<FactName> = { ...ec2Readers, ...eksReaders, ...kmsReaders };

/** The IAM actions that reading these facts needs, each once, in alphabetical order. */
export function permissionsFor(facts: readonly FactName[]): readonly string[] {
  const actions = facts.flatMap((name) => readers[name].uses.flatMap((lookup) => lookup.permissions));
  return [...new Set(actions)].sort();
}
