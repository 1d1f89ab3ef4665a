/**
 * Audits the lockfile: that it names the bytes of every package, and, as far as the configured registry offers it, known
 * vulnerabilities in what is shipped, and signatures. Where the registry does not answer it says so, and does not fail.
 *
 * Usage: node scripts/audit.ts [--required]   (--required exits with 1 where the registry does not answer, too)
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages, lockFault } from './lockfile/packages.ts';
import { type AuditAnswer, npm, signatures, vulnerabilities } from './lockfile/registry-audit.ts';

const root = path.join(import.meta.dirname, '..');
const required = process.argv.includes('--required');

const packages = lockedPackages(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
const faults = packages.flatMap((one) => {
  const fault = lockFault(one);
  return fault === undefined ? [] : [`${one.name} ${one.version} ${fault}`];
});
const offline: AuditAnswer =
  faults.length > 0
    ? { kind: 'faults', faults }
    : { kind: 'clean', what: `${packages.length} packages, each with its SHA-512` };

process.chdir(root);
const answers = [
  ['package-lock.json', offline],
  ['npm audit', vulnerabilities(npm('audit', '--omit=dev'))],
  ['npm audit signatures', signatures(npm('audit', 'signatures'))],
] as const;
for (const [what, answer] of answers) process.stdout.write(`${what}: ${textOf(answer)}\n`);
const failed = answers.some(([, { kind }]) => kind === 'faults' || (required && kind === 'no-answer'));
process.exitCode = failed ? 1 : 0;

function textOf(answer: AuditAnswer): string {
  switch (answer.kind) {
    case 'clean':
      return answer.what;
    case 'faults':
      return answer.faults.map((fault) => `\n  ${fault}`).join('');
    case 'no-answer':
      return `NOT AUDITED, as the registry gives no answer: ${answer.because}`;
  }
}
