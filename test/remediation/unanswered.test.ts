/** What AWS did not answer stops everything, and is asked again in a while; what it answers with is an answer. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { unknownFact } from '../../lib/core/facts.ts';
import { killSwitch } from '../../lib/remediation/kill-switch.ts';
import { fixing, simulated } from './fixture.ts';

describe('what AWS did not answer', () => {
  it.each([
    ['the kill switch', { killSwitch: async () => ({ state: 'unreadable' as const, unanswered: true }) }],
    ['the workflow', { workflow: async () => ({ status: 'unreadable' as const, unanswered: true }) }],
  ])('of %s stops the action, and the message comes again', async (_what, more) => {
    const { fake, remediate } = await simulated(fixing, more);
    expect((await remediate()).again).toBe(true);
    expect(fake.state.writes).toBe(0);
  });

  it.each(['throttled', 'failed'] as const)(
    'about the resource itself, as the call was %s, has the message come again',
    async (reason) => {
      const { answers, remediate } = await simulated();
      answers.facts = unknownFact(reason, 'kms:DescribeKey was not answered');
      expect(await remediate()).toMatchObject({ again: true, events: [] });
    },
  );

  it('does not count where the call was denied, which lasts', async () => {
    const { answers, remediate } = await simulated();
    answers.facts = unknownFact('denied', 'kms:DescribeKey was denied');
    expect((await remediate()).again).toBe(false);
  });
});

describe('a kill switch', () => {
  const failing = (name: string, status: number | undefined) => {
    const error = Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: status } });
    const ssm = new SSMClient({ region: 'eu-central-1' });
    ssm.middlewareStack.add(
      () => async () => {
        throw error;
      },
      { step: 'initialize', priority: 'high' },
    );
    return killSwitch(ssm, '/trailseal/dev/kill-switch');
  };

  it.each([
    ['throttled', 'ThrottlingException', 400],
    ['asked too often', 'TooManyRequestsException', 429],
    ['met by a failure of AWS', 'InternalServerError', 500],
    ['cut off', 'TimeoutError', undefined],
  ])('that was %s may be read in a while', async (_what, name, status) => {
    expect(await failing(name, status)).toMatchObject({ state: 'unreadable', unanswered: true });
  });

  it.each([
    ['not there', 'ParameterNotFound', 400],
    ['denied', 'AccessDeniedException', 400],
  ])('that is %s is unreadable until somebody changes that', async (_what, name, status) => {
    expect(await failing(name, status)).toMatchObject({ state: 'unreadable', unanswered: false });
  });
});
