/** The report as people meet it: in a browser, from a file, with mouse, keyboard and screen reader. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printable } from '../../cli/output/printable.ts';
import { inReadingOrder } from '../../cli/report/pack.ts';
import { emptyInput, hostile, hostileInput, reportInput } from '../cli/report/fixture.ts';
import { chromiumPath, Reports, screenshots } from './chromium.ts';

const reports = new Reports();
const input = reportInput(60);
const ordered = inReadingOrder(input.findings);
const first = ordered[0];
if (first === undefined) throw new Error('the fixture made no finding');
let url = '';

const links = (page: Page) => page.locator('.findings tbody th a');
const dialog = (page: Page) => page.getByRole('dialog');
const shown = (page: Page) => page.locator('#shown');
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.getAttribute("href") ?? document.activeElement.id');

describe.skipIf(chromiumPath === undefined)('the report in Chromium', () => {
  beforeAll(async () => {
    await reports.start();
    url = reports.write(input);
  });
  afterAll(() => reports.stop());

  it('opens from a file without an error, a warning, or a request', async () => {
    const { page, troubles } = await reports.open(url);
    await links(page).first().waitFor();
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  it('draws its charts', async () => {
    const { page } = await reports.open(url);
    const painted = await page.evaluate<boolean[]>(
      `[...document.querySelectorAll('canvas')].map((canvas) =>
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0))`,
    );
    expect(painted).toEqual([true, true]);
    await page.context().close();
  });

  describe('the table', () => {
    it('is filtered by a search, with the number of findings', async () => {
      const { page } = await reports.open(url);
      await page.getByRole('searchbox').fill(first.resource.id);
      expect(await links(page).count()).toBe(1);
      expect(await shown(page).textContent()).toBe('1 of 60 findings');
      await page.context().close();
    });

    it('is filtered by a filter, and complete again when the filters are cleared', async () => {
      const { page } = await reports.open(url);
      const open = input.findings.filter((finding) => finding.status === 'OPEN').length;
      await page.getByLabel('Status').selectOption('=OPEN');
      expect(await shown(page).textContent()).toBe(`${open} of 60 findings`);
      await page.getByRole('button', { name: 'Clear filters' }).click();
      expect(await shown(page).textContent()).toBe('60 findings');
      await page.context().close();
    });

    it('says so when no finding matches', async () => {
      const { page } = await reports.open(url);
      await page.getByRole('searchbox').fill('nothing holds this');
      expect(await page.getByText('No finding matches.').isVisible()).toBe(true);
      await page.context().close();
    });

    it('shows the findings behind a count that was clicked', async () => {
      const { page } = await reports.open(url);
      const critical = input.findings.filter(
        (finding) => finding.status === 'OPEN' && finding.severity === 'CRITICAL',
      ).length;
      await page.locator('.card.critical a').click();
      expect(await shown(page).textContent()).toBe(`${critical} of 60 findings`);
      await page.context().close();
    });

    it('is sorted by keyboard, in both directions, with aria-sort', async () => {
      const { page } = await reports.open(url);
      const button = page.getByRole('button', { name: 'Opened', exact: true });
      const header = page.locator('th.openedAt').first();
      await button.focus();
      await page.keyboard.press('Enter');
      expect(await header.getAttribute('aria-sort')).toBe('descending');
      await page.keyboard.press('Space');
      expect(await header.getAttribute('aria-sort')).toBe('ascending');
      const times = input.findings.map((finding) => finding.openedAt ?? '').sort();
      const top = await page.locator('.findings tbody td.openedAt').first().getAttribute('title');
      expect(top).toBe(times[0]);
      await page.context().close();
    });

    it('moves from row to row with the arrow keys', async () => {
      const { page } = await reports.open(url);
      await links(page).first().focus();
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toBe(`#${encodeURIComponent(ordered[1]?.id ?? '')}`);
      await page.keyboard.press('End');
      expect(await focused(page)).toBe(`#${encodeURIComponent(ordered.at(-1)?.id ?? '')}`);
      await page.context().close();
    });
  });

  describe('the detail panel', () => {
    it('opens by a click anywhere in the row', async () => {
      const { page } = await reports.open(url);
      await page.locator('.findings tbody td.region').first().click();
      await dialog(page).waitFor();
      expect(await dialog(page).getByRole('heading', { level: 2 }).textContent()).toBe(first.title);
      await page.context().close();
    });

    it('opens by Enter, closes by Escape, and returns the focus', async () => {
      const { page } = await reports.open(url);
      await links(page).nth(2).focus();
      const before = await focused(page);
      await page.keyboard.press('Enter');
      await dialog(page).waitFor();
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'hidden' });
      expect(await focused(page)).toBe(before);
      await page.context().close();
    });

    it('opens by a link to the finding', async () => {
      const last = ordered.at(-1);
      const { page } = await reports.open(url, { hash: `#${encodeURIComponent(last?.id ?? '')}` });
      await dialog(page).waitFor();
      expect(await dialog(page).textContent()).toContain(last?.resource.arn);
      await page.context().close();
    });

    it('opens by a link with the id unencoded, and closes by going back', async () => {
      const { page } = await reports.open(url);
      await page.evaluate(`location.hash = ${JSON.stringify(first.id)}`);
      await dialog(page).waitFor();
      await page.goBack();
      await dialog(page).waitFor({ state: 'hidden' });
      await page.context().close();
    });

    it('goes to the next finding of the table', async () => {
      const { page } = await reports.open(url, { hash: `#${encodeURIComponent(first.id)}` });
      await dialog(page).getByRole('button', { name: 'Next' }).click();
      await dialog(page)
        .getByText(ordered[1]?.resource.arn ?? '', { exact: true })
        .waitFor();
      await page.context().close();
    });

    it('shows evidence, plan, history and remediation', async () => {
      const { page } = await reports.open(url, { hash: `#${encodeURIComponent(first.id)}` });
      await dialog(page).waitFor();
      const headings = await dialog(page).getByRole('heading', { level: 3 }).allTextContents();
      expect(headings).toEqual(
        expect.arrayContaining(['Evidence', 'Actor', 'Plan', 'Remediation', 'History', 'Raw event']),
      );
      await page.context().close();
    });

    it('shows the raw event when it is expanded', async () => {
      const { page } = await reports.open(url, { hash: `#${encodeURIComponent(first.id)}` });
      await dialog(page).getByText('The CloudTrail record that opened').click();
      await dialog(page).getByText(`"eventID": "${first.eventIds[0]}"`).waitFor();
      expect(JSON.parse((await dialog(page).locator('pre').textContent()) ?? '')).toEqual(
        input.events[first.id],
      );
      await page.context().close();
    });
  });

  it('switches to the dark theme and back, and names the other one', async () => {
    const { page } = await reports.open(url);
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Dark theme' }).click();
    expect(await ground()).not.toBe(light);
    await page.getByRole('button', { name: 'Light theme' }).click();
    expect(await ground()).toBe(light);
    await page.context().close();
  });

  describe('with strings that try to escape', () => {
    it('runs none of them, makes no request, and violates no policy', async () => {
      const { page, troubles } = await reports.open(reports.write(hostileInput()));
      for (let row = 0; row < hostile.length; row += 1) {
        await links(page).nth(row).click();
        await dialog(page).waitFor();
        await dialog(page).getByText('The CloudTrail record that opened').click();
        await dialog(page).getByText('"eventName"').first().waitFor();
        await page.keyboard.press('Escape');
        await dialog(page).waitFor({ state: 'hidden' });
      }
      expect(troubles).toEqual([]);
      await page.context().close();
    });

    it('shows each of them as text', async () => {
      const { page } = await reports.open(reports.write(hostileInput()));
      const titles = await links(page).allTextContents();
      expect(titles.sort()).toEqual(hostile.map(printable).sort());
      await page.context().close();
    });

    it('makes no link from them', async () => {
      const { page } = await reports.open(reports.write(hostileInput()));
      await links(page).first().click();
      await dialog(page).waitFor();
      const targets = await page.evaluate<string[]>(
        "[...document.querySelectorAll('[href]')].map((link) => link.getAttribute('href'))",
      );
      expect(targets.filter((target) => !target.startsWith('#') && target !== 'data:,')).toEqual([]);
      await page.context().close();
    });

    it('filters by one of them', async () => {
      const { page } = await reports.open(reports.write(hostileInput()));
      await page.getByLabel('Account').selectOption('=__proto__');
      expect(await shown(page).textContent()).toBe(`1 of ${hostile.length} findings`);
      await page.context().close();
    });
  });

  describe('accessibility', () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    /** The violations of weight, each with the first element that has it. */
    const violations = async (page: Page): Promise<readonly string[]> => {
      await page.evaluate(axe);
      return await page.evaluate<string[]>(
        `axe.run().then(({ violations }) => violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => id + ' ' + nodes[0].html.slice(0, 200) + ' ' + (nodes[0].any[0]?.message ?? '')))`,
      );
    };

    it.each([
      { theme: 'light', dark: false },
      { theme: 'dark', dark: true },
    ])('has no serious accessibility violation in the $theme theme', async ({ dark }) => {
      const { page } = await reports.open(url, { dark });
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    it.each([
      { theme: 'light', dark: false },
      { theme: 'dark', dark: true },
    ])('has none in the detail panel, $theme', async ({ dark }) => {
      const { page } = await reports.open(url, { dark, hash: `#${encodeURIComponent(first.id)}` });
      await dialog(page).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    it('has none on a narrow screen', async () => {
      const { page } = await reports.open(url, { width: 400 });
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    it('does not scroll sideways at 400 pixels', async () => {
      const { page } = await reports.open(url, { width: 400 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
      await page.context().close();
    });

    it('gives the finding the most room in a narrow table', async () => {
      const { page } = await reports.open(url, { width: 400 });
      const box = await page.locator('.findings tbody th').first().boundingBox();
      expect(box?.width).toBeGreaterThan(140);
      await page.context().close();
    });

    it('skips to the report with the first Tab', async () => {
      const { page } = await reports.open(url);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await focused(page)).toBe('main');
      await page.context().close();
    });

    it('prints all rows', async () => {
      const { page } = await reports.open(url);
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      expect(await links(page).count()).toBe(60);
      await page.context().close();
    });
  });

  it('says so when there are no findings', async () => {
    const { page, troubles } = await reports.open(reports.write(emptyInput()));
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('No findings');
    expect(troubles).toEqual([]);
    await page.screenshot({ path: join(screenshots, 'report-empty.png'), fullPage: true });
    await page.context().close();
  });

  it('shows the record of a finding in a compressed report too', async () => {
    const large = reportInput(10_000);
    const { page, troubles } = await reports.open(reports.write(large));
    const last = inReadingOrder(large.findings).at(-1);
    await page.evaluate(`location.hash = ${JSON.stringify(last?.id)}`);
    await dialog(page).getByText('The CloudTrail record that opened').click();
    await dialog(page).getByText(`"eventID": "${last?.eventIds[0]}"`).waitFor();
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  describe('with 10,000 findings', () => {
    // The bounds are far above what was measured (1 s and 90 ms), for a busy machine must not fail a good report.
    it('is painted soon', async () => {
      const { page } = await reports.open(reports.write(reportInput(10_000)));
      await links(page).first().waitFor();
      const paint = await page.evaluate<number>(
        "new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(Math.max(performance.now(), performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)))))",
      );
      console.info(`painted after ${Math.round(paint)} ms`);
      expect(paint).toBeLessThan(8_000);
      await page.context().close();
    });

    it('responds to a keystroke in the search before the next one', async () => {
      const { page } = await reports.open(reports.write(reportInput(10_000)));
      await links(page).first().waitFor();
      const slowest = await page.evaluate<number>(`(async () => {
        const search = document.getElementById('search');
        let slowest = 0;
        for (const text of ['v', 'vo', 'vol', 'vol-', 'vol-0', 'vol-0 1']) {
          const start = performance.now();
          search.value = text;
          search.dispatchEvent(new Event('input', { bubbles: true }));
          document.body.offsetHeight;
          slowest = Math.max(slowest, performance.now() - start);
          await new Promise((resolve) => setTimeout(resolve));
        }
        return slowest;
      })()`);
      console.info(`slowest keystroke: ${Math.round(slowest)} ms`);
      expect(slowest).toBeLessThan(1_500);
      await page.context().close();
    });

    it('keeps only the rows in view, and shows the last when scrolled to', async () => {
      const { page } = await reports.open(reports.write(reportInput(10_000)));
      await links(page).first().focus();
      await page.keyboard.press('End');
      expect(await page.locator('.findings tbody tr[aria-rowindex="10001"]').count()).toBe(1);
      expect(await links(page).count()).toBeLessThan(60);
      await page.context().close();
    });
  });

  describe('pictures', () => {
    it.each([
      { name: 'report-light', options: {} },
      { name: 'report-dark', options: { dark: true } },
      { name: 'report-narrow', options: { width: 400 } },
    ])('are taken: $name', async ({ name, options }) => {
      const { page } = await reports.open(url, options);
      await links(page).first().waitFor();
      const picture = await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
      expect(picture.byteLength).toBeGreaterThan(20_000);
      await page.context().close();
    });

    it.each([
      { name: 'detail', options: {} },
      { name: 'detail-dark', options: { dark: true } },
      { name: 'detail-narrow', options: { width: 400 } },
    ])('are taken: $name', async ({ name, options }) => {
      const { page } = await reports.open(url, { ...options, hash: `#${encodeURIComponent(first.id)}` });
      await dialog(page).waitFor();
      const picture = await page.screenshot({ path: join(screenshots, `${name}.png`) });
      expect(picture.byteLength).toBeGreaterThan(20_000);
      await page.context().close();
    });
  });
});
