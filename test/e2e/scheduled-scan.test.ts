/**
 * The scheduled scan, started by the message that the schedule sends. It finds what no event reported: a resource that is
 * older than the deployment, or whose event was lost, and a deletion whose event was lost.
 */
import { DeleteVolumeCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { eventually, stack } from './deployed-stack.ts';
import { createVolume } from './resources.ts';
import { event, findingsAbout, put, send } from './stack.ts';

const scan = () => send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);

describe('a scheduled scan', () => {
  it('finds a resource without an event', async () => {
    const id = await createVolume(stack, false);
    await scan();
    await eventually(async () =>
      expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']),
    );
  });

  it('archives the finding of a resource that was deleted without an event', async () => {
    const id = await createVolume(stack, false);
    const creation = 'ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot';
    await put(stack, [event(creation, { 'vol-0a1b2c3d4e5f60002': id })]);
    await eventually(async () =>
      expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']),
    );
    await stack.ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
    await scan();
    await eventually(async () =>
      expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ARCHIVED']),
    );
  });
});
