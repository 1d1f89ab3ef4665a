/**
 * Whatever is deployed and whatever overrides it: an override that is accepted exempts nothing more, acts on nothing more, and
 * keeps every notification. Compared is what the policies do to resources, not how they are written.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Control, type Resource, severities } from '../../lib/core/control.ts';
import { at, text } from '../../lib/core/json.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import { exemptionFor } from '../../lib/policy/decide/exemptions.ts';
import { protection } from '../../lib/policy/decide/tags.ts';
import { policyChecker } from '../../lib/policy/file/check.ts';
import type { PolicyFile } from '../../lib/policy/file/schema.ts';
import { kindOf, type Policy } from '../../lib/policy/model.ts';
import { faultText, overrideReader } from '../../lib/policy/override.ts';
import { key, rotation, sampleControls, sharing, volumes } from './fixtures.ts';

const accounts = ['111122223333', '444455556666'];
const values = ['prod', 'production', 'sandbox'];
const patterns = ['prod', 'prod*', '*', 'sand*'];
const limit = fc.constantFrom(0, 1, 5);
const limits = fc.record({ perAccount: limit, total: limit }, { requiredKeys: [] });
const duration = fc.constantFrom(0, '5 minutes', '1 hour');
const days = fc.constantFrom('2026-10-01', '2026-12-31', '2027-06-30');
const tagPatterns = fc.dictionary(
  fc.constantFrom('environment', 'team'),
  fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 2 }),
  { maxKeys: 2 },
);
const ids = fc.uniqueArray(fc.constantFrom(...sampleControls.map(({ id }) => id)), { minLength: 1 });

function entry({ actions }: Control, settings: fc.Arbitrary<unknown>) {
  return fc.record(
    {
      enabled: fc.constantFrom(true, true, true, false),
      severity: fc.constantFrom(...severities),
      actions: fc.subarray([...actions]),
      settings,
    },
    { requiredKeys: [] },
  );
}

const exemption = fc
  .record(
    {
      controls: ids,
      accounts: fc.subarray(accounts, { minLength: 1 }),
      resources: fc.constantFrom(
        ['arn:aws:kms:*'],
        ['arn:aws:kms:*:111122223333:*'],
        ['arn:aws:kms:*:key/1*'],
      ),
      tags: fc.dictionary(fc.constantFrom('environment', 'team'), fc.constantFrom(...patterns), {
        minKeys: 1,
      }),
      expires: days,
    },
    { requiredKeys: ['controls', 'expires'] },
  )
  .map((criteria) => ({ ...criteria, reason: 'Sandbox', owner: 'me' }));

/** A policy file, with the parts that are exchanged one by one. */
const parts = {
  'controls/snapshot-sharing': entry(
    sharing,
    fc.record({ allowedAccounts: fc.subarray(accounts), strict: fc.boolean() }, { requiredKeys: [] }),
  ),
  'controls/volume-encryption': entry(
    volumes,
    fc.record({ key: fc.constantFrom('any', 'customer'), graceDays: fc.nat(3) }, { requiredKeys: [] }),
  ),
  'controls/key-rotation': entry(rotation, fc.constant({})),
  allowedAccounts: fc.subarray(accounts),
  'defaults/actions': fc.subarray(['notify', 'tag'] as const),
  exemptions: fc.array(exemption, { maxLength: 2 }),
  exemptionTags: fc.option(
    fc.record({ controls: fc.oneof(fc.constant('all'), ids), maxDays: fc.constantFrom(7, 365) }),
    { nil: undefined },
  ),
  'operators/customActions': fc.uniqueArray(
    fc.constantFrom('undo', 'exempt', 'quarantine', 'fix:enable-rotation'),
    { minLength: 1 },
  ),
  'actions/tag/prefix': fc.constantFrom('trailseal:', 'trailseal:x:', 'acme:'),
  'actions/quarantine/mode': fc.constantFrom('isolate', 'stop', 'isolate+stop'),
  'guardrails/actionsPerHour/quarantine': limits,
  'guardrails/actionsPerHour/fix': limits,
  'guardrails/protectedTags': tagPatterns,
  'guardrails/gracePeriod/fix': duration,
  'guardrails/gracePeriod/quarantine': duration,
};
type Parts = { readonly [Part in keyof typeof parts]?: unknown };

function fileOf(chosen: Parts): unknown {
  const file: Record<string, unknown> = { version: 1 };
  for (const [path, value] of Object.entries(chosen)) {
    if (value === undefined) continue;
    const keys = path.split('/');
    const last = keys.pop() ?? '';
    let here: object = file;
    for (const step of keys) {
      if (Reflect.get(here, step) === undefined) Reflect.set(here, step, {});
      here = Reflect.get(here, step);
    }
    Reflect.set(here, last, value);
  }
  return file;
}

/** A deployed policy, and the same with a few other parts. */
const pair = fc.record(parts, { requiredKeys: [] }).chain((deployed) =>
  fc.subarray(Object.keys(parts) as (keyof typeof parts)[], { maxLength: 3 }).chain((changed) =>
    fc.record(Object.fromEntries(changed.map((part) => [part, parts[part]]))).map((others) => ({
      deployed: fileOf(deployed),
      override: fileOf({ ...deployed, ...others }),
    })),
  ),
);

const resource: fc.Arbitrary<Resource> = fc
  .record({
    account: fc.constantFrom(...accounts),
    id: fc.constantFrom('1234', '9876'),
    tags: fc.option(
      fc.dictionary(
        fc.constantFrom('environment', 'team', 'trailseal:exempt', 'trailseal:x:exempt', 'acme:exempt'),
        fc.constantFrom(...values, '2026-11-05 test', '2027-03-01 test'),
      ),
      { nil: undefined },
    ),
  })
  .map(({ account, id, tags }) => ({
    ...key,
    account,
    id,
    arn: `arn:aws:kms:eu-central-1:${account}:key/${id}`,
    ...(tags === undefined ? {} : { tags }),
  }));
const now = fc.constantFrom(...['2026-09-01', '2026-11-01', '2027-01-15'].map((day) => new Date(day)));

const check = policyChecker(sampleControls);

/** A policy file without errors, and the policy. */
function valid(written: unknown): { readonly checked: PolicyFile; readonly policy: Policy } | undefined {
  const found = check(written, 'deployed', () => undefined);
  return found.kind === 'well-formed' && found.problems.length === 0 ? found : undefined;
}

/** What is done when a control fails for a resource: by itself, and when an operator asks. */
function effects(policy: Policy, control: Control, failing: Resource, time: Date) {
  const { enabled = false, actions = [] } = policy.controls.get(control.id) ?? {};
  const exempt = exemptionFor(policy, control.id, failing, time)?.state === 'active';
  const acted = [
    ...actions,
    ...requestable(control).filter((action) => policy.customActions.includes(action)),
  ];
  const isProtected = protection(policy.guardrails, failing, true) !== undefined;
  return {
    exempt: enabled && exempt,
    notifies: enabled && !exempt && actions.includes('notify'),
    acts: enabled && !exempt && !isProtected ? acted.filter((action) => kindOf(action) !== undefined) : [],
  };
}

describe('an accepted override', () => {
  it('does no more than the deployed policy, and sees no less', () => {
    let accepted = 0;
    fc.assert(
      fc.property(pair, resource, now, ({ deployed: written, override: overriding }, failing, time) => {
        const deployed = valid(written);
        if (deployed === undefined) return;
        const read = overrideReader(deployed.checked, sampleControls)(JSON.stringify(overriding), 'override');
        if (!read.ok) return;
        if (JSON.stringify(written) !== JSON.stringify(overriding)) accepted += 1;
        const { policy } = read;
        for (const control of sampleControls) {
          const [own, theirs] = [policy, deployed.policy].map((each) =>
            effects(each, control, failing, time),
          );
          if (own === undefined || theirs === undefined) throw new Error('two effects');
          expect(own.exempt && !theirs.exempt).toBe(false);
          expect(theirs.notifies && !own.notifies).toBe(false);
          expect(theirs.acts).toEqual(expect.arrayContaining([...own.acts]));
          const [here, there] = [policy.controls.get(control.id), deployed.policy.controls.get(control.id)];
          expect(here?.enabled).toBe(there?.enabled);
          if (here?.enabled !== true || there === undefined) continue;
          expect(severities.indexOf(here.severity)).toBeGreaterThanOrEqual(
            severities.indexOf(there.severity),
          );
          // Whoever acts acts by the deployed requirements.
          if (own.acts.length > 0)
            expect([here.settings, here.severity]).toEqual([there.settings, there.severity]);
          const allowed = at(here.settings, 'allowedAccounts') ?? [];
          expect(at(there.settings, 'allowedAccounts') ?? []).toEqual(
            expect.arrayContaining([...Object.values(allowed)]),
          );
          expect(at(there.settings, 'strict') === true && at(here.settings, 'strict') === false).toBe(false);
        }
        for (const kind of ['tag', 'quarantine', 'fix'] as const) {
          const [here, there] = [policy, deployed.policy].map((each) => each.guardrails.actionsPerHour[kind]);
          expect(here?.perAccount).toBeLessThanOrEqual(there?.perAccount ?? -1);
          expect(here?.total).toBeLessThanOrEqual(there?.total ?? -1);
        }
        for (const kind of ['quarantine', 'fix'] as const) {
          expect(policy.guardrails.gracePeriod[kind]).toBeGreaterThanOrEqual(
            deployed.policy.guardrails.gracePeriod[kind],
          );
        }
        const mode = (each: Policy) => text(each.actions['quarantine'], 'mode')?.split('+') ?? [];
        expect(mode(policy)).not.toEqual([]);
        expect(mode(deployed.policy)).toEqual(expect.arrayContaining(mode(policy)));
      }),
      { numRuns: 1_500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('may be the deployed policy, whatever that is', () => {
    fc.assert(
      fc.property(fc.record(parts, { requiredKeys: [] }).map(fileOf), (written) => {
        const deployed = valid(written);
        fc.pre(deployed !== undefined);
        const read = overrideReader(deployed?.checked, sampleControls)(JSON.stringify(written), 'override');
        expect(read.ok ? [] : read.faults.map(faultText)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
