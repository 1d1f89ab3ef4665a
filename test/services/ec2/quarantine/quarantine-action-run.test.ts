import { describe, expect, it } from 'vitest';
import { type CarryOutResult, carryOut } from '../../../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../../../lib/remediation/actions/run.ts';
import { type UndoResult, undo } from '../../../../lib/remediation/actions/undo.ts';
import { quarantine } from '../../../../lib/services/ec2/quarantine/quarantine.ts';
import type { Settings } from '../../../../lib/services/ec2/quarantine/settings.ts';
import { MemoryRunHistory } from '../../../remediation/actions/memory-run-history.ts';
import { FakeAws, instance, plain, type Shape } from './quarantine-aws.ts';
import { account, region, targetOf } from './quarantine-clients.ts';

/** Quarantines as the engine carries them out and takes them back, with a journal. */
function engine(shape: Partial<Shape>, settings: Partial<Settings> = {}) {
  const aws = new FakeAws({ ...plain, ...shape });
  const journal = new MemoryRunHistory();
  const target = targetOf(instance, settings);
  const options: RunOptions = {
    history: journal,
    deps: aws.deps,
    accountRegion: { account, region },
    run: 'run-1',
    decision: { actor: 'operator', name: 'ana', reason: 'It fails.' },
    admit: async () => ({ admitted: true }),
    leaseFor: 0,
  };
  return {
    aws,
    carryOut: (now = settings): Promise<CarryOutResult> =>
      carryOut(quarantine, targetOf(instance, now), options),
    /** Begins to carry it out, and dies after the first such call. */
    die: async (diesAt: string): Promise<void> => {
      aws.diesAt = diesAt;
      await expect(carryOut(quarantine, target, options)).resolves.toMatchObject({
        kind: 'partially-completed',
      });
      aws.revive();
    },
    undo: async (): Promise<UndoResult> => {
      const actionRun = await journal.latest(target.finding.id, 'quarantine');
      if (actionRun === undefined) throw new Error('there is no action run');
      return undo(quarantine, actionRun, options);
    },
  };
}

const slow: Partial<Shape> = {
  autoScaling: { lifecycle: 'InService', min: 0, max: 2 },
  targets: [{ port: 80, as: 'instance' }],
  slowness: 200,
};
const everything: Partial<Settings> = {
  mode: 'isolate+stop',
  autoScaling: 'standby',
  autoScalingCapacity: 'lower',
  loadBalanced: 'drain',
};

describe('an action run of quarantine', () => {
  it('is done, and undone to what was before', async () => {
    const its = engine({});
    const was = its.aws.picture();
    const done = await its.carryOut();
    const undone = await its.undo();
    expect([done.kind, undone.kind, its.aws.picture()]).toEqual(['done', 'undone', was]);
  });

  it('is under way while AWS takes its time, and is done when it is called again', async () => {
    const its = engine(slow, everything);
    const kinds: string[] = [];
    while (kinds.at(-1) !== 'done' && kinds.length < 9) kinds.push((await its.carryOut()).kind);
    expect(kinds).toEqual(['under-way', 'under-way', 'done']);
  });

  it('that was interrupted goes on from the journal, also when another policy holds by then', async () => {
    const its = engine({}, { mode: 'isolate+stop' });
    await its.die('ModifyNetworkInterfaceAttribute');
    const { kind } = await its.carryOut({ mode: 'isolate' });
    expect([kind, its.aws.picture().power]).toEqual(['done', 'stopped']);
  });

  it('is not undone when somebody has changed the security groups since', async () => {
    const its = engine({});
    await its.carryOut();
    its.aws.interfaces[0] = {
      ...its.aws.interfaces[0],
      Groups: [
        { GroupId: 'sg-web', GroupName: 'sg-web' },
        { GroupId: 'sg-new', GroupName: 'sg-new' },
      ],
    };
    expect(await its.undo()).toMatchObject({
      kind: 'refused',
      differences: ['the network interface eni-0 has the security groups sg-new, sg-web'],
    });
  });

  it('that is partially completed, as somebody changed the security groups on the way, names them', async () => {
    const its = engine({});
    await its.die('RevokeSecurityGroupEgress');
    its.aws.interfaces[0] = {
      ...its.aws.interfaces[0],
      Groups: [{ GroupId: 'sg-new', GroupName: 'sg-new' }],
    };
    expect(await its.carryOut()).toMatchObject({
      kind: 'partially-completed',
      differences: ['the network interface eni-0 has the security groups sg-new'],
    });
  });
});
