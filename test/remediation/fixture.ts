/** Remediation of one fake key that fails kms-key-disabled: the key, its finding, and all that remediation needs. */
import type { AnyAction } from '../../lib/core/action.ts';
import type { Facts, Resource } from '../../lib/core/control.ts';
import { type Unknown, unknownFact } from '../../lib/core/facts.ts';
import { findingId } from '../../lib/findings/id.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import { abandonRequest, carryOutRequest } from '../../lib/remediation/carry-out-request.ts';
import type { RemediationDeps } from '../../lib/remediation/deps.ts';
import { countRun, type LimitState, noRuns } from '../../lib/remediation/limits.ts';
import type { RemediationRequest } from '../../lib/remediation/message.ts';
import { remediate } from '../../lib/remediation/remediate.ts';
import { compareAfter } from '../../lib/remediation/reverting-calls.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { keyState } from '../pipeline/live/evaluator-fixture.ts';
import { accountRegion, fakeKey, type KeyValue, start } from './actions/simulated-resource.ts';
import { MemoryGracePeriods } from './memory-grace-periods.ts';

export const key = {
  type: 'AwsKmsKey',
  id: 'fake-key',
  arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/fake-key`,
  ...accountRegion,
} as const;
export const id = findingId('kms-key-disabled', key);

function policyOf(text: string): Policy {
  const parsed = parsePolicy(`version: 1\n${text}`, 'trailseal.policy.yml', kmsControls);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  return parsed.policy;
}
export const fixing = 'controls: { kms-key-disabled: { actions: [notify, fix:enable-key] } }';

/** A finding about a fake key that is disabled, and remediation under this policy. */
export async function simulated(
  policy = fixing,
  more: Partial<RemediationDeps> = {},
  resource: Resource = key,
  actionAs: (action: AnyAction) => AnyAction = (action) => action,
) {
  const fake = fakeKey();
  const stateTable = new MemoryStateTable({ now: () => fake.deps.now().getTime() });
  const scheduled: { request: RemediationRequest; time: Date }[] = [];
  const gracePeriods = new MemoryGracePeriods();
  const nextTries: { request: RemediationRequest; time: Date }[] = [];
  const answers: { facts: Partial<Facts> | Unknown | undefined } = { facts: undefined };
  let limits: LimitState = noRuns;
  const factsOf = (value: KeyValue): Partial<Facts> | Unknown =>
    value === 'deleted'
      ? unknownFact('deleted', 'kms:DescribeKey does not find it')
      : keyState(value === 'enabled' ? 'Enabled' : 'Disabled');
  const record = async (verdict: 'FAIL' | 'PASS' | 'UNKNOWN', at = start) => {
    const actor = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' };
    await stateTable.record([
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
          resource,
          result: {
            kind: 'evaluated',
            verdict,
            evidence: { summary: `It is ${verdict}.`, required: 'a key that is enabled', observed: [] },
            severity: 'HIGH',
            plan: { actions: [], skipped: [] },
            exemption: undefined,
            details: undefined,
          },
        },
      },
    ]);
  };
  await record('FAIL');
  const deps: RemediationDeps = {
    controls: kmsControls,
    actions: [actionAs(fake.action)],
    policy: policyOf(policy),
    accountRegion,
    facts: {
      readCurrent: async (requests) =>
        requests.map(({ resource, facts }) => {
          const answer = answers.facts ?? factsOf(fake.state.value);
          return [
            {
              resource,
              facts: 'known' in answer ? Object.fromEntries(facts.map((name) => [name, answer])) : answer,
            },
          ];
        }),
    },
    stateTable,
    history: fake.history,
    limiter: {
      admit: async (kind, allowed, run) => {
        const answer = countRun(limits, kind, allowed, run, fake.deps.now().getTime());
        limits = answer.state;
        return answer;
      },
      show: async () => ({ tag: noRuns, fix: limits, quarantine: noRuns }),
    },
    actionDeps: fake.deps,
    killSwitch: async () => ({ state: 'disengaged' }),
    workflow: async () => ({ status: 'NEW' }),
    isOwn: () => false,
    gracePeriods,
    scheduleGracePeriodEnd: async (request, _action, time) => {
      const again = scheduled.some((one) => one.time.getTime() === time.getTime());
      scheduled.push({ request, time });
      return again ? 'was-scheduled' : 'scheduled';
    },
    scheduleNextTry: async (request, _action, time) => {
      nextTries.push({ request, time });
    },
    stage: 'dev',
    run: 'run-1',
    ...more,
  };
  const request: RemediationRequest = {
    finding: id,
    openedAt: new Date(start).toISOString(),
    reminder: false,
    waited: false,
  };
  const actionRequest: ActionRequest = {
    id: 'event-1',
    finding: id,
    action: 'fix',
    actor: 'an operator',
    reason: '"Fix" was used.',
    at: new Date(start).toISOString(),
  };
  return {
    deps,
    request,
    fake,
    scheduled,
    gracePeriods,
    nextTries,
    /** The principal that disabled the key has another fix done. */
    useUpLimits: () => {
      const name = 'another action run';
      const at = fake.deps.now().getTime();
      limits = {
        ...noRuns,
        runs: [{ name, ...accountRegion, at, actor: 'arn:aws:iam::111122223333:user/ana', part: 'general' }],
      };
    },
    answers,
    stateTable,
    record,
    remediate: (other: Partial<RemediationRequest> = {}) => remediate(deps, { ...request, ...other }),
    compareAfter: (event: Parameters<typeof compareAfter>[1]) => compareAfter(deps, event),
    carryOutRequest: (other: Partial<ActionRequest> = {}) =>
      carryOutRequest(deps, { ...actionRequest, ...other }),
    abandonRequest: (because: string) => abandonRequest(deps, actionRequest, because),
    now: () => fake.deps.now().toISOString(),
  };
}
