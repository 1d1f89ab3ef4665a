/** With which clients an action writes, and what their session is called. */
import { describe, expect, it } from 'vitest';
import type { Clients } from '../../../lib/aws/clients.ts';
import type { RoleSession } from '../../../lib/aws/sts.ts';
import type { ActionDeps, AnyAction, Target } from '../../../lib/core/action.ts';
import { actions } from '../../../lib/remediation/actions/index.ts';
import {
  actionsOf,
  inWriteSession,
  sessionName,
  writeRoleVariable,
} from '../../../lib/remediation/actions/write-session.ts';
import { makeClients } from '../../../lib/services/clients.ts';
import { broadActions, writeRoleOf, writingService } from '../../../lib/services/write-services.ts';

const config = { region: 'eu-central-1' };
const run = '5f3a2f0e-8c1d-4b7a-9d40-1c2e3f4a5b6c';
const ownClients = makeClients(config);
const deps: ActionDeps = {
  clients: ownClients,
  memory: { recall: async () => undefined },
  now: () => new Date(),
  wait: async () => undefined,
};
const target: Target = {
  resource: {
    type: 'AwsKmsKey',
    id: 'key-1',
    arn: 'arn:aws:kms:eu-central-1:111122223333:key/key-1',
    account: '111122223333',
    region: 'eu-central-1',
  },
  finding: { id: 'finding', control: 'kms-key-disabled', title: 'Key', severity: 'HIGH', openedAt: null },
  settings: {},
};

/** Calls each part of the action once. @returns which part was given the function's own clients, and the sessions. */
async function carriedOut() {
  const [enableKey] = actions.filter(({ id }) => id === 'fix:enable-key');
  if (enableKey === undefined) throw new Error('there is no fix:enable-key');
  const own: Record<string, boolean> = {};
  const note = (part: string, given: ActionDeps) => {
    own[part] = given.clients === ownClients;
  };
  const watched: AnyAction = {
    ...enableKey,
    prepare: async (_target, given) => {
      note('prepare', given);
      return { kind: 'needless', because: '' };
    },
    apply: async (_target, _before, given) => note('apply', given),
    check: async (_target, _before, given) => {
      note('check', given);
      return { kind: 'as-set' };
    },
    undo: {
      kind: 'restores',
      by: 'function',
      except: [],
      permissions: { reads: [], writes: [] },
      restore: async (_target, _before, given) => note('restore', given),
      restored: async (_target, _before, given) => {
        note('restored', given);
        return { kind: 'as-set' };
      },
    },
  };
  const sessions: [string, RoleSession][] = [];
  const writeClients = (role: string, session: RoleSession): Clients => {
    sessions.push([role, session]);
    return makeClients(config);
  };
  const action = inWriteSession(watched, run, writeClients);
  await action.prepare(target, deps);
  const before = [...sessions];
  await action.apply(target, {}, deps);
  await action.apply(target, {}, deps);
  await action.check(target, {}, deps);
  if (action.undo.kind === 'restores') {
    await action.undo.restore(target, {}, deps);
    await action.undo.restored(target, {}, deps);
  }
  return { own, before, sessions };
}

describe('an action', () => {
  it('reads with the function’s own role, and writes with that of the service', async () => {
    const { own } = await carriedOut();
    expect(own).toEqual({ prepare: true, apply: false, check: true, restore: false, restored: true });
  });

  it('begins no session while it only reads', async () => {
    const { before } = await carriedOut();
    expect(before).toEqual([]);
  });

  it('has one session for its run, however often it writes', async () => {
    const { sessions } = await carriedOut();
    expect(sessions).toEqual([
      ['kms', { name: `${run}.enable-key`, actions: ['kms:DescribeKey', 'kms:EnableKey'] }],
    ]);
  });

  it.each(actions)('$id has a session for its own IAM actions, which STS takes', (action) => {
    const own = actionsOf(action);
    expect(own.length).toBeGreaterThan(0);
    // Source: STS API Reference, "AssumeRole": Policy. The rest is for what is around the actions.
    expect(JSON.stringify(own).length).toBeLessThan(1_900);
  });

  it('has no session for what only an operator undoes', () => {
    const ofQuarantine = actions.filter(({ id }) => id === 'quarantine').flatMap(actionsOf);
    expect(ofQuarantine).toContain('ec2:StopInstances');
    expect(ofQuarantine).not.toContain('ec2:StartInstances');
  });

  it.each(actions)('$id has a session whose name STS takes, with the whole id of the run', (action) => {
    const name = sessionName(run, action);
    expect(name).toMatch(/^[\w+=,.@-]{2,64}$/);
    expect(name.startsWith(`${run}.`)).toBe(true);
  });
});

it('the name of a session has no character that STS refuses, whatever a run is called', () => {
  expect(sessionName('a run/with: odd characters', { id: 'tag' })).toBe('a-run-with-odd-characters.tag');
});

describe('the service whose role writes', () => {
  it('is the one that declares the action', () => {
    expect(writingService({ id: 'quarantine' }, 'AwsEc2Instance')).toBe('ec2');
    expect(writingService({ id: 'fix:associate-encryption' }, 'AwsEksCluster')).toBe('eks');
  });

  it('is that of the resource, of tags', () => {
    expect(writingService({ id: 'tag' }, 'AwsEksNodegroup')).toBe('eks');
    expect(writingService({ id: 'tag' }, 'AwsKmsKey')).toBe('kms');
  });

  it('has a role of its own for an action that IAM can not narrow', () => {
    expect(writeRoleOf({ id: 'fix:enable-key' }, 'AwsKmsKey')).toBe('kms');
    expect(writeRoleOf({ id: 'fix:restore-key-policy' }, 'AwsKmsKey')).toBe('kms-restore-key-policy');
    expect(broadActions.toSorted()).toEqual([
      'fix:associate-encryption',
      'fix:restore-key-policy',
      'fix:restrict-endpoint',
    ]);
  });

  it('names the variable that holds its ARN', () => {
    expect([writeRoleVariable('kms'), writeRoleVariable('api-gateway')]).toEqual([
      'TRAILSEAL_WRITE_ROLE_KMS',
      'TRAILSEAL_WRITE_ROLE_API_GATEWAY',
    ]);
  });
});
