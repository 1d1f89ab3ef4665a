/** The parameters of a deployment: from what serverless.yml and `--param` say to values that can be relied upon. */
import * as z from 'zod/mini';
import { killSwitchName } from '../lib/aws/names.ts';
import type { EvaluatorName } from '../lib/core/service.ts';
import { evaluators } from '../lib/services/catalogue.ts';

export type LogLevel = (typeof logLevels)[number];
const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

/** As EventBridge Scheduler writes it, and in minutes. */
export interface Rate {
  readonly expression: string;
  readonly minutes: number;
}

/** A parameter of the deployment that can't be used; the message names it and says which values are valid. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly parameter: string;

  constructor(parameter: string, problem: string, cause?: unknown) {
    super(`the parameter ${parameter} ${problem}`, { cause });
    this.parameter = parameter;
  }
}

/** Each parameter comes as text, trimmed; an error says what it may be, completing "has to be …". */
function matching(pattern: RegExp, expected: string) {
  return z.string().check(z.regex(pattern, expected));
}

/** The same, or empty for none. */
function optional(pattern: RegExp, expected: string) {
  const some = z.optional(matching(pattern, `${expected}, or empty`));
  return z.pipe(
    z.transform((text: string) => (text === '' ? undefined : text)),
    some,
  );
}

/** Texts, separated by commas; none of an empty one. */
function separated<T extends z.ZodMiniType<unknown, string>>(each: T) {
  return z.pipe(
    z.transform((text: string) => (text === '' ? [] : text.split(',').map((one) => one.trim()))),
    z.array(each),
  );
}

function integer(from: number, to: number) {
  const expected = `a whole number from ${from} to ${to}`;
  const bounded = z.number().check(z.gte(from, expected), z.lte(to, expected));
  return z.pipe(z.pipe(matching(/^\d+$/, expected), z.transform(Number)), bounded);
}

const yesOrNo = z.pipe(
  z.enum(['true', 'false'], 'true or false'),
  z.transform((text) => text === 'true'),
);

/** Source: Amazon CloudWatch Logs API Reference, "PutRetentionPolicy": retentionInDays. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const retention = z.pipe(
  z.enum(retentions.map(String), `a number of days that CloudWatch Logs knows: ${retentions.join(', ')}`),
  z.transform(Number),
);

const minutesOf: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1_440 };
const aRate = 'a rate of at least 30 minutes and at most 1 day, such as "6 hours" or "1 day"';

/** Source: EventBridge Scheduler User Guide, "Schedule types": rate-based schedules. */
const rate = z.pipe(
  matching(/^\d+ (minute|hour|day)s?$/, aRate),
  z
    .transform((text: string): Rate => {
      const [count = '', unit = ''] = text.replace(/s$/, '').split(' ');
      return {
        minutes: Number(count) * (minutesOf[unit] ?? 0),
        expression: `rate(${count} ${unit}${Number(count) === 1 ? '' : 's'})`,
      };
    })
    .check(z.refine(({ minutes }) => minutes >= 30 && minutes <= 1_440, aRate)),
);

const someEvaluators = `all, or some of ${evaluators.join(', ')}, separated by commas`;
const someWebhooks = 'names of SSM parameters (/trailseal/webhook), separated by commas, or empty';

const anAddress = 'one e-mail address';
const address = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
const someOperators =
  'ARNs of IAM users and roles, whole and with their paths, separated by commas, or empty';
const operator = /^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=.@/-]{1,575}$/;
const aTopic = 'the ARN of an SNS topic (not FIFO)';
const topic = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;

/** What each parameter may be. */
const schema = z.strictObject({
  /** Function names are at most 64 characters long, which the stage must leave room for. */
  stage: matching(
    /^(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'lower-case letters, digits and single hyphens, 20 characters at most, beginning with a letter',
  ),
  /** In the order of `evaluators`. */
  evaluators: z.pipe(
    separated(z.enum(['all', ...evaluators], someEvaluators)).check(
      z.minLength(1, someEvaluators),
      z.refine((wanted) => new Set(wanted).size === wanted.length, someEvaluators),
      z.refine((wanted) => wanted.length === 1 || !wanted.includes('all'), someEvaluators),
    ),
    z.transform((wanted): readonly EvaluatorName[] =>
      evaluators.filter((name) => wanted.includes('all') || wanted.includes(name)),
    ),
  ),
  policy: matching(/\S/, 'the path of a policy file'),
  /**
   * The name of an SSM parameter that is not a secret's reference; AWS keeps names that begin with aws or ssm for itself.
   * Source: AWS Systems Manager User Guide, "About requirements and constraints for parameter names".
   */
  policyParameter: optional(
    /^(?!\/?(aws|ssm))(?=.{1,900}$)(\/[\w.-]+(\/[\w.-]+){0,14}|[\w.-]+)$/i,
    'the name of an SSM parameter, such as /trailseal/dev/policy',
  ),
  kmsKeyArn: optional(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
    'the ARN of a KMS key (arn:aws:kms:…:key/…; an alias will not do)',
  ),
  logRetentionInDays: retention,
  logLevel: z.enum(logLevels, `one of ${logLevels.join(', ')}`),
  /** Source: AWS Lambda Developer Guide, "Configuring maximum concurrency for Amazon SQS event sources". */
  concurrency: integer(2, 1_000),
  scanSchedule: rate,
  alarmEmail: optional(address, anAddress),
  alarmTopicArn: optional(topic, aTopic),
  notifyEmail: optional(address, anAddress),
  notifyTopicArn: optional(topic, aTopic),
  notifyChatTopicArn: optional(topic, aTopic),
  /** Names of SSM parameters. Source: as of `policyParameter`. */
  notifyWebhooks: separated(matching(/^(\/?[\w.-]+|(\/[\w./-]+)+)$/, someWebhooks)),
  notifyPrivateWebhooks: yesOrNo,
  /**
   * Never a whole account, whose every administrator could make any role an operator. Source: IAM API Reference,
   * "CreateRole" (names of 64 characters, paths of 512).
   */
  operatorArns: separated(matching(operator, someOperators)),
  insights: yesOrNo,
  retainState: yesOrNo,
});

export type Parameters = Readonly<z.output<typeof schema>>;

/** The parameters by name; `stage` is the command's own `--stage`, the others are set by `--param`. */
export const parameterNames = z.keyof(schema).options;

function optionFor(name: keyof Parameters): string {
  return name === 'stage' ? '--stage' : `--param="${name}=…", or in serverless.yml`;
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value).trim();
}

/** The first of the errors, in the order of the parameters. */
function wrong(error: z.core.$ZodError, texts: Readonly<Record<string, string>>): ParameterError {
  const [issue] = error.issues;
  const name = parameterNames.find((known) => known === issue?.path[0]);
  if (issue === undefined || name === undefined) throw error;
  const problem = `is ${JSON.stringify(texts[name])}, and has to be ${issue.message}: set it by ${optionFor(name)}`;
  return new ParameterError(name, problem, error);
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
  const texts = Object.fromEntries(parameterNames.map((name) => [name, textOf(written[name])]));
  const parsed = schema.safeParse(texts);
  if (!parsed.success) throw wrong(parsed.error, texts);
  const parameters = parsed.data;
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
