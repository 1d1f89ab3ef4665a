/** A summary of findings as Markdown: for the summary of a job, or a comment on a pull request. */
import { severities } from '../../../lib/core/control.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { printable } from '../printable.ts';
import { isOpenFailure, type RunOutput, resourceNameOf } from './run-output.ts';

/** How many findings are shown: GitHub takes at most 1 MiB. */
const shownFindings = 200;

/**
 * Text from events as Markdown shows it literally: a name must not become a link, markup or HTML.
 * @example markdownText('<b>*x*') // '&lt;b&gt;\\*x\\*'
 */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replaceAll('www.', 'www&#46;')
    .replace(/[\\`*_{}[\]()#|~!]/g, (character) => `\\${character}`);
}

/** A table; its cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What was asked for and is not there, and what could not be read, as a list; empty where there is neither. */
export function markdownErrors(
  scopeErrors: readonly string[],
  inputErrors: readonly {
    readonly file: string;
    readonly line?: number | undefined;
    readonly reason: string;
  }[],
): string {
  const lines = [
    ...scopeErrors.map(markdownText),
    ...inputErrors
      .slice(0, 20)
      .map(
        ({ file, line, reason }) =>
          `${markdownText(file)}${line === undefined ? '' : `:${line}`}: ${markdownText(reason)}`,
      ),
    ...(inputErrors.length > 20 ? [`… and ${inputErrors.length - 20} more`] : []),
  ];
  return lines.length === 0 ? '' : ['### Incomplete', '', ...lines.map((line) => `- ${line}`)].join('\n');
}

export function markdownOf({ replay, origin }: RunOutput): string {
  const open = replay.findings.filter(({ status }) => status === 'OPEN').sort(byUrgency);
  const failures = open.filter(isOpenFailure);
  const counts = [...severities]
    .reverse()
    .map((severity) => ({
      severity,
      count: failures.filter((finding) => finding.severity === severity).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity.toLowerCase()}`);
  const headline =
    replay.matched === 0
      ? '**Nothing was evaluated.**'
      : failures.length === 0
        ? `**No open failure** among ${replay.matched} evaluations.`
        : `**${failures.length} open ${failures.length === 1 ? 'failure' : 'failures'}** (${counts.join(', ')}).`;
  const rows = open
    .slice(0, shownFindings)
    .map((finding) =>
      [
        labelOf(finding),
        finding.control,
        resourceNameOf(finding),
        origin.accountNames.get(finding.account) ?? finding.account,
        finding.evidence.summary,
        finding.openedAt === null ? finding.actor.name : `${finding.openedAt} ${finding.actor.name}`,
      ].map(markdownText),
    );
  const parts = [
    `## Trailseal ${origin.command}`,
    `${headline} Policy: ${markdownText(origin.policy)}; of: ${origin.sources.map(markdownText).join(', ')}.`,
    rows.length === 0
      ? ''
      : markdownTable(['Severity', 'Control', 'Resource', 'Account', 'Reason', 'Opened'], rows),
    open.length > shownFindings ? `… and ${open.length - shownFindings} more.` : '',
    markdownErrors(origin.scopeErrors, replay.inputErrors),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function labelOf({ verdict, severity, exemption }: Finding): string {
  if (verdict === 'UNKNOWN') return verdict;
  return exemption?.state === 'active' ? `${severity} (exempt until ${exemption.expires})` : severity;
}

function byUrgency(one: Finding, other: Finding): number {
  return urgency(other) - urgency(one) || (one.id < other.id ? -1 : 1);
}

/** Failures first, by severity; then the exempt ones; then what is not known. */
function urgency(finding: Finding): number {
  const group = isOpenFailure(finding) ? 20 : finding.verdict === 'FAIL' ? 10 : 0;
  return group + severities.indexOf(finding.severity);
}
