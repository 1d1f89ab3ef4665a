/** Which policy is effective for each value of the parameter, and when reading it fails. */
import { describe, expect, it } from 'vitest';
import { EffectivePolicy, heldFor, PolicyUnreadable } from '../../../lib/pipeline/live/effective-policy.ts';
import type { PolicyVersion } from '../../../lib/pipeline/live/policy-parameter.ts';
import { sampleControls } from '../../policy/fixtures.ts';

const severity = (of: string): string =>
  JSON.stringify({ version: 1, controls: { 'key-rotation': { severity: of } } });
const wrong = '{"version":1,"controls":{"key-rotatoin":{}}}';
const name = '/trailseal/dev/policy';

/** A parameter, a clock, and functions that read the effective policy. */
class PolicyFixture {
  now = 1_000_000;
  versions: PolicyVersion[] = [];
  /** Set: it can't be read; only its earlier versions can't. */
  unreadable: Error | undefined;
  historyUnreadable: Error | undefined;
  historyReads = 0;

  put(value: string): void {
    this.versions.push({ version: this.versions.length + 1, value });
  }

  /** A function that starts now, without a cached policy. */
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

/** The name of the policy that a function uses. */
async function used(one: EffectivePolicy): Promise<string | undefined> {
  return (await one.read()).policy.file;
}

describe('the effective policy', () => {
  it('is the deployed one where there is no parameter', async () => {
    expect(await new PolicyFixture().start().read()).toMatchObject({
      policy: { file: 'trailseal.policy.yml' },
      invalid: undefined,
      unread: undefined,
    });
  });

  it('is the override, named by parameter and version', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const { policy } = await fixture.start().read();
    expect(policy.file).toBe('parameter /trailseal/dev/policy version 1');
    expect(policy.controls.get('key-rotation')?.severity).toBe('HIGH');
  });

  it('changes with the parameter, in a function that runs already', async () => {
    const fixture = new PolicyFixture();
    const one = fixture.start();
    const before = await used(one);
    fixture.put(severity('HIGH'));
    const with1 = await used(one);
    fixture.put(severity('CRITICAL'));
    expect([before, with1, await used(one)]).toEqual([
      'trailseal.policy.yml',
      `parameter ${name} version 1`,
      `parameter ${name} version 2`,
    ]);
  });

  it('is the deployed one again when the parameter is deleted', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    await one.read();
    fixture.versions = [];
    expect(await used(one)).toBe('trailseal.policy.yml');
  });

  it('is that of a parameter that was deleted and created again, though it has the same version', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    await one.read();
    fixture.versions = [];
    fixture.put(severity('CRITICAL'));
    expect((await one.read()).policy.controls.get('key-rotation')?.severity).toBe('CRITICAL');
  });

  it('is the same object until it changes', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    const first = (await one.read()).policy;
    const again = (await one.read()).policy;
    fixture.put(wrong);
    expect([again === first, (await one.read()).policy === first]).toEqual([true, true]);
  });
});

describe('a wrong override', () => {
  it.each([
    ['that has the right version', true],
    ['that starts afterwards', false],
  ])('keeps the last valid version effective, for a function %s', async (_which, warm) => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    fixture.put(severity('CRITICAL'));
    const one = fixture.start();
    if (warm) await one.read();
    fixture.put(wrong);
    fixture.put(wrong);
    expect(await used(one)).toBe(`parameter ${name} version 2`);
  });

  it('keeps the last valid version effective, also for a function that never read that version', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    await one.read();
    fixture.put(severity('CRITICAL'));
    fixture.put(wrong);
    expect(await used(one)).toBe(`parameter ${name} version 2`);
  });

  it('keeps the deployed policy effective when no version was ever valid', async () => {
    const fixture = new PolicyFixture();
    fixture.put(wrong);
    fixture.put('no JSON');
    expect(await used(fixture.start())).toBe('trailseal.policy.yml');
  });

  it('is reported each time, with its version and all faults', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    fixture.put(wrong);
    const one = fixture.start();
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

  it('makes earlier versions be read once, not each time', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    fixture.put(wrong);
    const one = fixture.start();
    await one.read();
    await one.read();
    expect(fixture.historyReads).toBe(1);
  });

  it('is not reported any more once it is fixed', async () => {
    const fixture = new PolicyFixture();
    fixture.put(wrong);
    const one = fixture.start();
    await one.read();
    fixture.put(severity('CRITICAL'));
    expect(await one.read()).toMatchObject({
      policy: { file: `parameter ${name} version 2` },
      invalid: undefined,
    });
  });

  it('makes a starting function fail when the earlier versions can not be read', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    fixture.put(wrong);
    fixture.historyUnreadable = new Error('denied');
    await expect(fixture.start().read()).rejects.toThrow(PolicyUnreadable);
  });

  it('keeps the policy of a running function for a while when the earlier versions can not be read, and is reported', async () => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    await one.read();
    fixture.put(wrong);
    fixture.historyUnreadable = new Error('denied');
    expect(await one.read()).toMatchObject({
      policy: { file: `parameter ${name} version 1` },
      invalid: { version: 2 },
      unread: 'Error (denied)',
    });
  });
});

describe('a parameter that can not be read', () => {
  it('makes a starting function fail, and says what to do', async () => {
    const fixture = new PolicyFixture();
    fixture.unreadable = new Error('denied');
    await expect(fixture.start().read()).rejects.toThrow(
      `the effective policy is unknown: the parameter ${name} can't be read: Error (denied); see that the role`,
    );
  });

  it.each([
    ['keeps the effective policy', heldFor - 1, `parameter ${name} version 1`],
    ['has a function fail in the end', heldFor, 'PolicyUnreadable'],
  ])('%s, after %d ms', async (_what, later, outcome) => {
    const fixture = new PolicyFixture();
    fixture.put(severity('HIGH'));
    const one = fixture.start();
    await one.read();
    fixture.unreadable = new Error('busy');
    fixture.now += later;
    const found = await used(one).catch((error: Error) => error.name);
    expect(found).toBe(outcome);
  });

  it('is reported while the last policy is used', async () => {
    const fixture = new PolicyFixture();
    const one = fixture.start();
    await one.read();
    fixture.unreadable = new Error('busy');
    expect(await one.read()).toMatchObject({ invalid: undefined, unread: 'Error (busy)' });
  });

  it('is not reported any more when it can be read again', async () => {
    const fixture = new PolicyFixture();
    const one = fixture.start();
    await one.read();
    fixture.unreadable = new Error('busy');
    fixture.now += heldFor;
    await expect(one.read()).rejects.toThrow(PolicyUnreadable);
    fixture.unreadable = undefined;
    expect(await used(one)).toBe('trailseal.policy.yml');
  });
});
