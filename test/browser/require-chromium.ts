/** Says once, before the tests, that there is no Chromium; under CI that is a failure. */
import { chromiumPath } from './chromium.ts';

export default function requireChromium(): void {
  if (chromiumPath !== undefined) return;
  const missing = 'No Chromium at $CHROMIUM or /usr/bin/chromium';
  if (process.env['CI'] === 'true') throw new Error(`${missing}: under CI the browser tests must run.`);
  console.warn(`${missing}: the browser tests are skipped. Install Debian's "chromium", or set CHROMIUM.`);
}
