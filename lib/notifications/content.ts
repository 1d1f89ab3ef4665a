/** What a notification says, before it is put into a format: text and chat say the same. Pure. */

import { customActionLabels } from '../aws/names.ts';
import type { Control } from '../core/control.ts';
import { resourceName } from '../core/resource-name.ts';
import { unnamedPolicy } from '../remediation/events/action-event.ts';
import { controlLink, findingLink } from './link.ts';
import type { NotificationGroup, NotificationTrigger } from './trigger.ts';
import { labelOfBefore, labelOfSteps, labelOfSummary } from './wording.ts';

/** Untrusted words are escaped by the format; how they are shown depends on what they are. */
export type ContentValue =
  | { readonly kind: 'sentence'; readonly words: string }
  /** A control's own words, which may hold commands to copy. */
  | { readonly kind: 'advice'; readonly words: string }
  /** A name, id, number or command, to be shown as it is. */
  | { readonly kind: 'code'; readonly words: string }
  /** A URL of Trailseal's own making. */
  | { readonly kind: 'link'; readonly words: string };

export interface ContentLine {
  readonly label: string;
  readonly value: ContentValue;
}

export interface NotificationContent {
  readonly details: readonly ContentLine[];
  /** What people can do next. */
  readonly steps: readonly ContentLine[];
  /** The first of several, the worst first; empty for one, which the details describe. */
  readonly items: readonly NotificationTrigger[];
  readonly link: string | undefined;
}

/** What a person does about a control's failures. */
export type ControlAdvice = Pick<Control, 'remediation' | 'reference'>;

/** Maximum number of members of a group that are named. */
export const mostNamed = 10;

/** Maximum number of steps or actions that are listed. */
const mostSteps = 20;

/**
 * What a notification of a group says.
 * @param advice `undefined` for a control that this version does not know.
 * @param stage the deployment's, for the commands.
 * @example
 * contentOf(group, kmsKeyEnabled, 'dev').details[0]; // { label: 'Control', value: { kind: 'sentence', words: … } }
 */
export function contentOf(
  group: NotificationGroup,
  advice: ControlAdvice | undefined,
  stage: string,
): NotificationContent {
  const [first, ...others] = group.members;
  const single = others.length === 0;
  return {
    details: single ? detailsOfOne(first) : detailsOfMany(group),
    steps: stepsOf(group, advice, stage),
    items: single ? [] : group.members.slice(0, mostNamed),
    link: single ? findingLink(first.finding, first) : controlLink(group.control.id, group),
  };
}

/** The name of the resource that a trigger is about: its ARN, where it has one. */
export function nameOfResource({ resource, account, region }: NotificationTrigger): string {
  return resourceName({ ...resource, account, region });
}

function detailsOfOne(trigger: NotificationTrigger): readonly ContentLine[] {
  const { kind, summary, evidence, required, severity, account, region, actor, at, openedAt } = trigger;
  return [
    controlLine(trigger),
    sentence(labelOfSummary(kind), summary),
    ...some(evidence, (words) => sentence('Evidence', words)),
    ...some(required, (words) => sentence('Required', words)),
    code('Severity', severity),
    code('Resource', nameOfResource(trigger)),
    code('Account', account),
    code('Region', region),
    ...some(actor, (one) => code(trigger.action === undefined ? 'Actor' : actorOfFailure, actorLine(one))),
    ...some(openedAt, (time) => code('Open since', time)),
    ...some(at === openedAt ? null : at, (time) => code('When', time)),
    ...some(trigger.exemption, ({ state, reason, owner, expires }) =>
      sentence(
        'Exemption',
        `${state}, ${expires === null ? '' : `last day ${expires} (UTC), `}by ${owner}: ${reason}`,
      ),
    ),
    ...some(trigger.decision, (decision) => sentence('Decided by', deciderText(decision, summary))),
    ...some(trigger.due, (time) => code('Due', time)),
    ...trigger.plan
      .slice(0, mostSteps)
      .map(({ what, reason }) =>
        sentence(labelOfSteps(kind), reason === undefined ? what : `${what}: ${reason}`),
      ),
    ...trigger.was.slice(0, mostSteps).map((clause) => sentence(labelOfBefore(kind), clause)),
    ...trigger.skipped
      .slice(0, mostSteps)
      .map(({ what, because, reason }) => sentence('Skipped', `${what} (${because}): ${reason}`)),
    code('Finding', trigger.finding),
  ];
}

function detailsOfMany({
  control,
  members,
  account,
  region,
  action,
}: NotificationGroup): readonly ContentLine[] {
  const times = members
    .map(({ at }) => at)
    .filter((time) => time !== null)
    .toSorted();
  const [first, last] = [times.at(0), times.at(-1)];
  const actors = members.flatMap(({ actor }) => (actor === undefined ? [] : [actor.name]));
  const dues = members.flatMap(({ due }) => (due === undefined ? [] : [due])).toSorted();
  const plans = members.flatMap(({ plan }) => (action === undefined ? plan.map(({ what }) => what) : []));
  const skipped = members.flatMap(({ skipped: all }) =>
    all.map(({ what, because }) => `${what} (${because})`),
  );
  const ends = members.flatMap(({ exemption }) => (exemption === null ? [] : [exemption.expires ?? 'none']));
  return [
    controlLine({ control }),
    code('Severity', severitiesOf(members)),
    code('Account', account),
    code('Region', region),
    ...tally(action === undefined ? 'Actors' : 'Actors of the failures', actors),
    ...some(first, (time) => code('When', last === undefined || last === time ? time : `${time} to ${last}`)),
    ...tally('Last days of exemptions', ends),
    ...some(dues[0], (time) => code('First due', time)),
    ...tally('Planned', plans),
    ...tally('Skipped', skipped),
  ];
}

function stepsOf(
  { kind, members, region }: NotificationGroup,
  advice: ControlAdvice | undefined,
  stage: string,
): readonly ContentLine[] {
  const [first, ...others] = members;
  const open = kind === 'opened' || kind === 'unknown' || kind.startsWith('exemption');
  const resumes = kind === 'undo-partially-completed';
  const label = first.undo === undefined ? 'Undo' : `Before you ${resumes ? 'resume' : 'undo'} it`;
  const caveats = (others.length === 0 ? first.caveats : []).map((words) => sentence(label, words));
  // Of several, each command undoes one: the reader sees which, and pastes it as it is.
  const undos = members.slice(0, mostNamed).flatMap(({ undo }) => (undo === undefined ? [] : [undo]));
  return [
    ...(open && advice !== undefined
      ? [advised('What to do', advice.remediation), link('Read more', advice.reference)]
      : []),
    ...(kind === 'pending' ? waysToStop(advice, { stage, region }) : []),
    ...undos.map((command) => code(resumes ? 'To resume the undo' : 'To undo it', command)),
    ...caveats,
  ];
}

/** Every way to stop a pending action, the narrowest first. */
function waysToStop(
  advice: ControlAdvice | undefined,
  { stage, region }: { readonly stage: string; readonly region: string },
): readonly ContentLine[] {
  return [
    advised('To stop it', 'Do one of these before the due time.'),
    advised('Fix', advice?.remediation ?? 'Change the resource so that it passes the control.'),
    advised('Exempt', 'Add the resource to the exemptions of the policy, and deploy the policy.'),
    advised(
      'Custom action',
      `In Security Hub, choose "${customActionLabels.exempt}" for the finding, where the policy allows it (operators.customActions).`,
    ),
    advised('Suppress', 'In Security Hub, set the workflow status of the finding to SUPPRESSED.'),
    code(
      'Stop all actions of this deployment',
      `trailseal kill-switch on --stage ${stage} --region ${region}`,
    ),
  ];
}

/** Who decided, and why, unless the notice says that already. */
function deciderText(
  { actor, name, reason }: NonNullable<NotificationTrigger['decision']>,
  said: string,
): string {
  const who = name === unnamedPolicy ? name : `${actor} ${name}`;
  return reason === said || reason === '' ? who : `${who}: ${reason}`;
}

/** Not the one who decided upon the action: that is the line "Decided by". */
const actorOfFailure = 'Actor of the failure';

/** "ana (IAMUser, arn:aws:iam::…) from 198.51.100.7 with aws-cli/2.31". */
function actorLine({
  type,
  arn,
  name,
  sourceIp,
  userAgent,
}: NonNullable<NotificationTrigger['actor']>): string {
  const from = sourceIp === undefined ? '' : ` from ${sourceIp}`;
  const by = userAgent === undefined ? '' : ` with ${userAgent.slice(0, 120)}`;
  return `${name} (${type}, ${arn})${from}${by}`;
}

/** "ana (150), deploy (50)": the most frequent first, cut where there are many. */
function counted(words: readonly string[]): string {
  const counts = [...Map.groupBy(words, (word) => word)]
    .map(([word, same]) => ({ word, count: same.length }))
    .toSorted((one, other) => other.count - one.count);
  const shown = counts.slice(0, mostNamed).map(({ word, count }) => `${word.slice(0, 100)} (${count})`);
  const more = counts.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** "CRITICAL (3), HIGH (197)". */
function severitiesOf(members: readonly NotificationTrigger[]): string {
  // The members' order, the worst first, is that of the severities too.
  return [...Map.groupBy(members, ({ severity }) => severity)]
    .map(([severity, some]) => `${severity} (${some.length})`)
    .join(', ');
}

function controlLine({ control }: Pick<NotificationGroup, 'control'>): ContentLine {
  return sentence('Control', `${control.title} (${control.id})`);
}

function tally(label: string, words: readonly string[]): readonly ContentLine[] {
  return words.length === 0 ? [] : [code(label, counted(words))];
}

function some<T>(value: T | null | undefined, detail: (value: T) => ContentLine): readonly ContentLine[] {
  return value === null || value === undefined ? [] : [detail(value)];
}

function sentence(label: string, words: string): ContentLine {
  return { label, value: { kind: 'sentence', words } };
}
function advised(label: string, words: string): ContentLine {
  return { label, value: { kind: 'advice', words } };
}
function code(label: string, words: string): ContentLine {
  return { label, value: { kind: 'code', words } };
}
function link(label: string, words: string): ContentLine {
  return { label, value: { kind: 'link', words } };
}
