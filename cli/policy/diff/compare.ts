/** What a new policy changes in the findings of an archive, and why. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { severities } from '../../../lib/core/control.ts';
import { type Finding, statuses } from '../../../lib/findings/finding.ts';
import type { PolicyReplay } from './replays.ts';
import {
  type ActionOutcome,
  type ControlChanges,
  type Counts,
  changedThings,
  changeKinds,
  type FindingDifference,
  type Side,
} from './schema.ts';

export interface Comparison {
  /** Findings that differ: those that appear, disappear and change, in each group open ones first, most severe first. */
  readonly changes: readonly FindingDifference[];
  /** How many findings are the same. */
  readonly same: number;
  /** For every control with findings, in the order of the catalogue. */
  readonly controls: readonly ControlChanges[];
  /** Whether anything was evaluated at all, under either policy. */
  readonly evaluated: boolean;
}

export function compare(before: PolicyReplay, after: PolicyReplay): Comparison {
  const [olds, news] = [before, after].map(
    ({ replay }) => new Map(replay.findings.map((finding) => [finding.id, finding])),
  ) as [Map<string, Finding>, Map<string, Finding>];
  const ids = new Set([...olds.keys(), ...news.keys()]);
  const changes = [...ids].flatMap((id) => changeOf(id, before, olds.get(id), after, news.get(id)) ?? []);
  return {
    changes: changes.toSorted((a, b) => rankOf(a) - rankOf(b)),
    same: ids.size - changes.length,
    controls: controlChanges(before, after, changes),
    evaluated: before.replay.matched > 0 || after.replay.matched > 0,
  };
}

function rankOf({ change, old, new: now }: FindingDifference): number {
  const { severity = 'INFORMATIONAL', status = 'OPEN' } = now.finding ?? old.finding ?? {};
  return changeKinds.indexOf(change) * 100 + statuses.indexOf(status) * 10 - severities.indexOf(severity);
}

function changeOf(
  id: string,
  before: PolicyReplay,
  older: Finding | undefined,
  after: PolicyReplay,
  newer: Finding | undefined,
): FindingDifference | undefined {
  const finding = newer ?? older;
  if (finding === undefined) return undefined;
  const { control, title, resource, account, region } = finding;
  const statusDiffers = older?.status !== newer?.status;
  const sides = {
    old: sideOf({ id, control, statusDiffers, finding: older }, before),
    new: sideOf({ id, control, statusDiffers, finding: newer }, after),
  };
  const actions = changedActions(older, newer);
  const what =
    older === undefined || newer === undefined
      ? []
      : changedThings.filter((thing) =>
          thing === 'actions' ? actions.length > 0 : !isDeepStrictEqual(older[thing], newer[thing]),
        );
  if (older !== undefined && newer !== undefined && what.length === 0) return undefined;
  const change = older === undefined ? 'appears' : newer === undefined ? 'disappears' : 'changes';
  return {
    id,
    change,
    what,
    control,
    title,
    resource: { ...resource, arn: resource.arn ?? null },
    account,
    region,
    ...sides,
    actions,
  };
}

interface SideInput {
  readonly id: string;
  readonly control: string;
  readonly finding: Finding | undefined;
  /** Only then is how the finding was closed part of the reason. */
  readonly statusDiffers: boolean;
}

function sideOf({ id, control, finding, statusDiffers }: SideInput, { policy, last }: PolicyReplay): Side {
  if (finding !== undefined) {
    const { status, verdict, severity, exemption, evidence, closing } = finding;
    const reasons = [evidence.summary, ...(statusDiffers && closing !== null ? [closing.summary] : [])];
    return {
      finding: { status, verdict, severity, exemption: exemption && { ...exemption } },
      reason: reasons.join(' '),
    };
  }
  if (policy.controls.get(control)?.enabled !== true) {
    return { finding: null, reason: `The policy does not enable ${control}.` };
  }
  return { finding: null, reason: last.get(id)?.summary ?? 'It was not evaluated.' };
}

const none: ActionOutcome = { outcome: 'none', because: null, reason: 'There is no finding.' };

/**
 * The actions with another outcome: planned on one side only, planned for another time, or skipped for another reason.
 * An action that neither policy has is left out.
 */
function changedActions(
  older: Finding | undefined,
  newer: Finding | undefined,
): FindingDifference['actions'] {
  const [before, after] = [outcomesOf(older), outcomesOf(newer)];
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((action) => {
    const [was, is] = [before.get(action) ?? none, after.get(action) ?? none];
    const neither = [was, is].every(
      ({ outcome, because }) => outcome === 'none' || because === 'not-in-policy',
    );
    const same =
      was.outcome === is.outcome &&
      was.because === is.because &&
      // The reason of a planned action says when; that of a skipped one may differ only in its figures.
      (was.outcome !== 'planned' || was.reason === is.reason);
    return neither || same ? [] : [{ action, old: was, new: is }];
  });
}

function outcomesOf(finding: Finding | undefined): Map<string, ActionOutcome> {
  const { actions, skipped } = finding?.plan ?? { actions: [], skipped: [] };
  return new Map<string, ActionOutcome>([
    ...actions.map(({ action, reason }): [string, ActionOutcome] => [
      action,
      { outcome: 'planned', because: null, reason },
    ]),
    ...skipped.map(({ action, because, reason }): [string, ActionOutcome] => [
      action,
      { outcome: 'skipped', because, reason },
    ]),
  ]);
}

function controlChanges(
  before: PolicyReplay,
  after: PolicyReplay,
  changes: readonly FindingDifference[],
): readonly ControlChanges[] {
  const ids = new Set([...before.policy.controls.keys(), ...after.policy.controls.keys()]);
  return [...ids].flatMap((control): ControlChanges[] => {
    const [old, now] = [countsOf(control, before), countsOf(control, after)];
    if (old.findings === 0 && now.findings === 0) return [];
    const count = (kind: FindingDifference['change']) =>
      changes.filter((one) => one.control === control && one.change === kind).length;
    return [
      {
        control,
        old,
        new: now,
        appear: count('appears'),
        disappear: count('disappears'),
        change: count('changes'),
      },
    ];
  });
}

function countsOf(control: string, { replay }: PolicyReplay): Counts {
  const findings = replay.findings.filter((finding) => finding.control === control);
  const open = findings.filter(({ status }) => status === 'OPEN');
  return {
    findings: findings.length,
    open: open.length,
    exempt: open.filter(({ exemption }) => exemption?.state === 'active').length,
    actions: findings.reduce((sum, { plan }) => sum + plan.actions.length, 0),
  };
}
