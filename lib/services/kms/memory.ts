/**
 * What AWS no longer returns once a fix needs it, so that Trailseal remembers it beforehand: the last key policy that
 * passed, and whether a key that is pending deletion was enabled.
 */
import type { Memory, Remembered } from '../../core/action.ts';
import type { Resource, Verdict } from '../../core/control.ts';
import type { EvaluatedChange, Memo } from '../../core/service.ts';

const goodPolicy = { kind: 'good-policy', control: 'kms-key-policy' } as const;
const keyState = { kind: 'key-state', control: 'kms-key-deletion' } as const;

/** What an evaluation of a key, or an event about it, says; anything else is left out. */
export interface KeyObservation {
  readonly key: Resource;
  /** Epoch milliseconds: just before the facts were read. */
  readonly at: number;
  /** DescribeKey's `KeyState`. */
  readonly state?: string;
  /** The policy, and the verdict of `kms-key-policy` on it. */
  readonly policy?: { readonly text: string; readonly verdict: Verdict };
  /**
   * The event that caused it: EnableKey and DisableKey show a state that may have passed before the facts were read.
   */
  readonly event?: { readonly name: string; readonly time: number };
}

/**
 * What an evaluation shows about a key.
 * @returns `undefined` for a resource that is not a key.
 * @example keyObservationOf(evaluated)?.state // 'Enabled'
 */
export function keyObservationOf({
  control,
  resource,
  facts,
  evaluation,
  cause,
  readAt,
}: EvaluatedChange): KeyObservation | undefined {
  if (resource.type !== 'AwsKmsKey') return undefined;
  const state = facts['kms.keyState'];
  const policy = facts['kms.keyPolicy'];
  const text = control.id === goodPolicy.control && policy?.known === true ? policy.value.text : undefined;
  const { eventName, id, time } = cause;
  return {
    key: resource,
    at: readAt,
    ...(state?.known === true ? { state: state.value.keyState } : {}),
    ...(text === undefined ? {} : { policy: { text, verdict: evaluation.verdict } }),
    // A scheduled scan has no event, although it has a cause.
    ...(id === undefined || time === undefined ? {} : { event: { name: eventName, time } }),
  };
}

/**
 * What is worth remembering from an observation of a key: the latest state that shows whether it is enabled, and a
 * policy that passed.
 * @returns at most one memo of each kind.
 * @example memosOf({ key, at: 0, state: 'Enabled' }).map(({ value }) => value) // ['Enabled']
 */
export function memosOf({ key, at, state, policy, event }: KeyObservation): readonly Memo[] {
  if (key.type !== 'AwsKmsKey') return [];
  const states: Memo[] = [];
  if (event?.name === 'EnableKey' || event?.name === 'DisableKey') {
    const value = event.name === 'EnableKey' ? 'Enabled' : 'Disabled';
    states.push({ ...keyState, resource: key, value, at: event.time });
  }
  // Any other state hides whether the key was enabled.
  if (state === 'Enabled' || state === 'Disabled')
    states.push({ ...keyState, resource: key, value: state, at });
  const latest = states.sort((one, other) => one.at - other.at).at(-1);
  return [
    ...(latest === undefined ? [] : [latest]),
    ...(policy?.verdict === 'PASS' ? [{ ...goodPolicy, resource: key, value: policy.text, at }] : []),
  ];
}

/**
 * What is worth remembering from an evaluation; nothing where the resource is not a key.
 * @example remember(evaluated).map(({ kind }) => kind) // ['key-state']
 */
export function remember(evaluated: EvaluatedChange): readonly Memo[] {
  const observation = keyObservationOf(evaluated);
  return observation === undefined ? [] : memosOf(observation);
}

/**
 * The last key policy that passed `kms-key-policy`.
 * @returns the policy's text as KMS returned it, and when; `undefined` where none is remembered.
 * @example (await goodKeyPolicy(memory, key))?.value // '{"Version":"2012-10-17",…}'
 */
export function goodKeyPolicy(memory: Memory, key: Resource): Promise<Remembered<string> | undefined> {
  return memory.recall(goodPolicy.kind, goodPolicy.control, key);
}

/**
 * Whether the key was enabled when its state was last known before its deletion was scheduled.
 * @returns the answer, and when it was so; `undefined` where nothing is remembered.
 * @example (await keyWasEnabled(memory, key))?.value // true
 */
export async function keyWasEnabled(memory: Memory, key: Resource): Promise<Remembered<boolean> | undefined> {
  const remembered = await memory.recall(keyState.kind, keyState.control, key);
  return remembered && { ...remembered, value: remembered.value === 'Enabled' };
}
