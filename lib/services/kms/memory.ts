/** What a look at a KMS key tells of it that AWS will not tell any more once the key is in trouble. Pure. */

import type { KeyLook } from '../../findings/state/memory.ts';
import type { Judged } from '../../pipeline/evaluate.ts';
import type { Task } from '../../pipeline/live/tasks.ts';

/**
 * @param readAt epoch milliseconds: just before the facts were read.
 * @returns `undefined` for what is no key.
 */
export function keyLookOf(
  { cause }: Pick<Task, 'cause'>,
  { control, resource, facts, judgement }: Judged,
  readAt: number,
): KeyLook | undefined {
  if (resource.type !== 'AwsKmsKey') return undefined;
  const state = facts['kms.keyState'];
  const policy = facts['kms.keyPolicy'];
  const text = control.id === 'kms-key-policy' && policy?.known === true ? policy.value.text : undefined;
  const { eventName, id, time } = cause;
  return {
    key: resource,
    at: readAt,
    ...(state?.known === true ? { state: state.value.keyState } : {}),
    ...(text === undefined ? {} : { policy: { text, verdict: judgement.verdict } }),
    // A sweep is no event, whatever it stands for.
    ...(id === undefined || time === undefined ? {} : { event: { name: eventName, time } }),
  };
}
