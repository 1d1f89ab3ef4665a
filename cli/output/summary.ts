/** The summary of a replay that a person reads on the terminal. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { type Severity, severities } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { printable, shortened } from './printable.ts';
import type { Origin } from './replay-json.ts';
import { plainChars } from './table.ts';

export interface SummaryOptions {
  readonly colour: boolean;
  /** Columns of the terminal; tables keep within them where they can. */
  readonly width: number;
  readonly quiet: boolean;
}

type Style = Parameters<typeof styleText>[0];

const severityStyle: Readonly<Record<Severity, Style>> = {
  CRITICAL: ['bold', 'magenta'],
  HIGH: ['bold', 'red'],
  MEDIUM: 'yellow',
  LOW: 'cyan',
  INFORMATIONAL: 'gray',
};

/** How many open findings the terminal shows; the report has them all. */
const shownFindings = 15;

export function summaryText(
  replay: Replay,
  origin: Origin,
  written: readonly string[],
  options: SummaryOptions,
): string {
  const paint = (style: Style, text: string): string =>
    options.colour ? styleText(style, text, { validateStream: false }) : text;
  const parts = options.quiet
    ? [headline(replay, origin, paint)]
    : [
        heading(replay, origin, paint),
        headline(replay, origin, paint),
        openTable(replay, origin, paint, options.width),
        controlTable(replay, origin, paint),
        plans(replay),
        expired(replay, paint),
        troubleText(replay, paint),
        files(written, paint),
      ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

type Paint = (style: Style, text: string) => string;

function heading(replay: Replay, origin: Origin, paint: Paint): string {
  if (origin.command === 'scan') return scanHeading(replay, origin, paint);
  const { from, to } = replay.period;
  const when = from === null || to === null ? '' : `, evaluated from ${minute(from)} to ${minute(to)} UTC`;
  const ignored = Object.entries(replay.ignored).filter(([, count]) => count > 0);
  const reasons = ignored.map(([reason, count]) => `${figure(count)} ${reason}`).join(', ');
  return [
    `${paint('bold', 'Trailseal replay')} of ${origin.sources.map(printable).join(' ')}`,
    `${plural(replay.records, 'record')} in ${plural(replay.files, 'file')}${when}; policy: ${printable(origin.policy)}`,
    `${figure(replay.matched)} evaluated, ${figure(sum(ignored.map(([, count]) => count)))} ignored${
      reasons === '' ? '' : ` (${reasons})`
    }, ${figure(replay.rejected)} rejected`,
  ].join('\n');
}

function scanHeading(replay: Replay, origin: Origin, paint: Paint): string {
  const { records, matched, period } = replay;
  const when = period.from === null ? '' : `, as of ${minute(period.from)} UTC`;
  const deleted = records - matched;
  return [
    `${paint('bold', 'Trailseal scan')} of ${origin.sources.map(printable).join(' ')}`,
    `${plural(records, 'resource')} in ${plural(origin.sources.length, 'Region')}${when}; policy: ${printable(origin.policy)}`,
    `${figure(matched)} evaluated${deleted === 0 ? '' : `, ${figure(deleted)} deleted before they could be`}`,
  ].join('\n');
}

function headline(replay: Replay, { command }: Origin, paint: Paint): string {
  const { findings } = replay;
  if (replay.matched === 0) {
    const because =
      command === 'scan'
        ? 'no resource here concerns a control, or none could be listed.'
        : 'no event in this input and scope concerns a control.';
    return paint('yellow', `Nothing was evaluated: ${because}`);
  }
  if (findings.length === 0)
    return paint('green', 'No findings: nothing that was evaluated fails, or is in doubt.');
  const open = findings.filter(({ status, verdict }) => status === 'OPEN' && verdict === 'FAIL');
  const counts = [...severities].reverse().flatMap((severity) => {
    const count = open.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [paint(severityStyle[severity], `${count} ${severity.toLowerCase()}`)];
  });
  const unknown = findings.filter(({ status, verdict }) => status === 'OPEN' && verdict === 'UNKNOWN').length;
  const exempt = open.filter(({ exemption }) => exemption?.state === 'active').length;
  const rest = [
    `${unknown} unknown`,
    `${findings.filter(({ status }) => status === 'RESOLVED').length} resolved`,
    `${findings.filter(({ status }) => status === 'ARCHIVED').length} archived`,
    ...(exempt > 0 ? [`${exempt} of the open ones exempt`] : []),
  ];
  const shown = counts.length === 0 ? '' : ` (${counts.join(', ')})`;
  return `${paint('bold', `${plural(open.length, 'open failure')}`)}${shown}; ${rest.join(', ')}; ${plural(findings.length, 'finding')} in all`;
}

function openTable(replay: Replay, { command }: Origin, paint: Paint, width: number): string {
  const open = replay.findings.filter(({ status }) => status === 'OPEN').sort(byUrgency);
  if (open.length === 0) return '';
  const resourceWidth = Math.max(18, Math.min(44, width - (command === 'scan' ? 78 : 100)));
  const table = new Table({
    // A scan does not know since when, and by whose doing.
    head: [
      'Severity',
      'Control',
      'Resource',
      'Account',
      'Region',
      ...(command === 'scan' ? [] : ['Opened (UTC)', 'By']),
    ],
    style: { head: [], border: [], compact: true },
    chars: plainChars,
  });
  for (const finding of open.slice(0, shownFindings)) {
    const label = finding.verdict === 'UNKNOWN' ? 'UNKNOWN' : finding.severity;
    const style = finding.verdict === 'UNKNOWN' ? 'gray' : severityStyle[finding.severity];
    const note = finding.exemption?.state === 'active' ? ' (exempt)' : '';
    table.push([
      paint(style, label) + note,
      finding.control,
      shortened(finding.resource.id, resourceWidth, 'middle'),
      shortened(finding.account, 14),
      shortened(finding.region, 16),
      ...(command === 'scan'
        ? []
        : [
            finding.openedAt === null ? 'not told' : minute(finding.openedAt),
            shortened(finding.actor.name, 28, 'middle'),
          ]),
    ]);
  }
  const more = open.length > shownFindings ? `\n… and ${open.length - shownFindings} more in the report` : '';
  return `${paint('bold', 'Open findings, worst first')}\n${table.toString()}${more}`;
}

function controlTable(replay: Replay, { command }: Origin, paint: Paint): string {
  const rows = Object.entries(replay.posture).filter(([, counts]) => sum(Object.values(counts)) > 0);
  if (rows.length === 0) return '';
  const table = new Table({
    head: ['Control', 'Pass', 'Fail', 'Unknown', 'Not applicable'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
    chars: plainChars,
  });
  for (const [control, counts] of rows) {
    table.push([control, counts.PASS, counts.FAIL, counts.UNKNOWN, counts.NOT_APPLICABLE].map(String));
  }
  const title =
    command === 'scan' ? 'Resources by verdict' : 'Resources that exist at the end, by their last verdict';
  return `${paint('bold', title)}\n${table.toString()}`;
}

function plans(replay: Replay): string {
  if (replay.matched === 0) return '';
  const counts = new Map<string, number>();
  for (const { plan } of replay.findings) {
    for (const { action } of plan.actions) counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  if (counts.size === 0) {
    return asksForNothing(replay)
      ? 'The policy reports only: it would have changed nothing.'
      : 'The policy would have changed nothing.';
  }
  const list = [...counts].map(([action, count]) => `${action} ${figure(count)}×`).join(', ');
  return `The policy would have done: ${list}. What it would have skipped, and why, stands with each finding.`;
}

/** As far as what it skipped shows: without a finding, nothing does. */
function asksForNothing({ findings }: Replay): boolean {
  const skipped = findings.flatMap(({ plan }) => plan.skipped);
  return (
    skipped.length > 0 &&
    skipped.every(({ because }) => because === 'not-in-policy' || because === 'unknown-verdict')
  );
}

function expired(replay: Replay, paint: Paint): string {
  const deleted = replay.findings.filter(({ exemption }) => exemption?.state === 'expired');
  if (deleted.length === 0) return '';
  const lines = deleted
    .slice(0, 5)
    .map(
      ({ id, exemption }) =>
        `  ${printable(id)}: until ${exemption?.expires}, owner ${printable(exemption?.owner ?? '')}`,
    );
  const more = deleted.length > 5 ? [`  … and ${deleted.length - 5} more`] : [];
  return [
    paint('yellow', `${plural(deleted.length, 'finding')} no longer exempt, the exemption has expired:`),
    ...lines,
    ...more,
  ].join('\n');
}

/** What could not be read, and what was passed over; empty when there is nothing of either. */
export function troubleText(replay: Replay, paint: Paint = (_style, text) => text): string {
  const { inputErrors, skipped } = replay;
  const lines: string[] = [];
  if (inputErrors.length > 0) {
    lines.push(paint('yellow', `${plural(inputErrors.length, 'thing')} in the input could not be read:`));
    for (const { file, line, reason } of inputErrors.slice(0, 10)) {
      lines.push(`  ${printable(file)}${line === undefined ? '' : `:${line}`}: ${printable(reason)}`);
    }
    if (inputErrors.length > 10) lines.push(`  … and ${inputErrors.length - 10} more in summary.json`);
  }
  if (skipped.length > 0) lines.push(`${plural(skipped.length, 'file')} skipped; summary.json names them.`);
  return lines.join('\n');
}

function files(written: readonly string[], paint: Paint): string {
  if (written.length === 0) return '';
  const others = written.filter((file) => !file.endsWith('.html'));
  const report = written.find((file) => file.endsWith('.html'));
  return [
    ...(report === undefined ? [] : [`Report: ${paint('bold', printable(report))} (open it in a browser)`]),
    `Also written: ${others.map(printable).join(', ')}`,
  ].join('\n');
}

function byUrgency(a: Finding, b: Finding): number {
  return (
    urgency(b) - urgency(a) || (a.openedAt ?? '').localeCompare(b.openedAt ?? '') || (a.id < b.id ? -1 : 1)
  );
}

/** Doubts come after every failure, what is exempt after what is not. */
function urgency(finding: Finding): number {
  const exempt = finding.exemption?.state === 'active' ? 10 : 0;
  return severities.indexOf(finding.severity) - (finding.verdict === 'UNKNOWN' ? 20 : 0) - exempt;
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

function plural(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function figure(count: number): string {
  return count.toLocaleString('en-GB');
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
