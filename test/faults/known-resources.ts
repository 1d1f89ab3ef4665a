/** Resources in the emulated AWS whose verdict is known, each with the event that has it evaluated. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { DisableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import type { Control } from '../../lib/core/control.ts';
import { findingId } from '../../lib/findings/id.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { account, region } from '../e2e/emulated-aws.ts';
import { createCluster, createKey, createVolume } from '../e2e/resources.ts';
import { type EventToPut, event, type StackClients } from '../e2e/stack.ts';

export interface KnownResource {
  /** Of the one control that is tested. */
  readonly finding: string;
  readonly truth: 'FAIL' | 'PASS';
  readonly event: EventToPut;
}

type ServiceClients = Pick<StackClients, 'ec2' | 'eks' | 'kms'>;

export interface KnownKind {
  readonly control: Control['id'];
  readonly truth: KnownResource['truth'];
  readonly count: number;
  /** The sample of its event in the control's folder, and the resource's name in it. */
  readonly sample: string;
  readonly sampleName: string;
  /** @returns the resource's id. */
  make(stack: ServiceClients, nth: number): Promise<string>;
}

const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';

async function keyToBeDeleted({ kms }: ServiceClients): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
  return id;
}

async function disabledKey({ kms }: ServiceClients): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new DisableKeyCommand({ KeyId: id }));
  return id;
}

async function clusterWithoutLogs(stack: ServiceClients, nth: number): Promise<string> {
  const name = `no-logs-${nth}`;
  await createCluster(stack, { name, version: '1.31', audit: false });
  return name;
}

/** Kinds of further services, a file for each. */
const services = path.join(import.meta.dirname, 'services');
const ofServices = await Promise.all(
  globSync('*.ts', { cwd: services }).map(async (file) => {
    const { knownKinds }: { readonly knownKinds: readonly KnownKind[] } = await import(
      path.join(services, file)
    );
    return knownKinds;
  }),
);

const kinds: readonly KnownKind[] = [
  ...ofServices.flat(),
  {
    control: 'ec2-volume-encryption',
    truth: 'FAIL',
    count: 400,
    sample: 'fail-create-volume-from-unencrypted-snapshot',
    sampleName: 'vol-0a1b2c3d4e5f60002',
    make: (stack) => createVolume(stack, false),
  },
  {
    control: 'ec2-volume-encryption',
    truth: 'PASS',
    count: 180,
    sample: 'pass-create-volume-encrypted',
    sampleName: 'vol-0a1b2c3d4e5f60001',
    make: (stack) => createVolume(stack, true),
  },
  {
    control: 'kms-key-deletion',
    truth: 'FAIL',
    count: 150,
    sample: 'fail-scheduled',
    sampleName: sampleKey,
    make: keyToBeDeleted,
  },
  {
    control: 'kms-key-disabled',
    truth: 'FAIL',
    count: 100,
    sample: 'fail-disabled',
    sampleName: sampleKey,
    make: disabledKey,
  },
  {
    control: 'kms-key-disabled',
    truth: 'PASS',
    count: 50,
    sample: 'pass-enabled',
    sampleName: '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57',
    make: createKey,
  },
  {
    control: 'eks-audit-logging',
    truth: 'FAIL',
    count: 100,
    sample: 'fail-off-by-default',
    sampleName: 'checkout',
    make: clusterWithoutLogs,
  },
];

export const knownResourceCount = kinds.reduce((sum, { count }) => sum + count, 0);

/** Creates all of them, twenty at a time. */
export async function createKnownResources(stack: ServiceClients): Promise<readonly KnownResource[]> {
  const resources: KnownResource[] = [];
  for (const kind of kinds) {
    for (let made = 0; made < kind.count; made += 20) {
      const some = Array.from({ length: Math.min(20, kind.count - made) }, (_, at) =>
        create(kind, stack, made + at),
      );
      resources.push(...(await Promise.all(some)));
    }
  }
  return resources;
}

async function create(kind: KnownKind, stack: ServiceClients, nth: number): Promise<KnownResource> {
  const { control, truth, sample, sampleName } = kind;
  const id = await kind.make(stack, nth);
  if (!controls.some((one) => one.id === control)) throw new Error(`there is no control ${control}`);
  return {
    truth,
    finding: findingId(control, { id, account, region }),
    event: event(`${control}/${sample}`, { [sampleName]: id }),
  };
}
