/** What a new policy changes, as Markdown: for the summary of a job, or a comment on a pull request. */
import { markdownErrors, markdownTable, markdownText } from '../../output/formats/markdown.ts';
import type { FindingDifference, PolicyDiffJson, Side } from './schema.ts';

/** How many findings are shown: GitHub takes at most 1 MiB. */
const shownFindings = 200;

/** @example diffMarkdown(diff).split('\n')[0] // '## Trailseal policy diff' */
export function diffMarkdown(diff: PolicyDiffJson): string {
  const rows = diff.findings.slice(0, shownFindings).map(rowOf);
  const parts = [
    '## Trailseal policy diff',
    markdownText(diff.summary),
    rows.length === 0
      ? ''
      : markdownTable(['Change', 'Control', 'Resource', 'Old', 'New', 'Actions', 'Reason'], rows),
    diff.findings.length > shownFindings ? `… and ${diff.findings.length - shownFindings} more.` : '',
    markdownErrors(diff.scopeErrors, diff.inputErrors),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function rowOf({ change, control, resource, account, region, old, new: now, actions }: FindingDifference) {
  return [
    change,
    control,
    `${resource.id} (${account}, ${region})`,
    stateOf(old),
    stateOf(now),
    actions.map((one) => `${one.action}: ${one.old.outcome} -> ${one.new.outcome}`).join('; '),
    now.reason,
  ].map(markdownText);
}

function stateOf({ finding }: Side): string {
  if (finding === null) return 'no finding';
  const { severity, verdict, status, exemption } = finding;
  return `${severity} ${verdict} ${status.toLowerCase()}${exemption?.state === 'active' ? ', exempt' : ''}`;
}
