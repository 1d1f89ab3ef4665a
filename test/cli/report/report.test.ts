import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { assetsFile, buildAssets } from '../../../cli/report/build.ts';
import { script, style } from '../../../cli/report/generated/assets.ts';
import { pack } from '../../../cli/report/pack.ts';
import { renderReport } from '../../../cli/report/report.ts';
import { emptyInput, hostile, hostileInput, reportInput } from './fixture.ts';

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What the report embeds under this id. */
function embedded(report: string, id: string): unknown {
  const found = new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`, 's').exec(
    report,
  )?.[1];
  if (found === undefined) throw new Error(`the report embeds no ${id}`);
  return JSON.parse(found);
}

/** The report without its own script, style and data: what a reader without scripts sees. */
const markup = (report: string): string => report.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '');

describe('the report', () => {
  const report = renderReport(reportInput(60));

  it('allows its own script and style by hash, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(report)?.[1];
    expect(policy).toBe(
      `default-src 'none'; script-src ${sha256(script)}; style-src ${sha256(style)}; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    );
  });

  it('loads no file or address', () => {
    expect(markup(report)).not.toMatch(/\ssrc=|<link(?! rel="icon" href="data:,")|@import|url\(/);
  });

  it('has no style attribute and no event handler in its markup', () => {
    expect(markup(report)).not.toMatch(/<[^>]*\s(?:style|on\w+)=/);
  });

  it('includes the licences of the libraries in its script', () => {
    expect(script).toContain('Chart.js Contributors');
    expect(script).toContain('Jukka Kurkela');
    expect(script.match(/Permission is hereby granted/g)).toHaveLength(2);
  });

  it('shows the outcome of the records, and the input errors', () => {
    expect(markup(report)).toContain('truncated gzip: the file ends early');
    expect(markup(report)).toContain('240,000 records');
  });

  it('is the same for the same input', () => {
    expect(renderReport(reportInput(60))).toBe(report);
  });

  it('says so when there are no findings', () => {
    expect(markup(renderReport(emptyInput()))).toContain('There are no findings in these events.');
  });

  it('says how many input errors it leaves out', () => {
    const inputErrors = Array.from({ length: 600 }, (_, index) => ({
      file: `${index}.json`,
      reason: 'empty',
    }));
    expect(markup(renderReport(emptyInput({ inputErrors })))).toContain(
      'and 100 more, listed in summary.json',
    );
  });
});

describe('a report of hostile strings', () => {
  const report = renderReport(hostileInput());

  it('has its own script elements and no other', () => {
    const openings = report.match(/<script\b[^>]*>/gi)?.map((tag) => tag.replace(/\d+/, 'N'));
    expect(openings).toEqual([
      '<script type="application/json" id="data">',
      '<script type="application/json" id="details-N">',
      '<script type="application/json" id="events-N">',
      '<script>',
    ]);
  });

  it('has no element that only a hostile string would bring', () => {
    expect(markup(report)).not.toMatch(/<img|<svg[^>]*onload|<!--/i);
  });

  it('has no invisible or reordering character anywhere in its markup', () => {
    expect(markup(report).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  it('links to none of them', () => {
    const targets = [...markup(report).matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(targets.filter((target) => !target.startsWith('#') && target !== 'data:,')).toEqual([]);
  });

  it('embeds them unchanged as data', () => {
    const details = embedded(report, 'details-0') as { finding: { resource: { id: string } } }[];
    expect(details.map(({ finding }) => finding.resource.id).sort()).toEqual([...hostile].sort());
  });
});

describe('packing', () => {
  it('embeds an event once, however many findings it opened', () => {
    const input = reportInput(50);
    const event = { eventName: 'RunInstances', big: 'x'.repeat(50) };
    const events = Object.fromEntries(input.findings.map(({ id }) => [id, { ...event }]));
    expect(pack({ ...input, events }).events).toEqual([{ kind: 'json', json: JSON.stringify([event]) }]);
  });

  it('has no event for a finding without one', () => {
    const [block] = pack({ ...reportInput(1), events: {} }).details;
    expect(block?.kind === 'json' && JSON.parse(block.json)[0].event).toBeNull();
  });

  it('compresses a large report, without loss', () => {
    const input = reportInput(2_000);
    const { details } = pack(input);
    const ids = details.flatMap((block) => {
      if (block.kind !== 'gzip') throw new Error('not compressed');
      const entries = JSON.parse(gunzipSync(Buffer.from(block.base64, 'base64')).toString());
      return (entries as { finding: { id: string } }[]).map(({ finding }) => finding.id);
    });
    expect(ids.sort()).toEqual(input.findings.map(({ id }) => id).sort());
  });

  it('keeps 10,000 findings below 12 MB', () => {
    expect(renderReport(reportInput(10_000)).length).toBeLessThan(12_000_000);
  });
});

describe('the generated assets', () => {
  it('are built from the sources', async () => {
    expect(await buildAssets()).toBe(readFileSync(assetsFile, 'utf8'));
  });
});
