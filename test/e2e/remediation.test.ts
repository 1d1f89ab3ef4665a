/**
 * Remediation from the event to the changed resource and back: the ledger's stream, Trailseal's own bus, its queues and
 * functions, SNS, and the operators' commands.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, list, text } from '../../lib/json.ts';
import { eventually } from './here.ts';
import {
  arnOfKey,
  deploy,
  disabledKey,
  remove,
  type Subscription,
  stateOf,
  subscribe,
  tagsOf,
  tellEnabled,
  trailseal,
} from './remediation-deployment.ts';

let subscription: Subscription | undefined;

beforeAll(async () => {
  await deploy();
  subscription = await subscribe();
}, 300_000);
afterAll(async () => {
  await subscription?.end();
  await remove();
}, 180_000);

const yes = ['--yes', '--reason', 'a test'];

async function deedsOf(id: string): Promise<readonly unknown[]> {
  const { out } = await trailseal('deeds', '--since', '1 hour', '--format', 'json');
  return list(JSON.parse(out)).filter((deed) => text(deed, 'resource', 'id') === id);
}

/** What people were told of a resource, by what it was about. */
async function toldOf(id: string): Promise<readonly unknown[]> {
  return ((await subscription?.told()) ?? []).filter((message) => JSON.stringify(message).includes(id));
}

describe('a key that somebody disables', () => {
  let id = '';
  beforeAll(async () => {
    id = await disabledKey();
  });

  it('is enabled again', async () => {
    await eventually(async () => expect(await stateOf(id)).toBe('Enabled'), 80_000);
  });

  it('bears the tags of its failure, and loses them when it passes', async () => {
    expect(await tagsOf(id)).toMatchObject({
      'trailseal:status': expect.any(String),
      'trailseal:controls': 'kms-key-disabled',
    });
    await tellEnabled(id);
    await eventually(async () => expect(await tagsOf(id)).toEqual({}));
  });

  it('is in the journal with what was done', async () => {
    const deeds = await deedsOf(id);
    expect(deeds.map((deed) => [at(deed, 'action'), at(deed, 'status')]).toSorted()).toEqual([
      ['fix:enable-key', 'done'],
      ['tag', 'undone'],
    ]);
  });

  it('is told to people when it fails, when something is done, and when it passes', async () => {
    await eventually(async () => {
      const kinds = new Set((await toldOf(id)).map((message) => text(message, 'kind')));
      expect([...kinds]).toEqual(expect.arrayContaining(['opened', 'done', 'resolved', 'undone']));
    });
  });

  it('is disabled again by undo', async () => {
    const { code, all } = await trailseal('undo', arnOfKey(id), '--action', 'fix:enable-key', ...yes);
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await stateOf(id)).toBe('Disabled');
  });
});

describe('while the kill switch is pulled', () => {
  beforeAll(async () => {
    await trailseal('kill-switch', 'pull', '--reason', 'a test');
  });
  afterAll(async () => {
    await trailseal('kill-switch', 'release', ...yes);
  });

  it('nothing is done, and people are told why', async () => {
    const id = await disabledKey();
    await eventually(async () => expect(JSON.stringify(await toldOf(id))).toContain('kill switch'), 80_000);
    expect([await stateOf(id), await tagsOf(id)]).toEqual(['Disabled', {}]);
  });
});

describe('when a limit is reached', () => {
  it('the next key is left alone, and the breaker is open until a person closes it', async () => {
    // The limit is two an hour, of which one was used above.
    const second = await disabledKey();
    await eventually(async () => expect(await stateOf(second)).toBe('Enabled'), 80_000);
    const third = await disabledKey();
    await eventually(async () => expect(JSON.stringify(await toldOf(third))).toContain('guardrail'), 80_000);
    expect(await stateOf(third)).toBe('Disabled');
    const shown = await trailseal('breaker', 'show', 'fix', '--format', 'json');
    expect(at(JSON.parse(shown.out), 'breakers', 0)).toMatchObject({ kind: 'fix', open: true });
    const { code } = await trailseal('breaker', 'close', 'fix');
    expect(code).toBe(0);
    const fourth = await disabledKey();
    await eventually(async () => expect(await stateOf(fourth)).toBe('Enabled'), 80_000);
  });
});
