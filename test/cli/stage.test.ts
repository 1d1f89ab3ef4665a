/** Commands that write never guess the stage, and name those that there are. */
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { noAnswerText } from '../../cli/aws/answer.ts';
import { UnansweredError, UsageError } from '../../cli/exit.ts';
import { checkDeployed, deployedStages, stagesText } from '../../cli/operator/stages.ts';
import { trailseal, workFolder } from './command.ts';

const region = 'eu-central-1';
const account = '111122223333';

describe('a command that writes', () => {
  const writing = [
    ['kill-switch', 'on'],
    ['kill-switch', 'off'],
    ['breaker', 'reset', 'fix'],
    ['undo', '--since', '1h'],
    ['dlq', 'redrive', '--all'],
    ['policy', 'push', 'p.yml'],
    ['policy', 'clear'],
    ['custom-actions', 'sync'],
    ['custom-actions', 'remove'],
  ];

  it.each(writing)('%s %s requires a stage', (...args) => {
    const { code, stderr } = trailseal(workFolder(), args, '', { TRAILSEAL_STAGE: undefined });
    expect(stderr).toContain("required option '--stage <name>' not specified");
    expect(code).toBe(2);
  });

  it('takes the stage of TRAILSEAL_STAGE', () => {
    const { stderr } = trailseal(workFolder(), ['kill-switch', 'on'], '', { TRAILSEAL_STAGE: 'A' });
    expect(stderr).toContain('--stage takes lower-case letters, digits and hyphens, not A');
  });
});

describe('what AWS did not answer', () => {
  it.each([
    ['denied', 'allow it, or name other credentials with --profile'],
    ['throttled', 'AWS is asked too often: wait a minute, and run the command again'],
    ['failed', 'run the command again; if it stays, check that this machine reaches AWS in the Region'],
  ] as const)('is printed with account, Region and what to do: %s', (reason, todo) => {
    const none = {
      known: false,
      reason,
      action: 'ssm:PutParameter',
      detail: 'ssm:PutParameter \u001b',
    } as const;
    expect(noAnswerText(none, { account, region })).toBe(
      String.raw`ssm:PutParameter \u{1b} in account 111122223333, eu-central-1; ${todo}`,
    );
  });
});

describe('the stages in a Region', () => {
  function queues(...names: readonly string[]): SQSClient {
    const sqs = new SQSClient({ region });
    mockClient(sqs)
      .on(ListQueuesCommand, { QueueNamePrefix: 'trailseal-' })
      .resolves({
        QueueUrls: names.map((name) => `https://sqs.${region}.amazonaws.com/111122223333/${name}`),
      });
    return sqs;
  }

  it('are those with the queue of the scheduled scan', async () => {
    const sqs = queues(
      'trailseal-prod-scan',
      'trailseal-prod-scan-dead-letters',
      'trailseal-prod-kms',
      'trailseal-eu-dev-scan',
      'trailseal-scan',
    );
    expect(await deployedStages(sqs)).toEqual({ known: true, value: ['eu-dev', 'prod'] });
  });

  it.each([
    [['dev', 'prod'], 'the stages in eu-central-1 are: dev, prod; did you mean prod?'],
    [['a'], 'the stages in eu-central-1 are: a'],
    [[], 'no stage is deployed in eu-central-1: check --region'],
    [['prd'], 'see what is deployed: trailseal doctor --stage prd --region eu-central-1'],
  ])('%j are named', (value, text) => {
    expect(stagesText({ known: true, value }, { stage: 'prd', account, region })).toBe(text);
  });

  it('that cannot be read leave the stage unknown: nothing is written', async () => {
    const sqs = new SQSClient({ region });
    mockClient(sqs)
      .on(ListQueuesCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    await expect(checkDeployed(sqs, { stage: 'prod', account, region })).rejects.toThrow(
      new UnansweredError(
        'cannot tell whether stage prod is deployed in eu-central-1, so that nothing was changed: sqs:ListQueues was denied (no) in account 111122223333, eu-central-1; allow it, or name other credentials with --profile',
      ),
    );
  });

  it('of another name only are an error', async () => {
    await expect(
      checkDeployed(queues('trailseal-dev-scan'), { stage: 'prod', account, region }),
    ).rejects.toThrow(
      new UsageError('trailseal-prod is not deployed in eu-central-1; the stages in eu-central-1 are: dev'),
    );
  });
});
