/** What a look at a KMS key tells of it that AWS will not tell any more once the key is in trouble. Pure. */

import type { KeyObservation } from '../../findings/state/memory.ts';
import type { Evaluated } from '../../pipeline/evaluate.ts';
import type { Task } from '../../pipeline/live/tasks.ts';

/**
 * @param readAt epoch milliseconds: just before the facts were read.
 * @returns `undefined` for what is no key.
 */
export function keyObservationOf(
  { cause }: Pick<Task, 'cause'>,
  { control, resource, facts, evaluation }: Evaluated,
  readAt: number,
): KeyObservation | undefined {
  if (resource.type !== 'AwsKmsKey') return undefined;
  const state = facts['kms.keyState'];
  const policy = facts['kms.keyPolicy'];
  const text = control.id === 'kms-key-policy' && policy?.known === true ? policy.value.text : undefined;
  const { eventName, id, time } = cause;
  return {
    key: resource,
    at: readAt,
    ...(state?.known === true ? { state: state.value.keyState } : {}),
    ...(text === undefined ? {} : { policy: { text, verdict: evaluation.verdict } }),
    // A scheduled scan is no event, whatever it stands for.
    ...(id === undefined || time === undefined ? {} : { event: { name: eventName, time } }),
  };
}
