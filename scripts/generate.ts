/**
 * Writes what is generated from the code: the pages of the controls, of the actions, of policy overrides, of licences, of what the functions may do, and
 * the JSON Schemas, the list of Regions, and the entry files of the evaluators.
 *
 * Usage: node scripts/generate.ts [--check]   (--check writes nothing and exits 1 when something is stale)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { roleReviews } from '../deploy/review/worst.ts';
import { actions } from '../lib/remediation/actions/index.ts';
import { controls, evaluators, services } from '../lib/services/catalogue.ts';
import { controlIndex, controlPage } from './generate/control-pages.ts';
import { evaluatorEntry } from './generate/evaluator-entries.ts';
import { iamPage } from './generate/iam.ts';
import { licensesPage } from './generate/licenses.ts';
import { liveIndex } from './generate/live-index.ts';
import { policyOverridePage } from './generate/policy-override.ts';
import { regionsJson } from './generate/regions.ts';
import { remediationPage } from './generate/remediation.ts';
import { rolesPage } from './generate/roles.ts';
import { schemas } from './generate/schemas.ts';
import { lockedPackages } from './lockfile/packages.ts';

const root = path.join(import.meta.dirname, '..');
const checking = process.argv.includes('--check');

// What is generated below asks services by this index, which this process has loaded as it was: of a new service it is
// written first, and all else by a process that loads it.
const liveFile = 'lib/services/live.ts';
const live = liveIndex(services.map(({ id }) => id));
if (readFileSync(path.join(root, liveFile), 'utf8') !== live) {
  if (checking) {
    process.stderr.write(`stale, run "npm run generate":\n  ${liveFile}\n`);
    process.exit(1);
  }
  writeFileSync(path.join(root, liveFile), live);
  process.stdout.write(`${liveFile} written\n`);
  const { status } = spawnSync(process.execPath, [import.meta.filename], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const samplesOf = (id: string): readonly string[] => {
  const folder = path.join(root, 'events', id);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

const files = new Map<string, string>([
  ['docs/controls/README.md', controlIndex(controls)],
  ...controls.map((control): [string, string] => [
    `docs/controls/${control.id}.md`,
    controlPage(control, samplesOf(control.id)),
  ]),
  ...schemas(controls),
  ['docs/remediation.md', remediationPage(actions, controls)],
  [
    'docs/licenses.md',
    licensesPage(lockedPackages(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))),
  ],
  ['cli/aws/regions.json', await regionsJson()],
  ['docs/policy-override.md', policyOverridePage(controls)],
  ['docs/iam.md', await iamPage()],
  ['docs/roles.md', rolesPage(await roleReviews())],
  ...evaluators.map((evaluator): [string, string] => [
    `functions/evaluators/${evaluator}.ts`,
    evaluatorEntry(evaluator),
  ]),
]);

/** Pages of controls, and entries of evaluators, that are no more. */
const orphans = ['docs/controls', 'functions/evaluators']
  .filter((folder) => existsSync(path.join(root, folder)))
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
  .filter((file) => !files.has(file));

const stale = [...files].filter(([file, text]) => {
  const there = path.join(root, file);
  return !existsSync(there) || readFileSync(there, 'utf8') !== text;
});

if (checking) {
  const names = [...stale.map(([file]) => file), ...orphans];
  if (names.length > 0) {
    process.stderr.write(`stale, run "npm run generate":\n${names.map((name) => `  ${name}\n`).join('')}`);
    process.exit(1);
  }
  process.stdout.write(`${files.size} generated files are up to date\n`);
} else {
  for (const [file, text] of stale) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  for (const file of orphans) rmSync(path.join(root, file));
  process.stdout.write(`${stale.length} written, ${orphans.length} removed, ${files.size} in all\n`);
}
