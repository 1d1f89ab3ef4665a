/**
 * The report: one HTML file that opens offline. What is words and counts is written here, as escaped HTML;
 * the charts, the table of findings and the panel of one are made by the page's own script (`client/`, built
 * into `generated/assets.ts`) from data embedded as JSON. The page's Content-Security-Policy admits that
 * script and that style by their hashes, no connection at all, and no markup made from strings.
 */
import { createHash } from 'node:crypto';
import { script, style } from './generated/assets.ts';
import { embeddedJson, embeddedText, Html, html, inline } from './html.ts';
import type { ReportInput } from './input.ts';
import { type Block, pack } from './pack.ts';
import { actors, complianceView, findingsFrame, header, inputView, openNow, overTime } from './sections.ts';
import { wordingOf } from './wording.ts';

/** @returns the whole file as text. Throws only if the built script or style is unfit to be inlined. */
export function renderReport(input: ReportInput): string {
  const { wire, details, events } = pack(input);
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Trailseal">
<title>Trailseal report, ${input.generatedAt.slice(0, 10)}</title>
<link rel="icon" href="data:,">
${inline('style', style)}
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${header(input)}
<main id="main" tabindex="-1">
${openNow(input)}
${input.command === 'scan' ? '' : [overTime(wire.timeline, wire.timeToFix), actors(wire.actors)]}
${findingsFrame(input.findings.length)}
${complianceView(input)}
${inputView(input)}
</main>
<footer><p>Made by Trailseal from ${wordingOf(input).madeFrom}. Times are UTC.</p></footer>
<script type="application/json" id="data">${embeddedJson(wire)}</script>
${details.map((block, index) => blockElement(`details-${index}`, block))}
${events.map((block, index) => blockElement(`events-${index}`, block))}
${inline('script', script)}
</body>
</html>
`.text;
}

function blockElement(id: string, block: Block): Html {
  const content = block.kind === 'gzip' ? embeddedJson(block.base64) : embeddedText(block.json);
  return html`<script type="application/json" id="${id}">${content}</script>
`;
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
