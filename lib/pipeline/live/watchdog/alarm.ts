/**
 * The alarm's text. The state of the alarm follows the metric `SilentParts`, or its absence; its description, which every
 * notification of it carries, names the silent parts. It is written before the metric, so that the notification has it.
 *
 * Sources: Amazon CloudWatch API Reference, "PutMetricAlarm" (an update leaves the state as it is, and replaces everything
 * else; a description has at most 1024 characters), "SetAlarmState" (actions are invoked when the state changes).
 */
import {
  type CloudWatchClient,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { type Stage, silenceAlarmName, stackName, watchdogName } from '../../../aws/names.ts';
import { type MetricName, metricNamespace } from '../metrics.ts';
import type { SilentPart } from './silence.ts';

/** The IAM actions of these calls. */
export const alarmPermissions = {
  write: 'cloudwatch:PutMetricAlarm',
  setBack: 'cloudwatch:SetAlarmState',
} as const;

const mostCharacters = 1_024;

/**
 * What the alarm says.
 * @param watchdog the name of the function, and of its schedule.
 * @example alarmText('trailseal-dev-watchdog', []) // 'Parts of Trailseal are silent, …'
 */
export function alarmText(watchdog: string, silent: readonly SilentPart[]): string {
  if (silent.length === 0) {
    return (
      'Parts of Trailseal are silent: they are named here. Where none is named, the watchdog itself did not run: see the ' +
      `schedule ${watchdog} and the log of the function ${watchdog}. docs/runbook.md: "Trailseal is silent"`
    );
  }
  const head = `Silent: ${silent.length === 1 ? '1 part' : `${silent.length} parts`}. `;
  const sentences = silent.map(({ part, because, todo }) => `${part} ${because} (${todo})`);
  return withinLimit(head, sentences);
}

/** As many as there is room for, and how many more there are. */
function withinLimit(head: string, sentences: readonly string[]): string {
  const whole = `${head}${sentences.join('; ')}`;
  if (whole.length <= mostCharacters) return whole;
  const tail = (left: number) => `; and ${left} more: trailseal doctor`;
  let text = head;
  let taken = 0;
  for (const sentence of sentences) {
    const next = `${text}${taken === 0 ? '' : '; '}${sentence}`;
    if (next.length + tail(sentences.length).length > mostCharacters) break;
    text = next;
    taken += 1;
  }
  // One alone is too long: AWS's own words in it are.
  if (taken === 0) return `${whole.slice(0, mostCharacters - 1).toWellFormed()}…`;
  return `${text}${tail(sentences.length - taken)}`;
}

/** The alarm that names silent parts, of one deployment. */
export interface SilenceAlarm {
  readonly stage: Stage;
  /** The ARN of the topic that it notifies; `undefined` where it is to be seen in CloudWatch only. */
  readonly topic: string | undefined;
}

/** The minutes from check to check, and the period of the alarm. */
export const checkMinutes = 15;

/**
 * The alarm as an update writes it: an update replaces all of it. The template makes the same.
 * @param text its description.
 * @example silenceAlarm({ stage: 'dev', topic: undefined }, alarmText(watchdog, [])).AlarmName // 'trailseal-dev-SilentParts'
 */
export function silenceAlarm({ stage, topic }: SilenceAlarm, text: string) {
  const actions = topic === undefined ? [] : [topic];
  return {
    AlarmName: silenceAlarmName(stage),
    AlarmDescription: text,
    Namespace: metricNamespace,
    MetricName: 'SilentParts' satisfies MetricName,
    Dimensions: [{ Name: 'service', Value: stackName(stage) }],
    Statistic: 'Maximum',
    Period: checkMinutes * 60,
    EvaluationPeriods: 1,
    DatapointsToAlarm: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'breaching',
    AlarmActions: actions,
    OKActions: actions,
  } satisfies PutMetricAlarmCommandInput;
}

/** What the alarm says now, and what it was last set to say. */
export interface AlarmTexts {
  readonly silent: readonly SilentPart[];
  /** `undefined` where it was never set. */
  readonly before: string | undefined;
}

/**
 * Has the alarm name the silent parts. While there are any it is written at each check, because a deployment writes its first
 * text again. Where parts were named already, and a part is that was not, the alarm is set back, so that CloudWatch notifies
 * anew: it notifies of changes of the state alone.
 * @returns the text that it has now. Rejects with CloudWatch's errors.
 * @example await nameInAlarm(cloudWatch, { stage, topic }, { silent, before: undefined });
 */
export async function nameInAlarm(
  client: CloudWatchClient,
  alarm: SilenceAlarm,
  { silent, before }: AlarmTexts,
): Promise<string> {
  const watchdog = watchdogName(alarm.stage);
  const text = alarmText(watchdog, silent);
  if (silent.length === 0 && before === text) return text;
  await client.send(new PutMetricAlarmCommand(silenceAlarm(alarm, text)));
  const added = silent.find(({ part, because }) => before?.includes(`${part} ${because}`) !== true);
  if (before !== undefined && before !== text && before !== alarmText(watchdog, []) && added !== undefined) {
    await client.send(
      new SetAlarmStateCommand({
        AlarmName: silenceAlarmName(alarm.stage),
        StateValue: 'INSUFFICIENT_DATA',
        StateReason: `another part is silent: ${added.part} ${added.because}`.slice(0, 1_023),
      }),
    );
  }
  return text;
}
