/** How notifications are worded, the same in every format. Untrusted words pass through what the format escapes with. */
import { isResourceType, resourceTypeOf } from '../services/catalogue.ts';
import { findingKinds, type NotificationGroup, type NotificationKind } from './trigger.ts';

/** Shows untrusted words, of which at most `limit` characters are kept. */
type Escape = (words: string, limit: number) => string;

/** How a format shows untrusted words. */
export interface Escapes {
  /** Names and ids. */
  readonly name: Escape;
  readonly sentence: Escape;
}

type FindingKind = (typeof findingKinds)[number];

/**
 * What people call resources of a type.
 * @param type as a message says it; "resource" stands for one that no service has.
 * @example
 * nounOf('AwsEc2Instance', 2); // 'instances'
 */
export function nounOf(type: string, count: number): string {
  const { one, many } = isResourceType(type)
    ? resourceTypeOf(type).noun
    : { one: 'resource', many: 'resources' };
  return count === 1 ? one : many;
}

const findingStatus: Readonly<Record<FindingKind, string>> = {
  opened: 'FAILED',
  unknown: 'UNKNOWN',
  'exemption-ended': 'exemption ended',
  'exemption-ending': 'exemption ends soon',
  resolved: 'PASSED',
  deleted: 'resource deleted',
  over: 'FAILED for a time, over before it was read',
};

const actionStatus: Readonly<Record<Exclude<NotificationKind, FindingKind>, string>> = {
  pending: 'pending',
  done: 'done',
  'partially-completed': 'partially completed',
  skipped: 'skipped',
  undone: 'undone',
  'undo-partially-completed': 'partially undone',
  'undo-refused': 'not undone',
  reverted: 'reverted by somebody else',
};

/**
 * What happened, in a few words; of a finding it may follow the control's id, as in "kms-key-deletion FAILED".
 * @param shown shows the name of an action.
 * @example
 * statusOf({ ...group, kind: 'undone', action: 'quarantine' }, inText); // 'Quarantine undone'
 */
export function statusOf(
  { kind, action }: Pick<NotificationGroup, 'kind' | 'action'>,
  shown: Escape,
): string {
  if (isFindingKind(kind)) return findingStatus[kind];
  if (kind === 'done' && action === 'quarantine') return 'Quarantined';
  if (kind === 'undo-refused' && action === 'undo') return 'Undo refused';
  return `${actionName(action ?? 'action', shown)} ${actionStatus[kind]}`;
}

function isFindingKind(kind: NotificationKind): kind is FindingKind {
  return findingKinds.some((one) => one === kind);
}

function actionName(action: string, shown: Escape): string {
  if (/^(tag|quarantine|undo|fix|action)$/.test(action)) return sentenceCase(action);
  const [, fix] = /^fix:(.*)$/s.exec(action) ?? [];
  return fix === undefined ? shown(action, 60) : `Fix ${shown(fix, 60)}`;
}

/** The resource, or how many there are: "KMS key 1234…", "3 KMS keys". */
function resourcesOf({ members }: NotificationGroup, shown: Escape): string {
  const [first] = members;
  const noun = nounOf(first.resource.type, members.length);
  return members.length === 1 ? `${noun} ${shown(first.resource.id, 200)}` : `${members.length} ${noun}`;
}

/**
 * What happened to which resources: "FAILED: EBS volumes should be encrypted: volume vol-1", "Tagged: volume vol-1".
 * @example
 * headline(group, { name: inText, sentence: inText }); // 'Quarantined: 3 instances'
 */
export function headline(group: NotificationGroup, { name, sentence }: Escapes): string {
  const status = sentenceCase(statusOf(group, name));
  const resources = resourcesOf(group, name);
  return group.action === undefined
    ? `${status}: ${sentence(group.control.title, 100)}: ${resources}`
    : `${status}: ${resources}`;
}

/** What the sentence of a trigger is: of a finding what was found, of an action why it was done, or was not. */
export function labelOfSummary(kind: NotificationKind): string {
  return isFindingKind(kind) ? 'What' : 'Why';
}

/**
 * What the steps of an action are, by the kind of its notice: only what was done is called so.
 * @example labelOfSteps('pending') // 'Planned'
 */
export function labelOfSteps(kind: NotificationKind): string {
  switch (kind) {
    case 'done':
      return 'Done';
    case 'partially-completed':
      return 'Begun';
    case 'reverted':
      return 'Had done';
    case 'skipped':
    case 'undo-refused':
      return 'Not done';
    default:
      return 'Planned';
  }
}

/** What was there before an action is to whoever reads of it now, by the kind of its notice. */
export function labelOfBefore(kind: NotificationKind): string {
  switch (kind) {
    case 'undone':
      return 'Restored';
    case 'undo-partially-completed':
      return 'To restore';
    default:
      return 'Before';
  }
}

/** What stands above the resources that are named, and how many others there are. */
export function listHeading(shown: number, rest: number): string {
  return rest === 0 ? 'Most severe first:' : `The first ${shown} of ${shown + rest}, most severe first:`;
}

/** An emoji's name, in Slack and Teams, by which people see at once what it is. */
export function emoji({ kind, severity }: NotificationGroup): string {
  switch (kind) {
    case 'resolved':
    case 'deleted':
    case 'done':
    case 'undone':
      return ':white_check_mark:';
    case 'pending':
    case 'exemption-ending':
      return ':hourglass_flowing_sand:';
    case 'opened':
    case 'exemption-ended':
      return severity === 'CRITICAL' || severity === 'HIGH' ? ':rotating_light:' : ':warning:';
    case 'unknown':
    case 'over':
    case 'partially-completed':
    case 'undo-partially-completed':
    case 'skipped':
    case 'undo-refused':
    case 'reverted':
      return ':warning:';
  }
}

function sentenceCase(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
