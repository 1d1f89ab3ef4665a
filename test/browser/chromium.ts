/** A real Chromium, and pages of it that tell everything they should not have done. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { ReportInput } from '../../cli/report/input.ts';
import { renderReport } from '../../cli/report/report.ts';

const candidate = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Where Chromium is installed; `undefined` where it is not. */
export const chromiumPath = existsSync(candidate) ? candidate : undefined;

export const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');

export interface Opened {
  readonly page: Page;
  /** Console errors, page errors, dialogs and requests other than for the file itself. */
  readonly troubles: readonly string[];
}

export interface Options {
  readonly hash?: string;
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** A browser for one test file, with the reports that it opens in a folder of their own. */
export class Reports {
  readonly #folder = mkdtempSync(join(tmpdir(), 'trailseal-report-'));
  #browser: Browser | undefined;
  #count = 0;

  async start(): Promise<void> {
    mkdirSync(screenshots, { recursive: true });
    this.#browser = await chromium.launch({
      executablePath: chromiumPath ?? candidate,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Writes the report of `input` to a file. */
  write(input: ReportInput): string {
    this.#count += 1;
    const file = join(this.#folder, `report-${this.#count}.html`);
    writeFileSync(file, renderReport(input));
    return pathToFileURL(file).href;
  }

  /** Opens a report's file in a fresh context. */
  async open(url: string, options: Options = {}): Promise<Opened> {
    if (this.#browser === undefined) throw new Error('the browser was not started');
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 1360, height: options.height ?? 900 },
      colorScheme: options.dark === true ? 'dark' : 'light',
    });
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
    });
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const asked = request.url().split('#')[0];
      if (asked !== url && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) {
        troubles.push(`request: ${request.url()}`);
      }
    });
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (event) => console.error('CSP: ' + event.violatedDirective + ' ' + event.sample))",
    );
    await page.goto(`${url}${options.hash ?? ''}`);
    return { page, troubles };
  }
}
