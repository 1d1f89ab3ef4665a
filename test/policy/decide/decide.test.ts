import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Resource } from '../../../lib/core/control.ts';
import { verdicts } from '../../../lib/core/control.ts';
import type { Circumstances } from '../../../lib/policy/decide/circumstances.ts';
import { type DecisionInput, decide } from '../../../lib/policy/decide/decide.ts';
import { noUsage, type Usage } from '../../../lib/policy/decide/rate-limits.ts';
import type { FindingExemption } from '../../../lib/policy/model.ts';
import { type ActionKind, actionKinds, kindOf } from '../../../lib/policy/model.ts';
import { resourceTypeOf } from '../../../lib/services/catalogue.ts';
import { key, policyOf, rotation } from '../fixtures.ts';

const everything = 'version: 1\ndefaults: { actions: [notify, tag, fix:enable-rotation, quarantine] }\n';
const noon = Date.parse('2026-11-21T12:00:00Z');
const minute = 60_000;

function input(given: Partial<DecisionInput> = {}): DecisionInput {
  return {
    verdict: 'FAIL',
    control: rotation,
    resource: key,
    policy: policyOf(everything),
    exemption: undefined,
    usage: noUsage,
    time: noon,
    resourceTypeOf,
    ...given,
  };
}

/** Every action of the plan, with the reason why it is skipped, or "planned". */
function outcome(given: Partial<DecisionInput> = {}): Readonly<Record<string, string>> {
  const { plan } = decide(input(given));
  return Object.fromEntries([
    ...plan.actions.map(({ action }) => [action, 'planned']),
    ...plan.skipped.map(({ action, because }) => [action, because]),
  ]);
}

const exempt: FindingExemption = {
  state: 'active',
  from: 'policy',
  reason: 'Sandbox',
  owner: 'platform-team',
  expires: '2027-01-31',
};

describe('the plan for a failure', () => {
  it('has the actions that the policy lists, the mildest first', () => {
    expect(decide(input()).plan.actions.map(({ action }) => action)).toEqual([
      'notify',
      'tag',
      'fix:enable-rotation',
      'quarantine',
    ]);
  });

  it('says what each action does to which resource', () => {
    expect(decide(input()).plan.actions[2]?.reason).toBe(
      'key-rotation fails, and the policy asks to enable the rotation of KMS key ' +
        '1234abcd-12ab-34cd-56ef-1234567890ab (account 111122223333, eu-central-1).',
    );
  });

  it('says how long an action waits', () => {
    expect(decide(input()).plan.actions[3]?.reason).toBe(
      'key-rotation fails, and the policy asks to quarantine KMS key 1234abcd-12ab-34cd-56ef-1234567890ab ' +
        '(account 111122223333, eu-central-1) after 15 minutes, unless it is prevented by then.',
    );
  });

  it('skips actions that the policy does not list', () => {
    expect(outcome({ policy: policyOf('version: 1\ndefaults: { actions: [tag] }') })).toEqual({
      notify: 'not-in-policy',
      tag: 'planned',
      'fix:enable-rotation': 'not-in-policy',
      quarantine: 'not-in-policy',
    });
  });

  it('skips all actions of a control that the policy disables', () => {
    const policy = policyOf(`${everything}controls: { key-rotation: { enabled: false } }`);
    expect(new Set(Object.values(outcome({ policy })))).toEqual(new Set(['not-in-policy']));
  });

  it('skips all actions of a control that the policy does not know', () => {
    const control = { ...rotation, id: 'another' };
    expect(new Set(Object.values(outcome({ control })))).toEqual(new Set(['not-in-policy']));
  });
});

describe('an exempt resource', () => {
  it('has no action planned, not even a notification', () => {
    expect(outcome({ exemption: exempt })).toEqual({
      notify: 'exempt',
      tag: 'exempt',
      'fix:enable-rotation': 'exempt',
      quarantine: 'exempt',
    });
  });

  it('says who exempted it, why and until when', () => {
    expect(decide(input({ exemption: exempt })).plan.skipped[0]?.reason).toBe(
      'Exempt until 2027-01-31 (UTC) by platform-team: Sandbox',
    );
  });

  it.each(['expired', 'refused'] as const)('is acted on when its exemption is %s', (state) => {
    expect(outcome({ exemption: { ...exempt, state } })).toEqual(outcome());
  });
});

describe('an unknown verdict', () => {
  it('is not notified, and nothing is done', () => {
    expect(outcome({ verdict: 'UNKNOWN' })).toEqual({
      notify: 'not-in-policy',
      tag: 'unknown-verdict',
      'fix:enable-rotation': 'unknown-verdict',
      quarantine: 'unknown-verdict',
    });
  });

  it('is not notified where the policy does not list it', () => {
    expect(outcome({ verdict: 'UNKNOWN', policy: policyOf('version: 1') })['notify']).toBe('not-in-policy');
  });

  it('uses up no limit', () => {
    expect(decide(input({ verdict: 'UNKNOWN' })).usage).toBe(noUsage);
  });
});

describe('a resource that does not fail', () => {
  it.each(['PASS', 'NOT_APPLICABLE'] as const)('has an empty plan (%s)', (verdict) => {
    expect(decide(input({ verdict })).plan).toEqual({ actions: [], skipped: [] });
  });
});

describe('a resource that no API call can name', () => {
  const skipped = {
    notify: 'planned',
    tag: 'no-resource-id',
    'fix:enable-rotation': 'no-resource-id',
    quarantine: 'no-resource-id',
  };
  it.each<[string, Partial<Resource>]>([
    ['a volume with an id made of its instance and device', { type: 'AwsEc2Volume', id: 'i-0abc:/dev/sdb' }],
    ['a launch template with its name as id', { type: 'AwsEc2LaunchTemplate', id: 'web' }],
    ['a resource in an unknown account', { account: 'unknown' }],
    ['a resource in an unknown Region', { region: 'unknown' }],
    ['a resource without an id', { id: '' }],
  ])('is only reported: %s', (_, given) => {
    expect(outcome({ resource: { ...key, ...given } })).toEqual(skipped);
  });

  it('is acted on once its id is known', () => {
    expect(outcome({ resource: { ...key, type: 'AwsEc2Volume', id: 'vol-0abc' } })['tag']).toBe('planned');
  });
});

describe('a protected resource', () => {
  const policy = policyOf(
    `${everything}guardrails: { protectedTags: { environment: ['prod*'], keep: ['*'] } }`,
  );
  const tagWith = (tags: Resource['tags']) =>
    outcome({ policy, resource: tags === undefined ? key : { ...key, tags } })['tag'];

  it('is not changed', () => {
    expect(tagWith({ environment: 'production' })).toBe('protected-resource');
  });

  it('is still notified', () => {
    expect(outcome({ policy, resource: { ...key, tags: { keep: '' } } })['notify']).toBe('planned');
  });

  it('includes one whose tags are not known', () => {
    expect(tagWith(undefined)).toBe('protected-resource');
  });

  it('includes one whose tags could not be read, with the reason', () => {
    const { plan } = decide(input({ policy, tagsUnknown: 'kms:ListResourceTags was denied' }));
    expect(plan.skipped.find(({ action }) => action === 'tag')?.reason).toBe(
      'Its tags are not known (kms:ListResourceTags was denied), and the policy protects resources by the tags environment, keep.',
    );
  });

  it('does not include one whose tags are all others', () => {
    expect(tagWith({ environment: 'test' })).toBe('planned');
  });

  it('does not include one of a type without tags', () => {
    expect(outcome({ policy, resource: { ...key, type: 'AwsAccount' } })['tag']).toBe('planned');
  });
});

/** The plans of one decision after another, each with the usage that the one before returned. */
function plansOf(cases: readonly Partial<DecisionInput>[]) {
  let usage: Usage = noUsage;
  return cases.map((given) => {
    const result = decide(input({ ...given, usage }));
    usage = result.usage;
    return result.plan;
  });
}

describe('the rate limits', () => {
  const policy = policyOf(
    `${everything}guardrails: { actionsPerHour: { perAccount: 1, perActor: 9, total: 2, reservedForCritical: 0 } }`,
  );
  const tagAt = (cases: readonly Partial<DecisionInput>[]) =>
    plansOf(cases.map((given) => ({ policy, ...given }))).map((plan) =>
      plan.actions.some(({ action }) => action === 'tag'),
    );
  const inAccount = (account: string): Resource => ({ ...key, account });

  it('skip actions in an account that has used up its limit', () => {
    expect(tagAt([{ time: noon }, { time: noon + 59 * minute }])).toEqual([true, false]);
  });

  it('allow actions in an account again after an hour', () => {
    expect(tagAt([{ time: noon }, { time: noon + 60 * minute }])).toEqual([true, true]);
  });

  it('skip actions in all accounts that have used up the total together', () => {
    const accounts = ['111122223333', '444455556666', '555555555555'];
    expect(tagAt(accounts.map((account) => ({ resource: inAccount(account) })))).toEqual([true, true, false]);
  });

  it('count a late event at the time of the event before it', () => {
    const two = policyOf(
      `${everything}guardrails: { actionsPerHour: { perAccount: 2, perActor: 9, reservedForCritical: 0 } }`,
    );
    const times = [noon, noon - 90 * minute, noon + 30 * minute];
    expect(tagAt(times.map((time) => ({ time, policy: two })))).toEqual([true, true, false]);
  });

  it('count events without a time separately', () => {
    expect(tagAt([{ time: noon }, { time: undefined }, { time: undefined }])).toEqual([true, true, false]);
  });

  it('count all fixes as one kind', () => {
    const control = { id: rotation.id, actions: ['fix:enable-rotation', 'fix:enable-key'] as Action[] };
    const every = new Map([
      [rotation.id, { enabled: true, severity: 'LOW', settings: {}, actions: control.actions }],
    ] as const);
    expect(outcome({ control, policy: { ...policy, controls: every } })).toEqual({
      'fix:enable-rotation': 'planned',
      'fix:enable-key': 'guardrail',
    });
  });

  it('do not limit notifications', () => {
    const plans = plansOf(Array.from({ length: 3 }, () => ({ policy })));
    expect(plans.map((plan) => plan.actions.some(({ action }) => action === 'notify'))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('say which limit was reached, with its figures', () => {
    const [, second] = plansOf([{ policy }, { policy }]);
    expect(second?.skipped.find(({ action }) => action === 'tag')?.reason).toBe(
      'Rate limit reached: 1 of 1 tag action in account 111122223333 in the last hour.',
    );
  });

  it('keep a part of each limit for CRITICAL findings', () => {
    const four = policyOf(
      `${everything}guardrails: { actionsPerHour: { perAccount: 4, perActor: 9, reservedForCritical: 25 } }`,
    );
    const severe = [
      rotation.id,
      { enabled: true, severity: 'CRITICAL', settings: {}, actions: rotation.actions },
    ] as const;
    const critical = { ...four, controls: new Map([severe]) };
    const cases = [four, four, four, four, critical, critical].map((policy) => ({ policy }));
    expect(tagAt(cases)).toEqual([true, true, true, false, true, false]);
  });

  it('give each principal its share, whatever it calls its sessions', () => {
    const shares = policyOf(
      `${everything}guardrails: { actionsPerHour: { perAccount: 9, perActor: 1, reservedForCritical: 0 } }`,
    );
    const by = (role: string, session: string) => ({
      policy: shares,
      actor: { type: 'AssumedRole', arn: `arn:aws:sts::111122223333:assumed-role/${role}/${session}` },
    });
    expect(tagAt([by('one', 'a'), by('one', 'b'), by('other', 'a')])).toEqual([true, false, true]);
  });

  it('allow no action at a limit of 0', () => {
    const none = policyOf(`${everything}guardrails: { actionsPerHour: { quarantine: { total: 0 } } }`);
    expect(outcome({ policy: none })['quarantine']).toBe('guardrail');
  });
});

describe('the circumstances of a deployment', () => {
  const changes = (because: string, notify = 'planned') => ({
    notify,
    tag: because,
    'fix:enable-rotation': because,
    quarantine: because,
  });

  it.each<[string, Circumstances, ReturnType<typeof changes>]>([
    ['the kill switch is engaged', { killSwitch: 'engaged' }, changes('kill-switch')],
    ['the kill switch cannot be read', { killSwitch: 'unreadable' }, changes('kill-switch')],
    ['the finding is suppressed', { workflow: 'SUPPRESSED' }, changes('suppressed', 'suppressed')],
    [
      'the finding’s workflow status cannot be read',
      { workflow: 'unreadable' },
      changes('suppression-unknown', 'suppression-unknown'),
    ],
    ['the resource is Trailseal’s own', { isOwn: true }, changes('own-resource')],
    [
      'the resource was read more than five minutes ago',
      { readAge: 5 * minute + 1 },
      changes('stale-verdict'),
    ],
    ['the resource was read at an unknown time', { readAge: Number.NaN }, changes('stale-verdict')],
  ])('skip actions when %s', (_, circumstances, expected) => {
    expect(outcome({ circumstances })).toEqual(expected);
  });

  it('skip the kind of action whose breaker is open, and no other', () => {
    expect(outcome({ circumstances: { openBreakers: new Set(['fix']) } })).toEqual({
      notify: 'planned',
      tag: 'planned',
      'fix:enable-rotation': 'breaker-open',
      quarantine: 'planned',
    });
  });

  it('say that the kill switch could not be read', () => {
    const { plan } = decide(input({ circumstances: { killSwitch: 'unreadable' } }));
    expect(plan.skipped[0]?.reason).toBe('The kill switch could not be read: nothing is changed.');
  });

  it('say how long ago the resource was read', () => {
    const { plan } = decide(input({ circumstances: { readAge: 6 * minute } }));
    expect(plan.skipped[0]?.reason).toBe(
      'The resource was read 360 seconds ago; a verdict is acted on for 300 seconds only.',
    );
  });

  it('skip nothing when nothing prevents an action', () => {
    const circumstances = {
      killSwitch: 'disengaged',
      workflow: 'NOTIFIED',
      openBreakers: new Set<ActionKind>(),
      isOwn: false,
      readAge: 5 * minute,
    } as const;
    expect(outcome({ circumstances })).toEqual(outcome());
  });

  it('use up no limit where they skip an action', () => {
    expect(decide(input({ circumstances: { killSwitch: 'engaged' } })).usage).toBe(noUsage);
  });

  it('are not the reason where the policy does not list an action, which lasts longer', () => {
    const given = { policy: policyOf('version: 1'), circumstances: { killSwitch: 'engaged' } } as const;
    expect(outcome(given)).toEqual(changes('not-in-policy', 'not-in-policy'));
  });
});

const anyInput = fc.record({
  circumstances: fc.record(
    {
      killSwitch: fc.constantFrom('disengaged', 'engaged', 'unreadable'),
      workflow: fc.constantFrom('NEW', 'NOTIFIED', 'SUPPRESSED', 'unreadable'),
      openBreakers: fc.subarray([...actionKinds]).map((open) => new Set(open)),
      isOwn: fc.boolean(),
      readAge: fc.integer({ min: 0, max: 10 * minute }),
    },
    { requiredKeys: [] },
  ),
  verdict: fc.constantFrom(...verdicts),
  exemption: fc.constantFrom(undefined, exempt, { ...exempt, state: 'expired' as const }),
  time: fc.option(
    fc.integer({ min: 0, max: 300 }).map((minutes) => noon + minutes * minute),
    { nil: undefined },
  ),
  resource: fc
    .constantFrom('111122223333', '444455556666', '555555555555')
    .map((account) => ({ ...key, account })),
});

describe('for any input', () => {
  const limits = { perAccount: 2, perActor: 2, total: 3, reservedForCritical: 0 };
  const policy = policyOf(`${everything}guardrails: { actionsPerHour: ${JSON.stringify(limits)} }`);

  it('no hour has more actions of a kind than the limits allow', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 60 }), (inputs) => {
        const inOrder = inputs.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0));
        const plans = plansOf(inOrder.map((given) => ({ ...given, policy })));
        const done = plans.flatMap((plan, index) =>
          plan.actions.map(({ action }) => ({ kind: kindOf(action), at: inOrder[index] })),
        );
        for (const kind of actionKinds) {
          const ofKind = done.filter((one) => one.kind === kind).map(({ at }) => at);
          for (const end of ofKind) {
            const hour = ofKind.filter((one) =>
              end?.time === undefined
                ? one?.time === undefined
                : one?.time !== undefined && one.time <= end.time && one.time > end.time - 60 * minute,
            );
            const inSameAccount = hour.filter((one) => one?.resource.account === end?.resource.account);
            expect(hour.length).toBeLessThanOrEqual(limits.total);
            expect(inSameAccount.length).toBeLessThanOrEqual(limits.perAccount);
          }
        }
      }),
    );
  });

  it('nothing is changed unless the kill switch is known to be disengaged, the finding not suppressed, and the resource not Trailseal’s', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { killSwitch = 'disengaged', workflow = 'NEW', isOwn = false } = given.circumstances;
        const { actions } = decide(input({ ...given, policy })).plan;
        const changing = actions.filter(({ action }) => action !== 'notify');
        const mayChange = killSwitch === 'disengaged' && ['NEW', 'NOTIFIED'].includes(workflow) && !isOwn;
        expect(mayChange ? [] : changing).toEqual([]);
      }),
    );
  });

  it('nothing is changed for an unknown verdict or an exempt resource', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { actions } = decide(input({ ...given, policy })).plan;
        if (given.verdict === 'UNKNOWN')
          expect(actions.every(({ action }) => action === 'notify')).toBe(true);
        if (given.exemption?.state === 'active') expect(actions).toEqual([]);
      }),
    );
  });

  it('every action of a control that fails or is unknown is in the plan once', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { actions, skipped } = decide(input({ ...given, policy })).plan;
        const all = [...actions, ...skipped].map(({ action }) => action).sort();
        const evaluated = given.verdict === 'FAIL' || given.verdict === 'UNKNOWN';
        expect(all).toEqual(evaluated ? [...rotation.actions].sort() : []);
      }),
    );
  });

  it('the same input has the same result, and the given usage stays as it was', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 10 }), anyInput, (before, given) => {
        let { usage } = input();
        for (const one of before) usage = decide(input({ ...one, policy, usage })).usage;
        const first = decide(input({ ...given, policy, usage }));
        expect(decide(input({ ...given, policy, usage }))).toEqual(first);
      }),
    );
  });
});
