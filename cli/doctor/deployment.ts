/** Checks that a stage is deployed in a Region as this version would deploy it, and that its parts work. Pure. */
import {
  deadLetterQueueName,
  type QueueName,
  queueName,
  scheduleName,
  silenceAlarmName,
  stackName,
  watchdogName,
} from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { type Answer, answered, type NoAnswer } from '../aws/answer.ts';
import { type CheckResult, deployCommand, ok, problem, unknownFor, word } from './check.ts';
import type { ObservedRegion, WantedRule } from './observed.ts';
import { assessBehindQueue, exists, logCommand, queuedPart } from './parts.ts';
import { assessRule } from './rules.ts';

/** The checks of a stage; where it is not deployed, that is one check. */
export function assessDeployment(observed: ObservedRegion, stage: string): CheckResult[] {
  const names = queueNames.filter((name) => name === 'scan' || wantedOf(observed, name).length > 0);
  const parts = names.flatMap((name) => partsOf(observed, name));
  const unanswered = parts.flatMap((part): NoAnswer[] => (part.known ? [] : [part]));
  if (!parts.some(exists)) {
    if (unanswered.length > 0) return [unknownFor('deployment', unanswered)];
    return [
      problem('fail', 'deployment', `stage ${stage} is not deployed`, 'deploy it', [
        deployCommand(stage, observed.region),
      ]),
    ];
  }
  return [...names.flatMap((name) => assessPart(observed, stage, name)), assessSilence(observed, stage)];
}

function wantedOf({ wanted }: ObservedRegion, name: QueueName): readonly WantedRule[] {
  return wanted.filter(({ evaluator }) => evaluator === name);
}

function partsOf(
  { rules, schedule, queues, functions, wanted }: ObservedRegion,
  name: QueueName,
): readonly Answer<unknown>[] {
  const own = wanted.filter(({ evaluator }) => evaluator === name).map(({ rule }) => rules[rule]);
  return [
    ...(name === 'scan' ? [schedule] : own),
    queues[name]?.queue,
    queues[name]?.deadLetters,
    functions[name],
  ].filter((part) => part !== undefined);
}

function assessPart(observed: ObservedRegion, stage: string, name: QueueName): CheckResult[] {
  const { region, functions, queues } = observed;
  const parts = partsOf(observed, name);
  if (parts.every((part) => part.known && part.value === undefined)) {
    const message =
      name === 'scan'
        ? `${stackName(stage)} has no scheduled scan: what no event shows is not found`
        : `${stackName(stage)} has no evaluator ${name}: its events are not evaluated`;
    const what = 'unless this is intended, deploy again with this version';
    return [problem('warn', `deployment/${name}`, message, what, [deployCommand(stage, region)])];
  }
  const wanted = wantedOf(observed, name);
  const part = queuedPart(stage, observed, name, 'the events in them were not evaluated');
  return [
    ...(name === 'scan' ? [assessSchedule(observed, stage)] : []),
    ...wanted.map(({ evaluator, rule, pattern }) =>
      assessRule(observed.rules[rule] ?? answered(undefined), part, {
        id: `rule/${evaluator}`,
        rule,
        pattern,
        matches: 'the events that this version evaluates',
        idle: `no event of ${evaluator} arrives`,
      }),
    ),
    ...(functions[name] === undefined || queues[name] === undefined
      ? []
      : assessBehindQueue(part, { found: functions[name], ...queues[name] })),
  ];
}

/** The members that an update must repeat. Source: EventBridge Scheduler API Reference, "UpdateSchedule". */
const scheduleMembers = ['Description', 'ScheduleExpression', 'FlexibleTimeWindow', 'Target'];

function assessSchedule({ schedule, account, region }: ObservedRegion, stage: string): CheckResult {
  const id = 'schedule/scan';
  const name = scheduleName(stage);
  const again = [deployCommand(stage, region)];
  if (!schedule.known) return unknownFor(id, [schedule]);
  if (schedule.value === undefined) {
    return problem('fail', id, `there is no schedule ${name}: no scheduled scan runs`, 'deploy again', again);
  }
  const { state, rate, target } = schedule.value;
  if (state !== 'ENABLED') {
    const of = `--region ${word(region)} --name ${word(name)}`;
    return problem('fail', id, `the schedule ${name} is disabled: no scheduled scan runs`, 'enable it', [
      // An update replaces the whole schedule: members that are left out are lost.
      `aws scheduler get-schedule ${of} --query '{${scheduleMembers.map((member) => `${member}:${member}`).join(',')}}' > schedule.json`,
      `aws scheduler update-schedule ${of} --state ENABLED --cli-input-json file://schedule.json`,
    ]);
  }
  const queue = queueName(stage, 'scan');
  if (target.arn !== arnOf('sqs', region, account, queue)) {
    const message = `the schedule ${name} does not target the queue ${queue}: no scheduled scan runs`;
    return problem('fail', id, message, 'deploy again', again);
  }
  if (target.deadLetterArn !== arnOf('sqs', region, account, deadLetterQueueName(stage, 'scan'))) {
    const message = `the schedule ${name} does not have its DLQ: messages that it cannot deliver are lost`;
    return problem('warn', id, message, 'deploy again', again);
  }
  return ok(id, `the schedule ${name} starts a scheduled scan: ${rate ?? 'at an unknown rate'}`);
}

/** What the watchdog found, which runs more often than anybody runs doctor; and whether anybody would be notified of it. */
function assessSilence({ silence, region }: ObservedRegion, stage: string): CheckResult {
  const id = 'silence';
  const name = silenceAlarmName(stage);
  if (!silence.known) return unknownFor(id, [silence]);
  if (silence.value === undefined) {
    const message = `there is no alarm ${name}: nobody is notified if a part of the deployment is silent`;
    return problem('fail', id, message, 'deploy again', [deployCommand(stage, region)]);
  }
  const { state, actionsEnabled, text } = silence.value;
  if (state === 'ALARM') {
    return problem('fail', id, `the alarm ${name} fires: ${text}`, 'do what it says; see docs/runbook.md', [
      logCommand(watchdogName(stage), region),
    ]);
  }
  if (!actionsEnabled) {
    return problem(
      'warn',
      id,
      `the actions of the alarm ${name} are disabled: it notifies nobody`,
      'enable them',
      [`aws cloudwatch enable-alarm-actions --region ${word(region)} --alarm-names ${word(name)}`],
    );
  }
  if (state !== 'OK') {
    return problem(
      'warn',
      id,
      `the watchdog has not checked the deployment yet (${name})`,
      'run doctor again in an hour',
    );
  }
  return ok(id, 'no part of the deployment was silent when the watchdog last checked');
}
