/** The parameters of a deployment: from what serverless.yml and `--param` say to values that can be relied upon. */

import { killSwitchName, type Stage } from '../lib/aws/names.ts';
import type { EvaluatorName } from '../lib/core/service.ts';
import { evaluators } from '../lib/services/catalogue.ts';

export interface Parameters {
  readonly stage: Stage;
  readonly evaluators: readonly EvaluatorName[];
  readonly policy: string;
  /** The name of an SSM parameter. */
  readonly policyParameter: string | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly logRetentionInDays: number;
  readonly logLevel: LogLevel;
  readonly concurrency: number;
  readonly scanSchedule: Rate;
  readonly alarmEmail: string | undefined;
  readonly alarmTopicArn: string | undefined;
  readonly notifyEmail: string | undefined;
  readonly notifyTopicArn: string | undefined;
  readonly notifyChatTopicArn: string | undefined;
  /** Names of SSM parameters. */
  readonly notifyWebhooks: readonly string[];
  readonly notifyPrivateWebhooks: boolean;
  readonly allowKeyPolicyWrites: boolean;
  readonly insights: boolean;
  readonly retainState: boolean;
}

export type LogLevel = (typeof logLevels)[number];
const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

/** As EventBridge Scheduler writes it, and in minutes. */
export interface Rate {
  readonly expression: string;
  readonly minutes: number;
}

/** A parameter of the deployment that can't be used; the message names it and tells what it may be. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly parameter: string;

  constructor(parameter: string, problem: string, cause?: unknown) {
    super(`the parameter ${parameter} ${problem}`, { cause });
    this.parameter = parameter;
  }
}

interface Reader<T> {
  /** Completes "has to be …". */
  readonly expected: string;
  /** @returns `undefined` for what it does not accept. */
  read(text: string): { readonly value: T } | undefined;
}

/** Accepts what the pattern matches. */
function matching(pattern: RegExp, expected: string): Reader<string> {
  return { expected, read: (text) => (pattern.test(text) ? { value: text } : undefined) };
}

function optional<T>({ expected, read }: Reader<T>): Reader<T | undefined> {
  return {
    expected: `${expected}, or empty`,
    read: (text) => (text === '' ? { value: undefined } : read(text)),
  };
}

function oneOf<T extends string>(values: readonly T[]): Reader<T> {
  const read = (text: string) => {
    const value = values.find((each) => each === text);
    return value === undefined ? undefined : { value };
  };
  return { expected: `one of ${values.join(', ')}`, read };
}

function integer(from: number, to: number): Reader<number> {
  const read = (text: string) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= from && value <= to ? { value } : undefined;
  };
  return { expected: `a whole number from ${from} to ${to}`, read };
}

const yesOrNo: Reader<boolean> = {
  expected: 'true or false',
  read: (text) => (text === 'true' || text === 'false' ? { value: text === 'true' } : undefined),
};

/** Source: Amazon CloudWatch Logs API Reference, "PutRetentionPolicy": retentionInDays. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const retention: Reader<number> = {
  expected: `a number of days that CloudWatch Logs knows: ${retentions.join(', ')}`,
  read: (text) => {
    const value = retentions.find((days) => String(days) === text);
    return value === undefined ? undefined : { value };
  },
};

const minutesOf: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1_440 };

/** Source: EventBridge Scheduler User Guide, "Schedule types": rate-based schedules. */
const rate: Reader<Rate> = {
  expected: 'a rate of at least 30 minutes and at most 1 day, such as "6 hours" or "1 day"',
  read: (text) => {
    const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(text) ?? [];
    const minutes = Number(count) * (minutesOf[unit] ?? 0);
    if (minutes < 30 || minutes > 1_440) return undefined;
    return { value: { minutes, expression: `rate(${count} ${unit}${Number(count) === 1 ? '' : 's'})` } };
  },
};

const someEvaluators: Reader<readonly EvaluatorName[]> = {
  expected: `some of ${evaluators.join(', ')}, separated by commas`,
  read: (text) => {
    const wanted = text.split(',').map((name) => name.trim());
    const value = evaluators.filter((evaluator) => wanted.includes(evaluator));
    return value.length === wanted.length ? { value } : undefined;
  },
};

/** Source: AWS Systems Manager User Guide, "About requirements and constraints for parameter names". */
const parameterNamesInSsm: Reader<readonly string[]> = {
  expected: 'names of SSM parameters (/trailseal/webhook), separated by commas, or empty',
  read: (text) => {
    const value = text.split(',').map((name) => name.trim());
    if (text === '') return { value: [] };
    return value.every((name) => /^(\/?[\w.-]+|(\/[\w./-]+)+)$/.test(name)) ? { value } : undefined;
  },
};

/** One that is not a secret's reference. Source: as above; AWS keeps names that begin with aws or ssm for itself. */
const policyParameter = optional(
  matching(
    /^(?!\/?(aws|ssm))(?=.{1,900}$)(\/[\w.-]+(\/[\w.-]+){0,14}|[\w.-]+)$/i,
    'the name of an SSM parameter, such as /trailseal/dev/policy',
  ),
);

const address = matching(/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, 'one e-mail address');
const topic = matching(
  /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'the ARN of an SNS topic (not FIFO)',
);

/** What each parameter may be. Function names are at most 64 characters long, which the stage must leave room for. */
const readers: { readonly [Name in keyof Parameters]: Reader<Parameters[Name]> } = {
  stage: matching(
    /^(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'lower-case letters, digits and single hyphens, 20 characters at most, beginning with a letter',
  ),
  evaluators: someEvaluators,
  policy: matching(/\S/, 'the path of a policy file'),
  policyParameter,
  kmsKeyArn: optional(
    matching(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      'the ARN of a KMS key (arn:aws:kms:…:key/…; an alias will not do)',
    ),
  ),
  logRetentionInDays: retention,
  logLevel: oneOf(logLevels),
  // Source: AWS Lambda Developer Guide, "Configuring maximum concurrency for Amazon SQS event sources".
  concurrency: integer(2, 1_000),
  scanSchedule: rate,
  alarmEmail: optional(address),
  alarmTopicArn: optional(topic),
  notifyEmail: optional(address),
  notifyTopicArn: optional(topic),
  notifyChatTopicArn: optional(topic),
  notifyWebhooks: parameterNamesInSsm,
  notifyPrivateWebhooks: yesOrNo,
  allowKeyPolicyWrites: yesOrNo,
  insights: yesOrNo,
  retainState: yesOrNo,
};

/** The parameters by name; `stage` is the command's own `--stage`, the others are set by `--param`. */
export const parameterNames = Object.keys(readers) as readonly (keyof Parameters)[];

function optionFor(name: keyof Parameters): string {
  return name === 'stage' ? '--stage' : `--param="${name}=…", or in serverless.yml`;
}

/**
 * @param written every parameter as it was given: text, or a number or boolean of YAML.
 * @throws ParameterError for the first that is wrong, missing or does not exist.
 */
export function readParameters(written: Readonly<Record<string, unknown>>): Parameters {
  const stray = Object.keys(written).find((name) => !parameterNames.some((known) => known === name));
  if (stray !== undefined) {
    throw new ParameterError(stray, `does not exist (there are ${parameterNames.join(', ')})`);
  }
  const get = <Name extends keyof Parameters>(name: Name): Parameters[Name] => {
    const text = written[name] === undefined || written[name] === null ? '' : String(written[name]).trim();
    const found = readers[name].read(text);
    if (found === undefined) {
      throw new ParameterError(
        name,
        `is ${JSON.stringify(text)}, and has to be ${readers[name].expected}: set it by ${optionFor(name)}`,
      );
    }
    return found.value;
  };
  const parameters: Parameters = {
    stage: get('stage'),
    evaluators: get('evaluators'),
    policy: get('policy'),
    policyParameter: get('policyParameter'),
    kmsKeyArn: get('kmsKeyArn'),
    logRetentionInDays: get('logRetentionInDays'),
    logLevel: get('logLevel'),
    concurrency: get('concurrency'),
    scanSchedule: get('scanSchedule'),
    alarmEmail: get('alarmEmail'),
    alarmTopicArn: get('alarmTopicArn'),
    notifyEmail: get('notifyEmail'),
    notifyTopicArn: get('notifyTopicArn'),
    notifyChatTopicArn: get('notifyChatTopicArn'),
    notifyWebhooks: get('notifyWebhooks'),
    notifyPrivateWebhooks: get('notifyPrivateWebhooks'),
    allowKeyPolicyWrites: get('allowKeyPolicyWrites'),
    insights: get('insights'),
    retainState: get('retainState'),
  };
  for (const [email, topicArn] of exclusive) {
    if (parameters[email] === undefined || parameters[topicArn] === undefined) continue;
    throw new ParameterError(
      email,
      `is set and ${topicArn} too: subscribe the address to that topic, and leave one of them empty`,
    );
  }
  if (parameters.policyParameter === killSwitchName(parameters.stage)) {
    throw new ParameterError('policyParameter', 'is the kill switch, and has to be a parameter of its own');
  }
  const { notifyTopicArn, notifyChatTopicArn } = parameters;
  if (notifyChatTopicArn !== undefined && notifyChatTopicArn === notifyTopicArn) {
    throw new ParameterError(
      'notifyChatTopicArn',
      'is the same as notifyTopicArn, and has to be a topic of its own: chat applications drop every other form',
    );
  }
  return parameters;
}

/** An address, for which a topic is made, or a topic that there is. */
const exclusive = [
  ['alarmEmail', 'alarmTopicArn'],
  ['notifyEmail', 'notifyTopicArn'],
] as const;
