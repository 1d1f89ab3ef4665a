import { describe, expect, it } from 'vitest';
import {
  EnvironmentError,
  environmentOf,
  evaluatorQueueUrls,
} from '../../../lib/pipeline/live/environment.ts';

const queue = 'https://sqs.eu-central-1.amazonaws.com/111122223333/trailseal-dev-ec2';
const variables = {
  AWS_REGION: 'eu-central-1',
  TRAILSEAL_TABLE: 'trailseal-dev-state-table',
  TRAILSEAL_QUEUE_URL: queue,
  TRAILSEAL_DEAD_LETTER_URL: `${queue}-dead-letters`,
};

describe('a function’s environment', () => {
  it('contains the account and Region of its own queue', () => {
    expect(environmentOf(variables)).toEqual({
      account: '111122223333',
      region: 'eu-central-1',
      table: 'trailseal-dev-state-table',
      queueUrl: queue,
      deadLetterUrl: `${queue}-dead-letters`,
    });
  });

  it.each(Object.keys(variables))('is refused without %s, by its name', (name) => {
    expect(() => environmentOf({ ...variables, [name]: '' })).toThrow(new EnvironmentError(name));
  });

  it('is refused when its queue URL is invalid', () => {
    expect(() => environmentOf({ ...variables, TRAILSEAL_QUEUE_URL: 'Ref' })).toThrow(
      /not the URL of an SQS queue/,
    );
  });

  it('names the queues of the evaluators that are deployed, and no others', () => {
    expect(evaluatorQueueUrls({ TRAILSEAL_QUEUE_URL_EC2: queue, TRAILSEAL_QUEUE_URL_EKS: '' })).toEqual({
      ec2: queue,
    });
  });
});
