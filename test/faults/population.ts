/** Five kinds of resources in the emulated AWS, of which it is known what becomes of each, and an event of each. */
import { DisableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import type { Control } from '../../lib/core/control.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { findingId } from '../../lib/findings/id.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { account, region } from '../e2e/emulated-aws.ts';
import { createCluster, createKey, createVolume } from '../e2e/resources.ts';
import { type BusEvent, event, type Stack } from '../e2e/stack.ts';

export interface Inhabitant {
  readonly evaluator: EvaluatorName;
  /** Of the one control that is looked at. */
  readonly finding: string;
  readonly truth: 'FAIL' | 'PASS';
  readonly event: BusEvent;
}

type Part = Pick<Stack, 'ec2' | 'eks' | 'kms'>;

interface Kind {
  readonly evaluator: EvaluatorName;
  readonly control: Control['id'];
  readonly truth: Inhabitant['truth'];
  readonly count: number;
  /** The sample of its event, below the control's folder, and what it calls the resource. */
  readonly sample: string;
  readonly called: string;
  /** @returns the resource's id. */
  make(stack: Part, nth: number): Promise<string>;
}

const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';

async function doomedKey({ kms }: Part): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
  return id;
}

async function disabledKey({ kms }: Part): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new DisableKeyCommand({ KeyId: id }));
  return id;
}

async function silentCluster(stack: Part, nth: number): Promise<string> {
  const name = `silent-${nth}`;
  await createCluster(stack, { name, version: '1.31', audit: false });
  return name;
}

const kinds: readonly Kind[] = [
  {
    evaluator: 'ec2',
    control: 'ec2-volume-encryption',
    truth: 'FAIL',
    count: 400,
    sample: 'fail-create-volume-from-plain-snapshot',
    called: 'vol-0a1b2c3d4e5f60002',
    make: (stack) => createVolume(stack, false),
  },
  {
    evaluator: 'ec2',
    control: 'ec2-volume-encryption',
    truth: 'PASS',
    count: 200,
    sample: 'pass-create-volume-encrypted',
    called: 'vol-0a1b2c3d4e5f60001',
    make: (stack) => createVolume(stack, true),
  },
  {
    evaluator: 'kms',
    control: 'kms-key-deletion',
    truth: 'FAIL',
    count: 150,
    sample: 'fail-scheduled',
    called: sampleKey,
    make: doomedKey,
  },
  {
    evaluator: 'kms',
    control: 'kms-key-disabled',
    truth: 'FAIL',
    count: 100,
    sample: 'fail-disabled',
    called: sampleKey,
    make: disabledKey,
  },
  {
    evaluator: 'kms',
    control: 'kms-key-disabled',
    truth: 'PASS',
    count: 50,
    sample: 'pass-enabled',
    called: '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57',
    make: createKey,
  },
  {
    evaluator: 'eks',
    control: 'eks-audit-logging',
    truth: 'FAIL',
    count: 100,
    sample: 'fail-off-by-default',
    called: 'checkout',
    make: silentCluster,
  },
];

/** How many there are in all. */
export const population = kinds.reduce((sum, { count }) => sum + count, 0);

/** Makes them all, twenty at a time. */
export async function populate(stack: Part): Promise<readonly Inhabitant[]> {
  const inhabitants: Inhabitant[] = [];
  for (const kind of kinds) {
    for (let made = 0; made < kind.count; made += 20) {
      const some = Array.from({ length: Math.min(20, kind.count - made) }, (_, at) =>
        settle(kind, stack, made + at),
      );
      inhabitants.push(...(await Promise.all(some)));
    }
  }
  return inhabitants;
}

async function settle(kind: Kind, stack: Part, nth: number): Promise<Inhabitant> {
  const { evaluator, control, truth, sample, called } = kind;
  const id = await kind.make(stack, nth);
  const type = controls.find((one) => one.id === control)?.resourceType;
  if (type === undefined) throw new Error(`${control} is no control`);
  return {
    evaluator,
    truth,
    finding: findingId(control, { type, id, arn: '', account, region }),
    event: event(`${control}/${sample}`, { [called]: id }),
  };
}
