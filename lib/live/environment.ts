/** What a function is told by its environment, which `serverless.yml` sets. */
import { families } from '../family.ts';
import type { QueueName } from '../names.ts';

export interface Environment {
  readonly account: string;
  readonly region: string;
  readonly table: string;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** A variable that the deployment should have set is not there. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string) {
    super(
      `${variable} is not set: functions are configured by serverless.yml, so deploy them with "sls deploy"`,
    );
  }
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws EnvironmentError naming the first variable that is missing or empty. */
export function environmentOf(variables: Variables): Environment {
  return {
    account: variable(variables, 'TRAILSEAL_ACCOUNT'),
    region: variable(variables, 'AWS_REGION'),
    table: variable(variables, 'TRAILSEAL_TABLE'),
    queueUrl: variable(variables, 'TRAILSEAL_QUEUE_URL'),
    deadLetterUrl: variable(variables, 'TRAILSEAL_DEAD_LETTER_URL'),
  };
}

/** The queues that the sweep sends to. @throws EnvironmentError as above. */
export function queueUrlsOf(variables: Variables): Readonly<Record<QueueName, string>> {
  const [ec2, eks, kms] = families.map((family) =>
    variable(variables, `TRAILSEAL_QUEUE_URL_${family.toUpperCase()}`),
  );
  if (ec2 === undefined || eks === undefined || kms === undefined)
    throw new EnvironmentError('TRAILSEAL_QUEUE_URL_…');
  return { ec2, eks, kms, sweep: variable(variables, 'TRAILSEAL_QUEUE_URL') };
}

/** @throws EnvironmentError when it is missing or empty. */
export function variable(variables: Variables, name: string): string {
  const value = variables[name];
  if (value === undefined || value === '') throw new EnvironmentError(name);
  return value;
}
