/** What the registry says of the locked packages, by npm's own commands: known vulnerabilities, and signatures. */
import { spawnSync } from 'node:child_process';
import * as z from 'zod/mini';

export type AuditAnswer =
  | { readonly kind: 'clean'; readonly what: string }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  /** The registry does not offer it, or was not reached: nothing is known. */
  | { readonly kind: 'no-answer'; readonly because: string };

/** How a command of npm ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

const counts = z.record(z.string(), z.number());
/** Source: npm Docs, "npm audit" (`--json`), report version 2. */
const vulnerabilityReport = z.object({
  auditReportVersion: z.number(),
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), range: z.string(), via: z.array(z.unknown()) }),
  ),
  metadata: z.object({ vulnerabilities: counts }),
});
/** Source: npm CLI, `lib/utils/verify-signatures.js`. */
const signed = z.object({ name: z.string(), version: z.string() });
const signatureReport = z.object({ invalid: z.array(signed), missing: z.array(signed) });

/** Known vulnerabilities that stop the gate: those of packages that are shipped, from this severity on. */
const severe: readonly string[] = ['high', 'critical'];

/**
 * Reads what `npm audit --json` answered.
 * @example vulnerabilities({ stdout: '', stderr: 'npm error audit endpoint returned an error' }).kind // 'no-answer'
 */
export function vulnerabilities({ stdout, stderr }: Ended): AuditAnswer {
  const report = vulnerabilityReport.safeParse(parsed(stdout));
  if (!report.success) return { kind: 'no-answer', because: reason(stdout, stderr) };
  const found = Object.entries(report.data.vulnerabilities);
  const faults = found
    .filter(([, { severity }]) => severe.includes(severity))
    .map(
      ([name, { severity, range }]) => `${name} ${range} has a known vulnerability of severity ${severity}`,
    );
  if (faults.length > 0) return { kind: 'faults', faults };
  return {
    kind: 'clean',
    what: `no known vulnerability of severity ${severe.join(' or ')} in what is shipped (${found.length} milder)`,
  };
}

/** Reads what `npm audit signatures --json` answered. A package without a signature is no fault: not every registry signs. */
export function signatures({ stdout, stderr }: Ended): AuditAnswer {
  const report = signatureReport.safeParse(parsed(stdout));
  if (!report.success) return { kind: 'no-answer', because: reason(stdout, stderr) };
  const { invalid, missing } = report.data;
  return invalid.length > 0
    ? {
        kind: 'faults',
        faults: invalid.map(({ name, version }) => `${name} ${version} has a signature that is not valid`),
      }
    : { kind: 'clean', what: `no signature that is not valid (${missing.length} packages have none)` };
}

/** Runs a command of npm, with few and short attempts. */
export function npm(...args: readonly string[]): Ended {
  const short = ['--fetch-retries=0', '--fetch-timeout=20000', '--no-update-notifier', '--json'];
  const { stdout, stderr, error } = spawnSync('npm', [...args, ...short], {
    encoding: 'utf8',
    timeout: 90_000,
  });
  return { stdout: stdout ?? '', stderr: error === undefined ? (stderr ?? '') : `npm: ${error.message}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No report is no answer: the caller says so, with what npm wrote instead.
    return undefined;
  }
}

const failure = z.object({
  message: z.optional(z.string()),
  error: z.optional(z.object({ summary: z.optional(z.string()) })),
});

/** Why npm gave no report, in one line: what it says itself, else the last lines of its log. */
function reason(stdout: string, stderr: string): string {
  const said = failure.safeParse(parsed(stdout));
  const summary = said.success ? (said.data.message ?? said.data.error?.summary ?? '') : '';
  if (summary !== '') return summary;
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (error|warn) /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('A complete log'));
  return lines.find((line) => /failed|denied|\b[45]\d\d\b/i.test(line)) ?? lines[0] ?? 'npm says nothing';
}
