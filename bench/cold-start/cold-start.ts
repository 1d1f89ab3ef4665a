/**
 * Cold start: the size of each function's bundle, and the time to load it in a fresh process, compared with the same
 * function bundled by esbuild alone, and with Cloud Custodian.
 */
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { policyFileName } from '../../cli/policy/file.ts';
import { type Bundle, bundleFunction, bundleWith } from '../../deploy/bundle.ts';
import { entryOf } from '../../deploy/parts.ts';
import { tableName } from '../../lib/aws/names.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { pythonWith } from '../../scripts/emulators.ts';
import { type BenchPart, type Figure, median, plainFigure, rounded } from '../figure.ts';
import { defaultOptions } from './default-bundle.ts';

const root = path.join(import.meta.dirname, '..', '..');
const folder = path.join(root, '.bench', 'cold-start');

const bytesAtMost = 0.45;
const initAtMost = 0.45;
const custodianAtMost = 0.2;
const requirement = 'c7n==0.9.53';

/** A program that is loaded, with the milliseconds of each time. */
interface Loaded {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly took: number[];
}

interface Custodian {
  /** As pip installs it. */
  readonly installed: Loaded;
  /** As it is in Lambda. */
  readonly deployed: Loaded;
}

/** @throws Error when a bundle can't be built or loaded. Without Python, Cloud Custodian is skipped. */
export async function measureColdStart(rounds: number): Promise<BenchPart> {
  console.log(
    `Cold start: ${rounds} rounds, medians, each time in a fresh process; the start of the process is not counted.`,
  );
  const functions: { name: string; lean: Bundle; plain: Bundle; init: Loaded; plainInit: Loaded }[] = [];
  for (const name of queueNames) {
    const entry = `${entryOf(name)}.ts`;
    const lean = await bundleFunction(entry, path.join(folder, 'lean'), path.join(root, policyFileName));
    const plain = await bundleWith(defaultOptions, entry, path.join(folder, 'default'));
    functions.push({ name, lean, plain, init: node(lean), plainInit: node(plain) });
  }
  const custodian = custodianOrWhyNot();

  const all = functions.flatMap(({ init, plainInit }) => [init, plainInit]);
  if (typeof custodian !== 'string') all.push(custodian.installed, custodian.deployed);
  // Once without counting: files are read from disk, and Python compiles its modules.
  for (const each of all) load(each);
  for (let round = 0; round < rounds; round++) for (const each of all) each.took.push(load(each));
  const init = ({ took }: Loaded): number => median(took) ?? Number.NaN;

  const theirs = typeof custodian === 'string' ? undefined : init(custodian.installed);
  return {
    figures: [
      ...functions.map(({ name, lean, plain }) =>
        compared(
          `${name} bundle`,
          [lean.bytes / 1000, plain.bytes / 1000],
          'KB',
          'default bundle',
          bytesAtMost,
        ),
      ),
      ...functions.map((one) =>
        compared(
          `${one.name} init`,
          [init(one.init), init(one.plainInit)],
          'ms',
          'default bundle',
          initAtMost,
        ),
      ),
      ...(theirs === undefined
        ? []
        : functions.map((one) =>
            compared(`${one.name} init`, [init(one.init), theirs], 'ms', 'Cloud Custodian', custodianAtMost),
          )),
      ...functions.flatMap(({ name, plain, plainInit }) => [
        plainFigure(`${name} default bundle`, Math.round(plain.bytes / 1000), 'KB'),
        plainFigure(`${name} default init`, rounded(init(plainInit), 1), 'ms'),
      ]),
      ...(typeof custodian === 'string'
        ? []
        : [
            plainFigure('Cloud Custodian init', rounded(init(custodian.installed), 1), 'ms'),
            plainFigure('Cloud Custodian init, as deployed', rounded(init(custodian.deployed), 1), 'ms'),
          ]),
    ],
    notes: [
      'default bundle: the same function by esbuild, minified, with packages as ES modules, without our plugins.',
      typeof custodian === 'string'
        ? `Cloud Custodian was skipped: ${custodian}`
        : `Cloud Custodian: ${requirement}, its Lambda handler with the resources aws.ec2, aws.eks and aws.kms-key;\n` +
          'as deployed: without its compiled modules, which it does not deploy (c7n/mu.py).',
    ],
    faults: [],
  };
}

function node({ file }: Bundle): Loaded {
  return { command: process.execPath, args: [path.join(import.meta.dirname, 'load.cjs'), file], took: [] };
}

/** Cloud Custodian, or why it can't be had: it needs Python and the network. */
function custodianOrWhyNot(): Custodian | string {
  try {
    const command = pythonWith([requirement]);
    const args = [path.join(import.meta.dirname, 'custodian.py')];
    const where = spawnSync(command, ['-c', 'import c7n, os; print(os.path.dirname(c7n.__file__))'], {
      encoding: 'utf8',
    });
    const sources = path.join(folder, 'custodian');
    cpSync(where.stdout.trim(), path.join(sources, 'c7n'), {
      recursive: true,
      filter: (file) => path.basename(file) !== '__pycache__',
    });
    const env = { PYTHONPATH: sources, PYTHONDONTWRITEBYTECODE: '1' };
    return { installed: { command, args, took: [] }, deployed: { command, args, env, took: [] } };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return `${requirement} can't be installed (${reason}); it needs Python 3 and its package index`;
  }
}

/** The environment of the functions, as serverless.yml sets it; AWS is not called. */
const environment: NodeJS.ProcessEnv = {
  AWS_REGION: 'eu-central-1',
  AWS_DEFAULT_REGION: 'eu-central-1',
  POWERTOOLS_SERVICE_NAME: 'trailseal',
  POWERTOOLS_METRICS_NAMESPACE: 'Trailseal',
  TRAILSEAL_STAGE: 'bench',
  TRAILSEAL_TABLE: tableName('bench'),
  TRAILSEAL_DEAD_LETTER_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/dead-letters',
  ...Object.fromEntries(
    ['', ...evaluators.map((evaluator) => `_${evaluator.toUpperCase()}`)].map((suffix) => [
      `TRAILSEAL_QUEUE_URL${suffix}`,
      `https://sqs.eu-central-1.amazonaws.com/111122223333/queue${suffix}`,
    ]),
  ),
};

/** Milliseconds. */
function load({ command, args, env }: Loaded): number {
  const child = spawnSync(command, args, {
    encoding: 'utf8',
    // The default bundle reads its policy from here.
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment, ...env },
  });
  const took = Number(child.stdout.trim());
  if (child.status !== 0 || !(took > 0)) {
    throw new Error(
      `${args.at(-1)} can't be loaded:\n${child.stderr || String(child.error ?? child.stdout)}`,
    );
  }
  return took;
}

function compared(
  name: string,
  [own, other]: readonly [number, number],
  unit: 'KB' | 'ms',
  comparedWith: string,
  atMost: number,
): Figure {
  const ratio = own / other;
  return {
    name,
    value: rounded(own, unit === 'KB' ? 0 : 1),
    unit,
    comparedWith,
    ratio: rounded(ratio, 3),
    target: `at most ${atMost} times the ${unit === 'KB' ? 'bytes' : 'time'}`,
    met: ratio <= atMost,
  };
}
