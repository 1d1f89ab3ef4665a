/** The environment variables of a function, which `serverless.yml` sets. */
import type { EvaluatorName } from '../../core/service.ts';
import { evaluators } from '../../services/catalogue.ts';

export interface Environment {
  readonly account: string;
  readonly region: string;
  readonly table: string;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** A variable that the deployment should have set is missing or invalid. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, fault = 'is not set') {
    super(
      `${variable} ${fault}: functions are configured by serverless.yml, so deploy them with "sls deploy"`,
    );
  }
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of an evaluator's function from its environment variables.
 * @throws EnvironmentError naming the first variable that is missing, empty or invalid.
 * @example environmentOf(process.env).account // '111122223333'
 */
export function environmentOf(variables: Variables): Environment {
  const queueUrl = variable(variables, 'TRAILSEAL_QUEUE_URL');
  return {
    account: ownerOf(queueUrl),
    region: variable(variables, 'AWS_REGION'),
    table: variable(variables, 'TRAILSEAL_TABLE'),
    queueUrl,
    deadLetterUrl: variable(variables, 'TRAILSEAL_DEAD_LETTER_URL'),
  };
}

/**
 * The URLs of the queues of the deployed evaluators, to which the scheduled scan sends; evaluators without a queue
 * are left
 * out.
 * @example evaluatorQueueUrls({}) // {}
 */
export function evaluatorQueueUrls(variables: Variables): Readonly<Partial<Record<EvaluatorName, string>>> {
  return Object.fromEntries(
    evaluators.flatMap((evaluator) => {
      const url = variables[`TRAILSEAL_QUEUE_URL_${evaluator.toUpperCase()}`];
      return url === undefined || url === '' ? [] : [[evaluator, url]];
    }),
  );
}

/**
 * One environment variable.
 * @throws EnvironmentError when it is missing or empty.
 * @example variable({ AWS_REGION: 'eu-central-1' }, 'AWS_REGION') // 'eu-central-1'
 */
export function variable(variables: Variables, name: string): string {
  const value = variables[name];
  if (value === undefined || value === '') throw new EnvironmentError(name);
  return value;
}

/**
 * The deployment's account, taken from the URL of the function's own queue. Source: Amazon SQS Developer Guide,
 * "Queue and message identifiers": https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.
 */
function ownerOf(queueUrl: string): string {
  const [, account] = /\/(\d{12})\/[^/]+$/.exec(queueUrl) ?? [];
  if (account === undefined)
    throw new EnvironmentError('TRAILSEAL_QUEUE_URL', 'is not the URL of an SQS queue');
  return account;
}
