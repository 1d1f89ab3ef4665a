import { describe, expect, it } from 'vitest';
import type { Facts } from '../../lib/control.ts';
import { kmsKeyDisabled } from '../../lib/controls/kms/kms-key-disabled.ts';
import { kmsControls } from '../../lib/controls/kms.ts';
import { type Unknown, unknownFact } from '../../lib/facts/types.ts';
import { findingId } from '../../lib/findings/id.ts';
import { type Policy, parsePolicy } from '../../lib/policy/policy.ts';
import { type LimitState, nothingUsed, use } from '../../lib/remediation/limits.ts';
import { type Occasion, Remediator, type RemediatorOptions } from '../../lib/remediation/remediator.ts';
import { actionEventSchema } from '../../lib/transitions/action-event.ts';
import { type Light, lamp, place, start } from '../actions/lamp.ts';
import { MemoryLedger } from '../ledger/memory-ledger.ts';
import { keyState } from '../live/world.ts';

const key = {
  type: 'AwsKmsKey',
  id: 'lamp',
  arn: `arn:aws:kms:${place.region}:${place.account}:key/lamp`,
  ...place,
} as const;
const id = findingId('kms-key-disabled', key);

function policyOf(text: string): Policy {
  const parsed = parsePolicy(`version: 1\n${text}`, 'trailseal.policy.yml', kmsControls);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  return parsed.policy;
}
const fixing = 'controls: { kms-key-disabled: { actions: [notify, fix:enable-key] } }';

/** A key that is a lamp: enabled is on. Fixing it is switching it on. */
async function room(text = fixing, more: Partial<RemediatorOptions> = {}) {
  const it = lamp();
  const policy = policyOf(text);
  const ledger = new MemoryLedger({ now: () => it.means.now().getTime() });
  const woken: { occasion: Occasion; time: Date }[] = [];
  const answers: { facts: Partial<Facts> | Unknown | undefined } = { facts: undefined };
  let limits: LimitState = nothingUsed;
  const told = (light: Light): Partial<Facts> | Unknown =>
    light === 'gone'
      ? unknownFact('gone', 'kms:DescribeKey does not find it')
      : keyState(light === 'on' ? 'Enabled' : 'Disabled');
  const record = async (verdict: 'FAIL' | 'PASS' | 'UNKNOWN', at = start) => {
    const actor = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' };
    await ledger.record([
      {
        control: kmsKeyDisabled,
        observation: {
          key: `${verdict} ${at}`,
          at,
          cause: {
            id: `event ${at}`,
            eventName: 'DisableKey',
            time: at,
            actor: { ...actor, account: undefined, sourceIp: undefined, userAgent: undefined },
          },
          resource: key,
          result: {
            kind: 'judged',
            verdict,
            evidence: { summary: `It is ${verdict}.`, required: 'a key that is enabled', observed: [] },
            severity: 'HIGH',
            plan: { actions: [], withheld: [] },
            exemption: undefined,
            details: undefined,
          },
        },
      },
    ]);
  };
  await record('FAIL');
  const options: RemediatorOptions = {
    controls: kmsControls,
    actions: [it.action],
    policy,
    place,
    facts: {
      look: async (requests) =>
        requests.map(({ resource, facts }) => {
          const answer = answers.facts ?? told(it.state.light);
          return [
            {
              resource,
              facts: 'known' in answer ? Object.fromEntries(facts.map((name) => [name, answer])) : answer,
            },
          ];
        }),
    },
    ledger,
    journal: it.journal,
    limiter: {
      admit: async (kind, most, counted) => {
        const answer = use(limits, kind, most, counted, it.means.now().getTime());
        limits = answer.state;
        return answer;
      },
      show: async () => ({ tag: nothingUsed, fix: limits, quarantine: nothingUsed }),
    },
    means: it.means,
    killSwitch: async () => ({ state: 'released' }),
    workflow: async () => ({ status: 'NEW' }),
    isOwn: () => false,
    wakeAt: async (occasion, time) => {
      const again = woken.some((one) => one.time.getTime() === time.getTime());
      woken.push({ occasion, time });
      return again ? 'was-scheduled' : 'scheduled';
    },
    stage: 'dev',
    run: 'run-1',
    ...more,
  };
  const occasion: Occasion = { finding: id, openedAt: new Date(start).toISOString(), since: start };
  return {
    it,
    woken,
    answers,
    record,
    occasion,
    remediate: (other: Partial<Occasion> = {}) =>
      new Remediator(options).remediate({ ...occasion, ...other }),
  };
}

describe('a failure', () => {
  it('is fixed as the policy asks, once, and that is told with how to undo it', async () => {
    const { it: lit, remediate } = await room();
    const { events } = await remediate();
    expect(lit.state).toMatchObject({ light: 'on', presses: 1 });
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        finding: id,
        plan: ['Switch it on.'],
        undo: `trailseal undo --stage dev '${id}'`,
        decision: { by: 'policy', name: 'trailseal.policy.yml' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(await remediate()).toMatchObject({
      events: [],
      nothing: expect.stringMatching(/does not fail any more/),
    });
    expect(lit.state.presses).toBe(1);
  });

  it('is left alone where the policy only reports', async () => {
    const { it: lit, remediate } = await room('controls: {}');
    expect(await remediate()).toMatchObject({ events: [], again: undefined });
    expect(lit.state.presses).toBe(0);
  });

  it('that is none any more, or of which nobody knows, is left alone', async () => {
    const { it: lit, answers, remediate } = await room();
    lit.state.light = 'on';
    expect((await remediate()).nothing).toMatch(/does not fail any more/);
    answers.facts = unknownFact('denied', 'kms:DescribeKey was denied');
    lit.state.light = 'off';
    expect((await remediate()).nothing).toMatch(/does not fail any more|unknown/);
    lit.state.light = 'gone';
    answers.facts = undefined;
    expect((await remediate()).nothing).toBe('The resource is gone.');
    expect(lit.state.presses).toBe(0);
  });

  it('whose finding was closed or reopened meanwhile is left to the message that tells of it', async () => {
    const { it: lit, remediate, record } = await room();
    expect((await remediate({ openedAt: '2026-01-01T00:00:00.000Z' })).nothing).toMatch(/opened again/);
    await record('PASS', start + 1_000);
    expect((await remediate()).nothing).toBe('The finding is RESOLVED.');
    expect(lit.state.presses).toBe(0);
  });

  it('that is unknown is never acted on', async () => {
    const { it: lit, remediate, record } = await room();
    await record('PASS', start + 1_000);
    expect((await remediate({ finding: 'trailseal/kms-key-disabled/none' })).nothing).toMatch(
      /no such finding/,
    );
    expect(lit.state.presses).toBe(0);
  });
});

describe('what stands in the way', () => {
  it.each([
    ['the kill switch', { killSwitch: async () => ({ state: 'pulled' as const }) }, /kill switch/],
    [
      'a kill switch that can’t be read',
      { killSwitch: async () => ({ state: 'unreadable' as const, because: 'denied' }) },
      /kill switch/,
    ],
    [
      'an operator who suppressed the finding',
      { workflow: async () => ({ status: 'SUPPRESSED' as const }) },
      /suppressed/,
    ],
    [
      'a Security Hub that does not tell whether one did',
      { workflow: async () => ({ status: 'unreadable' as const }) },
      /could not be read/,
    ],
    ['that the resource is Trailseal’s own', { isOwn: () => true }, /own/],
  ])('is %s, and that is told', async (_what, more, reason) => {
    const { it: lit, remediate } = await room(fixing, more);
    const { events } = await remediate();
    expect(events.map(({ outcome, because }) => ({ outcome, because }))).toEqual([
      { outcome: 'withheld', because: expect.stringMatching(reason) },
      ...('workflow' in more ? [{ outcome: 'withheld', because: expect.stringMatching(reason) }] : []),
    ]);
    expect(lit.state.presses).toBe(0);
  });

  it('is the switch, also when it is pulled between the decision and the first write', async () => {
    let reads = 0;
    const { it: lit, remediate } = await room(fixing, {
      killSwitch: async () => {
        reads += 1;
        return { state: reads === 1 ? 'released' : 'pulled' };
      },
    });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'withheld', because: 'The kill switch is on.' },
    ]);
    expect(lit.state.presses).toBe(0);
  });

  it('is the limit, which opens the breaker', async () => {
    const { it: lit, remediate } = await room(
      `${fixing}\nguardrails: { actionsPerHour: { fix: { perAccount: 1, total: 1 } } }`,
    );
    await remediate();
    lit.state.light = 'off';
    const { events } = await remediate();
    expect(events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(/allows 1 fixes an hour/) },
    ]);
    const { events: after } = await remediate();
    expect(after).toMatchObject([{ outcome: 'withheld', because: expect.stringMatching(/breaker/) }]);
    expect(lit.state.presses).toBe(1);
  });
});

describe('a grace period', () => {
  const patient = `${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`;

  it('is announced once, and nothing is done while it lasts', async () => {
    const { it: lit, remediate, woken } = await room(patient);
    const { events } = await remediate();
    const due = new Date(start + 15 * 60_000);
    expect(events).toMatchObject([{ outcome: 'pending', due: due.toISOString() }]);
    expect((await remediate()).events).toEqual([]);
    expect(woken[0]?.time).toEqual(due);
    expect(lit.state.presses).toBe(0);
  });

  it('ends with the action, if nothing has stopped it', async () => {
    const { it: lit, remediate, woken } = await room(patient);
    await remediate();
    await lit.means.wait(15 * 60_000);
    const { events } = await remediate(woken[0]?.occasion ?? {});
    expect(events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.light).toBe('on');
  });

  it('ends with nothing when somebody fixed it meanwhile', async () => {
    const { it: lit, remediate } = await room(patient);
    await remediate();
    lit.state.light = 'on';
    await lit.means.wait(15 * 60_000);
    expect((await remediate()).events).toEqual([]);
    expect(lit.state.presses).toBe(0);
  });
});

describe('an action that AWS does not finish', () => {
  it('is gone on with later, and told as half-done', async () => {
    const { it: lit, remediate } = await room();
    lit.state.fault = new Error('AWS is busy');
    const { events, again } = await remediate();
    expect(events).toMatchObject([{ outcome: 'half-done' }]);
    expect(again).toBe(60);
    lit.state.fault = undefined;
    expect((await remediate()).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state).toMatchObject({ light: 'on', presses: 1 });
  });
});
