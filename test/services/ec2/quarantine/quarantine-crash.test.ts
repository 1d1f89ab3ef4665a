import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Before } from '../../../../lib/services/ec2/quarantine/before.ts';
import { quarantine } from '../../../../lib/services/ec2/quarantine/quarantine.ts';
import type { Settings } from '../../../../lib/services/ec2/quarantine/settings.ts';
import { Killed } from '../../../remediation/actions/crashing-clients.ts';
import { FakeAws, instance, plain, type Shape } from './quarantine-aws.ts';
import { targetOf } from './quarantine-clients.ts';
import { again, begin, differencesIn, restore, restored } from './quarantine-run.ts';

const full: Shape = {
  ...plain,
  interfaces: [
    { groups: ['sg-web', 'sg-logs'], vpc: 'vpc-1' },
    { groups: ['sg-other'], vpc: 'vpc-2' },
  ],
  volumes: 2,
  autoScaling: { lifecycle: 'InService', min: 0, max: 2 },
  targets: [
    { port: 8080, as: 'instance' },
    { port: 9090, as: 'ip' },
  ],
  slowness: 30,
};
const everything: Partial<Settings> = {
  mode: 'isolate+stop',
  snapshot: true,
  autoScaling: 'standby',
  autoScalingCapacity: 'lower',
  loadBalanced: 'drain',
};

/** Runs a step as an engine does: again and again while it is under way, or after it was killed. */
async function untilDone(aws: FakeAws, step: () => Promise<void>): Promise<void> {
  try {
    await again(step);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    aws.revive();
    await again(step);
  }
}

/** The final state, and the writes before it, when the quarantine or its undo dies after so many calls. */
async function quarantined(shape: Shape, settings: Partial<Settings>, diesAfter = Number.POSITIVE_INFINITY) {
  const aws = new FakeAws(shape);
  const target = targetOf(instance, settings);
  const before = await begin(target, aws.deps);
  const from = aws.calls;
  aws.diesAfter = from + diesAfter;
  await untilDone(aws, () => quarantine.apply(target, before, aws.deps));
  return { aws, target, before, calls: aws.calls - from };
}

async function undone(
  { aws, target, before }: Awaited<ReturnType<typeof quarantined>>,
  diesAfter = Number.POSITIVE_INFINITY,
) {
  aws.writes.length = 0;
  const from = aws.calls;
  aws.diesAfter = from + diesAfter;
  await untilDone(aws, () => restore(target, before, aws.deps));
  return { calls: aws.calls - from };
}

/** What was written, but for the rules of a new isolation group, which go one by one or both at once. */
function counted({ writes }: FakeAws): readonly string[] {
  return writes.filter((name) => name !== 'RevokeSecurityGroupEgress').sort();
}

/** The isolation groups that let something out. */
function openGroups({ groups }: FakeAws): readonly string[] {
  return [...groups.values()]
    .filter(({ name, egress }) => name.startsWith('trailseal-') && egress.length > 0)
    .map(({ id }) => id);
}

describe('a quarantine that is killed after any of its calls, and begun again', () => {
  it('ends as an undisturbed one, with every write done once', async () => {
    const calm = await quarantined(full, everything);
    for (let diesAfter = 0; diesAfter < calm.calls; diesAfter += 1) {
      const { aws } = await quarantined(full, everything, diesAfter);
      expect({ diesAfter, writes: counted(aws), picture: aws.picture(), open: openGroups(aws) }).toEqual({
        diesAfter,
        writes: counted(calm.aws),
        picture: calm.aws.picture(),
        open: [],
      });
    }
  });

  it('ends as an undisturbed one when it is the undo', async () => {
    const calm = await quarantined(full, everything);
    const { calls } = await undone(calm);
    for (let diesAfter = 0; diesAfter < calls; diesAfter += 1) {
      const state = await quarantined(full, everything);
      await undone(state, diesAfter);
      expect({ diesAfter, writes: counted(state.aws), picture: state.aws.picture() }).toEqual({
        diesAfter,
        writes: counted(calm.aws),
        picture: calm.aws.picture(),
      });
    }
  });

  it('is partial by the check, wherever it is', async () => {
    const calm = await quarantined(full, everything);
    for (let diesAfter = 0; diesAfter < calm.calls; diesAfter += 1) {
      const aws = new FakeAws(full);
      const target = targetOf(instance, everything);
      const before = await begin(target, aws.deps);
      aws.diesAfter = aws.calls + diesAfter;
      await expect(again(() => quarantine.apply(target, before, aws.deps))).rejects.toThrow(Killed);
      aws.revive();
      const check = await quarantine.check(target, before, aws.deps);
      expect([diesAfter, check.kind === 'as-set' || (check.kind === 'differs' && check.partial)]).toEqual([
        diesAfter,
        true,
      ]);
    }
  });
});

const anInterface = fc.record(
  {
    groups: fc.uniqueArray(fc.constantFrom('sg-a', 'sg-b', 'sg-c'), { minLength: 1 }),
    vpc: fc.constant('vpc-1'),
    tcpTimeout: fc.constantFrom(60, 350, 86_400),
  },
  { requiredKeys: ['groups', 'vpc'] },
);
const aShape: fc.Arbitrary<Shape> = fc.record(
  {
    interfaces: fc.array(anInterface, { minLength: 1, maxLength: 4 }),
    state: fc.constantFrom('running', 'stopped'),
    terminationProtection: fc.boolean(),
    volumes: fc.nat(3),
    autoScaling: fc.record({
      lifecycle: fc.constantFrom('InService', 'Standby'),
      min: fc.constant(0),
      max: fc.constantFrom(2, 5),
    }),
    targets: fc.array(
      fc.record({ port: fc.integer({ min: 1, max: 65_535 }), as: fc.constantFrom('instance', 'ip') }),
      { maxLength: 3 },
    ),
    slowness: fc.constantFrom(0, 5, 45, 200),
  },
  { requiredKeys: ['interfaces', 'state', 'terminationProtection', 'volumes', 'targets', 'slowness'] },
);
const someSettings: fc.Arbitrary<Partial<Settings>> = fc.record({
  mode: fc.constantFrom('isolate', 'stop', 'isolate+stop'),
  snapshot: fc.boolean(),
  autoScaling: fc.constantFrom('standby', 'detach'),
  autoScalingCapacity: fc.constantFrom('keep', 'lower'),
  loadBalanced: fc.constant('drain'),
  trackedConnections: fc.constantFrom('leave', 'shorten-timeout', 'wait'),
});

describe('of any instance and any settings', () => {
  it('a quarantine and its undo, each killed somewhere, leave it as it was', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(aShape, someSettings, fc.nat(60), fc.nat(60), async (shape, settings, one, other) => {
        const aws = new FakeAws(shape);
        const target = targetOf(instance, settings);
        const was = aws.picture();
        const prepared = await quarantine.prepare(target, aws.deps);
        if (prepared.kind !== 'ready') {
          expect([aws.writes, prepared.kind]).toEqual([[], 'needless']);
          return;
        }
        const { before } = prepared;
        aws.diesAfter = aws.calls + one;
        await untilDone(aws, () => quarantine.apply(target, before, aws.deps));
        aws.revive();
        expect(differencesIn(await quarantine.check(target, before, aws.deps))).toEqual([]);
        expect(aws.snapshots).toHaveLength(settings.snapshot ? shape.volumes : 0);
        aws.diesAfter = aws.calls + other;
        await untilDone(aws, () => restore(target, before, aws.deps));
        aws.revive();
        expect(differencesIn(await restored(target, before, aws.deps))).toEqual([]);
        expect(aws.picture()).toEqual({ ...was, desired: was.desired + raised(before, target.settings) });
      }),
      { numRuns: 200 },
    );
  });
});

/** By how much the desired capacity ends up higher: a replacement stays. */
function raised({ autoScaling }: Before, { autoScalingCapacity }: Settings): number {
  const moved = autoScaling !== null && autoScaling.step !== 'none';
  return moved && autoScalingCapacity === 'keep' ? 1 : 0;
}
