/**
 * CloudTrail's layout of a bucket, and which of its folders have to be listed for what is asked for:
 *
 *   [PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/FILE.json.gz
 *
 * Source: AWS CloudTrail User Guide, "Getting and viewing your CloudTrail log files". Pure.
 */
import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import { daysOf, foldersOf, foldersOfYear, isLong } from './days.ts';
import type { Location } from './location.ts';

/** A folder, and what in the layout it is. Its prefix ends with a slash, or is empty: the bucket. */
export interface AccountRegion {
  readonly kind: 'above' | 'logs' | 'organization' | 'account' | 'cloudtrail' | 'region' | 'other';
  readonly prefix: string;
  /** Of `above`: how many folders below the one that was named. */
  readonly depth?: number;
  /** Of `logs`: folders of accounts are left alone. */
  readonly onlyOrganizations?: boolean;
  /** Of `region`: the folder below it that was named, as `2026/10/`. */
  readonly within?: string;
}

/** What comes next: folders to be listed with all that is below them, places to go on from, or a look at what is there. */
export type Step =
  | { readonly kind: 'list'; readonly prefixes: readonly string[] }
  | { readonly kind: 'go'; readonly accountRegions: readonly AccountRegion[] }
  | { readonly kind: 'look' };

/** What is directly below a place, by name. */
export interface Below {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

export interface Recheck {
  readonly accountRegions: readonly AccountRegion[];
  /** Folders to be listed with all that is below them. */
  readonly prefixes?: readonly string[];
  /** Whether the files directly below belong to the archive. */
  readonly files?: boolean;
  /** Names of what does not belong to it. */
  readonly beside: readonly string[];
}

/** `AWSLogs/` is looked for in a folder that is named, and in those in it, if there are not too many. */
const maxDepth = 1;
const maxFolders = 100;

const isOrganization = (name: string): boolean => /^o-[a-z0-9]{10,32}$/.test(name);
const isAccount = (name: string): boolean => /^\d{12}$/.test(name);
const isRegion = (name: string): boolean => /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(name);
const isYear = (name: string): boolean => /^\d{4}$/.test(name);

/** Where in the layout a folder is, by its prefix. */
export function accountRegionOf({ prefix, onlyOrganizations }: Location): AccountRegion {
  const names = prefix.split('/').slice(0, -1);
  const logs = names.lastIndexOf('AWSLogs');
  if (logs === -1) return { kind: 'above', prefix, depth: 0 };
  const below = names.slice(logs + 1);
  const ofOrganization = isOrganization(below[0] ?? '');
  const [account, service, region, ...days] = ofOrganization ? below.slice(1) : below;
  if (account === undefined) {
    return ofOrganization ? { kind: 'organization', prefix } : logsAt(prefix, onlyOrganizations);
  }
  if (!isAccount(account)) return { kind: 'other', prefix };
  if (service === undefined) return { kind: 'account', prefix };
  if (service !== 'CloudTrail') return { kind: 'other', prefix };
  if (region === undefined) return { kind: 'cloudtrail', prefix };
  const within = days.map((name) => `${name}/`).join('');
  if (!isRegion(region) || !/^(\d{4}\/(\d\d\/(\d\d\/)?)?)?$/.test(within)) return { kind: 'other', prefix };
  return { kind: 'region', prefix: prefix.slice(0, prefix.length - within.length), within };
}

function logsAt(prefix: string, onlyOrganizations = false): AccountRegion {
  return { kind: 'logs', prefix, onlyOrganizations };
}

/** What to do at a place, where only what is in `scope` is wanted. */
export function stepFrom(accountRegion: AccountRegion, scope: ReplayScope): Step {
  if (!isWanted(accountRegion, scope)) return { kind: 'list', prefixes: [] };
  switch (accountRegion.kind) {
    case 'above':
    case 'logs':
      return { kind: 'look' };
    case 'organization':
      return goOrLook(accountRegion, 'account', scope.accounts);
    case 'account':
      return goOrLook(accountRegion, 'cloudtrail', new Set(['CloudTrail']));
    case 'cloudtrail':
      return goOrLook(accountRegion, 'region', scope.regions);
    case 'region':
      return stepInRegion(accountRegion, scope);
    case 'other':
      return { kind: 'list', prefixes: [accountRegion.prefix] };
  }
}

function goOrLook(
  accountRegion: AccountRegion,
  kind: AccountRegion['kind'],
  names: ReadonlySet<string> | undefined,
): Step {
  return names === undefined
    ? { kind: 'look' }
    : { kind: 'go', accountRegions: below(accountRegion, kind, [...names]) };
}

function stepInRegion({ prefix, within = '' }: AccountRegion, scope: ReplayScope): Step {
  const days = daysOf(scope);
  const { first, last } = days;
  if (first === undefined && last === undefined) return { kind: 'list', prefixes: [prefix + within] };
  if (within !== '') {
    const folders = foldersOfYear(Number(within.slice(0, 4)), days);
    return { kind: 'list', prefixes: both(folders, within).map((folder) => prefix + folder) };
  }
  if (first === undefined || last === undefined || isLong(days)) return { kind: 'look' };
  return { kind: 'list', prefixes: foldersOf(first, last).map((folder) => prefix + folder) };
}

/** What is in some of `folders` and in `within`, which may be in one of them, or they in it. */
function both(folders: readonly string[], within: string): readonly string[] {
  if (folders.some((folder) => within.startsWith(folder))) return [within];
  return folders.filter((folder) => folder.startsWith(within));
}

/** What to make of what was seen at a place that had to be looked at. */
export function afterLook(
  accountRegion: AccountRegion,
  { folders, files }: Below,
  scope: ReplayScope,
): Recheck {
  const { prefix, depth = 0, onlyOrganizations = false } = accountRegion;
  const go = (kind: AccountRegion['kind'], belongs: (name: string) => boolean) =>
    below(accountRegion, kind, folders.filter(belongs));
  const beside = (belongs: (name: string) => boolean) => [
    ...folders.filter((name) => !belongs(name)).map((name) => `${name}/`),
    ...files,
  ];
  switch (accountRegion.kind) {
    case 'above': {
      const isLogs = (name: string) => name === 'AWSLogs';
      if (folders.some(isLogs)) return { accountRegions: go('logs', isLogs), beside: beside(isLogs) };
      if (folders.length > maxFolders) return { accountRegions: [], prefixes: [prefix], beside: [] };
      const kind = depth < maxDepth ? 'above' : 'other';
      const accountRegions = below(accountRegion, kind, folders).map((one) => ({ ...one, depth: depth + 1 }));
      return { accountRegions, files: true, beside: [] };
    }
    case 'logs': {
      const accounts = onlyOrganizations ? [] : go('account', isAccount);
      const accountRegions = [...go('organization', isOrganization), ...accounts];
      return { accountRegions, beside: beside((name) => isOrganization(name) || isAccount(name)) };
    }
    case 'organization':
      return { accountRegions: go('account', isAccount), beside: beside(isAccount) };
    case 'cloudtrail':
      return { accountRegions: go('region', isRegion), beside: beside(isRegion) };
    case 'region': {
      const days = daysOf(scope);
      const prefixes = folders
        .filter(isYear)
        .flatMap((year) => foldersOfYear(Number(year), days))
        .map((folder) => prefix + folder);
      return { accountRegions: [], prefixes, beside: beside(isYear) };
    }
    default:
      throw new TypeError(`there is nothing to look for at ${accountRegion.kind}`);
  }
}

function below(
  { prefix }: AccountRegion,
  kind: AccountRegion['kind'],
  names: readonly string[],
): readonly AccountRegion[] {
  return names.map((name) => ({ kind, prefix: `${prefix}${name}/` }));
}

/** Whether the account and the Region that a place is of, where it is of one, are in `scope`. */
function isWanted({ kind, prefix }: AccountRegion, { accounts, regions }: ReplayScope): boolean {
  if (kind !== 'account' && kind !== 'cloudtrail' && kind !== 'region') return true;
  const names = prefix.split('/').slice(0, -1);
  const [account = '', , region] = names
    .slice(names.lastIndexOf('AWSLogs') + 1)
    .filter((name) => !isOrganization(name));
  return (accounts?.has(account) ?? true) && (region === undefined || (regions?.has(region) ?? true));
}
