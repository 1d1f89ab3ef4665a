/** Every fact there is, with its reader, as its service says. */
import type { Lookup } from '../aws/facts/lookups.ts';
import type { Readers, TagReaders } from '../aws/facts/reader.ts';
import type { ResourceType } from '../core/control.ts';
import type { FactName, RelatedFactName } from '../core/facts.ts';
import type { RelatedReaders } from '../core/service.ts';
import { liveServices } from './live-services.ts';

export const readers: Partial<Readers<FactName>> = Object.assign(
  {},
  ...liveServices.map(({ aws }) => aws.readers),
);
/** How tags are read that no fact tells. */
export const tagReaders: TagReaders = Object.assign({}, ...liveServices.map(({ aws }) => aws.tagReaders));
/** How services answer each other. */
export const related: Partial<RelatedReaders> = Object.assign(
  {},
  ...liveServices.map(({ aws }) => aws.related),
);

/** All lookups behind a fact, those of the services that it asks included. */
function lookupsOf(name: FactName): readonly Lookup<unknown>[] {
  const reader = readers[name];
  if (reader === undefined) throw new TypeError(`no service here has the fact ${name}`);
  const asked: readonly RelatedFactName[] = reader.asks ?? [];
  return [...reader.uses, ...asked.flatMap((each) => related[each]?.uses ?? [])];
}

/** The IAM actions that reading these facts needs, each once, in alphabetical order. */
export function permissionsFor(facts: readonly FactName[]): readonly string[] {
  const actions = facts.flatMap((name) => lookupsOf(name).flatMap((lookup) => lookup.permissions));
  return [...new Set(actions)].sort();
}

/** Likewise, those that reading the tags of these kinds of resources needs beyond their facts. */
export function tagPermissionsFor(types: readonly ResourceType[]): readonly string[] {
  return [...new Set(types.flatMap((type) => tagReaders[type]?.lookup.permissions ?? []))].sort();
}
