/** The lamps of a street: KMS keys as far as anybody can tell, enabled while they are on. */

import { findingId } from '../../lib/findings/id.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { accountRegion, type Light, lamp } from '../remediation/actions/simulated-resource.ts';

/** A lamp was switched by Trailseal. */
export interface CustomActionEvent {
  readonly lamp: Lamp;
  readonly from: Light;
  readonly to: Light;
  readonly at: number;
  readonly run: string;
  /** The action runs that had been taken back when the run began. */
  readonly takenBack: ReadonlySet<string>;
  /** The name of the action run that it is done for. */
  readonly actionRun: string | undefined;
}

/** Made once for each name, as its clients take their time to be made, and put off again for each street. */
const bulbs = new Map<string, ReturnType<typeof lamp>>();

function bulb(name: string): ReturnType<typeof lamp> {
  const made = bulbs.get(name);
  if (made !== undefined) return made;
  const it = lamp({
    undo: {
      kind: 'restores',
      except: [],
      permissions: [],
      // It may have been off, or broken.
      restore: async (_target, before) => {
        it.state.light = before.light === 'broken' ? 'broken' : 'off';
      },
      restored: async (_target, before) =>
        it.state.light === before.light
          ? { kind: 'as-set' }
          : it.state.light === 'deleted'
            ? { kind: 'deleted', because: 'the lamp was taken away' }
            : { kind: 'differs', differences: [`the lamp is ${it.state.light}`] },
    },
  });
  bulbs.set(name, it);
  return it;
}

export class Lamp {
  readonly resource;
  readonly finding: string;
  tags: Readonly<Record<string, string>> = {};
  /** Whether AWS tells how it is. */
  known = true;
  /** When it was switched last, and when last by hand. */
  switchedAt: number;
  touchedAt: number;
  readonly #lamp;

  constructor(name: string, at: number) {
    this.resource = {
      type: 'AwsKmsKey' as const,
      id: name,
      arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${name}`,
      ...accountRegion,
    };
    this.finding = findingId(kmsKeyDisabled.id, this.resource);
    this.switchedAt = at;
    this.touchedAt = at;
    const it = bulb(name);
    it.state.light = 'off';
    this.#lamp = it;
  }

  get light(): Light {
    return this.#lamp.state.light;
  }
  get action() {
    return this.#lamp.action;
  }

  /** By hand. */
  put(light: Light, at: number): void {
    this.#lamp.state.light = light;
    this.switchedAt = at;
    this.touchedAt = at;
  }
}
