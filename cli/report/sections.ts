/** The sections of the report that need no script: text, counts and tables. */
import type { Severity } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { compliance, type RequirementStatus, type StandardTable } from './compliance.ts';
import {
  type ActorRow,
  duration,
  type FixTimes,
  type OpenCount,
  openBy,
  type Timeline,
  type TimeToFix,
  worstFirst,
} from './figures.ts';
import { type Html, html } from './html.ts';
import type { ReportInput } from './input.ts';
import { requirementName } from './requirements.ts';
import { wordingOf } from './wording.ts';

/** The severities as people read them. */
export const severityWords: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  INFORMATIONAL: 'Informational',
};

const requirementWords: Readonly<Record<RequirementStatus, string>> = {
  fails: 'Fails',
  exempt: 'Exempt',
  unknown: 'Not proven',
  passes: 'Passes',
  'not-evaluated': 'Not evaluated',
};

/** `2026-03-01T10:20:30Z` to the minute, `2026-03-01T10:20Z`; anything else as it is. */
export function timeText(time: string | null): string {
  if (time === null) return 'unknown time';
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(time) ? `${time.slice(0, 16)}Z` : time;
}

const count = (value: number): string => value.toLocaleString('en');
const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

export function header(input: ReportInput): Html {
  const words = wordingOf(input);
  const scan = input.command === 'scan';
  const open = input.findings.filter((finding) => finding.status === 'OPEN');
  const closed = input.findings.length - open.length;
  const failing = open.filter((finding) => finding.verdict === 'FAIL');
  const worst = worstFirst.slice(0, 2).flatMap((severity) => {
    const some = failing.filter((finding) => finding.severity === severity).length;
    return some === 0 ? [] : [`${count(some)} ${severityWords[severity].toLowerCase()}`];
  });
  const parts = [
    ...(failing.length > 0
      ? [`${count(failing.length)} failing${worst.length > 0 ? ` (${worst.join(', ')})` : ''}`]
      : []),
    ...(open.length > failing.length ? [`${count(open.length - failing.length)} not proven`] : []),
    `${count(closed)} closed`,
  ];
  const headline =
    input.findings.length === 0
      ? 'No findings'
      : open.length === 0
        ? 'No open findings'
        : counted(open.length, 'open finding');
  const aside =
    input.findings.length === 0
      ? input.matched === 0
        ? words.nothing
        : `${counted(input.matched, scan ? 'resource' : 'event')} evaluated; no resource failed.`
      : parts.join(' · ');
  return html`<header class="masthead">
  <div class="bar"><p class="brand">Trailseal <span>encryption report</span></p>
    <button type="button" id="theme" class="quiet" hidden>Dark theme</button></div>
  <h1>${headline}<small>${aside}</small></h1>
  <dl class="facts">
    <div><dt>${scan ? 'Scanned' : 'Period'}</dt><dd>${
      input.period.from === null && input.period.to === null
        ? 'no evaluated event has a time'
        : `${timeText(input.period.from)} to ${timeText(input.period.to)}`
    }</dd></div>
    <div><dt>Generated</dt><dd>${timeText(input.generatedAt)}</dd></div>
    <div><dt>${words.heading[1]}</dt><dd>${count(input.records)} ${scan ? 'listed' : 'read'}, ${count(input.matched)} evaluated</dd></div>
    <div><dt>Input errors</dt><dd>${
      input.inputErrors.length + input.rejected === 0
        ? 'none'
        : html`<a href="#input">${counted(input.inputErrors.length, 'input error')}${scan ? '' : `, ${counted(input.rejected, 'record')} rejected`}</a>`
    }</dd></div>
    <div class="wide"><dt>${input.sources.length === 1 ? 'Source' : 'Sources'}</dt><dd>${sources(input.sources)}</dd></div>
  </dl>
  <nav aria-label="Sections"><ul>
    <li><a href="#open">Open now</a></li>${scan ? '' : html`<li><a href="#time">Over time</a></li><li><a href="#actors">Actors</a></li>`}
    <li><a href="#findings">Findings</a></li><li><a href="#compliance">Compliance</a></li><li><a href="#input">Input</a></li>
  </ul></nav>
</header>`;
}

function sources(paths: readonly string[]): Html {
  const shown = 5;
  if (paths.length === 0) return html`none`;
  const rest = paths.length - shown;
  return html`${paths.slice(0, shown).map((path) => html`<code>${path}</code> `)}${rest > 0 ? `and ${count(rest)} more` : ''}`;
}

/** Bars of rising height, filled as far as the severity goes: its sign beside the colour. */
export function severityMark(severity: Severity): Html {
  const level = worstFirst.length - worstFirst.indexOf(severity);
  return html`<svg class="mark" width="15" height="10" viewBox="0 0 15 10" aria-hidden="true">${[
    1, 2, 3, 4, 5,
  ].map(
    (bar) =>
      html`<rect x="${(bar - 1) * 3}" y="${10 - bar * 2}" width="2" height="${bar * 2}" class="${bar <= level ? 'on' : 'off'}"/>`,
  )}</svg>`;
}

export function openNow(input: ReportInput): Html {
  const { findings } = input;
  const all = openBy(findings, () => 'all')[0];
  const bySeverity = new Map(
    openBy(findings, (finding) => finding.severity).map((entry) => [entry.name, entry]),
  );
  const titles = new Map(input.controls.map((control) => [control.id, control.title]));
  return html`<section id="open" aria-labelledby="open-h"><h2 id="open-h">Open now</h2>
  <ul class="cards">${worstFirst.map((severity) => {
    const entry = bySeverity.get(severity);
    const inside = html`<span class="label">${severityMark(severity)}${severityWords[severity]}</span>
      <span class="figure">${count(entry?.open ?? 0)}</span><span class="note">${entry === undefined ? 'none open' : aside(entry)}</span>`;
    const kind = `card sev ${severity.toLowerCase()}`;
    return entry === undefined
      ? html`<li class="${kind} none">${inside}</li>`
      : html`<li class="${kind}"><a href="#findings" data-filter="severity" data-value="${severity}">${inside}</a></li>`;
  })}</ul>
  ${
    all === undefined
      ? html`<p class="empty">${
          findings.length === 0
            ? wordingOf(input).empty
            : 'Every finding of this period is closed. The table below lists them, with the actors who closed them.'
        }</p>`
      : html`<div class="panels">
    ${breakdown('Control', 'control', findings, (finding) => finding.control, titles)}
    ${breakdown('Account', 'account', findings, (finding) => finding.account)}
    ${breakdown('Region', 'region', findings, (finding) => finding.region)}</div>`
  }</section>`;
}

/** Of the open findings: how many are not proven, how many are exempt. */
function aside(entry: OpenCount): string {
  const parts = [
    ...(entry.unknown > 0 ? [`${count(entry.unknown)} not proven`] : []),
    ...(entry.exempt > 0 ? [`${count(entry.exempt)} exempt`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'all failing';
}

function breakdown(
  title: string,
  filter: string,
  findings: readonly Finding[],
  name: (finding: Finding) => string,
  titles?: ReadonlyMap<string, string>,
): Html {
  const shown = 15;
  const entries = openBy(findings, name);
  const most = Math.max(...entries.slice(0, 1).map((entry) => entry.open), 1);
  return html`<div class="panel"><table class="bars"><caption>By ${title === 'Region' ? 'Region' : title.toLowerCase()}</caption>
  <thead><tr><th scope="col">${title}</th><th scope="col" class="n">Open</th></tr></thead><tbody>${entries
    .slice(0, shown)
    .map(
      (entry) =>
        html`<tr><th scope="row"><a href="#findings" data-filter="${filter}" data-value="${entry.name}">${
          titles?.get(entry.name) ?? entry.name
        }</a>${bar(entry, most)}<span class="note">${severityList(entry)}</span></th><td class="n">${count(entry.open)}</td></tr>`,
    )}</tbody></table>${
    entries.length > shown
      ? html`<p class="note">and ${count(entries.length - shown)} more, in the table of findings</p>`
      : ''
  }</div>`;
}

/** A bar of the group's findings by severity, in proportion to the largest group. */
function bar(entry: OpenCount, most: number): Html {
  let x = 0;
  return html`<svg class="bar" width="100%" height="6" aria-hidden="true">${worstFirst.map(
    (severity, index) => {
      const width = ((entry.bySeverity[index] ?? 0) / most) * 100;
      const rect =
        width === 0
          ? ''
          : html`<rect class="${severity.toLowerCase()}" x="${x.toFixed(2)}%" width="${width.toFixed(2)}%" height="6"/>`;
      x += width;
      return rect;
    },
  )}</svg>`;
}

function severityList(entry: OpenCount): string {
  return worstFirst
    .flatMap((severity, index) => {
      const some = entry.bySeverity[index] ?? 0;
      return some === 0 ? [] : [`${count(some)} ${severityWords[severity].toLowerCase()}`];
    })
    .join(' · ');
}

export function overTime(line: Timeline, fix: TimeToFix): Html {
  const opened = line.buckets.reduce((sum, bucket) => sum + bucket.opened, 0);
  const closed = line.buckets.reduce((sum, bucket) => sum + bucket.closed, 0);
  return html`<section id="time" aria-labelledby="time-h"><h2 id="time-h">Over time</h2><div class="panels two">
  <div class="panel"><h3>Opened and closed</h3>${
    line.buckets.length === 0
      ? html`<p class="empty">There are no findings with a known time.</p>`
      : html`<p class="note">${count(opened)} opened and ${count(closed)} closed, by ${line.step} (UTC)${
          line.untimed > 0 ? `; ${counted(line.untimed, 'change')} without a time not included` : ''
        }. The line shows how many were open at the end of each ${line.step}.</p>
  <div class="chart"><canvas id="timeline-chart" role="img" aria-label="Findings opened and closed by ${line.step}; the table below has the same figures"></canvas></div>
  <details><summary>Figures as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Opened and closed, figures"><table><caption>Findings opened and closed by ${line.step}</caption>
  <thead><tr><th scope="col">${line.step === 'day' ? 'Day' : `From (${line.step})`}</th><th scope="col" class="n">Opened</th><th scope="col" class="n">Closed</th><th scope="col" class="n">Open at end</th></tr></thead>
  <tbody>${line.buckets
    .filter((bucket) => bucket.opened + bucket.closed > 0)
    .map(
      (bucket) =>
        html`<tr><th scope="row">${bucket.from}</th><td class="n">${count(bucket.opened)}</td><td class="n">${count(bucket.closed)}</td><td class="n">${count(bucket.open)}</td></tr>`,
    )}</tbody></table></div></details>`
  }</div>
  <div class="panel"><h3>Time to fix</h3>${
    fix.all === null
      ? html`<p class="empty">No finding was fixed in this period.</p>`
      : html`<p class="note">${counted(fix.all.fixed, 'finding')} fixed, half of them within <strong>${duration(fix.all.median)}</strong>. Resources that were deleted are not counted.</p>
  <div class="chart small"><canvas id="fix-chart" role="img" aria-label="How long findings stayed open before they were fixed; the tables below have the figures"></canvas></div>
  ${fixTable('By severity', 'Severity', fix.bySeverity, (name) => severityWords[name as Severity] ?? name)}
  <details><summary>By control, and the chart’s figures</summary>${fixTable('By control, slowest first', 'Control', fix.byControl, (name) => name)}
  <table><caption>Time to fix</caption><thead><tr><th scope="col">Open for</th><th scope="col" class="n">Findings</th></tr></thead>
  <tbody>${fix.distribution.map((span) => html`<tr><th scope="row">${span.label}</th><td class="n">${count(span.count)}</td></tr>`)}</tbody></table></details>`
  }</div></div></section>`;
}

function fixTable(
  caption: string,
  head: string,
  rows: readonly FixTimes[],
  word: (name: string) => string,
): Html {
  return html`<table><caption>${caption}</caption><thead><tr><th scope="col">${head}</th><th scope="col" class="n">Fixed</th><th scope="col" class="n">Median</th><th scope="col" class="n">90 % within</th></tr></thead>
  <tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${word(row.name)}</th><td class="n">${count(row.fixed)}</td><td class="n">${duration(row.median)}</td><td class="n">${duration(row.p90)}</td></tr>`,
  )}</tbody></table>`;
}

export function actors(rows: readonly ActorRow[]): Html {
  return html`<section id="actors" aria-labelledby="actors-h"><h2 id="actors-h">Top actors</h2>${
    rows.length === 0
      ? html`<p class="empty">No actor caused a finding.</p>`
      : html`<div class="panel scroll" tabindex="0" role="region" aria-labelledby="actors-h"><table class="actors"><caption class="sr">The actors with most open findings</caption>
  <thead><tr><th scope="col">Actor</th><th scope="col">Type</th><th scope="col">Source IP</th><th scope="col">Highest severity</th><th scope="col" class="n">Open</th><th scope="col" class="n">Opened</th><th scope="col">Last opened</th></tr></thead>
  <tbody>${rows.map(
    (
      row,
    ) => html`<tr><th scope="row"><a href="#findings" data-search="${row.arn}">${row.name}</a><code class="note">${row.arn}</code></th>
    <td>${row.type}</td><td>${
      row.sourceIps.length === 0
        ? 'unknown'
        : html`${row.sourceIps.slice(0, 2).map((ip) => html`<code>${ip}</code> `)}${row.sourceIps.length > 2 ? `and ${count(row.sourceIps.length - 2)} more` : ''}`
    }</td><td><span class="badge sev ${row.worst.toLowerCase()}">${severityMark(row.worst)}${severityWords[row.worst]}</span></td>
    <td class="n">${count(row.open)}</td><td class="n">${count(row.opened)}</td><td class="nowrap">${timeText(row.last)}</td></tr>`,
  )}</tbody></table></div>`
  }</section>`;
}

/** The frame of the table of findings, which the page's script fills. */
export function findingsFrame(total: number): Html {
  return html`<section id="findings" aria-labelledby="findings-h"><h2 id="findings-h">Findings</h2>
  <noscript><p class="empty">The table of findings and the charts need JavaScript, which is not available here. The rest of this page is complete.</p></noscript>
  ${total === 0 ? html`<p class="empty">There are no findings.</p>` : html`<div id="findings-table"></div>`}</section>`;
}

export function complianceView(input: ReportInput): Html {
  const words = wordingOf(input);
  const found = new Set(input.findings.map((finding) => finding.control));
  return html`<section id="compliance" aria-labelledby="compliance-h"><h2 id="compliance-h">Compliance view</h2>
  <p class="note">Resources by the ${input.command === 'scan' ? '' : 'last '}verdict of the controls that map to a requirement. A resource counts once for each control that evaluated it. <em>Not proven</em>: ${words.unproven}. <em>Not evaluated</em>: ${words.notEvaluated}. This is evidence for an audit, not an attestation.</p>
  ${compliance(input).map((table) => standardTable(table, found))}</section>`;
}

/** @param found the controls with findings, which are linked. */
function standardTable(table: StandardTable, found: ReadonlySet<string>): Html {
  if (table.rows.length === 0)
    return html`<div class="panel standard"><h3>${table.name}</h3><p class="empty">No control maps to this standard.</p></div>`;
  const failing = table.rows.filter((row) => row.status === 'fails').length;
  return html`<div class="panel standard scroll" tabindex="0" role="region" aria-label="${table.name}"><table class="standard"><caption>${table.name} <span class="note">${count(failing)} of ${counted(table.rows.length, 'requirement')} ${failing === 1 ? 'fails' : 'fail'}</span></caption>
  <thead><tr><th scope="col">Requirement</th><th scope="col">Controls</th><th scope="col" class="n">Pass</th><th scope="col" class="n">Fail</th><th scope="col" class="n">Unknown</th><th scope="col" class="n">Not applicable</th><th scope="col" class="n">Open findings</th><th scope="col">Status</th></tr></thead>
  <tbody>${table.rows.map((row) => {
    const name = requirementName(row.requirement);
    return html`<tr><th scope="row"><span class="nowrap">${row.requirement}</span>${name === undefined ? '' : html`<span class="note">${name}</span>`}</th><td>${row.controls.map(
      (control, index) =>
        html`${index > 0 ? ', ' : ''}${
          found.has(control)
            ? html`<a href="#findings" data-filter="control" data-value="${control}"><code>${control}</code></a>`
            : html`<code>${control}</code>`
        }`,
    )}</td><td class="n">${count(row.counts.PASS)}</td><td class="n">${count(row.counts.FAIL)}</td><td class="n">${count(row.counts.UNKNOWN)}</td><td class="n">${count(row.counts.NOT_APPLICABLE)}</td><td class="n">${count(row.open)}${
      row.exempt > 0 ? html`<span class="note">${count(row.exempt)} exempt</span>` : ''
    }</td><td><span class="state ${row.status}">${requirementWords[row.status]}</span></td></tr>`;
  })}</tbody></table></div>`;
}

export function inputView(input: ReportInput): Html {
  const words = wordingOf(input);
  const shown = 500;
  const ignored = Object.entries(input.ignored).sort(([, a], [, b]) => b - a);
  const total = ignored.reduce((sum, [, some]) => sum + some, 0);
  const rest = input.inputErrors.length - shown;
  return html`<section id="input" aria-labelledby="input-h"><h2 id="input-h">Input</h2><div class="panels two even">
  <div class="panel"><table><caption>Outcome of ${counted(input.records, ...words.subject)}</caption><thead><tr><th scope="col">${words.heading[0]}</th><th scope="col" class="n">Count</th></tr></thead><tbody>
  <tr><th scope="row">Evaluated</th><td class="n">${count(input.matched)}</td></tr>
  ${
    input.command === 'scan'
      ? html`<tr><th scope="row">Deleted before evaluation</th><td class="n">${count(total)}</td></tr>`
      : html`<tr><th scope="row">Ignored</th><td class="n">${count(total)}</td></tr>
  ${ignored.map(([reason, some]) => html`<tr class="sub"><th scope="row">${reason.replaceAll('-', ' ')}</th><td class="n">${count(some)}</td></tr>`)}
  <tr><th scope="row">Rejected: not a CloudTrail record</th><td class="n">${count(input.rejected)}</td></tr>`
  }</tbody></table></div>
  <div class="panel"><table><caption>Evaluations by verdict</caption><thead><tr><th scope="col">Verdict</th><th scope="col" class="n">Count</th></tr></thead><tbody>
  <tr><th scope="row">Pass</th><td class="n">${count(input.verdicts.PASS)}</td></tr>
  <tr><th scope="row">Fail</th><td class="n">${count(input.verdicts.FAIL)}</td></tr>
  <tr><th scope="row">Unknown: ${words.unknown}</th><td class="n">${count(input.verdicts.UNKNOWN)}</td></tr>
  <tr><th scope="row">Not applicable</th><td class="n">${count(input.verdicts.NOT_APPLICABLE)}</td></tr></tbody></table></div></div>
  ${
    input.inputErrors.length === 0
      ? html`<p class="empty">${words.allRead}</p>`
      : html`<div class="panel scroll" tabindex="0" role="region" aria-label="Input errors"><table><caption>Input errors</caption><thead><tr><th scope="col">${words.errorColumn}</th><th scope="col" class="n">Line</th><th scope="col">Reason</th></tr></thead><tbody>${input.inputErrors
          .slice(0, shown)
          .map(
            (error) =>
              html`<tr><th scope="row"><code>${error.file}</code></th><td class="n">${error.line ?? '–'}</td><td>${error.reason}</td></tr>`,
          )}</tbody></table>${rest > 0 ? html`<p class="note">and ${count(rest)} more, listed in summary.json</p>` : ''}</div>`
  }</section>`;
}
