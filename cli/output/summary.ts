/** The summary of a replay or a scan as text. */
import { type Severity, severities } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { printable, shortened } from './printable.ts';
import type { RunOrigin } from './replay-json.ts';
import { type Paint, painter, plainTable, type TextOptions, type TextStyle } from './table.ts';

export interface SummaryOptions extends TextOptions {
  /** Only the headline. */
  readonly quiet: boolean;
}

const severityStyle: Readonly<Record<Severity, TextStyle>> = {
  CRITICAL: ['bold', 'magenta'],
  HIGH: ['bold', 'red'],
  MEDIUM: 'yellow',
  LOW: 'cyan',
  INFORMATIONAL: 'gray',
};

/** How many open findings are shown; the report has them all. */
const shownFindings = 15;

export function summaryText(
  replay: Replay,
  origin: RunOrigin,
  written: readonly string[],
  options: SummaryOptions,
): string {
  const paint = painter(options.colour);
  const parts = options.quiet
    ? [headline(replay, origin, paint)]
    : [
        heading(replay, origin, paint),
        headline(replay, origin, paint),
        openTable(replay, origin, paint, options.width),
        controlTable(replay, origin, paint),
        plans(replay),
        expired(replay, paint),
        inputErrorsText(replay, paint),
        files(written, paint),
      ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(replay: Replay, origin: RunOrigin, paint: Paint): string {
  if (origin.command === 'scan') return scanHeading(replay, origin, paint);
  const { from, to } = replay.period;
  const when = from === null || to === null ? '' : `, evaluated from ${minute(from)} to ${minute(to)}`;
  const ignored = Object.entries(replay.ignored).filter(([, count]) => count > 0);
  const reasons = ignored.map(([reason, count]) => `${figure(count)} ${reasonText(reason)}`).join(', ');
  return [
    `${paint('bold', 'Trailseal replay')} of ${origin.sources.map(printable).join(' ')}`,
    `${plural(replay.records, 'record')} in ${plural(replay.files, 'file')}${when}; policy: ${printable(origin.policy)}`,
    `${figure(replay.matched)} evaluated, ${figure(sum(ignored.map(([, count]) => count)))} ignored${
      reasons === '' ? '' : ` (${reasons})`
    }, ${figure(replay.rejected)} rejected`,
  ].join('\n');
}

function scanHeading(replay: Replay, origin: RunOrigin, paint: Paint): string {
  const { records, matched, period } = replay;
  const when = period.from === null ? '' : `, as of ${minute(period.from)}`;
  const missing = records - matched;
  return [
    `${paint('bold', 'Trailseal scan')} of ${origin.sources.map(printable).join(' ')}`,
    `${plural(records, 'resource')} in ${plural(origin.sources.length, 'Region')}${when}; policy: ${printable(origin.policy)}`,
    `${figure(matched)} evaluated${missing === 0 ? '' : `, ${figure(missing)} deleted before evaluation`}`,
  ].join('\n');
}

function headline(replay: Replay, { command }: RunOrigin, paint: Paint): string {
  const { findings } = replay;
  if (replay.matched === 0) {
    const because =
      command === 'scan'
        ? 'there is no resource of any control here, or none could be listed.'
        : 'no event in this input and scope is relevant to a control.';
    return paint('yellow', `Nothing was evaluated: ${because}`);
  }
  if (findings.length === 0)
    return paint('green', 'No findings: everything that was evaluated passes or is not applicable.');
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

function openTable(replay: Replay, { command }: RunOrigin, paint: Paint, width: number): string {
  const open = replay.findings.filter(({ status }) => status === 'OPEN').sort(byUrgency);
  if (open.length === 0) return '';
  const resourceWidth = Math.max(18, Math.min(44, width - (command === 'scan' ? 78 : 100)));
  // A scan does not know when a finding was opened, and by whom.
  const withOrigin = command !== 'scan';
  const rows = open.slice(0, shownFindings).map((finding) => {
    const label = finding.verdict === 'UNKNOWN' ? 'UNKNOWN' : finding.severity;
    const style = finding.verdict === 'UNKNOWN' ? 'gray' : severityStyle[finding.severity];
    const note = finding.exemption?.state === 'active' ? ' (exempt)' : '';
    return [
      paint(style, label) + note,
      finding.control,
      shortened(finding.resource.id, resourceWidth, 'middle'),
      shortened(finding.account, 14),
      shortened(finding.region, 16),
      ...(withOrigin
        ? [
            finding.openedAt === null ? 'unknown' : minute(finding.openedAt),
            shortened(finding.actor.name, 28, 'middle'),
          ]
        : []),
    ];
  });
  const head = ['Severity', 'Control', 'Resource', 'Account', 'Region'];
  const table = plainTable([...head, ...(withOrigin ? ['Opened (UTC)', 'Actor'] : [])], rows);
  const more = open.length > shownFindings ? `\n… and ${open.length - shownFindings} more in the report` : '';
  return `${paint('bold', 'Open findings, most severe first')}\n${table}${more}`;
}

function controlTable(replay: Replay, { command }: RunOrigin, paint: Paint): string {
  const rows = Object.entries(replay.posture).filter(([, counts]) => sum(Object.values(counts)) > 0);
  if (rows.length === 0) return '';
  const table = plainTable(
    ['Control', 'Pass', 'Fail', 'Unknown', 'Not applicable'],
    rows.map(([control, counts]) =>
      [control, counts.PASS, counts.FAIL, counts.UNKNOWN, counts.NOT_APPLICABLE].map(String),
    ),
    4,
  );
  const title =
    command === 'scan' ? 'Resources by verdict' : 'Resources that exist at the end, by last verdict';
  return `${paint('bold', title)}\n${table}`;
}

function plans(replay: Replay): string {
  if (replay.matched === 0) return '';
  const counts = new Map<string, number>();
  for (const { plan } of replay.findings) {
    for (const { action } of plan.actions) counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  if (counts.size === 0) {
    return onlyReports(replay)
      ? 'The policy only reports: it would have carried out no action.'
      : 'The policy would have carried out no action.';
  }
  const list = [...counts].map(([action, count]) => `${action} ${figure(count)}×`).join(', ');
  return `The policy would have carried out: ${list}. Each finding lists the actions that would have been skipped, and why.`;
}

/** Determined from the skipped actions, so that it is not known without a finding. */
function onlyReports({ findings }: Replay): boolean {
  const skipped = findings.flatMap(({ plan }) => plan.skipped);
  return (
    skipped.length > 0 &&
    skipped.every(({ because }) => because === 'not-in-policy' || because === 'unknown-verdict')
  );
}

function expired(replay: Replay, paint: Paint): string {
  const lapsed = replay.findings.filter(({ exemption }) => exemption?.state === 'expired');
  if (lapsed.length === 0) return '';
  const lines = lapsed
    .slice(0, 5)
    .map(
      ({ id, exemption }) =>
        `  ${printable(id)}: until ${exemption?.expires}, owner ${printable(exemption?.owner ?? '')}`,
    );
  const more = lapsed.length > 5 ? [`  … and ${lapsed.length - 5} more`] : [];
  return [
    paint('yellow', `${plural(lapsed.length, 'finding')} with an expired exemption:`),
    ...lines,
    ...more,
  ].join('\n');
}

/** Input that could not be read, and files that were skipped; empty where there is neither. */
export function inputErrorsText(replay: Replay, paint: Paint = (_style, text) => text): string {
  const { inputErrors, skipped } = replay;
  const lines: string[] = [];
  if (inputErrors.length > 0) {
    lines.push(paint('yellow', `${plural(inputErrors.length, 'input error')}:`));
    for (const { file, line, reason } of inputErrors.slice(0, 10)) {
      lines.push(`  ${printable(file)}${line === undefined ? '' : `:${line}`}: ${printable(reason)}`);
    }
    if (inputErrors.length > 10) lines.push(`  … and ${inputErrors.length - 10} more in summary.json`);
  }
  if (skipped.length > 0) lines.push(`${plural(skipped.length, 'file')} skipped, listed in summary.json.`);
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

/** UNKNOWN comes after every failure, exempt findings after the others of their severity. */
function urgency(finding: Finding): number {
  const exempt = finding.exemption?.state === 'active' ? 10 : 0;
  return severities.indexOf(finding.severity) - (finding.verdict === 'UNKNOWN' ? 20 : 0) - exempt;
}

/** ISO 8601, to the minute. */
function minute(iso: string): string {
  return `${iso.slice(0, 16)}Z`;
}

function reasonText(reason: string): string {
  return reason.replaceAll('-', ' ');
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
