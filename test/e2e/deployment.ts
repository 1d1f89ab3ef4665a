/** Deploys serverless.yml with `sls`, as the README says, into an emulated AWS. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { operatorParameter } from './callers.ts';
import { account, region, withoutSettings } from './emulated-aws.ts';

export const stage = 'e2e';

const root = path.join(import.meta.dirname, '..', '..');
const osls = path.join(root, 'node_modules', 'osls', 'bin', 'serverless.js');

/**
 * The parameters of a deployment for tests: ministack has no insights, nothing is retained, and every other optional resource
 * is created.
 */
const params = [
  'insights=false',
  'retainState=false',
  'alarmEmail=operators@example.com',
  operatorParameter(account),
];

export interface Ran {
  readonly code: number;
  /** What it wrote to standard output. */
  readonly out: string;
  /** All that it wrote. */
  readonly all: string;
}

/** Runs a program of the project on this Node, with the emulated AWS's environment. */
export function run(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: { ...withoutSettings(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      all += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, out, all }));
  });
}

/** `sls COMMAND`, for the stage of the tests. Rejects, with all that it wrote, when it fails. */
export async function sls(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Promise<Ran> {
  const all = [...args, '--stage', stage, '--region', region];
  for (const param of [...params, ...more]) all.push('--param', param);
  const ran = await run(osls, all, env);
  if (ran.code !== 0) throw new Error(`sls ${args.join(' ')} failed (${ran.code}):\n${ran.all}`);
  return ran;
}

export async function deploy(env: Readonly<Record<string, string>>): Promise<void> {
  await sls(['deploy', '--verbose'], env);
}

/** `sls remove`. Rejects when something of the stack is there afterwards. */
export async function remove(env: Readonly<Record<string, string>>): Promise<void> {
  await sls(['remove'], env);
  const left = await leftOver(env);
  if (left.length > 0) throw new Error(`sls remove left behind: ${left.join(', ')}`);
}

/** The names of what there still is of a removed stack, as far as it costs money or does something. */
async function leftOver(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const config = {
    region,
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
  const [tables, queues, functions, rules] = await Promise.all([
    new DynamoDBClient(config).send(new ListTablesCommand({})),
    new SQSClient(config).send(new ListQueuesCommand({})),
    new LambdaClient(config).send(new ListFunctionsCommand({})),
    new EventBridgeClient(config).send(new ListRulesCommand({})),
  ]);
  return [
    ...(tables.TableNames ?? []),
    ...(queues.QueueUrls ?? []),
    ...(functions.Functions ?? []).map(({ FunctionName }) => FunctionName ?? ''),
    ...(rules.Rules ?? []).map(({ Name }) => Name ?? ''),
  ];
}
