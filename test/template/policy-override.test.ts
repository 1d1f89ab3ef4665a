/** The stack with the parameter `policyParameter`, by which the policy may be overridden without a deployment. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { ParameterError, readParameters } from '../../deploy/parameters.ts';
import { stackOf } from '../../deploy/stack.ts';
import { capital } from '../../deploy/template.ts';
import { at } from '../../lib/core/json.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { mayCall } from './simulate.ts';
import { sls } from './sls.ts';
import { account, type Made, ofType, one, policyOf, region, resourcesOf, statementsIn } from './template.ts';

const parameter = '/trailseal/dev/policy';
const policy = path.join(import.meta.dirname, '..', '..', 'examples', 'policy.active.yml');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-override-template-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Functions that go by the policy, and those that do not. */
const evaluating = [...queueNames, 'remediate', 'operator'];
const telling = ['transitions', 'notify', 'watchdog'] as const;

async function stackWith(policyParameter: string) {
  const { functions, resources } = await stackOf({ ...defaultParameters(), policy, policyParameter });
  return { functions, resources: resourcesOf(resources) };
}
let overridable: Awaited<ReturnType<typeof stackWith>>;
let plain: Awaited<ReturnType<typeof stackWith>>;
beforeAll(async () => {
  overridable = await stackWith(parameter);
  plain = await stackWith('');
});

const arnOf = (name: string) => `arn:aws:ssm:${region}:${account}:parameter${name}`;
const alarmIds = (resources: ReadonlyMap<string, Made>) =>
  ofType(resources, 'AWS::CloudWatch::Alarm')
    .map(([id]) => id)
    .filter((id) => id.includes('PolicyOverride'));
const actionsOn = (role: Made, resource: string) =>
  statementsIn(policyOf(role))
    .filter(({ resources }) => resources.includes(resource))
    .flatMap(({ actions }) => actions);

describe('with policyParameter', () => {
  it.each(evaluating)(
    'the role of %s may read that parameter and its versions, and nothing else of it',
    (name) => {
      const role = one(overridable.resources, `${capital(name)}Role`);
      expect(actionsOn(role, arnOf(parameter)).toSorted()).toEqual([
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
      ]);
    },
  );

  it.each(telling)('the role of %s may not read it', (name) => {
    expect(actionsOn(one(overridable.resources, `${capital(name)}Role`), arnOf(parameter))).toEqual([]);
  });

  it.each([
    ['read the parameter', 'ssm:GetParameter', parameter, true],
    ['read its versions', 'ssm:GetParameterHistory', parameter, true],
    ['read another', 'ssm:GetParameter', `${parameter}/other`, false],
    ['write it', 'ssm:PutParameter', parameter, false],
    ['delete it', 'ssm:DeleteParameter', parameter, false],
  ])('by the simulator, an evaluator may or may not %s', async (_what, action, name, allowed) => {
    const role = one(overridable.resources, 'KmsRole');
    expect(await mayCall(role, { action, resource: arnOf(name) })).toBe(allowed);
  });

  it.each(evaluating)('%s has its name, and the digest of the policy that it was deployed with', (name) => {
    expect(at(overridable.functions, name, 'environment')).toMatchObject({
      TRAILSEAL_POLICY_PARAMETER: parameter,
      TRAILSEAL_POLICY_DIGEST: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it('one alarm is of the metric that all functions count that go by the policy', () => {
    expect(alarmIds(overridable.resources)).toEqual(['PolicyOverrideInvalidAlarm']);
    expect(one(overridable.resources, 'PolicyOverrideInvalidAlarm').properties).toMatchObject({
      AlarmName: 'trailseal-dev-PolicyOverrideInvalid',
      Namespace: 'Trailseal',
      MetricName: 'PolicyOverrideInvalid',
      Dimensions: [{ Name: 'service', Value: 'trailseal-dev' }],
      Threshold: 0,
    });
  });

  it('a name without a path is that of a parameter too', async () => {
    const { resources } = await stackWith('acme-policy');
    expect(actionsOn(one(resources, 'KmsRole'), arnOf('/acme-policy'))).toHaveLength(2);
  });
});

describe('without policyParameter', () => {
  it.each([...evaluating, ...telling])('%s has the name of none', (name) => {
    const environment = JSON.stringify(at(plain.functions, name, 'environment'));
    expect(environment).not.toContain('TRAILSEAL_POLICY');
  });

  it.each(evaluating)('the role of %s may read no versions of any parameter', (name) => {
    const granted = statementsIn(policyOf(one(plain.resources, `${capital(name)}Role`)));
    expect(granted.flatMap(({ actions }) => actions)).not.toContain('ssm:GetParameterHistory');
  });

  it('there is no alarm for it', () => {
    expect(alarmIds(plain.resources)).toEqual([]);
  });
});

describe('policyParameter is refused', () => {
  it.each([
    'effective policy',
    'trailseal/dev/policy',
    '/trailseal//policy',
    '/aws/policy',
    'ssm-policy',
    '/a/',
  ])('as %j, with what it may be', (policyParameter) => {
    const read = () => readParameters({ ...defaultParameters(), policyParameter });
    expect(read).toThrow(ParameterError);
    expect(read).toThrow('has to be the name of an SSM parameter, such as /trailseal/dev/policy, or empty');
  });

  it('as the kill switch', () => {
    const policyParameter = '/trailseal/dev/kill-switch';
    expect(() => readParameters({ ...defaultParameters(), policyParameter })).toThrow(
      'the parameter policyParameter is the kill switch',
    );
  });
});

describe('sls package', () => {
  const unzip =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.stdout.write(z.read(z.namelist()[0]).decode())';

  it('bundles functions that take the override', () => {
    const { status, output } = sls('package', '--package', folder, '--param', `policyParameter=${parameter}`);
    expect(output).not.toContain('Error');
    expect(status).toBe(0);
    const { stdout } = spawnSync('python3', ['-c', unzip, path.join(folder, 'kms.zip')], {
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    expect(stdout).toContain('TRAILSEAL_POLICY_PARAMETER');
    expect(stdout).toContain('GetParameterHistory');
  });
});
