/**
 * The effective policy: the deployed one, or an override of it. When the override is invalid, all functions use the
 * same policy: the newest valid version of the parameter, else the deployed policy. While the effective policy cannot
 * be determined, nothing is evaluated.
 */
import { reasonOf } from '../../aws/reason.ts';
import type { Control } from '../../core/control.ts';
import { bundledPolicy, type CheckedPolicy } from '../../policy/bundled.ts';
import type { Policy } from '../../policy/model.ts';
import { type OverrideFault, type OverrideReader, overrideReader } from '../../policy/override.ts';
import type { PolicyParameter, PolicyVersion, ReadParameter } from './policy-parameter.ts';

/**
 * How long, in milliseconds, the last effective policy stays in use while the parameter can't be read. After that
 * nothing is evaluated until it can be read, because it may contain a new override.
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
  /** The version of the parameter that is not used, because of these faults. */
  readonly invalid: { readonly version: number; readonly faults: readonly OverrideFault[] } | undefined;
  /** Why the parameter can't be read, while the last effective policy stays in use. */
  readonly unread: string | undefined;
}

/** The effective policy cannot be determined. */
export class PolicyUnreadable extends Error {
  override readonly name = 'PolicyUnreadable';

  constructor(parameter: string, because: string, cause: unknown) {
    super(
      `the effective policy is unknown: the parameter ${parameter} can't be read: ${because}; see that the role of ` +
        'this function may read it, and that SSM answers. What waits in the queue is delivered again',
      { cause },
    );
  }
}

/** The policy in use, and the version of the parameter that it comes from. */
interface HeldPolicy {
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
  #held: HeldPolicy | undefined;

  /** @throws TypeError when the bundled policy was not checked for these controls. */
  constructor(options: EffectivePolicyOptions) {
    const { bundled, controls } = options;
    this.#options = options;
    this.#bundled = bundledPolicy(bundled, controls);
    this.#readOverride = overrideReader(bundled.checked, controls);
  }

  /** @throws PolicyUnreadable when the parameter, or its versions where the newest is wrong, can't be read. */
  async read(): Promise<Effective> {
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

  #policyOf(current: PolicyVersion | undefined): Omit<HeldPolicy, 'read'> {
    if (current === undefined) return { policy: this.#bundled, version: undefined, invalid: undefined };
    const { version, value } = current;
    const found = this.#readOverride(value, `parameter ${this.#options.name} version ${version}`);
    if (found.ok) return { policy: found.policy, version: current, invalid: undefined };
    return { policy: this.#bundled, version: undefined, invalid: { version, faults: found.faults } };
  }

  /** The newest valid version before an invalid one; without any, the deployed policy. */
  async #lastGood(invalid: NonNullable<Effective['invalid']>): Promise<Omit<HeldPolicy, 'read'>> {
    for (const earlier of await this.#options.parameter.before(invalid.version)) {
      const held = this.#held;
      // The policy in use came from a valid version, and stays the same object.
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
