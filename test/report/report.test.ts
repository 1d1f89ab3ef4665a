import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assetsFile, buildAssets } from '../../cli/report/build.ts';
import { compliance } from '../../cli/report/compliance.ts';
import { duration, timeToFix } from '../../cli/report/figures.ts';
import { embeddedJson, escapeHtml } from '../../cli/report/html.ts';
import { httpsLink } from '../../cli/report/links.ts';
import { renderReport } from '../../cli/report/report.ts';
import { emptyInput, hostile, hostileInput, reportInput } from './fixture.ts';

/** What of a page is markup: without the elements that hold data, script or style. */
function markupOf(page: string): string {
  return page.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
}

describe('the page of a report', () => {
  it('is one document that asks for nothing from elsewhere', () => {
    const page = renderReport(reportInput(50));
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(markupOf(page)).not.toMatch(/(src|action)="(?!data:)/);
    expect(page).not.toMatch(/@import|<link rel="stylesheet"/);
  });

  it('admits its own script and style by their hashes, and no other', () => {
    const [, policy = ''] =
      /Content-Security-Policy" content="([^"]+)"/.exec(renderReport(emptyInput())) ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'sha256-[A-Za-z0-9+/=]+'/);
    expect(policy).not.toContain('unsafe');
  });

  it('shows the counts of records, and what could not be read', () => {
    const inputErrors = [{ file: 'trail/a.json.gz', line: 7, reason: 'truncated gzip' }];
    const page = markupOf(renderReport(reportInput(5, { records: 15_107, inputErrors })));
    expect(page).toContain('15,107');
    expect(page).toContain('truncated gzip');
  });

  it('is made of 10,000 findings in a reasonable size', () => {
    expect(renderReport(reportInput(10_000)).length).toBeLessThan(12_000_000);
  });
});

describe('a string from an event', () => {
  it.each(hostile)('stays text in markup and in data: %j', (text) => {
    expect(escapeHtml(text)).not.toMatch(/[<>"']/);
    expect(embeddedJson({ text }).text).not.toMatch(/[<>&\u2028\u2029]/);
  });

  it('opens no element anywhere on the page', () => {
    const page = markupOf(renderReport(hostileInput()));
    expect(page).not.toMatch(/href="\s*javascript:/i);
    // What stands in quotes is an attribute's value; no attribute of ours is without them.
    const bare = page.replace(/="[^"]*"/g, '=""');
    expect(bare).not.toMatch(/<(img|script|iframe)|<[^>]*\son\w+=/i);
  });

  it('ends no script element', () => {
    const ours = (page: string) => page.split('</script').length;
    expect(ours(renderReport(hostileInput()))).toBe(ours(renderReport(reportInput(hostile.length))));
  });

  it('makes no link but to https', () => {
    expect(
      ['javascript:alert(1)', 'data:text/html,x', 'http://192.0.2.1/', 'https//x'].map(httpsLink),
    ).toEqual(Array(4).fill(undefined));
  });
});

describe('the generated script and style', () => {
  it('are what the sources make: else run npm run generate:report', async () => {
    expect(await buildAssets()).toBe(readFileSync(assetsFile, 'utf8'));
  });
});

describe('the compliance view', () => {
  const [control] = reportInput(1).controls;
  const controls = control === undefined ? [] : [control];
  const statusWith = (posture: { PASS?: number; FAIL?: number; UNKNOWN?: number }) => {
    const counts = { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0, ...posture };
    const [standard] = compliance({ controls, findings: [], posture: { [control?.id ?? '']: counts } });
    return standard?.rows[0]?.status;
  };

  it.each([
    ['fails', { PASS: 3, FAIL: 1 }],
    ['unknown', { PASS: 3, UNKNOWN: 1 }],
    ['passes', { PASS: 3 }],
    ['unseen', {}],
  ] as const)('says of a requirement that it %s', (status, posture) => {
    expect(statusWith(posture)).toBe(status);
  });

  it('has a table for each standard', () => {
    expect(compliance(reportInput(10)).map(({ name }) => name)).toEqual([
      'NIST SP 800-53 Revision 5',
      'PCI DSS v4.0.1',
      'AWS Foundational Security Best Practices',
    ]);
  });
});

describe('time to fix', () => {
  const { findings } = reportInput(60);
  const resolved = findings.filter(({ status }) => status === 'RESOLVED');

  it('is counted from opening to closing of what was fixed', () => {
    const [finding] = resolved;
    if (finding === undefined) throw new Error('the fixture has none resolved');
    const timed = { ...finding, openedAt: '2026-10-01T00:00:00.000Z', closedAt: '2026-10-01T05:30:00.000Z' };
    expect(timeToFix([timed]).all).toMatchObject({ fixed: 1, median: 5.5 * 3_600_000 });
  });

  it('counts what was fixed before it was deleted', () => {
    const [finding] = resolved;
    if (finding === undefined) throw new Error('the fixture has none resolved');
    const [last] = finding.history.slice(-1);
    if (last === undefined) throw new Error('the fixture has no history');
    const history = [...finding.history, { ...last, status: 'ARCHIVED' as const }];
    expect(timeToFix([{ ...finding, status: 'ARCHIVED', history }]).all).toMatchObject({ fixed: 1 });
  });

  it('leaves out what is open or merely gone', () => {
    const others = findings.filter(
      ({ history }) => history.findLast(({ status }) => status !== 'ARCHIVED')?.status === 'OPEN',
    );
    expect(timeToFix(others).all).toBeNull();
  });

  it.each([
    [30_000, 'under 1 min'],
    [40 * 60_000, '40 min'],
    [5.5 * 3_600_000, '5.5 h'],
    [12 * 86_400_000, '12 days'],
  ])('is said as people say it: %d ms', (milliseconds, words) => {
    expect(duration(milliseconds)).toBe(words);
  });
});
