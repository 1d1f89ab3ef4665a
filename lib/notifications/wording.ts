/** How the kinds of messages are put into words. Plain words of our own: what others said is put in by the callers. */
import type { Group } from './group.ts';
import type { Kind } from './occasion.ts';

const nouns: Readonly<Record<string, readonly [one: string, many: string]>> = {
  AwsAccount: ['account', 'accounts'],
  AwsEc2Instance: ['instance', 'instances'],
  AwsEc2Volume: ['volume', 'volumes'],
  AwsEc2Snapshot: ['snapshot', 'snapshots'],
  AwsEc2LaunchTemplate: ['launch template', 'launch templates'],
  AwsEksCluster: ['cluster', 'clusters'],
  AwsEksNodegroup: ['node group', 'node groups'],
  AwsKmsKey: ['KMS key', 'KMS keys'],
  AwsKmsGrant: ['KMS grant', 'KMS grants'],
};

/** "instance", or "instances" for several. */
export function nounOf(type: string, count: number): string {
  const [one, many] = Object.hasOwn(nouns, type)
    ? (nouns[type] ?? ['resource', 'resources'])
    : ['resource', 'resources'];
  return count === 1 ? one : many;
}

const predicates: Readonly<Record<Kind, readonly [one: string, many: string]>> = {
  opened: ['fails', 'fail'],
  unknown: ["can't be evaluated", "can't be evaluated"],
  'exemption-ended': ['is no longer exempt', 'are no longer exempt'],
  'exemption-deletion event': ['will soon not be exempt', 'will soon not be exempt'],
  pending: ['is pending', 'is pending'],
  'partially-completed': ['is HALF-DONE', 'is HALF-DONE'],
  skipped: ['is skipped', 'is skipped'],
  'undo-refused': ['is not undone', 'is not undone'],
  done: ['is done', 'is done'],
  undone: ['is undone', 'is undone'],
  resolved: ['passes', 'pass'],
  deleted: ['was deleted', 'were deleted'],
};

/** What is said of the resource, as "fails"; of an action, as "quarantine is done", the action as `name` shows it. */
export function predicate({ kind, action, members }: Group, name: (words: string) => string): string {
  const [one, many] = predicates[kind];
  const words = members.length === 1 ? one : many;
  return action === undefined ? words : `${name(action)} ${words}`;
}

/** What the sentence of an occasion is, by the kind of it. */
export function labelOfSummary(kind: Kind): string {
  return kind === 'skipped' || kind === 'undo-refused' ? 'Why' : 'What';
}

/** An emoji's name, in Slack and Teams, by which people see at once what it is. */
export function emoji({ kind, severity }: Group): string {
  switch (kind) {
    case 'resolved':
    case 'deleted':
    case 'done':
    case 'undone':
      return ':white_check_mark:';
    case 'pending':
    case 'exemption-deletion event':
      return ':hourglass_flowing_sand:';
    case 'opened':
    case 'exemption-ended':
      return severity === 'CRITICAL' || severity === 'HIGH' ? ':rotating_light:' : ':warning:';
    case 'unknown':
    case 'partially-completed':
    case 'skipped':
    case 'undo-refused':
      return ':warning:';
  }
}
