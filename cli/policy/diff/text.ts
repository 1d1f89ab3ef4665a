/** What a new policy changes, as text. */
import type { FindingExemption } from '../../../lib/policy/model.ts';
import { printable } from '../../output/printable.ts';
import { plainTable, wrapped } from '../../output/table.ts';
import type { ActionOutcome, ControlChanges, FindingDifference, PolicyDiffJson, Side } from './schema.ts';

/** How many findings the terminal shows; the JSON has them all. */
const shownFindings = 20;

/** @param width columns of the terminal. */
export function diffText(
  diff: PolicyDiffJson,
  { width, quiet }: { readonly width: number; readonly quiet: boolean },
): string {
  const parts = quiet
    ? [printable(diff.summary)]
    : [wrapped(printable(diff.summary), width), controlTable(diff), findings(diff, width)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function controlTable({ controls, changed }: PolicyDiffJson): string {
  if (!changed) return '';
  const rows = controls
    .filter(({ appear, disappear, change }) => appear + disappear + change > 0)
    .map((one) => [
      one.control,
      ...[one.appear, one.disappear, one.change].map(String),
      fromTo(one, 'open'),
      fromTo(one, 'exempt'),
      fromTo(one, 'actions'),
    ]);
  return plainTable(['Control', 'Appear', 'Disappear', 'Change', 'Open', 'Exempt', 'Actions'], rows, 6);
}

function fromTo(one: ControlChanges, of: 'open' | 'exempt' | 'actions'): string {
  return one.old[of] === one.new[of] ? String(one.new[of]) : `${one.old[of]} -> ${one.new[of]}`;
}

function findings(diff: PolicyDiffJson, width: number): string {
  const shown = diff.findings.slice(0, shownFindings).map((change) => changeText(change, width));
  const more = diff.findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more; --format json has them all`] : [])].join('\n\n');
}

const signs: Readonly<Record<FindingDifference['change'], string>> = {
  appears: '+',
  disappears: '-',
  changes: '~',
};

function changeText(change: FindingDifference, width: number): string {
  const { control, resource, account, region } = change;
  const head = `${signs[change.change]} ${control} ${change.change}: ${resource.id} (${account}, ${region})`;
  const lines = [
    ...(change.what.includes('exemption') ? exemptionLines(change) : []),
    ...change.actions.flatMap(({ action, old, new: now }) => [
      `${action}, old: ${outcomeText(old)}`,
      `${action}, new: ${outcomeText(now)}`,
    ]),
  ];
  const all = [...sideLines(change), ...lines];
  return [printable(head), ...all.map((line) => indented(printable(line), width))].join('\n');
}

/** What is the same under both policies is shown once. */
function sideLines({ old, new: now }: FindingDifference): readonly string[] {
  const [was, is] = [stateText(old), stateText(now)];
  if (old.reason !== now.reason) return [`old: ${was}. ${old.reason}`, `new: ${is}. ${now.reason}`];
  return was === is
    ? [`old and new: ${is}. ${now.reason}`]
    : [`old: ${was}.`, `new: ${is}.`, `both: ${now.reason}`];
}

function stateText({ finding }: Side): string {
  if (finding === null) return 'no finding';
  const { status, verdict, severity, exemption } = finding;
  return [severity, verdict, status.toLowerCase(), ...(exemption?.state === 'active' ? ['exempt'] : [])].join(
    ', ',
  );
}

function exemptionLines(change: FindingDifference): readonly string[] {
  return [
    `exemption, old: ${exemptionText(change.old.finding?.exemption ?? null)}`,
    `exemption, new: ${exemptionText(change.new.finding?.exemption ?? null)}`,
  ];
}

function exemptionText(exemption: FindingExemption | null): string {
  if (exemption === null) return 'none.';
  const { state, reason, owner, expires } = exemption;
  switch (state) {
    case 'active':
      return `until ${expires} by ${owner}: ${reason}`;
    case 'expired':
      return `expired after ${expires}, by ${owner}: ${reason}`;
    case 'refused':
      return reason;
  }
}

function outcomeText({ outcome, because, reason }: ActionOutcome): string {
  switch (outcome) {
    case 'planned':
      return `planned. ${reason}`;
    case 'skipped':
      return `skipped (${because}). ${reason}`;
    case 'none':
      return 'none, as there is no finding.';
  }
}

/** The text wrapped to the width and indented; continuation lines are indented further. */
function indented(text: string, width: number): string {
  return wrapped(text, Math.max(40, width - 6))
    .split('\n')
    .map((line, index) => `${index === 0 ? '    ' : '      '}${line}`)
    .join('\n');
}
