/** A room with one lamp: a key that is a lamp, the finding about it, and remediation over both. */
import type { Facts, Resource } from '../../lib/core/control.ts';
import { type Unknown, unknownFact } from '../../lib/core/facts.ts';
import { findingId } from '../../lib/findings/id.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { type LimitState, nothingUsed, use } from '../../lib/remediation/limits.ts';
import { type Occasion, Remediator, type RemediatorOptions } from '../../lib/remediation/remediator.ts';
import type { ActionRequest } from '../../lib/remediation/requested-action.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { keyState } from '../pipeline/live/world.ts';
import { accountRegion, type Light, lamp, start } from './actions/simulated-resource.ts';

export const key = {
  type: 'AwsKmsKey',
  id: 'lamp',
  arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/lamp`,
  ...accountRegion,
} as const;
export const id = findingId('kms-key-disabled', key);

function policyOf(text: string): Policy {
  const parsed = parsePolicy(`version: 1\n${text}`, 'trailseal.policy.yml', kmsControls);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  return parsed.policy;
}
export const fixing = 'controls: { kms-key-disabled: { actions: [notify, fix:enable-key] } }';

/** A key that is a lamp: enabled is on. Fixing it is switching it on. */
export async function room(text = fixing, more: Partial<RemediatorOptions> = {}, resource: Resource = key) {
  const it = lamp();
  const policy = policyOf(text);
  const stateTable = new MemoryStateTable({ now: () => it.deps.now().getTime() });
  const woken: { occasion: Occasion; time: Date }[] = [];
  const answers: { facts: Partial<Facts> | Unknown | undefined } = { facts: undefined };
  let limits: LimitState = nothingUsed;
  const told = (light: Light): Partial<Facts> | Unknown =>
    light === 'deleted'
      ? unknownFact('deleted', 'kms:DescribeKey does not find it')
      : keyState(light === 'on' ? 'Enabled' : 'Disabled');
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
  const options: RemediatorOptions = {
    controls: kmsControls,
    actions: [it.action],
    policy,
    accountRegion,
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
    stateTable,
    journal: it.journal,
    limiter: {
      admit: async (kind, most, counted) => {
        const answer = use(limits, kind, most, counted, it.deps.now().getTime());
        limits = answer.state;
        return answer;
      },
      show: async () => ({ tag: nothingUsed, fix: limits, quarantine: nothingUsed }),
    },
    deps: it.deps,
    killSwitch: async () => ({ state: 'disengaged' }),
    workflow: async () => ({ status: 'NEW' }),
    isOwn: () => false,
    scheduleGracePeriodEnd: async (occasion, _action, time) => {
      const again = woken.length > 0;
      woken.push({ occasion, time });
      return again ? 'was-scheduled' : 'scheduled';
    },
    stage: 'dev',
    run: 'run-1',
    ...more,
  };
  const occasion: Occasion = {
    finding: id,
    openedAt: new Date(start).toISOString(),
    since: start,
    reminder: false,
  };
  const order: ActionRequest = {
    id: 'event-1',
    finding: id,
    what: 'fix',
    by: 'an operator',
    why: 'Somebody pressed "Fix".',
    at: new Date(start).toISOString(),
  };
  return {
    it,
    woken,
    answers,
    stateTable,
    record,
    occasion,
    remediate: (other: Partial<Occasion> = {}) =>
      new Remediator(options).remediate({ ...occasion, ...other }),
    carryOutRequest: (other: Partial<ActionRequest> = {}) =>
      new Remediator(options).carryOutRequest({ ...order, ...other }),
    giveUp: (because: string) => new Remediator(options).giveUp(order, because),
    now: () => it.deps.now().toISOString(),
  };
}
