/** Every fact there is, with its reader: one that has none does not compile. */

import type { Readers, TagReaders } from '../aws/facts/reader.ts';
import type { ResourceType } from '../core/control.ts';
import type { FactName } from '../core/facts.ts';
import { templateTags } from './ec2/aws/template-tags.ts';
import { ec2Readers } from './ec2/aws.ts';
import { eksReaders } from './eks/aws.ts';
import { keyTags } from './kms/aws/tags.ts';
import { kmsReaders } from './kms/aws.ts';

export const readers: Readers<FactName> = { ...ec2Readers, ...eksReaders, ...kmsReaders };

/** How tags are read that no fact tells. */
export const tagReaders: TagReaders = { ...templateTags, ...keyTags };

/** The IAM actions that reading these facts needs, each once, in alphabetical order. */
export function permissionsFor(facts: readonly FactName[]): readonly string[] {
  const actions = facts.flatMap((name) => readers[name].uses.flatMap((lookup) => lookup.permissions));
  return [...new Set(actions)].sort();
}

/** Likewise, those that reading the tags of these kinds of resources needs beyond their facts. */
export function tagPermissionsFor(types: readonly ResourceType[]): readonly string[] {
  return [...new Set(types.flatMap((type) => tagReaders[type]?.lookup.permissions ?? []))].sort();
}
