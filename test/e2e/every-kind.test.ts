/**
 * A resource of every type that fails a control, created without an event: a scheduled scan has all of them evaluated. The
 * calls that the deployed functions make for it are checked against their roles. ministack itself allows or denies the calls
 * to its services (the queues, the state table); moto, which has Security Hub and the services that are evaluated, allows
 * everything, so that ministack's IAM is asked about those calls afterwards.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { functionName, type QueueName } from '../../lib/aws/names.ts';
import { text } from '../../lib/core/json.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { eventually, stack } from './deployed-stack.ts';
import { stage } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import {
  createCluster,
  createKey,
  createLaunchTemplate,
  createNodegroup,
  createVolume,
  grantToExternalPrincipal,
  runInstances,
  sharedSnapshot,
} from './resources.ts';
import { findingsAbout, required, send } from './stack.ts';

/** Creates failing resources of one service. @returns the control that each fails, by the end of the resource's id. */
type CreateFailing = () => Promise<ReadonlyMap<string, string>>;

const services = path.join(import.meta.dirname, 'services');
/** Further services, a file for each. */
const ofServices = await Promise.all(
  globSync('*.ts', { cwd: services }).map(async (file) => {
    const { createFailing }: { readonly createFailing: CreateFailing } = await import(
      path.join(services, file)
    );
    return createFailing;
  }),
);

/** The control that fails, by the end of the resource's id. */
const failing = new Map<string, string>();
let key = '';

beforeAll(async () => {
  const [instance] = await runInstances(stack, 'm5.large', 1);
  key = await createKey(stack);
  await createCluster(stack, { name: 'scanned', version: '1.27', audit: true });
  await createNodegroup(stack, 'scanned', 'workers', 'm5.large');
  failing.set(`instance/${instance}`, 'ec2-transit-encryption');
  failing.set(`volume/${await createVolume(stack, false)}`, 'ec2-volume-encryption');
  failing.set(`snapshot/${await sharedSnapshot(stack)}`, 'ebs-snapshot-sharing');
  failing.set(
    `launch-template/${await createLaunchTemplate(stack, 'm5.large')}`,
    'launch-template-encryption',
  );
  failing.set(`Account:${account}`, 'ebs-default-encryption');
  failing.set('cluster/scanned', 'eks-secrets-encryption');
  failing.set('nodegroup/scanned/workers', 'eks-node-transit-encryption');
  failing.set(`key/${key}`, 'kms-key-rotation');
  failing.set(await grantToExternalPrincipal(stack, key), 'kms-grant');
  for (const create of ofServices) for (const [id, control] of await create()) failing.set(id, control);
  await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
});

describe('a scheduled scan', () => {
  it('finds the failing resource of every type', async () => {
    const expected = Object.fromEntries(
      [...failing].map(([id, control]) => [id, [`${control} FAILED ACTIVE`]]),
    );
    await eventually(async () => {
      const found = await Promise.all(
        [...failing.keys()].map(async (id) => [id, await findingsAbout(stack, id)] as const),
      );
      expect(Object.fromEntries(found)).toEqual(expected);
    });
  });
});

it('is denied no call to the queues and the state table', () => {
  expect(readFileSync(inject('log'), 'utf8')).not.toMatch(/is not authorized to perform/);
});

/** Services that Trailseal runs on, whose calls ministack has checked already. */
const inMinistack = /^(dynamodb|sqs|eventbridge|sns|ssm|scheduler|sts):/;

/** The prefixes of IAM actions, by the SDK's clients of services: what a client's requests are signed for. */
const prefixes = new Map(
  Object.values({ ...makeClients({ region }) }).map((client) => {
    // All clients have the same kind of configuration, of types that have nothing in common.
    const { defaultSigningName } = (client as EC2Client).config;
    return [client.constructor.name.replace(/Client$/, ''), defaultSigningName];
  }),
);

/** The calls that a function counted in its metric ApiCalls, as IAM names them: `ec2:DescribeVolumes`. */
function callsOf(name: QueueName): readonly string[] {
  const log = readFileSync(inject('log'), 'utf8');
  const output = new RegExp(
    `Lambda ${functionName(stage, name)} output:\\n([^]*?)(?=\\n\\d{4}-\\d\\d-\\d\\d )`,
    'g',
  );
  const calls = [...log.matchAll(output)]
    .flatMap(([, lines = '']) => lines.split('\n'))
    .filter((line) => line.startsWith('{"_aws"'))
    .flatMap((line) => text(JSON.parse(line), 'call') ?? [])
    .map((call) => call.replace(/^\w+/, (client) => prefixes.get(client) ?? client.toLowerCase()));
  return [...new Set(calls)].sort();
}

/** The resource of a call to a service that moto emulates. */
function resourceOf(call: string): string {
  const [service] = call.split(':');
  switch (service) {
    case 'eks':
      return call.endsWith('Nodegroup')
        ? `arn:aws:eks:${region}:${account}:nodegroup/scanned/workers/1234abcd-12ab-34cd-56ef-1234567890ab`
        : `arn:aws:eks:${region}:${account}:cluster/scanned`;
    case 'kms':
      return `arn:aws:kms:${region}:${account}:key/${key}`;
    case 'securityhub':
      return `arn:aws:securityhub:${region}:${account}:product/${account}/default`;
    default:
      return call === 'ec2:DescribeSnapshotAttribute'
        ? `arn:aws:ec2:${region}::snapshot/snap-0123456789abcdef0`
        : '*';
  }
}

describe.each(queueNames)('the role of %s', (name) => {
  const calls = () => callsOf(name).filter((call) => !inMinistack.test(call));

  it('allows the calls that the function makes', async () => {
    const lambda = new LambdaClient({ region });
    const { Role } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: functionName(stage, name) }),
    );
    const iam = new IAMClient({ region });
    const decisions = await Promise.all(
      calls().map(async (call) => {
        const answer = await iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: required(Role, 'the role'),
            ActionNames: [call],
            ResourceArns: [resourceOf(call)],
          }),
        );
        return `${call} ${answer.EvaluationResults?.[0]?.EvalDecision}`;
      }),
    );
    expect(decisions).toEqual(calls().map((call) => `${call} allowed`));
    expect(decisions.length).toBeGreaterThan(0);
  });
});
