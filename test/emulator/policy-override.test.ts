/**
 * The policy, overridden by a parameter in moto: `trailseal policy show`, `push` and `clear` as people run them, and what
 * functions go by then, bundled as they are deployed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  ParameterNotFound,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runPolicyClear, runPolicyPush } from '../../cli/policy/override/run.ts';
import { bundleFunction } from '../../deploy/bundle.ts';
import { functionName } from '../../lib/aws/names.ts';
import { ssmClient } from '../../lib/aws/sdk.ts';
import { EffectivePolicy } from '../../lib/pipeline/live/effective-policy.ts';
import { policyParameter } from '../../lib/pipeline/live/policy-parameter.ts';
import { policyDigest } from '../../lib/policy/bundled.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../lib/policy/file/schema.ts';
import { controls } from '../../lib/services/catalogue.ts';
import type { Ended } from '../cli/command.ts';
import { trailsealAt } from './command.ts';

const region = 'eu-south-2';
const account = '123456789012';
const caller = `arn:aws:sts::${account}:user/moto`;
const config = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const agreed = ['--yes', '--reason', 'Too many findings.'];

const deployed = 'version: 1\ncontrols: { kms-key-rotation: { actions: [notify, tag] } }\n';
const narrower =
  'version: 1\ncontrols: { kms-key-rotation: { severity: HIGH, actions: [notify] }, kms-key-disabled: { severity: CRITICAL } }\n';
const wider = 'version: 1\ncontrols: { kms-key-rotation: { actions: [notify, fix:enable-rotation] } }\n';

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-override-'));
function file(name: string, text: string): string {
  const whole = path.join(folder, name);
  writeFileSync(whole, text);
  return whole;
}
const deployedFile = file('deployed.yml', deployed);
const narrowerFile = file('narrower.yml', narrower);

const environment = {
  AWS_ENDPOINT_URL: inject('moto'),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: region,
};
const before = { ...process.env };
let roleArn = '';
beforeAll(async () => {
  Object.assign(process.env, environment);
  const { Role } = await new IAMClient(config).send(
    new CreateRoleCommand({ RoleName: 'override-scan', AssumeRolePolicyDocument: '{}' }),
  );
  roleArn = Role?.Arn ?? '';
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const name of Object.keys(environment)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

/** A deployment of its own for each test. */
let stage = '';
let parameter = '';
let serial = 0;
beforeEach(async () => {
  serial += 1;
  stage = `override-${serial}`;
  parameter = `/trailseal/${stage}/policy`;
  await deploy({
    TRAILSEAL_POLICY_PARAMETER: parameter,
    TRAILSEAL_POLICY_DIGEST: policyDigest(checkedOf(deployed)),
  });
});

function checkedOf(text: string): PolicyFile {
  const parsed = parsePolicy(text, 'policy.yml', controls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.checked;
}

/** The part of a deployment that has its policy. */
async function deploy(Variables: Readonly<Record<string, string>>): Promise<void> {
  await new LambdaClient(config).send(
    new CreateFunctionCommand({
      FunctionName: functionName(stage, 'scan'),
      Role: roleArn,
      Runtime: 'nodejs24.x',
      Handler: 'scan.handler',
      Code: { ZipFile: Buffer.from('PK') },
      Environment: { Variables },
    }),
  );
}

function policy(...args: readonly string[]): Promise<Ended> {
  const deployedWith = args[0] === 'clear' || args.includes('--policy') ? [] : ['--policy', deployedFile];
  return trailsealAt(inject('moto'), [
    'policy',
    ...args,
    '--stage',
    stage,
    '--region',
    region,
    ...deployedWith,
  ]);
}

async function putByHand(value: string): Promise<void> {
  await ssmClient(config).send(
    new PutParameterCommand({ Name: parameter, Value: value, Type: 'String', Overwrite: true }),
  );
}

async function valueNow(): Promise<string | undefined> {
  const { Parameter } = await ssmClient(config).send(new GetParameterCommand({ Name: parameter }));
  return Parameter?.Value;
}

/** A function that starts now. */
function started(): EffectivePolicy {
  return new EffectivePolicy({
    parameter: policyParameter(ssmClient(config), parameter),
    name: parameter,
    bundled: { file: 'deployed.yml', checked: checkedOf(deployed) },
    controls,
    now: Date.now,
  });
}

describe('trailseal policy push', () => {
  it('overrides the policy, which functions apply', async () => {
    const { code, stderr } = await policy('push', narrowerFile, ...agreed);
    expect([code, stderr]).toEqual([0, '']);
    const { policy: effective } = await started().read();
    expect(effective.file).toBe(`parameter ${parameter} version 1`);
    expect(effective.controls.get('kms-key-rotation')).toMatchObject({
      severity: 'HIGH',
      actions: ['notify'],
    });
  });

  it('shows the changes, from the deployed policy and then from the override', async () => {
    const first = await policy('push', narrowerFile, ...agreed);
    const second = await policy('push', deployedFile, ...agreed);
    expect(first.stdout).toBe(
      [
        'Changes from the deployed policy:',
        '  controls.kms-key-disabled.severity: HIGH → CRITICAL',
        '  controls.kms-key-rotation.severity: MEDIUM → HIGH',
        '  controls.kms-key-rotation.actions: tag → none',
        `${parameter} version 1 overrides the deployed policy of stage ${stage}, account ${account}, ${region}. ` +
          'Functions apply it within a minute. To check:',
        `  trailseal policy show --stage ${stage} --region ${region}`,
        '',
      ].join('\n'),
    );
    expect(second.stdout).toContain(
      'Changes from version 1:\n  controls.kms-key-disabled.severity: CRITICAL → HIGH\n',
    );
  });

  it('rejects a policy that goes beyond the deployed one, and writes nothing', async () => {
    const { code, stderr } = await policy('push', file('wider.yml', wider), ...agreed);
    expect(stderr).toContain(
      'wider.yml controls.kms-key-rotation.actions[1]: lists fix:enable-rotation for kms-key-rotation, ' +
        'which the deployed policy does not (an override only narrows; deploy the policy instead)',
    );
    expect(code).toBe(2);
    await expect(valueNow()).rejects.toThrow(ParameterNotFound);
  });

  it('says so where it cannot check the policy against the deployed one', async () => {
    const { code, stdout } = await policy('push', narrowerFile, ...agreed, '--policy', narrowerFile);
    expect(stdout).toContain('The changes cannot be shown, because the deployed policy is not known.');
    expect(stdout).toContain('narrower.yml is not the policy that was deployed');
    expect(code).toBe(0);
  });

  it('writes nothing where the override is the same already', async () => {
    await policy('push', narrowerFile, ...agreed);
    const { code, stdout } = await policy('push', narrowerFile, ...agreed, '--format', 'json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { written: false, version: null }]);
  });

  it('stores a policy of more than 4 KB as an advanced parameter, with actor and reason', async () => {
    const reason = 'x'.repeat(5_000);
    const text = `version: 1\nexemptions: [{ controls: [kms-grant], reason: ${reason}, owner: me, expires: 2027-01-31 }]\n`;
    const long = file('long.yml', text);
    stage = `${stage}-long`;
    await deploy({
      TRAILSEAL_POLICY_PARAMETER: parameter,
      TRAILSEAL_POLICY_DIGEST: policyDigest(checkedOf(text)),
    });
    expect((await policy('push', long, ...agreed, '--policy', long)).code).toBe(0);
    const { Parameters: versions } = await ssmClient(config).send(
      new GetParameterHistoryCommand({ Name: parameter }),
    );
    expect(versions).toMatchObject([
      { Tier: 'Intelligent-Tiering', Description: `by ${caller}: Too many findings.` },
    ]);
  });

  it('changes nothing where a person does not agree', async () => {
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockReturnValue(true),
    );
    const answers = ['Too many findings.', 'no'];
    const flags = { stage, region, format: 'table', policy: deployedFile } as const;
    const code = await runPolicyPush(
      narrowerFile,
      flags,
      new AbortController().signal,
      async () => answers.shift() ?? '',
    );
    for (const stream of streams) stream.mockRestore();
    expect(code).toBe(1);
    await expect(valueNow()).rejects.toThrow(ParameterNotFound);
  });

  it('is wrong usage where the deployment allows no override', async () => {
    stage = `${stage}-plain`;
    await deploy({});
    const { code, stderr } = await policy('push', narrowerFile, ...agreed);
    expect(stderr).toContain('this deployment allows no override of its policy: deploy it with --param=');
    expect(code).toBe(2);
  });

  it('is wrong usage where nothing is deployed', async () => {
    stage = 'override-none';
    const { code, stderr } = await policy('push', narrowerFile, ...agreed);
    expect(stderr).toContain(`trailseal-override-none is not deployed in ${region}`);
    expect(code).toBe(2);
  });
});

describe('trailseal policy show', () => {
  it('shows the version in effect, with time, actor and reason', async () => {
    await policy('push', narrowerFile, ...agreed);
    const { code, stdout } = await policy('show');
    expect(stdout).toMatch(
      new RegExp(
        `^Effective policy of stage ${stage}, account ${account}, ${region}\\n\\nIn effect: ${parameter}, version 1, ` +
          `since 20[-0-9T:.]+Z, by .+ \\(by ${caller}: Too many findings\\.\\)\\n$`,
      ),
    );
    expect(code).toBe(0);
  });

  it('shows the deployed policy where there is no override', async () => {
    const { code, stdout } = await policy('show', '--format', 'json');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { effective: 'deployed', parameter, newest: null, checkedAgainstDeployed: true },
    ]);
  });

  it('shows the deployed policy where the deployment allows no override', async () => {
    stage = `${stage}-plain`;
    await deploy({});
    const { code, stdout } = await policy('show');
    expect(stdout).toContain('The deployment allows no override: to allow one, deploy with policyParameter.');
    expect(code).toBe(0);
  });

  it('shows the errors of the newest version, and the version in effect', async () => {
    await policy('push', narrowerFile, ...agreed);
    await putByHand('{"version":1,"controls":{"kms-key-rotatoin":{}}}');
    const { code, stdout } = await policy('show');
    expect(stdout).toContain(`In effect: ${parameter}, version 1`);
    expect(stdout).toContain('there is no control "kms-key-rotatoin" (did you mean kms-key-rotation?)');
    expect(code).toBe(1);
    expect((await started().read()).policy.file).toBe(`parameter ${parameter} version 1`);
  });
});

describe('trailseal policy clear', () => {
  it('restores the deployed policy', async () => {
    await policy('push', narrowerFile, ...agreed);
    const { code } = await policy('clear', ...agreed);
    expect(code).toBe(0);
    expect((await started().read()).policy.file).toBe('deployed.yml');
  });

  it('deletes nothing where there is no override', async () => {
    const { code, stdout } = await policy('clear', ...agreed);
    expect(stdout).toBe(`${parameter} does not exist: the deployed policy applies already.\n`);
    expect(code).toBe(0);
  });

  it('deletes nothing where a person does not agree', async () => {
    await policy('push', narrowerFile, ...agreed);
    const stream = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const flags = { stage, region, format: 'table' } as const;
    const code = await runPolicyClear(flags, new AbortController().signal, async () => '');
    stream.mockRestore();
    expect([code, (await started().read()).policy.file]).toEqual([1, `parameter ${parameter} version 1`]);
  });
});

describe('the versions of a parameter', () => {
  it('are read back to the newest valid one, over more than one page', async () => {
    await putByHand(JSON.stringify(checkedOf(narrower)));
    for (let version = 2; version <= 60; version++) await putByHand(`wrong ${version}`);
    expect((await started().read()).policy.file).toBe(`parameter ${parameter} version 1`);
  });
});

describe('a bundle with an override', () => {
  // Nothing is evaluated: the function reads the policy, and finds that the event concerns no control.
  const listed = {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: {
      eventSource: 'kms.amazonaws.com',
      eventName: 'ListAliases',
      eventID: 'event-1',
      eventTime: '2026-03-01T12:00:00Z',
      awsRegion: region,
      recipientAccountId: account,
      resources: [{ ARN: `arn:aws:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab` }],
    },
  };

  it('applies the newest valid version, as the sources do', async () => {
    await putByHand(JSON.stringify(checkedOf(narrower)));
    await putByHand('wrong');
    const queue = `https://sqs.${region}.amazonaws.com/${account}/trailseal-${stage}-kms`;
    for (const [name, value] of Object.entries({
      TRAILSEAL_POLICY_PARAMETER: parameter,
      TRAILSEAL_TABLE: 'none',
      TRAILSEAL_QUEUE_URL: queue,
      TRAILSEAL_DEAD_LETTER_URL: `${queue}-dead-letters`,
    })) {
      vi.stubEnv(name, value);
    }
    const written: string[] = [];
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        written.push(String(chunk));
        return true;
      }),
    );
    const { file: bundle } = await bundleFunction('functions/evaluators/kms.ts', folder, deployedFile, true);
    const { handler } = createRequire(import.meta.url)(bundle);
    await handler(listed, { getRemainingTimeInMillis: () => 60_000 });
    for (const stream of streams) stream.mockRestore();
    vi.unstubAllEnvs();
    expect(written.join('')).toContain(`"used":"parameter ${parameter} version 1"`);
  });
});
