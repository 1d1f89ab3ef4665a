/** Packs the report's input into the data that its page reads. */
import { gzipSync } from 'node:zlib';
import { severities } from '../../lib/core/control.ts';
import { type Finding, statuses } from '../../lib/findings/finding.ts';
import { printable } from '../output/printable.ts';
import { timeline, timeToFix, topActors } from './figures.ts';
import type { ReportInput } from './input.ts';
import { blockSize, type Column, columns, type FindingDetail, type Wire } from './wire.ts';

/** Above this many characters of JSON the blocks are compressed; below, the file remains readable. */
const plainLimit = 1_500_000;

export interface Packed {
  readonly wire: Wire;
  /** Each block is a JSON array, or the base64 of one that was compressed with gzip. */
  readonly details: readonly Block[];
  readonly events: readonly Block[];
}
export type Block =
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'gzip'; readonly base64: string };

/** The default order: open before closed, then most severe first, then newest first, then by id. */
export function inReadingOrder(findings: readonly Finding[]): readonly Finding[] {
  const key = new Map(
    findings.map((finding) => [
      finding,
      statuses.indexOf(finding.status) * 10 - severities.indexOf(finding.severity),
    ]),
  );
  return [...findings].sort(
    (a, b) =>
      (key.get(a) ?? 0) - (key.get(b) ?? 0) ||
      compare(b.openedAt ?? '', a.openedAt ?? '') ||
      compare(a.id, b.id),
  );
}

/** Packs the findings, each event once however many findings it opened. */
export function pack(input: ReportInput): Packed {
  const findings = inReadingOrder(input.findings);
  const eventIndex = new Map<unknown, number>();
  const byText = new Map<string, number>();
  const events: string[] = [];
  const indexOfEvent = (id: string): number | null => {
    if (!Object.hasOwn(input.events, id)) return null;
    const event = input.events[id];
    const known = eventIndex.get(event);
    if (known !== undefined) return known;
    const text = JSON.stringify(event);
    const index = byText.get(text) ?? events.push(text) - 1;
    byText.set(text, index);
    eventIndex.set(event, index);
    return index;
  };
  const details = findings.map((finding) =>
    JSON.stringify({ finding, event: indexOfEvent(finding.id) } satisfies FindingDetail),
  );
  const size = [...details, ...events].reduce((sum, text) => sum + text.length, 0);
  const compressed = size > plainLimit;
  return {
    wire: {
      ...table(findings),
      controls: input.controls,
      timeline: timeline(findings),
      timeToFix: timeToFix(findings),
      actors: topActors(findings),
    },
    details: blocks(details, compressed),
    events: blocks(events, compressed),
  };
}

function table(findings: readonly Finding[]): Pick<Wire, 'strings' | 'rows'> {
  const strings: string[] = [];
  const indices = new Map<string, number>();
  const indexOf = (text: string): number => {
    const known = indices.get(text);
    if (known !== undefined) return known;
    indices.set(text, strings.length);
    return strings.push(text) - 1;
  };
  const rows = Object.fromEntries(
    columns.map((column) => [column, findings.map((finding) => indexOf(shown(finding, column)))]),
  ) as Record<Column, number[]>;
  return { strings, rows };
}

/** The text of the table is made printable here, once; the id is kept unchanged, as links use it. */
function shown(finding: Finding, column: Column): string {
  const text = cell(finding, column);
  return column === 'id' ? text : printable(text);
}

function cell(finding: Finding, column: Column): string {
  switch (column) {
    case 'resourceType':
      return finding.resource.type;
    case 'resourceId':
      return finding.resource.id;
    case 'resourceArn':
      return finding.resource.arn ?? finding.resource.id;
    case 'actorName':
      return finding.actor.name;
    case 'actorArn':
      return finding.actor.arn;
    case 'sourceIp':
      return finding.actor.sourceIp ?? '';
    case 'summary':
      return finding.evidence.summary;
    case 'exemption':
      return finding.exemption?.state ?? '';
    default:
      return finding[column] ?? '';
  }
}

function blocks(texts: readonly string[], compressed: boolean): readonly Block[] {
  const made: Block[] = [];
  for (let start = 0; start < texts.length; start += blockSize) {
    const json = `[${texts.slice(start, start + blockSize).join(',')}]`;
    made.push(
      compressed
        ? { kind: 'gzip', base64: gzipSync(json, { level: 1 }).toString('base64') }
        : { kind: 'json', json },
    );
  }
  return made;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
