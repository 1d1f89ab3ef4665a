import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Resource } from '../../lib/core/control.ts';
import { verdicts } from '../../lib/core/control.ts';
import type { FindingExemption } from '../../lib/findings/finding.ts';
import type { Circumstances } from '../../lib/policy/circumstances.ts';
import { type Case, decide } from '../../lib/policy/decide.ts';
import { type Kind, kindOf, kinds, noUsage, type Usage } from '../../lib/policy/guardrails.ts';
import { key, policyOf, rotation } from './fixtures.ts';

const everything = 'version: 1\ndefaults: { actions: [notify, tag, fix:enable-rotation, quarantine] }\n';
const noon = Date.parse('2026-11-21T12:00:00Z');
const minute = 60_000;

function subject(given: Partial<Case> = {}): Case {
  return {
    verdict: 'FAIL',
    control: rotation,
    resource: key,
    policy: policyOf(everything),
    exemption: undefined,
    usage: noUsage,
    time: noon,
    ...given,
  };
}

/** Every action of the plan, with why it is skipped, or "planned". */
function outcome(given: Partial<Case> = {}): Readonly<Record<string, string>> {
  const { plan } = decide(subject(given));
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
  it('holds what the policy asks, from the mildest to the harshest', () => {
    expect(decide(subject()).plan.actions.map(({ action }) => action)).toEqual([
      'notify',
      'tag',
      'fix:enable-rotation',
      'quarantine',
    ]);
  });

  it('says of each action what it would do to which resource', () => {
    expect(decide(subject()).plan.actions[2]?.reason).toBe(
      'key-rotation fails, and the policy asks to turn on the rotation of KMS key ' +
        '1234abcd-12ab-34cd-56ef-1234567890ab (account 111122223333, eu-central-1).',
    );
  });

  it('says how long an action waits', () => {
    expect(decide(subject()).plan.actions[3]?.reason).toBe(
      'key-rotation fails, and the policy asks to quarantine KMS key 1234abcd-12ab-34cd-56ef-1234567890ab ' +
        '(account 111122223333, eu-central-1) after 15 minutes, unless something stops it until then.',
    );
  });

  it('skips what the policy does not ask', () => {
    expect(outcome({ policy: policyOf('version: 1\ndefaults: { actions: [tag] }') })).toEqual({
      notify: 'not-in-policy',
      tag: 'planned',
      'fix:enable-rotation': 'not-in-policy',
      quarantine: 'not-in-policy',
    });
  });

  it('skips everything of a control that the policy switches off', () => {
    const policy = policyOf(`${everything}controls: { key-rotation: { enabled: false } }`);
    expect(new Set(Object.values(outcome({ policy })))).toEqual(new Set(['not-in-policy']));
  });

  it('skips everything of a control that the policy does not know', () => {
    const control = { ...rotation, id: 'another' };
    expect(new Set(Object.values(outcome({ control })))).toEqual(new Set(['not-in-policy']));
  });
});

describe('an exempt resource', () => {
  it('is left alone, also by notify', () => {
    expect(outcome({ exemption: exempt })).toEqual({
      notify: 'exempt',
      tag: 'exempt',
      'fix:enable-rotation': 'exempt',
      quarantine: 'exempt',
    });
  });

  it('says who exempted it, why and until when', () => {
    expect(decide(subject({ exemption: exempt })).plan.skipped[0]?.reason).toBe(
      'Exempt until 2027-01-31 (UTC) by platform-team: Sandbox',
    );
  });

  it.each(['expired', 'refused'] as const)('is acted on when the exemption is %s', (state) => {
    expect(outcome({ exemption: { ...exempt, state } })).toEqual(outcome());
  });
});

describe('an unknown verdict', () => {
  it('is told, and nothing else is done', () => {
    expect(outcome({ verdict: 'UNKNOWN' })).toEqual({
      notify: 'planned',
      tag: 'unknown-verdict',
      'fix:enable-rotation': 'unknown-verdict',
      quarantine: 'unknown-verdict',
    });
  });

  it('is not told where the policy does not ask', () => {
    expect(outcome({ verdict: 'UNKNOWN', policy: policyOf('version: 1') })['notify']).toBe('not-in-policy');
  });

  it('uses up no limit', () => {
    expect(decide(subject({ verdict: 'UNKNOWN' })).usage).toBe(noUsage);
  });
});

describe('a resource that does not fail', () => {
  it.each(['PASS', 'NOT_APPLICABLE'] as const)('has an empty plan (%s)', (verdict) => {
    expect(decide(subject({ verdict })).plan).toEqual({ actions: [], skipped: [] });
  });
});

describe('a resource that no call can name', () => {
  const told = { notify: 'planned' };
  const skipped = {
    ...told,
    tag: 'no-resource-id',
    'fix:enable-rotation': 'no-resource-id',
    quarantine: 'no-resource-id',
  };
  it.each<[string, Partial<Resource>]>([
    ['a volume known by its instance and device', { type: 'AwsEc2Volume', id: 'i-0abc:/dev/sdb' }],
    ['a launch template known by its name', { type: 'AwsEc2LaunchTemplate', id: 'web' }],
    ['a resource in an unknown account', { account: 'unknown' }],
    ['a resource in an unknown Region', { region: 'unknown' }],
    ['a resource without an id', { id: '' }],
  ])('is only reported: %s', (_, given) => {
    expect(outcome({ resource: { ...key, ...given } })).toEqual(skipped);
  });

  it('may be acted on once its id is known', () => {
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

  it('is told of nevertheless', () => {
    expect(outcome({ policy, resource: { ...key, tags: { keep: '' } } })['notify']).toBe('planned');
  });

  it('is one whose tags are not known', () => {
    expect(tagWith(undefined)).toBe('protected-resource');
  });

  it('is one whose tags could not be read, with the reason', () => {
    const { plan } = decide(subject({ policy, tagsUnknown: 'kms:ListResourceTags was denied' }));
    expect(plan.skipped.find(({ action }) => action === 'tag')?.reason).toBe(
      'Its tags are not known (kms:ListResourceTags was denied), and the policy protects what is tagged with environment, keep.',
    );
  });

  it('is none whose tags are known to be others', () => {
    expect(tagWith({ environment: 'test' })).toBe('planned');
  });

  it('is none of a type that bears no tags', () => {
    expect(outcome({ policy, resource: { ...key, type: 'AwsAccount' } })['tag']).toBe('planned');
  });
});

/** Decides one case after another, each with what the ones before left. */
function inTurn(cases: readonly Partial<Case>[]) {
  let usage: Usage = noUsage;
  return cases.map((given) => {
    const decision = decide(subject({ ...given, usage }));
    usage = decision.usage;
    return decision.plan;
  });
}

describe('the guardrails', () => {
  const policy = policyOf(`${everything}guardrails: { actionsPerHour: { perAccount: 1, total: 2 } }`);
  const tagAt = (cases: readonly Partial<Case>[]) =>
    inTurn(cases.map((given) => ({ policy, ...given }))).map((plan) =>
      plan.actions.some(({ action }) => action === 'tag'),
    );
  const inAccount = (account: string): Resource => ({ ...key, account });

  it('stop an account that has used its hour', () => {
    expect(tagAt([{ time: noon }, { time: noon + 59 * minute }])).toEqual([true, false]);
  });

  it('let an account go on after an hour', () => {
    expect(tagAt([{ time: noon }, { time: noon + 60 * minute }])).toEqual([true, true]);
  });

  it('stop all accounts when they have used their hour together', () => {
    const accounts = ['111122223333', '444455556666', '555555555555'];
    expect(tagAt(accounts.map((account) => ({ resource: inAccount(account) })))).toEqual([true, true, false]);
  });

  it('count an event that comes late at the time of those before it', () => {
    const two = policyOf(`${everything}guardrails: { actionsPerHour: { perAccount: 2 } }`);
    const times = [noon, noon - 90 * minute, noon + 30 * minute];
    expect(tagAt(times.map((time) => ({ time, policy: two })))).toEqual([true, true, false]);
  });

  it('count events without a time by themselves', () => {
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

  it('do not limit notify', () => {
    const plans = inTurn(Array.from({ length: 3 }, () => ({ policy })));
    expect(plans.map((plan) => plan.actions.some(({ action }) => action === 'notify'))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('say which limit was reached, with its figure', () => {
    const [, second] = inTurn([{ policy }, { policy }]);
    expect(second?.skipped.find(({ action }) => action === 'tag')?.reason).toBe(
      'The guardrail allows 1 tag actions an hour in account 111122223333, and 1 were planned in the last hour.',
    );
  });

  it('allow nothing at a limit of zero', () => {
    const none = policyOf(`${everything}guardrails: { actionsPerHour: { quarantine: { total: 0 } } }`);
    expect(outcome({ policy: none })['quarantine']).toBe('guardrail');
  });
});

describe('what a deployment knows besides', () => {
  const changes = (because: string, notify = 'planned') => ({
    notify,
    tag: because,
    'fix:enable-rotation': because,
    quarantine: because,
  });

  it.each<[string, Circumstances, ReturnType<typeof changes>]>([
    ['the kill switch is engaged', { killSwitch: 'engaged' }, changes('kill-switch')],
    ['the kill switch can not be read', { killSwitch: 'unreadable' }, changes('kill-switch')],
    ['somebody suppressed the finding', { workflow: 'SUPPRESSED' }, changes('suppressed', 'suppressed')],
    [
      'the finding’s workflow can not be read',
      { workflow: 'unreadable' },
      changes('suppression-unknown', 'suppression-unknown'),
    ],
    ['the resource is Trailseal’s own', { isOwn: true }, changes('own-resource')],
    ['the look is older than five minutes', { readAge: 5 * minute + 1 }, changes('stale-verdict')],
    ['the time of the look is not known', { readAge: Number.NaN }, changes('stale-verdict')],
  ])('skips when %s', (_, circumstances, expected) => {
    expect(outcome({ circumstances })).toEqual(expected);
  });

  it('skips the kind of action whose breaker is open, and no other', () => {
    expect(outcome({ circumstances: { openBreakers: new Set(['fix']) } })).toEqual({
      notify: 'planned',
      tag: 'planned',
      'fix:enable-rotation': 'breaker-open',
      quarantine: 'planned',
    });
  });

  it('says that the kill switch could not be read', () => {
    const { plan } = decide(subject({ circumstances: { killSwitch: 'unreadable' } }));
    expect(plan.skipped[0]?.reason).toBe('The kill switch could not be read, which stops everything too.');
  });

  it('says how old the look was', () => {
    const { plan } = decide(subject({ circumstances: { readAge: 6 * minute } }));
    expect(plan.skipped[0]?.reason).toBe(
      'The resource was looked at 360 seconds ago, and a verdict is acted on for 300 seconds.',
    );
  });

  it('skips nothing when nothing stands in the way', () => {
    const circumstances = {
      killSwitch: 'disengaged',
      workflow: 'NOTIFIED',
      openBreakers: new Set<Kind>(),
      isOwn: false,
      readAge: 5 * minute,
    } as const;
    expect(outcome({ circumstances })).toEqual(outcome());
  });

  it('uses up no limit where it skips', () => {
    expect(decide(subject({ circumstances: { killSwitch: 'engaged' } })).usage).toBe(noUsage);
  });

  it('is told after what lasts longer: that the policy does not ask', () => {
    const given = { policy: policyOf('version: 1'), circumstances: { killSwitch: 'engaged' } } as const;
    expect(outcome(given)).toEqual(changes('not-in-policy', 'not-in-policy'));
  });
});

const anyCase = fc.record({
  circumstances: fc.record(
    {
      killSwitch: fc.constantFrom('disengaged', 'engaged', 'unreadable'),
      workflow: fc.constantFrom('NEW', 'NOTIFIED', 'SUPPRESSED', 'unreadable'),
      openBreakers: fc.subarray([...kinds]).map((open) => new Set(open)),
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

describe('whatever happens', () => {
  const limits = { perAccount: 2, total: 3 };
  const policy = policyOf(`${everything}guardrails: { actionsPerHour: ${JSON.stringify(limits)} }`);

  it('no hour holds more actions of a kind than the limits allow', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { maxLength: 60 }), (cases) => {
        const requested = cases.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0));
        const plans = inTurn(requested.map((given) => ({ ...given, policy })));
        const done = plans.flatMap((plan, index) =>
          plan.actions.map(({ action }) => ({ kind: kindOf(action), at: requested[index] })),
        );
        for (const kind of kinds) {
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

  it('nothing is changed while the kill switch is not known to be disengaged, or of what is suppressed or ours', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { killSwitch = 'disengaged', workflow = 'NEW', isOwn = false } = given.circumstances;
        const { actions } = decide(subject({ ...given, policy })).plan;
        const changing = actions.filter(({ action }) => action !== 'notify');
        const free = killSwitch === 'disengaged' && ['NEW', 'NOTIFIED'].includes(workflow) && !isOwn;
        expect(free ? [] : changing).toEqual([]);
      }),
    );
  });

  it('nothing unknown or exempt is changed', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { actions } = decide(subject({ ...given, policy })).plan;
        if (given.verdict === 'UNKNOWN')
          expect(actions.every(({ action }) => action === 'notify')).toBe(true);
        if (given.exemption?.state === 'active') expect(actions).toEqual([]);
      }),
    );
  });

  it('every action of a control that fails or is unknown is accounted for once', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { actions, skipped } = decide(subject({ ...given, policy })).plan;
        const all = [...actions, ...skipped].map(({ action }) => action).sort();
        const evaluated = given.verdict === 'FAIL' || given.verdict === 'UNKNOWN';
        expect(all).toEqual(evaluated ? [...rotation.actions].sort() : []);
      }),
    );
  });

  it('the same case has the same decision, and leaves the usage that it was given as it was', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { maxLength: 10 }), anyCase, (before, given) => {
        let { usage } = subject();
        for (const one of before) usage = decide(subject({ ...one, policy, usage })).usage;
        const first = decide(subject({ ...given, policy, usage }));
        expect(decide(subject({ ...given, policy, usage }))).toEqual(first);
      }),
    );
  });
});
