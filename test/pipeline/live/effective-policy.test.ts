/** Which policy is in force, whatever the parameter says, and whatever becomes of reading it. */
import { describe, expect, it } from 'vitest';
import { EffectivePolicy, heldFor, PolicyUnreadable } from '../../../lib/pipeline/live/effective-policy.ts';
import type { PolicyVersion } from '../../../lib/pipeline/live/policy-parameter.ts';
import { sampleControls } from '../../policy/fixtures.ts';

const severity = (of: string): string =>
  JSON.stringify({ version: 1, controls: { 'key-rotation': { severity: of } } });
const wrong = '{"version":1,"controls":{"key-rotatoin":{}}}';
const name = '/trailseal/dev/policy';

/** A parameter and a clock, and functions that look at them. */
class AccountRegion {
  now = 1_000_000;
  versions: PolicyVersion[] = [];
  /** Set: it can't be read; only its earlier versions can't. */
  unreadable: Error | undefined;
  historyUnreadable: Error | undefined;
  historyReads = 0;

  put(value: string): void {
    this.versions.push({ version: this.versions.length + 1, value });
  }

  /** A function that starts now. */
  start(): EffectivePolicy {
    return new EffectivePolicy({
      parameter: {
        read: async () => {
          if (this.unreadable !== undefined) throw this.unreadable;
          return { current: this.versions.at(-1), readAt: this.now };
        },
        before: async (version) => {
          this.historyReads += 1;
          if (this.historyUnreadable !== undefined) throw this.historyUnreadable;
          return this.versions.filter((one) => one.version < version).toReversed();
        },
      },
      name,
      bundled: { file: 'trailseal.policy.yml', checked: { version: 1 } },
      controls: sampleControls,
      now: () => this.now,
    });
  }
}

/** What a function goes by: the policy's name. */
async function used(one: EffectivePolicy): Promise<string | undefined> {
  return (await one.read()).policy.file;
}

describe('the effective policy', () => {
  it('is the deployed one where there is no parameter', async () => {
    expect(await new AccountRegion().start().read()).toMatchObject({
      policy: { file: 'trailseal.policy.yml' },
      invalid: undefined,
      unread: undefined,
    });
  });

  it('is the override, named by parameter and version', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const { policy } = await accountRegion.start().read();
    expect(policy.file).toBe('parameter /trailseal/dev/policy version 1');
    expect(policy.controls.get('key-rotation')?.severity).toBe('HIGH');
  });

  it('changes with the parameter, in a function that runs already', async () => {
    const accountRegion = new AccountRegion();
    const one = accountRegion.start();
    const before = await used(one);
    accountRegion.put(severity('HIGH'));
    const with1 = await used(one);
    accountRegion.put(severity('LOW'));
    expect([before, with1, await used(one)]).toEqual([
      'trailseal.policy.yml',
      `parameter ${name} version 1`,
      `parameter ${name} version 2`,
    ]);
  });

  it('is the deployed one again when the parameter is deleted', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    await one.read();
    accountRegion.versions = [];
    expect(await used(one)).toBe('trailseal.policy.yml');
  });

  it('is that of a parameter that was deleted and made anew, though it has the same version', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    await one.read();
    accountRegion.versions = [];
    accountRegion.put(severity('LOW'));
    expect((await one.read()).policy.controls.get('key-rotation')?.severity).toBe('LOW');
  });

  it('is the same object until it changes', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    const first = (await one.read()).policy;
    const again = (await one.read()).policy;
    accountRegion.put(wrong);
    expect([again === first, (await one.read()).policy === first]).toEqual([true, true]);
  });
});

describe('a wrong override', () => {
  it.each([
    ['that has the right version', true],
    ['that starts afterwards', false],
  ])('leaves the last right version in force, for a function %s', async (_which, warm) => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    accountRegion.put(severity('LOW'));
    const one = accountRegion.start();
    if (warm) await one.read();
    accountRegion.put(wrong);
    accountRegion.put(wrong);
    expect(await used(one)).toBe(`parameter ${name} version 2`);
  });

  it('leaves the last right version in force, also for a function that never saw that version', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    await one.read();
    accountRegion.put(severity('LOW'));
    accountRegion.put(wrong);
    expect(await used(one)).toBe(`parameter ${name} version 2`);
  });

  it('leaves the deployed effective policy where no version was ever right', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(wrong);
    accountRegion.put('no JSON');
    expect(await used(accountRegion.start())).toBe('trailseal.policy.yml');
  });

  it('is told each time, with its version and all that is wrong', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    accountRegion.put(wrong);
    const one = accountRegion.start();
    const told = {
      version: 2,
      faults: [
        {
          path: 'controls.key-rotatoin',
          message: 'there is no control "key-rotatoin"',
          hint: 'did you mean key-rotation?',
        },
      ],
    };
    expect([(await one.read()).invalid, (await one.read()).invalid]).toEqual([told, told]);
  });

  it('has earlier versions read once, not each time', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    accountRegion.put(wrong);
    const one = accountRegion.start();
    await one.read();
    await one.read();
    expect(accountRegion.historyReads).toBe(1);
  });

  it('is told no more once it is fixed', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(wrong);
    const one = accountRegion.start();
    await one.read();
    accountRegion.put(severity('LOW'));
    expect(await one.read()).toMatchObject({
      policy: { file: `parameter ${name} version 2` },
      invalid: undefined,
    });
  });

  it('has a function that starts fail where the earlier versions can not be read', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    accountRegion.put(wrong);
    accountRegion.historyUnreadable = new Error('denied');
    await expect(accountRegion.start().read()).rejects.toThrow(PolicyUnreadable);
  });

  it('leaves what a function goes by for a while where the earlier versions can not be read, and is told', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    await one.read();
    accountRegion.put(wrong);
    accountRegion.historyUnreadable = new Error('denied');
    expect(await one.read()).toMatchObject({
      policy: { file: `parameter ${name} version 1` },
      invalid: { version: 2 },
      unread: 'Error (denied)',
    });
  });
});

describe('a parameter that can not be read', () => {
  it('has a function that starts fail, and says what to do', async () => {
    const accountRegion = new AccountRegion();
    accountRegion.unreadable = new Error('denied');
    await expect(accountRegion.start().read()).rejects.toThrow(
      `the effective policy can't be told: the parameter ${name} can't be read: Error (denied); see that the role`,
    );
  });

  it.each([
    ['leaves in force what was', heldFor - 1, `parameter ${name} version 1`],
    ['has a function fail in the end', heldFor, 'PolicyUnreadable'],
  ])('%s, after %d ms', async (_what, later, outcome) => {
    const accountRegion = new AccountRegion();
    accountRegion.put(severity('HIGH'));
    const one = accountRegion.start();
    await one.read();
    accountRegion.unreadable = new Error('busy');
    accountRegion.now += later;
    const found = await used(one).catch((error: Error) => error.name);
    expect(found).toBe(outcome);
  });

  it('is told while what was in force was deleted by', async () => {
    const accountRegion = new AccountRegion();
    const one = accountRegion.start();
    await one.read();
    accountRegion.unreadable = new Error('busy');
    expect(await one.read()).toMatchObject({ invalid: undefined, unread: 'Error (busy)' });
  });

  it('is forgotten when it can be read again', async () => {
    const accountRegion = new AccountRegion();
    const one = accountRegion.start();
    await one.read();
    accountRegion.unreadable = new Error('busy');
    accountRegion.now += heldFor;
    await expect(one.read()).rejects.toThrow(PolicyUnreadable);
    accountRegion.unreadable = undefined;
    expect(await used(one)).toBe('trailseal.policy.yml');
  });
});
