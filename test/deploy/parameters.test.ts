/** What the parameters of a deployment may be, and what is said of one that is wrong. */
import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { ParameterError, parameterNames, readParameters } from '../../deploy/parameters.ts';
import { evaluators } from '../../lib/services/catalogue.ts';

const defaults = defaultParameters();
const someEvaluators = `all, or some of ${evaluators.join(', ')}, separated by commas`;
const operatorUser = 'arn:aws:iam::111122223333:user/ana';
const operatorRole = 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0a1b';
const topic = 'arn:aws:sns:eu-central-1:111122223333:security';

it('serverless.yml has a default for every parameter', () => {
  expect(Object.keys(defaults).toSorted()).toEqual([...parameterNames].toSorted());
});

it('the defaults of serverless.yml can be used', () => {
  expect(readParameters({ ...defaults, policy: 'trailseal.policy.yml' })).toEqual({
    stage: 'dev',
    evaluators,
    policy: 'trailseal.policy.yml',
    policyParameter: undefined,
    kmsKeyArn: undefined,
    logRetentionInDays: 90,
    logLevel: 'INFO',
    concurrency: 5,
    scanSchedule: { expression: 'rate(6 hours)', minutes: 360 },
    alarmEmail: undefined,
    alarmTopicArn: undefined,
    notifyEmail: undefined,
    notifyTopicArn: undefined,
    notifyChatTopicArn: undefined,
    notifyWebhooks: [],
    notifyPrivateWebhooks: false,
    operatorArns: [],
    insights: true,
    retainState: true,
  });
});

describe('a parameter', () => {
  it.each([
    ['evaluators', 'kms, ec2', ['ec2', 'kms']],
    ['evaluators', 'all', evaluators],
    ['policy', ' my policy.yml ', 'my policy.yml'],
    ['policyParameter', '/trailseal/dev/policy', '/trailseal/dev/policy'],
    ['logRetentionInDays', 365, 365],
    ['concurrency', '1000', 1_000],
    ['scanSchedule', '1 days', { expression: 'rate(1 day)', minutes: 1_440 }],
    ['scanSchedule', '30 minute', { expression: 'rate(30 minutes)', minutes: 30 }],
    ['notifyWebhooks', '/a/b, c', ['/a/b', 'c']],
    ['operatorArns', `${operatorUser}, ${operatorRole}`, [operatorUser, operatorRole]],
    ['insights', false, false],
    ['alarmEmail', 'security@example.com', 'security@example.com'],
    ['alarmTopicArn', topic, topic],
    ['alarmTopicArn', null, undefined],
  ] as const)('%s may be %j', (name, value, expected) => {
    expect(readParameters({ ...defaults, [name]: value })[name]).toEqual(expected);
  });
});

describe('a parameter that is wrong is named, with what it may be:', () => {
  const stage =
    'lower-case letters, digits and single hyphens, 20 characters at most, beginning with a letter';
  const retention =
    'a number of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, ' +
    '1096, 1827, 2192, 2557, 2922, 3288, 3653';
  const rate = 'a rate of at least 30 minutes and at most 1 day, such as "6 hours" or "1 day"';
  const webhooks = 'names of SSM parameters (/trailseal/webhook), separated by commas, or empty';
  const ofPolicy = 'the name of an SSM parameter, such as /trailseal/dev/policy, or empty';
  const operators = 'ARNs of IAM users and roles, whole and with their paths, separated by commas, or empty';
  const topics = 'the ARN of an SNS topic (not FIFO), or empty';

  it.each([
    ['stage', 'Prod', stage],
    ['stage', 'a'.repeat(21), stage],
    ['stage', 'a--b', stage],
    ['evaluators', 'ec2,s3', someEvaluators],
    ['evaluators', 'ec2,ec2', someEvaluators],
    ['evaluators', 'all,ec2', someEvaluators],
    ['evaluators', '', someEvaluators],
    ['policy', '', 'the path of a policy file'],
    ['policyParameter', '/aws/policy', ofPolicy],
    ['policyParameter', 'a b', ofPolicy],
    [
      'kmsKeyArn',
      'alias/aws/sqs',
      'the ARN of a KMS key (arn:aws:kms:…:key/…; an alias will not do), or empty',
    ],
    ['logRetentionInDays', '100', retention],
    ['logRetentionInDays', '07', retention],
    ['logLevel', 'LOUD', 'one of DEBUG, INFO, WARN, ERROR'],
    ['concurrency', '1', 'a whole number from 2 to 1000'],
    ['concurrency', '1001', 'a whole number from 2 to 1000'],
    ['concurrency', '2.5', 'a whole number from 2 to 1000'],
    ['concurrency', '', 'a whole number from 2 to 1000'],
    ['scanSchedule', '5 minutes', rate],
    ['scanSchedule', '2 days', rate],
    ['scanSchedule', 'daily', rate],
    ['alarmEmail', 'security', 'one e-mail address, or empty'],
    ['alarmTopicArn', 'security', topics],
    ['notifyEmail', 'a@example.com,b@example.com', 'one e-mail address, or empty'],
    ['notifyTopicArn', `${topic}.fifo`, topics],
    ['notifyChatTopicArn', 'chat', topics],
    ['notifyWebhooks', '/a,', webhooks],
    ['notifyPrivateWebhooks', 'yes', 'true or false'],
    ['insights', 'TRUE', 'true or false'],
    ['operatorArns', '*', operators],
    ['operatorArns', '111122223333', operators],
    ['operatorArns', 'arn:aws:iam::111122223333:root', operators],
    ['operatorArns', 'arn:aws:iam::111122223333:role/*', operators],
    ['operatorArns', 'arn:aws:sts::111122223333:assumed-role/ops/ana', operators],
    ['insights', '', 'true or false'],
    ['retainState', 'no', 'true or false'],
  ])('%s=%j', (name, value, expected) => {
    const option = name === 'stage' ? '--stage' : `--param="${name}=…", or in serverless.yml`;
    const read = () => readParameters({ ...defaults, [name]: value });
    expect(read).toThrow(
      new ParameterError(name, `is ${JSON.stringify(value)}, and has to be ${expected}: set it by ${option}`),
    );
  });

  it('the first of several, in the order of the parameters', () => {
    expect(() => readParameters({ ...defaults, insights: 'x', evaluators: 's3,s4' })).toThrow(
      'the parameter evaluators is "s3,s4"',
    );
  });

  it('one that is missing', () => {
    const { logLevel: _, ...others } = defaults;
    expect(() => readParameters(others)).toThrow('the parameter logLevel is ""');
  });

  it('one that does not exist', () => {
    expect(() => readParameters({ ...defaults, scanrate: '1 day', insights: 'x' })).toThrow(
      `the parameter scanrate does not exist (there are ${parameterNames.join(', ')})`,
    );
  });

  it.each([
    ['alarmEmail', 'alarmTopicArn'],
    ['notifyEmail', 'notifyTopicArn'],
  ])('%s beside %s', (email, topicArn) => {
    expect(() => readParameters({ ...defaults, [email]: 'security@example.com', [topicArn]: topic })).toThrow(
      `the parameter ${email} is set and ${topicArn} too: subscribe the address to that topic, and leave one of them empty`,
    );
  });

  it('a policy parameter that is the kill switch', () => {
    expect(() => readParameters({ ...defaults, policyParameter: '/trailseal/dev/kill-switch' })).toThrow(
      'the parameter policyParameter is the kill switch, and has to be a parameter of its own',
    );
  });

  it('a topic for chats that is the one for people', () => {
    expect(() => readParameters({ ...defaults, notifyTopicArn: topic, notifyChatTopicArn: topic })).toThrow(
      'the parameter notifyChatTopicArn is the same as notifyTopicArn, and has to be a topic of its own',
    );
  });
});
