/** What another policy changes about the findings of an archive, and why. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { severities } from '../../../lib/core/control.ts';
import { type Finding, statuses } from '../../../lib/findings/finding.ts';
import type { Evaluated } from './replays.ts';
import {
  type Change,
  type ControlChanges,
  type Counts,
  changedThings,
  changeKinds,
  type Outcome,
  type Side,
} from './schema.ts';

export interface Comparison {
  /** The findings that are not the same under both: what appears, what disappears, what changes, each the open ones first, the worst first. */
  readonly changes: readonly Change[];
  /** How many are the same. */
  readonly same: number;
  /** For every control with findings, in the order of the catalogue. */
  readonly controls: readonly ControlChanges[];
  /** Whether anything was evaluated at all, under either policy. */
  readonly evaluated: boolean;
}

export function compare(before: Evaluated, after: Evaluated): Comparison {
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

function rankOf({ change, old, new: now }: Change): number {
  const { severity = 'INFORMATIONAL', status = 'OPEN' } = now.finding ?? old.finding ?? {};
  return changeKinds.indexOf(change) * 100 + statuses.indexOf(status) * 10 - severities.indexOf(severity);
}

function changeOf(
  id: string,
  before: Evaluated,
  older: Finding | undefined,
  after: Evaluated,
  newer: Finding | undefined,
): Change | undefined {
  const finding = newer ?? older;
  if (finding === undefined) return undefined;
  const { control, title, resource, account, region } = finding;
  // How it ended is a reason only where it ended otherwise.
  const told = (one: Finding | undefined) => ({
    id,
    control,
    deleted: older?.status !== newer?.status,
    finding: one,
  });
  const sides = { old: sideOf(told(older), before), new: sideOf(told(newer), after) };
  const actions = changedActions(older, newer);
  const what =
    older === undefined || newer === undefined
      ? []
      : changedThings.filter((thing) =>
          thing === 'actions' ? actions.length > 0 : !isDeepStrictEqual(older[thing], newer[thing]),
        );
  if (older !== undefined && newer !== undefined && what.length === 0) return undefined;
  const change = older === undefined ? 'appears' : newer === undefined ? 'disappears' : 'changes';
  return { id, change, what, control, title, resource: { ...resource }, account, region, ...sides, actions };
}

interface Told {
  readonly id: string;
  readonly control: string;
  readonly finding: Finding | undefined;
  /** Whether it matters how the finding ended. */
  readonly deleted: boolean;
}

function sideOf({ id, control, finding, deleted }: Told, { policy, last }: Evaluated): Side {
  if (finding !== undefined) {
    const { status, verdict, severity, exemption, evidence, closing } = finding;
    const reasons = [evidence.summary, ...(deleted && closing !== null ? [closing.summary] : [])];
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

const none: Outcome = { outcome: 'none', because: null, reason: 'There is no finding.' };

/**
 * The actions of which something else becomes: planned on one side only, at another time, or skipped because of
 * something else. What neither policy asks for is no news.
 */
function changedActions(older: Finding | undefined, newer: Finding | undefined): Change['actions'] {
  const [before, after] = [outcomesOf(older), outcomesOf(newer)];
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((action) => {
    const [was, is] = [before.get(action) ?? none, after.get(action) ?? none];
    const idle = [was, is].every(({ outcome, because }) => outcome === 'none' || because === 'not-in-policy');
    const same =
      was.outcome === is.outcome &&
      was.because === is.because &&
      // Of what is planned the reason says when; of what is skipped it may say no more than other figures.
      (was.outcome !== 'planned' || was.reason === is.reason);
    return idle || same ? [] : [{ action, old: was, new: is }];
  });
}

function outcomesOf(finding: Finding | undefined): Map<string, Outcome> {
  const { actions, skipped } = finding?.plan ?? { actions: [], skipped: [] };
  return new Map<string, Outcome>([
    ...actions.map(({ action, reason }): [string, Outcome] => [
      action,
      { outcome: 'planned', because: null, reason },
    ]),
    ...skipped.map(({ action, because, reason }): [string, Outcome] => [
      action,
      { outcome: 'skipped', because, reason },
    ]),
  ]);
}

function controlChanges(
  before: Evaluated,
  after: Evaluated,
  changes: readonly Change[],
): readonly ControlChanges[] {
  const ids = new Set([...before.policy.controls.keys(), ...after.policy.controls.keys()]);
  return [...ids].flatMap((control): ControlChanges[] => {
    const [old, now] = [countsOf(control, before), countsOf(control, after)];
    if (old.findings === 0 && now.findings === 0) return [];
    const count = (kind: Change['change']) =>
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

function countsOf(control: string, { replay }: Evaluated): Counts {
  const findings = replay.findings.filter((finding) => finding.control === control);
  const open = findings.filter(({ status }) => status === 'OPEN');
  return {
    findings: findings.length,
    open: open.length,
    exempt: open.filter(({ exemption }) => exemption?.state === 'active').length,
    actions: findings.reduce((sum, { plan }) => sum + plan.actions.length, 0),
  };
}
