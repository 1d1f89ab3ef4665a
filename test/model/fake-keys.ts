/** The fake KMS keys of a simulated deployment. */

import { findingId } from '../../lib/findings/id.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { accountRegion, fakeKey, type KeyValue } from '../remediation/actions/simulated-resource.ts';

/** Trailseal has enabled or disabled a key. */
export interface KeyWrite {
  readonly key: FakeKey;
  readonly from: KeyValue;
  readonly to: KeyValue;
  readonly at: number;
  readonly run: string;
  /** The names of the action runs that were undone when the run began. */
  readonly undoneBefore: ReadonlySet<string>;
  /** The name of the action run that it is done for. */
  readonly actionRun: string | undefined;
}

/** Created once for each name, as creating the clients takes time, and reset for each deployment. */
const fakes = new Map<string, ReturnType<typeof fakeKey>>();

function fakeNamed(name: string): ReturnType<typeof fakeKey> {
  const existing = fakes.get(name);
  if (existing !== undefined) return existing;
  const fake = fakeKey({
    undo: {
      kind: 'restores',
      by: 'function',
      except: [],
      permissions: { reads: [], writes: [] },
      // It may have been disabled, or changed by somebody else.
      restore: async (_target, before) => {
        fake.state.value = before.value === 'changed' ? 'changed' : 'disabled';
      },
      restored: async (_target, before) =>
        fake.state.value === before.value
          ? { kind: 'as-set' }
          : fake.state.value === 'deleted'
            ? { kind: 'deleted', because: 'the key was deleted' }
            : { kind: 'differs', differences: [`the key is ${fake.state.value}`] },
    },
  });
  fakes.set(name, fake);
  return fake;
}

export class FakeKey {
  readonly resource;
  readonly finding: string;
  tags: Readonly<Record<string, string>> = {};
  /** Whether AWS lets anybody read it. */
  readable = true;
  /** When it was changed last, and when last by hand. */
  changedAt: number;
  changedByHandAt: number;
  readonly #fake;

  constructor(name: string, at: number) {
    this.resource = {
      type: 'AwsKmsKey' as const,
      id: name,
      arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${name}`,
      ...accountRegion,
    };
    this.finding = findingId(kmsKeyDisabled.id, this.resource);
    this.changedAt = at;
    this.changedByHandAt = at;
    const fake = fakeNamed(name);
    fake.state.value = 'disabled';
    this.#fake = fake;
  }

  get value(): KeyValue {
    return this.#fake.state.value;
  }
  get action() {
    return this.#fake.action;
  }

  /** Somebody else changes it. */
  changeByHand(value: KeyValue, at: number): void {
    this.#fake.state.value = value;
    this.changedAt = at;
    this.changedByHandAt = at;
  }
}
