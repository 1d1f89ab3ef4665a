/**
 * CloudTrail's layout of a bucket, and which of its folders to list for a scope:
 *
 *   [PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/FILE.json.gz
 *
 * Source: AWS CloudTrail User Guide, "Getting and viewing your CloudTrail log files". Pure.
 */
import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import { daysOf, foldersOf, foldersOfYear, isLong } from './days.ts';
import type { Location } from './location.ts';

/** A folder and its level in the layout. Its prefix ends with a slash, or is empty: the bucket. */
export interface LayoutFolder {
  readonly kind: 'above' | 'logs' | 'organization' | 'account' | 'cloudtrail' | 'region' | 'other';
  readonly prefix: string;
  /** Of `above`: how many folders below the one that was named. */
  readonly depth?: number;
  /** Of `logs`: folders of accounts are ignored. */
  readonly onlyOrganizations?: boolean;
  /** Of `region`: the folder below it that was named, as `2026/10/`. */
  readonly within?: string;
}

/** The next step at a folder. */
export type LayoutStep =
  /** List these folders with everything below them. */
  | { readonly kind: 'list'; readonly prefixes: readonly string[] }
  /** Continue with these folders, whose names are known. */
  | { readonly kind: 'descend'; readonly folders: readonly LayoutFolder[] }
  /** List only what is directly in the folder, then see `afterVisit`. */
  | { readonly kind: 'visit' };

/** What is directly in a folder, by name. */
export interface FolderContents {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** What follows from the contents of a folder. */
export interface FolderVisit {
  /** Folders to continue with. */
  readonly folders: readonly LayoutFolder[];
  /** Folders to list with everything below them. */
  readonly prefixes?: readonly string[];
  /** Whether the files directly in the folder belong to the archive. */
  readonly files?: boolean;
  /** Names of what does not belong to the archive. */
  readonly beside: readonly string[];
}

/** `AWSLogs/` is searched in the named folder and in its subfolders, if there are not too many. */
const maxDepth = 1;
const maxFolders = 100;

const isOrganization = (name: string): boolean => /^o-[a-z0-9]{10,32}$/.test(name);
const isAccount = (name: string): boolean => /^\d{12}$/.test(name);
const isRegion = (name: string): boolean => /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(name);
const isYear = (name: string): boolean => /^\d{4}$/.test(name);

/** The level of a location in the layout, by its prefix. */
export function folderAt({ prefix, onlyOrganizations }: Location): LayoutFolder {
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

function logsAt(prefix: string, onlyOrganizations = false): LayoutFolder {
  return { kind: 'logs', prefix, onlyOrganizations };
}

/** What to do at a folder, to find only what is in `scope`. */
export function nextStep(folder: LayoutFolder, scope: ReplayScope): LayoutStep {
  if (!isInScope(folder, scope)) return { kind: 'list', prefixes: [] };
  switch (folder.kind) {
    case 'above':
    case 'logs':
      return { kind: 'visit' };
    case 'organization':
      return descendOrVisit(folder, 'account', scope.accounts);
    case 'account':
      return descendOrVisit(folder, 'cloudtrail', new Set(['CloudTrail']));
    case 'cloudtrail':
      return descendOrVisit(folder, 'region', scope.regions);
    case 'region':
      return stepInRegion(folder, scope);
    case 'other':
      return { kind: 'list', prefixes: [folder.prefix] };
  }
}

function descendOrVisit(
  folder: LayoutFolder,
  kind: LayoutFolder['kind'],
  names: ReadonlySet<string> | undefined,
): LayoutStep {
  return names === undefined
    ? { kind: 'visit' }
    : { kind: 'descend', folders: subfolders(folder, kind, [...names]) };
}

function stepInRegion({ prefix, within = '' }: LayoutFolder, scope: ReplayScope): LayoutStep {
  const days = daysOf(scope);
  const { first, last } = days;
  if (first === undefined && last === undefined) return { kind: 'list', prefixes: [prefix + within] };
  if (within !== '') {
    const inYear = foldersOfYear(Number(within.slice(0, 4)), days);
    return { kind: 'list', prefixes: intersection(inYear, within).map((name) => prefix + name) };
  }
  if (first === undefined || last === undefined || isLong(days)) return { kind: 'visit' };
  return { kind: 'list', prefixes: foldersOf(first, last).map((name) => prefix + name) };
}

/** What is both in one of `names` and in `within`: either may contain the other. */
function intersection(names: readonly string[], within: string): readonly string[] {
  if (names.some((name) => within.startsWith(name))) return [within];
  return names.filter((name) => name.startsWith(within));
}

/** What follows from the contents of a folder that had to be visited. */
export function afterVisit(
  folder: LayoutFolder,
  { folders: names, files }: FolderContents,
  scope: ReplayScope,
): FolderVisit {
  const { prefix, depth = 0, onlyOrganizations = false } = folder;
  const descend = (kind: LayoutFolder['kind'], belongs: (name: string) => boolean) =>
    subfolders(folder, kind, names.filter(belongs));
  const beside = (belongs: (name: string) => boolean) => [
    ...names.filter((name) => !belongs(name)).map((name) => `${name}/`),
    ...files,
  ];
  switch (folder.kind) {
    case 'above': {
      const isLogs = (name: string) => name === 'AWSLogs';
      if (names.some(isLogs)) return { folders: descend('logs', isLogs), beside: beside(isLogs) };
      if (names.length > maxFolders) return { folders: [], prefixes: [prefix], beside: [] };
      const kind = depth < maxDepth ? 'above' : 'other';
      const folders = subfolders(folder, kind, names).map((one) => ({ ...one, depth: depth + 1 }));
      return { folders, files: true, beside: [] };
    }
    case 'logs': {
      const accounts = onlyOrganizations ? [] : descend('account', isAccount);
      return {
        folders: [...descend('organization', isOrganization), ...accounts],
        beside: beside((name) => isOrganization(name) || isAccount(name)),
      };
    }
    case 'organization':
      return { folders: descend('account', isAccount), beside: beside(isAccount) };
    case 'cloudtrail':
      return { folders: descend('region', isRegion), beside: beside(isRegion) };
    case 'region': {
      const days = daysOf(scope);
      const prefixes = names
        .filter(isYear)
        .flatMap((year) => foldersOfYear(Number(year), days))
        .map((name) => prefix + name);
      return { folders: [], prefixes, beside: beside(isYear) };
    }
    default:
      throw new TypeError(`a folder of kind ${folder.kind} is not visited`);
  }
}

function subfolders(
  { prefix }: LayoutFolder,
  kind: LayoutFolder['kind'],
  names: readonly string[],
): readonly LayoutFolder[] {
  return names.map((name) => ({ kind, prefix: `${prefix}${name}/` }));
}

/** Whether the account and the Region of a folder, where it has them, are in `scope`. */
function isInScope({ kind, prefix }: LayoutFolder, { accounts, regions }: ReplayScope): boolean {
  if (kind !== 'account' && kind !== 'cloudtrail' && kind !== 'region') return true;
  const names = prefix.split('/').slice(0, -1);
  const [account = '', , region] = names
    .slice(names.lastIndexOf('AWSLogs') + 1)
    .filter((name) => !isOrganization(name));
  return (accounts?.has(account) ?? true) && (region === undefined || (regions?.has(region) ?? true));
}
