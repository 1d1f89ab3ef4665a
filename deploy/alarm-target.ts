/** Who is notified of alarms. */
import { ids } from './ids.ts';
import type { Parameters } from './parameters.ts';
import { ref, type Value } from './template.ts';

/** The ARN of a topic; `undefined` where alarms are to be seen in CloudWatch only. */
export function alarmTarget({ alarmEmail, alarmTopicArn }: Parameters): Value | undefined {
  return alarmTopicArn ?? (alarmEmail === undefined ? undefined : ref(ids.topic));
}
