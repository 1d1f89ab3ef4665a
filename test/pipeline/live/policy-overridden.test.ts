/** An evaluator whose policy a parameter may override, as its bundle has it: what it evaluates by, logs, counts, and refuses. */
import { BatchImportFindingsCommand } from '@aws-sdk/client-securityhub';
import { ChangeMessageVisibilityBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  ParameterNotFound,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as plain from '../../../functions/effective-policy.ts';
import { loggerOf, Telemetry } from '../../../functions/telemetry.ts';
import { at } from '../../../lib/core/json.ts';
import { deliveriesInAll } from '../../../lib/pipeline/live/redelivery.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { disabled, fromSqs, kms, securityHub, setUpFunction, sqs, started } from './evaluator-function.ts';

// As `deploy/esbuild/override.ts` has it in a bundle.
vi.mock('../../../functions/effective-policy.ts', () => import('../../../functions/policy-overridden.ts'));

const parameter = '/trailseal/dev/policy';
const ssm = mockClient(SSMClient);
const output = setUpFunction({ TRAILSEAL_POLICY_PARAMETER: parameter });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  ssm.reset();
});

afterEach(() => {
  vi.useRealTimers();
});

const twice = { one: disabled, two: disabled };

/** The lines that were written, as JSON. */
function lines(): readonly Record<string, unknown>[] {
  return output.written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function overriddenBy(value: unknown, version = 1): void {
  const Value = typeof value === 'string' ? value : JSON.stringify(value);
  ssm.on(GetParameterCommand).resolves({ Parameter: { Name: parameter, Version: version, Value } });
}

const raised = { version: 1, controls: { 'kms-key-disabled': { severity: 'CRITICAL' } } };
const wrong = { version: 1, controls: { 'kms-key-disabledd': { enabled: false } } };
/** The severity of each finding that Security Hub was given. */
function severities(): readonly (string | undefined)[] {
  return securityHub
    .commandCalls(BatchImportFindingsCommand)
    .flatMap(
      ({ args: [{ input }] }) =>
        input.Findings?.map(({ FindingProviderFields }) => FindingProviderFields?.Severity?.Label) ?? [],
    );
}

const none = () => new ParameterNotFound({ message: 'no such parameter', $metadata: {} });
const denied = () =>
  new SSMServiceException({
    name: 'AccessDeniedException',
    message: 'not authorized to perform: ssm:GetParameter',
    $fault: 'client',
    $metadata: {},
  });

describe('a function whose policy may be overridden', () => {
  it('evaluates by the override', async () => {
    overriddenBy(raised);
    await started()(disabled);
    expect(severities()).toEqual(['CRITICAL']);
  });

  it('evaluates by the deployed policy where there is no parameter', async () => {
    ssm.on(GetParameterCommand).rejects(none());
    await started()(disabled);
    expect(severities()).toEqual(['HIGH']);
  });

  it.each([
    ['the parameter', () => overriddenBy(raised)],
    ['that there is none', () => void ssm.on(GetParameterCommand).rejects(none())],
  ])('reads %s once a minute', async (_what, set) => {
    set();
    const invoke = started();
    await invoke(disabled);
    await invoke(disabled);
    const within = ssm.commandCalls(GetParameterCommand).length;
    vi.setSystemTime(Date.now() + 61_000);
    await invoke(disabled);
    expect([within, ssm.commandCalls(GetParameterCommand).length]).toEqual([1, 2]);
  });

  it('uses a new version within a minute', async () => {
    ssm.on(GetParameterCommand).rejects(none());
    const invoke = started();
    await invoke(disabled);
    overriddenBy(raised);
    vi.setSystemTime(Date.now() + 61_000);
    await invoke(disabled);
    expect(severities()).toEqual(['HIGH', 'CRITICAL']);
  });

  it('logs a wrong override with parameter, version, every fault and the policy in use', async () => {
    overriddenBy(wrong, 7);
    ssm.on(GetParameterHistoryCommand).resolves({
      Parameters: [
        { Version: 5, Value: JSON.stringify(raised) },
        { Version: 6, Value: 'no JSON' },
        { Version: 7, Value: JSON.stringify(wrong) },
      ],
    });
    await started()(disabled);
    expect(lines().filter(({ level }) => level === 'ERROR')).toMatchObject([
      {
        message: 'the policy override is wrong, and is not used',
        parameter,
        version: 7,
        faults: [
          'controls.kms-key-disabledd: there is no control "kms-key-disabledd" (did you mean kms-key-disabled?)',
        ],
        used: `parameter ${parameter} version 5`,
      },
    ]);
  });

  it('counts each invocation that met a wrong override', async () => {
    overriddenBy(wrong);
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [] });
    const invoke = started();
    await invoke(disabled);
    await invoke(disabled);
    const counted = lines().filter((line) => 'PolicyOverrideInvalid' in line);
    expect(
      counted.map((line) => [line['PolicyOverrideInvalid'], line['evaluator'], line['service']]),
    ).toEqual([
      [1, 'kms', 'trailseal-dev'],
      [1, 'kms', 'trailseal-dev'],
    ]);
    // One alarm watches it for all functions.
    const dimensions = counted.map((line) => at(line, '_aws', 'CloudWatchMetrics', 0, 'Dimensions'));
    expect(dimensions).toEqual([[['service']], [['service']]]);
  });

  it('writes no control characters, whatever the override contains', async () => {
    overriddenBy({ version: 1, '\u001b[2J\u202e': {} });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [] });
    await started()(disabled);
    expect(output.written).not.toMatch(/[^\n\x20-\x7e]/);
  });

  it('has messages delivered again when the parameter can not be read, and evaluates nothing', async () => {
    ssm.on(GetParameterCommand).rejects(denied());
    expect(await started()(fromSqs(twice))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }, { itemIdentifier: 'two' }],
    });
    expect(kms.calls()).toEqual([]);
  });

  it('reads once for a whole batch, and counts it, when the parameter can not be read', async () => {
    ssm.on(GetParameterCommand).rejects(denied());
    await started()(fromSqs(twice));
    expect(ssm.calls()).toHaveLength(1);
    expect(lines().filter((line) => 'PolicyOverrideInvalid' in line)).toMatchObject([
      { PolicyOverrideInvalid: 1 },
    ]);
  });

  it('has messages delivered again after seconds when the parameter can not be read as it starts', async () => {
    ssm.on(GetParameterCommand).rejects(denied());
    await started()(fromSqs(twice));
    const hidden = sqs
      .commandCalls(ChangeMessageVisibilityBatchCommand)
      .flatMap(({ args: [{ input }] }) => input.Entries ?? []);
    expect(hidden.map(({ ReceiptHandle, VisibilityTimeout }) => [ReceiptHandle, VisibilityTimeout])).toEqual([
      ['receipt of one', 5],
      ['receipt of two', 5],
    ]);
  });

  it('sends messages to the DLQ in the end when the parameter can not be read, with the reason', async () => {
    ssm.on(GetParameterCommand).rejects(denied());
    expect(await started()(fromSqs(twice, deliveriesInAll))).toEqual({ batchItemFailures: [] });
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter?.MessageAttributes?.['reason']?.StringValue).toMatch(
      /^It failed 15 times, the last time with PolicyUnreadable: .*\/trailseal\/dev\/policy can't be read: AccessDeniedException/,
    );
  });

  it('logs that the parameter can not be read while it uses the last policy', async () => {
    overriddenBy(raised, 3);
    const invoke = started();
    await invoke(disabled);
    ssm.on(GetParameterCommand).rejects(denied());
    vi.setSystemTime(Date.now() + 61_000);
    await invoke(disabled);
    expect(lines().filter(({ level }) => level === 'WARN')).toMatchObject([
      {
        parameter,
        reason: 'AccessDeniedException (not authorized to perform: ssm:GetParameter)',
        used: `parameter ${parameter} version 3`,
      },
    ]);
  });
});

it('a function that was built without an override refuses to start where the deployment has one', async () => {
  const actual = await vi.importActual<typeof plain>('../../../functions/effective-policy.ts');
  const logger = loggerOf('kms');
  const parts = {
    controls: kmsControls,
    config: { region: 'us-east-1' },
    logger,
    telemetry: new Telemetry('kms', logger),
  };
  expect(() => actual.effectivePolicy(parts)).toThrow(
    'TRAILSEAL_POLICY_PARAMETER is set, and this code takes no override: functions are configured by serverless.yml',
  );
});
