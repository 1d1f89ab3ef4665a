/** What a group of occasions says, before it is put into a form: text and chat say the same. Pure. */
import type { Control } from '../core/control.ts';
import { undoCommand } from '../remediation/about.ts';
import type { Group } from './group.ts';
import { controlLink, findingLink } from './link.ts';
import type { Occasion } from './occasion.ts';
import { labelOfSummary } from './wording.ts';

/** Others' words go through an escape of the form; how they are shown depends on what they are. */
export type Value =
  | { readonly kind: 'sentence'; readonly words: string }
  /** Words of our own, which may hold commands to copy. */
  | { readonly kind: 'advice'; readonly words: string }
  /** A name, id, number or command, to be shown as it is. */
  | { readonly kind: 'code'; readonly words: string }
  /** A URL that we made. */
  | { readonly kind: 'link'; readonly words: string };

export interface Detail {
  readonly label: string;
  readonly value: Value;
}

export interface Report {
  readonly details: readonly Detail[];
  /** What people can do: told last. */
  readonly steps: readonly Detail[];
  /** The first of several, the worst first; empty for one, of which the details tell all. */
  readonly items: readonly Occasion[];
  readonly link: string | undefined;
}

/** What a person does about a control's failures. */
export type Advice = Pick<Control, 'remediation' | 'reference'>;

/** So many of a group are named. */
export const named = 10;

/** So many steps or actions of one occasion are told. */
const steps = 20;

/**
 * @param advice `undefined` for a control that this version does not know.
 * @param stage the deployment's, for the commands.
 */
export function reportOf(group: Group, advice: Advice | undefined, stage: string): Report {
  const [first, ...others] = group.members;
  const single = others.length === 0;
  return {
    details: single ? detailsOfOne(first) : detailsOfMany(group),
    steps: stepsOf(group, advice, stage),
    items: single ? [] : group.members.slice(0, named),
    link: single
      ? findingLink(first.finding, first.account, first.region)
      : controlLink(group.control.id, group.account, group.region),
  };
}

function detailsOfOne(occasion: Occasion): readonly Detail[] {
  const { kind, summary, evidence, required, severity, resource, account, region, actor, at, openedAt } =
    occasion;
  return [
    sentence(labelOfSummary(kind), summary),
    ...some(evidence, (words) => sentence('Evidence', words)),
    ...some(required, (words) => sentence('Required', words)),
    code('Severity', severity),
    code('Resource', resource.arn),
    code('Account', account),
    code('Region', region),
    ...some(actor, (one) => code(occasion.action === undefined ? 'Actor' : actorOfFailure, actorLine(one))),
    ...some(openedAt, (time) => code('Since', time)),
    ...some(at === openedAt ? null : at, (time) => code('When', time)),
    ...some(occasion.exemption, ({ state, reason, owner, expires }) =>
      sentence(
        'Exemption',
        `${state}, ${expires === null ? '' : `last day ${expires} (UTC), `}by ${owner}: ${reason}`,
      ),
    ),
    ...some(occasion.decision, ({ by, name, why }) => sentence('Decided by', `${by} ${name}: ${why}`)),
    ...some(occasion.due, (time) => code('Due', time)),
    ...occasion.plan
      .slice(0, steps)
      .map(({ what, reason }) =>
        sentence(labelOfPlan(occasion), reason === undefined ? what : `${what}: ${reason}`),
      ),
    ...occasion.skipped
      .slice(0, steps)
      .map(({ what, because, reason }) => sentence('Skipped', `${what} (${because}): ${reason}`)),
    code('Finding', occasion.finding),
  ];
}

function detailsOfMany({ members, account, region, action }: Group): readonly Detail[] {
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

function stepsOf({ kind, members }: Group, advice: Advice | undefined, stage: string): readonly Detail[] {
  const [first, ...others] = members;
  const open = kind === 'opened' || kind === 'unknown' || kind.startsWith('exemption');
  const planned = members.some(({ plan }) => plan.length > 0);
  const single = others.length === 0;
  return [
    ...(open && advice !== undefined
      ? [own('What to do', advice.remediation), link('Read more', advice.reference)]
      : []),
    ...(open && planned
      ? [code('To undo what is done', undoCommand(single ? first.finding : undefined, stage))]
      : []),
    ...(kind === 'pending'
      ? [own('To stop it', 'Repair the resource, or exempt it in the policy, before it is due.')]
      : []),
    ...some(single ? first.undo : undefined, (words) => sentence('Undo', words)),
    ...(!single && (kind === 'done' || kind === 'partially-completed')
      ? [code('To undo one', undoCommand(undefined, stage))]
      : []),
  ];
}

/** Who acted upon it is told by the decision. */
const actorOfFailure = 'Actor of the failure';

function labelOfPlan({ kind, action }: Occasion): string {
  if (action === undefined || kind === 'pending') return 'Planned';
  return kind === 'skipped' || kind === 'undo-refused' ? 'Not done' : 'Done';
}

/** Who it was, from where and with what. */
export function actorLine({ type, arn, name, sourceIp, userAgent }: NonNullable<Occasion['actor']>): string {
  const from = sourceIp === undefined ? '' : ` from ${sourceIp}`;
  const by = userAgent === undefined ? '' : ` with ${userAgent.slice(0, 120)}`;
  return `${name} (${type}, ${arn})${from}${by}`;
}

/** "ana (150), deploy (50)", the most first, cut where there are many. */
function counted(words: readonly string[]): string {
  const counts = [...Map.groupBy(words, (word) => word)]
    .map(([word, same]) => ({ word, count: same.length }))
    .toSorted((one, other) => other.count - one.count);
  const shown = counts.slice(0, named).map(({ word, count }) => `${word.slice(0, 100)} (${count})`);
  const more = counts.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** "CRITICAL (3), HIGH (197)". */
function severitiesOf(members: readonly Occasion[]): string {
  // The worst are first, and so are their names.
  return [...Map.groupBy(members, ({ severity }) => severity)]
    .map(([severity, some]) => `${severity} (${some.length})`)
    .join(', ');
}

function tally(label: string, words: readonly string[]): readonly Detail[] {
  return words.length === 0 ? [] : [code(label, counted(words))];
}

function some<T>(value: T | null | undefined, detail: (value: T) => Detail): readonly Detail[] {
  return value === null || value === undefined ? [] : [detail(value)];
}

function sentence(label: string, words: string): Detail {
  return { label, value: { kind: 'sentence', words } };
}
function own(label: string, words: string): Detail {
  return { label, value: { kind: 'advice', words } };
}
function code(label: string, words: string): Detail {
  return { label, value: { kind: 'code', words } };
}
function link(label: string, words: string): Detail {
  return { label, value: { kind: 'link', words } };
}
