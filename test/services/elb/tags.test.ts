import {
  AddTagsCommand,
  DescribeTagsCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import type { ActionDeps } from '../../../lib/core/action.ts';
import { listenerOfArn } from '../../../lib/services/elb/names.ts';
import { tagAdapters } from '../../../lib/services/elb/tags.ts';
import { awsError } from '../listing.ts';
import { mockedClients } from '../mocked-clients.ts';
import { listenerArn, region } from './records.ts';

const adapter = tagAdapters.AwsElbv2Listener;

function withAws() {
  const { clients, mocks } = mockedClients(region);
  const deps: ActionDeps = {
    clients,
    memory: { recall: async () => undefined },
    now: () => new Date(),
    wait: async () => undefined,
  };
  return { deps, elbv2: mocks.elbv2 };
}

function listener() {
  const found = listenerOfArn(listenerArn);
  if (found === undefined) throw new Error(`${listenerArn} is no listener`);
  return found;
}

describe('the tags of a listener', () => {
  it('are read by its ARN', async () => {
    const { deps, elbv2 } = withAws();
    elbv2.on(DescribeTagsCommand, { ResourceArns: [listenerArn] }).resolves({
      TagDescriptions: [{ ResourceArn: listenerArn, Tags: [{ Key: 'team', Value: 'shop' }] }],
    });
    expect(await adapter.read(listener(), deps)).toEqual({ tags: { team: 'shop' } });
  });

  it('are those of nothing where it was deleted', async () => {
    const { deps, elbv2 } = withAws();
    elbv2.on(DescribeTagsCommand).rejects(awsError('ListenerNotFoundException'));
    expect(await adapter.read(listener(), deps)).toBeUndefined();
  });

  it('are not taken for none where AWS does not answer', async () => {
    const { deps, elbv2 } = withAws();
    elbv2.on(DescribeTagsCommand).rejects(awsError('AccessDenied'));
    await expect(adapter.read(listener(), deps)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('are set and removed by name', async () => {
    const { deps, elbv2 } = withAws();
    await adapter.set(listener(), { 'trailseal:status': 'FAIL' }, deps);
    await adapter.remove(listener(), ['trailseal:status'], deps);
    expect(elbv2.commandCalls(AddTagsCommand)[0]?.args[0].input).toEqual({
      ResourceArns: [listenerArn],
      Tags: [{ Key: 'trailseal:status', Value: 'FAIL' }],
    });
    expect(elbv2.commandCalls(RemoveTagsCommand)[0]?.args[0].input).toEqual({
      ResourceArns: [listenerArn],
      TagKeys: ['trailseal:status'],
    });
  });
});
