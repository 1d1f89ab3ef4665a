/** The parameters of a deployment: what they change in the stack. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { at } from '../../lib/core/json.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { sls } from './sls.ts';
import { type Made, ofType, one, resourcesOf, statementsIn, strings } from './template.ts';

const defaults = defaultParameters();
const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const topic = 'arn:aws:sns:eu-central-1:111122223333:security';

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-parameters-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function stackWith(changes: Readonly<Record<string, unknown>>) {
  const { functions, resources } = await stackOf({ ...defaults, ...changes });
  return { functions, resources: resourcesOf(resources), extensions: resources.extensions };
}
const alarmsOf = (resources: ReadonlyMap<string, Made>) => ofType(resources, 'AWS::CloudWatch::Alarm');

describe('the parameter', () => {
  it('evaluators leaves out the rule, the queue and the function of the others', async () => {
    const { functions, resources } = await stackWith({ evaluators: 'kms' });
    expect(Object.keys(functions)).toEqual(['kms', 'scan', 'watchdog']);
    expect(ofType(resources, 'AWS::Events::Rule').map(([id]) => id)).toEqual(['KmsRule', 'CanaryRule']);
    expect(ofType(resources, 'AWS::SQS::Queue').map(([id]) => id)).toEqual([
      'KmsQueue',
      'KmsDeadLetters',
      'ScanQueue',
      'ScanDeadLetters',
    ]);
  });

  it('evaluators leaves the scheduled scan nothing to list for the others', async () => {
    const { resources } = await stackWith({ evaluators: 'kms' });
    const statements = statementsIn(
      at(one(resources, 'ScanRole').properties, 'Policies', 0, 'PolicyDocument'),
    );
    const services = statements.flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
    expect(new Set(services)).toEqual(new Set(['kms', 'dynamodb', 'sqs', 'logs', 'xray']));
  });

  it('policy leaves out the events of what it disables', async () => {
    const policy = path.join(folder, 'one.yml');
    writeFileSync(
      policy,
      'version: 1\ndefaults: { enabled: false }\ncontrols: { kms-key-rotation: { enabled: true } }\n',
    );
    const { functions, resources } = await stackWith({ policy });
    expect(Object.keys(functions)).toEqual(['kms', 'scan', 'watchdog']);
    const names = strings(at(one(resources, 'KmsRule').properties, 'EventPattern', 'detail', 'eventName'));
    expect(names).toContain('EnableKeyRotation');
    expect(names).not.toContain('CreateGrant');
  });

  it('kmsKeyArn encrypts queues, state table and logs, and lets their users use the key by those services', async () => {
    const { resources, extensions } = await stackWith({ kmsKeyArn: key });
    for (const [, { properties }] of ofType(resources, 'AWS::SQS::Queue')) {
      expect(properties).toMatchObject({ KmsMasterKeyId: key });
    }
    expect(at(one(resources, 'StateTable').properties, 'SSESpecification', 'KMSMasterKeyId')).toBe(key);
    expect(at(extensions, 'Ec2LogGroup', 'Properties')).toEqual({ KmsKeyId: key });
    for (const [id, { properties }] of ofType(resources, 'AWS::IAM::Role')) {
      // It runs a function, and touches nothing that the key encrypts.
      if (id === 'WatchdogScheduleRole') continue;
      const statements = statementsIn(at(properties, 'Policies', 0, 'PolicyDocument'));
      const use = statements.filter(({ actions }) => actions.includes('kms:GenerateDataKey'));
      expect(use).toMatchObject([{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key] }]);
      expect(strings(at(use[0]?.conditions, 'StringEquals', 'kms:ViaService'))).toContain(
        `${id === 'WatchdogRole' ? 'dynamodb' : 'sqs'}.eu-central-1.amazonaws.com`,
      );
    }
  });

  it('concurrency bounds each evaluator', async () => {
    const { functions } = await stackWith({ concurrency: '20' });
    expect(at(functions, 'ec2', 'events', 0, 'sqs', 'maximumConcurrency')).toBe(20);
  });

  it('scanSchedule is the schedule’s', async () => {
    const { resources } = await stackWith({ scanSchedule: '1 day' });
    expect(at(one(resources, 'ScheduledScanSchedule').properties, 'ScheduleExpression')).toBe('rate(1 day)');
  });

  it('alarmEmail creates an encrypted topic that every alarm notifies', async () => {
    const { resources } = await stackWith({ alarmEmail: 'security@example.com' });
    const alarms = 'arn:aws:sns:eu-central-1:111122223333:trailseal-dev-alarms';
    expect(one(resources, 'AlarmTopic').properties).toMatchObject({
      KmsMasterKeyId: 'arn:aws:kms:eu-central-1:111122223333:key/AlarmTopicKey',
      Subscription: [{ Protocol: 'email', Endpoint: 'security@example.com' }],
    });
    expect(alarmsOf(resources).map(([, { properties }]) => at(properties, 'AlarmActions'))).toEqual(
      alarmsOf(resources).map(() => [alarms]),
    );
  });

  it('alarmTopicArn is notified by every alarm, and no topic is created', async () => {
    const { resources } = await stackWith({ alarmTopicArn: topic });
    expect(ofType(resources, 'AWS::SNS::Topic')).toEqual([]);
    expect(alarmsOf(resources).map(([, { properties }]) => at(properties, 'AlarmActions'))).toEqual(
      alarmsOf(resources).map(() => [topic]),
    );
  });

  it('insights leaves out what only Security Hub has', async () => {
    const { resources } = await stackWith({ insights: 'false' });
    expect(ofType(resources, 'AWS::SecurityHub::Insight')).toEqual([]);
  });

  it('insights are made before the state table, which outlives a deployment that fails for them', async () => {
    const { resources } = await stackWith({ insights: 'true' });
    const ids = ofType(resources, 'AWS::SecurityHub::Insight').map(([id]) => id);
    expect(ids).not.toEqual([]);
    expect(at(one(resources, 'StateTable').raw, 'DependsOn')).toEqual(ids);
  });

  it('retainState lets the state table go with the stack', async () => {
    const { resources } = await stackWith({ retainState: 'false' });
    const stateTable = one(resources, 'StateTable');
    expect(stateTable.raw).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    expect(at(stateTable.properties, 'DeletionProtectionEnabled')).toBe(false);
  });

  it('stage is part of every name', async () => {
    const { resources } = await stackWith({ stage: 'prod' });
    const names = [...resources.values()].flatMap(({ properties }) =>
      ['QueueName', 'TableName', 'Name', 'AlarmName', 'DashboardName'].flatMap((name) =>
        strings(at(properties, name)),
      ),
    );
    expect(names.filter((name) => !name.startsWith('trailseal-prod'))).toEqual([]);
  });
});

describe('the parameter policy is named, with what is wrong, where it is', () => {
  it('a file that is not there', async () => {
    const policy = path.join(folder, 'none.yml');
    await expect(stackWith({ policy })).rejects.toThrow(
      `the parameter policy is a file that can't be used: cannot read ${policy}`,
    );
  });

  it('a file that is wrong', async () => {
    const policy = path.join(folder, 'wrong.yml');
    writeFileSync(policy, 'version: 1\ncontrols: { no-such-control: {} }\n');
    await expect(stackWith({ policy })).rejects.toThrow('no-such-control');
  });

  it('a file that leaves nothing to be evaluated', async () => {
    const policy = path.join(folder, 'nothing.yml');
    writeFileSync(policy, 'version: 1\ndefaults: { enabled: false }\n');
    await expect(stackWith({ policy })).rejects.toThrow(
      `which enables no control of ${evaluators.join(', ')}`,
    );
  });
});

describe('sls package', () => {
  it('fails for a parameter that is wrong, and names it', () => {
    const { status, output } = sls('package', '--package', folder, '--param', 'concurrency=0');
    expect(status).toBe(1);
    const problem = 'the parameter concurrency is "0", and has to be a whole number from 2 to 1000';
    // Once, though several values of serverless.yml come of the parameters.
    expect(output.split(problem)).toHaveLength(2);
  });

  it('fails for a parameter that does not exist', () => {
    const { status, output } = sls('package', '--package', folder, '--param', 'concurency=3');
    expect(status).toBe(1);
    expect(output).toContain('the parameter concurency does not exist');
  });
});
