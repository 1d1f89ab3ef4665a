/** The summary of a replay or a scan as text. */
import { type Severity, severities } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { printable, shortened } from './printable.ts';
import type { RunOrigin } from './replay-json.ts';
import {
  type Paint,
  painter,
  plainTable,
  type TextOptions,
  type TextStyle,
  widthOf,
  withoutTrailingSpaces,
  wrappedPainted,
} from './table.ts';

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
        openFindings(replay, origin, paint, options.width),
        controlTable(replay, origin, paint),
        plans(replay),
        expired(replay, paint),
        inputErrorsText(replay, paint),
        counts(replay, origin),
        files(written, paint),
      ];
  return `${parts
    .filter((part) => part !== '')
    .map((part) => within(options.width, part))
    .join('\n\n')}\n`;
}

function heading(replay: Replay, origin: RunOrigin, paint: Paint): string {
  if (origin.command === 'scan') return scanHeading(replay, origin, paint);
  const { from, to } = replay.period;
  const when = from === null || to === null ? '' : `, evaluated from ${minute(from)} to ${minute(to)}`;
  return [
    `${paint('bold', 'Trailseal replay')} of ${origin.sources.map(printable).join(' ')}`,
    `${plural(replay.records, 'record')} in ${plural(replay.files, 'file')}${when}; policy: ${printable(origin.policy)}`,
  ].join('\n');
}

/** What became of the records of a replay. */
function counts(replay: Replay, { command }: RunOrigin): string {
  if (command === 'scan') return '';
  const ignored = Object.entries(replay.ignored).filter(([, count]) => count > 0);
  const reasons = ignored.map(([reason, count]) => `${figure(count)} ${reasonText(reason)}`).join(', ');
  return `Of the records ${figure(replay.matched)} were evaluated, ${figure(replay.rejected)} rejected, and ${figure(
    sum(ignored.map(([, count]) => count)),
  )} ignored${reasons === '' ? '' : `: ${reasons}`}.`;
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

/** What an open finding is shown with. */
interface Shown {
  readonly severity: string;
  readonly finding: Finding;
  /** When it was opened and by whom, which a scan does not know. */
  readonly origin: readonly string[];
}

function openFindings(replay: Replay, { command }: RunOrigin, paint: Paint, width: number): string {
  const open = replay.findings.filter(({ status }) => status === 'OPEN').sort(byUrgency);
  if (open.length === 0) return '';
  const shown = open.slice(0, shownFindings).map((finding): Shown => {
    const label = finding.verdict === 'UNKNOWN' ? 'UNKNOWN' : finding.severity;
    const style = finding.verdict === 'UNKNOWN' ? 'gray' : severityStyle[finding.severity];
    const note = finding.exemption?.state === 'active' ? ' (exempt)' : '';
    const openedAt = finding.openedAt === null ? 'unknown' : minute(finding.openedAt);
    const origin = command === 'scan' ? [] : [openedAt, shortened(finding.actor.name, 28, 'middle')];
    return { severity: paint(style, label) + note, finding, origin };
  });
  const table = openTable(shown, command !== 'scan');
  const more = open.length > shownFindings ? `\n… and ${open.length - shownFindings} more in the report` : '';
  const list = widthOf(table) <= width ? table : openList(shown, width);
  return `${paint('bold', 'Open findings, most severe first')}\n${list}${more}`;
}

/** A line for each finding. */
function openTable(shown: readonly Shown[], withOrigin: boolean): string {
  const head = ['Severity', 'Control', 'Resource', 'Account', 'Region'];
  return withoutTrailingSpaces(
    plainTable(
      [...head, ...(withOrigin ? ['Opened (UTC)', 'Actor'] : [])],
      shown.map(({ severity, finding, origin }) => [
        severity,
        finding.control,
        shortened(finding.resource.id, 44, 'middle'),
        shortened(finding.account, 14),
        shortened(finding.region, 16),
        ...origin,
      ]),
    ),
  );
}

/** Where the terminal is too narrow for that: two lines for each, with the whole name of the resource, to be copied. */
function openList(shown: readonly Shown[], width: number): string {
  const labels = Math.max(...shown.map(({ severity }) => widthOf(severity)));
  const controls = Math.max(...shown.map(({ finding }) => finding.control.length));
  return shown
    .flatMap(({ severity, finding, origin: [openedAt, actor] }) => {
      const label = severity + ' '.repeat(labels - widthOf(severity));
      const where = ['   ', shortened(finding.account, 14), shortened(finding.region, 16)];
      const opened = openedAt === undefined ? where : [...where, openedAt];
      const left = width - widthOf(opened.join('  ')) - 2;
      const place = (actor === undefined ? opened : [...opened, shortened(actor, left, 'middle')]).join('  ');
      const resource = printable(finding.resource.id);
      const first = `  ${label}  ${finding.control.padEnd(controls)}  ${resource}`;
      // What is longer than a line is broken by the terminal, and copied whole.
      return widthOf(first) <= width
        ? [first, place]
        : [`  ${label}  ${finding.control}`, `     ${resource}`, place];
    })
    .join('\n');
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

/** The text with its longer lines broken between words; lines of a table are indented, and stay as they are. */
function within(width: number, text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith(' ') ? line : wrappedPainted(line, width)))
    .join('\n');
}

/** What was asked for and is not there, and how to have it accepted; empty where all of it is there. */
export function scopeErrorsText(scopeErrors: readonly string[], allowed: boolean): string {
  if (scopeErrors.length === 0) return '';
  const lines = scopeErrors.map((error) => `trailseal: ${printable(error)}`);
  return [...lines, ...(allowed ? [] : ['exit 3; where that is meant, add --allow-empty'])].join('\n');
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
