/**
 * Lints the packaged stack: cfn-lint holds it to AWS's published schemas, checkov to what makes it secure. It installs
 * both from PyPI at pinned versions. What is meant as it is, is excused in the template itself, with the reason
 * (`deploy/exceptions.ts`). The stack without parameters stays in `.serverless/`.
 *
 * Usage: node scripts/lint-template.ts   (two of the stacks with TRAILSEAL_SUITE=slice)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isLinted } from '../test/suite.ts';
import { pythonWith } from './emulators.ts';

const root = path.join(import.meta.dirname, '..');
const python = pythonWith(['cfn-lint==1.58.0', 'checkov==3.3.30']);
/** cfn-lint is a program beside Python, which on Windows has a suffix. */
const tool = (name: string): string => path.join(path.dirname(python), `${name}${path.extname(python)}`);
const temporary = mkdtempSync(path.join(tmpdir(), 'trailseal-lint-'));

/** What a customer may set that changes what is made; the last one stays in `.serverless/`. */
const stacks: readonly {
  readonly name: string;
  readonly folder: string;
  readonly params: readonly string[];
}[] = [
  {
    name: 'with a key and a topic of the customer',
    folder: path.join(temporary, 'key'),
    params: [
      'kmsKeyArn=arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      'alarmTopicArn=arn:aws:sns:eu-central-1:111122223333:security',
      'retainState=false',
    ],
  },
  {
    name: 'with an address for alarms',
    folder: path.join(temporary, 'email'),
    params: ['alarmEmail=security@example.com', 'scanSchedule=1 day'],
  },
  {
    name: 'with a policy that asks for actions',
    folder: path.join(temporary, 'active'),
    params: ['policy=examples/policy.active.yml', 'notifyEmail=security@example.com'],
  },
  {
    name: 'with such a policy, and a key and topics of the customer',
    folder: path.join(temporary, 'active-key'),
    params: [
      'policy=examples/policy.active.yml',
      'kmsKeyArn=arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      'notifyTopicArn=arn:aws:sns:eu-central-1:111122223333:security',
      'notifyChatTopicArn=arn:aws:sns:eu-central-1:111122223333:security-chat',
      'notifyWebhooks=/trailseal/webhook,/aws/reference/secretsmanager/trailseal-webhook',
    ],
  },
  { name: 'without parameters', folder: path.join(root, '.serverless'), params: [] },
];

let failed = false;
try {
  for (const { name, folder, params } of stacks.filter((stack) => isLinted(stack.name))) {
    process.stdout.write(`\nThe stack ${name}\n`);
    run(process.execPath, [
      path.join(root, 'node_modules', 'osls', 'bin', 'serverless.js'),
      'package',
      '--package',
      folder,
      ...params.flatMap((param) => ['--param', param]),
    ]);
    const template = path.join(folder, 'cloudformation-template-update-stack.json');
    run(tool('cfn-lint'), ['--regions', 'us-east-1', 'eu-central-1', '--template', template]);
    run(python, [
      '-m',
      'checkov.main',
      '--framework',
      'cloudformation',
      '--file',
      template,
      '--compact',
      '--quiet',
      // It would fetch guides to what it finds, from a service that is not needed here.
      '--skip-download',
    ]);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) failed = true;
}
