/**
 * The effective policy: the one that the deployment was made with, or an override of it. Whatever is wrong with the
 * override, all functions go by the same policy: the newest version of the parameter that is right, else the deployed
 * one. Where nobody can tell which that is, nothing is done.
 */
import { reasonOf } from '../../aws/reason.ts';
import type { Control } from '../../core/control.ts';
import { bundledPolicy, type CheckedPolicy } from '../../policy/bundled.ts';
import type { Policy } from '../../policy/model.ts';
import { type OverrideFault, type OverrideReader, overrideReader } from '../../policy/override.ts';
import type { PolicyParameter, PolicyVersion, ReadParameter } from './policy-parameter.ts';

/**
 * For so long, in milliseconds, a policy that was in force was deleted by while the parameter can't be read. Then nothing is
 * done until it can be: an override that an operator has written may be there, unseen.
 */
export const heldFor = 5 * 60_000;

export interface EffectivePolicyOptions {
  readonly parameter: PolicyParameter;
  /** The parameter's name. */
  readonly name: string;
  /** The policy that the deployment was made with, checked for `controls`. */
  readonly bundled: CheckedPolicy;
  /** All controls there are. */
  readonly controls: readonly Control[];
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Effective {
  /** The same object for as long as the policy is the same. */
  readonly policy: Policy;
  /** The version of the parameter that is not deleted by, because of these faults. */
  readonly invalid: { readonly version: number; readonly faults: readonly OverrideFault[] } | undefined;
  /** Why the parameter can't be read, where it can't and what was in force was deleted by for a while. */
  readonly unread: string | undefined;
}

/** Which policy is in force can't be told. */
export class PolicyUnreadable extends Error {
  override readonly name = 'PolicyUnreadable';

  constructor(parameter: string, because: string, cause: unknown) {
    super(
      `the effective policy can't be told: the parameter ${parameter} can't be read: ${because}; see that the role of ` +
        'this function may read it, and that SSM answers. What waits in the queue is delivered again',
      { cause },
    );
  }
}

/** What was deleted by, and which version of the parameter it was made of. */
interface Held {
  readonly read: ReadParameter;
  readonly policy: Policy;
  /** `undefined`: the policy is the deployed one. */
  readonly version: PolicyVersion | undefined;
  readonly invalid: Effective['invalid'];
}

export class EffectivePolicy {
  readonly #options: EffectivePolicyOptions;
  readonly #bundled: Policy;
  readonly #readOverride: OverrideReader;
  #held: Held | undefined;

  /** @throws TypeError when the bundled policy was not checked for these controls. */
  constructor(options: EffectivePolicyOptions) {
    const { bundled, controls } = options;
    this.#options = options;
    this.#bundled = bundledPolicy(bundled, controls);
    this.#readOverride = overrideReader(bundled.checked, controls);
  }

  /** @throws PolicyUnreadable when the parameter, or its versions where the newest is wrong, can't be read. */
  async look(): Promise<Effective> {
    const { parameter, name, now } = this.#options;
    let invalid: Effective['invalid'];
    try {
      const read = await parameter.read();
      const held = this.#held;
      if (held !== undefined && isSame(held.read.current, read.current)) {
        this.#held = { ...held, read };
      } else {
        const found = this.#policyOf(read.current);
        invalid = found.invalid;
        this.#held = { read, ...(found.invalid === undefined ? found : await this.#lastGood(found.invalid)) };
      }
      return { policy: this.#held.policy, invalid: this.#held.invalid, unread: undefined };
    } catch (error) {
      const because = reasonOf(error);
      const held = this.#held;
      if (held === undefined || now() - held.read.readAt >= heldFor) {
        throw new PolicyUnreadable(name, because, error);
      }
      return { policy: held.policy, invalid: invalid ?? held.invalid, unread: because };
    }
  }

  #policyOf(current: PolicyVersion | undefined): Omit<Held, 'read'> {
    if (current === undefined) return { policy: this.#bundled, version: undefined, invalid: undefined };
    const { version, value } = current;
    const found = this.#readOverride(value, `parameter ${this.#options.name} version ${version}`);
    if (found.ok) return { policy: found.policy, version: current, invalid: undefined };
    return { policy: this.#bundled, version: undefined, invalid: { version, faults: found.faults } };
  }

  /** The newest version before a wrong one that is right; without any, the deployed policy. */
  async #lastGood(invalid: NonNullable<Effective['invalid']>): Promise<Omit<Held, 'read'>> {
    for (const earlier of await this.#options.parameter.before(invalid.version)) {
      const held = this.#held;
      // What is held already was right, and stays the same object.
      if (held !== undefined && isSame(held.version, earlier)) {
        return { policy: held.policy, version: earlier, invalid };
      }
      const found = this.#policyOf(earlier);
      if (found.invalid === undefined) return { ...found, invalid };
    }
    return { policy: this.#bundled, version: undefined, invalid };
  }
}

function isSame(one: PolicyVersion | undefined, other: PolicyVersion | undefined): boolean {
  return one?.version === other?.version && one?.value === other?.value;
}
