/**
 * Remediation with everything real but AWS: one message is delivered, and what is written, published and logged is kept
 * for the tests to check. The policy asks for every action on every failure, and no limit is near.
 */
import { loggerOf, Telemetry } from '../../functions/telemetry.ts';
import { fromItem } from '../../lib/findings/state/item.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import type { Remediation, RemediationDeps } from '../../lib/remediation/deps.ts';
import { isOwnResource } from '../../lib/remediation/eligibility.ts';
import { handle, type ResolvedMessage } from '../../lib/remediation/handle.ts';
import { countRun, type LimitState, noRuns } from '../../lib/remediation/limits.ts';
import { parseRemediation } from '../../lib/remediation/message.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { readers, related } from '../../lib/services/readers.ts';
import { broadActions } from '../../lib/services/write-services.ts';
import { policyOf } from '../policy/fixtures.ts';
import { MemoryRunHistory } from '../remediation/actions/memory-run-history.ts';
import { MemoryGracePeriods } from '../remediation/memory-grace-periods.ts';
import { clusterKey, exemptingTag, stack } from './fake-resources.ts';
import { PermissiveAws, policyFor } from './permissive-aws.ts';
import { type Attack, foundAt } from './requests.ts';
import { accountRegion } from './values.ts';

const everything = [
  'notify',
  'tag',
  'quarantine',
  ...new Set(controls.flatMap((control) => control.actions.filter((action) => action.startsWith('fix:')))),
];
const customActions = ['undo', ...new Set(controls.flatMap(requestable))];
const policy = policyOf(
  `version: 1
operators: { customActions: [${customActions.join(', ')}] }
defaults: { actions: [${everything.join(', ')}] }
controls:
  eks-endpoint-access: { settings: { allowedCidrs: [203.0.113.0/24] } }
  eks-secrets-encryption: { settings: { key: ['${clusterKey}'] } }
actions: { quarantine: { mode: isolate+stop }, broadPermissions: [${broadActions.join(', ')}] }
guardrails:
  actionsPerHour: { perAccount: 1000, perActor: 1000, total: 1000, reservedForCritical: 0 }
  gracePeriod: { quarantine: 0 }
exemptions:
  - { tags: { ${exemptingTag.name}: ${exemptingTag.value} }, reason: scratch, owner: ana, expires: 2026-12-31 }
`,
  controls,
);

/** What becomes of a call that concerns no finding. */
const nothing: Remediation = {
  events: [],
  again: false,
  because: undefined,
  breakersOpened: 0,
  criticalWithoutBudget: 0,
};

/** What became of a message. */
export type Delivered =
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'done'; readonly remediation: Remediation }
  | { readonly kind: 'rejected'; readonly error: unknown };

export class RemediationFixture {
  readonly aws = new PermissiveAws();
  readonly #telemetry = new Telemetry('remediate', loggerOf('remediate'));
  #time = foundAt;
  readonly #wait = async (milliseconds: number): Promise<void> => {
    this.#time += milliseconds;
  };
  readonly #facts = new AwsFacts({
    readers,
    related,
    clients: () => this.aws.clients,
    now: () => new Date(this.#time),
    wait: this.#wait,
  });

  /** Delivers one message; everything is as it was at the beginning before. */
  async deliver({ entry, body, request }: Attack): Promise<Delivered> {
    this.aws.reset();
    this.#time = foundAt + 60_000;
    const message = parseRemediation(body);
    if (message.kind === 'malformed') return { kind: 'malformed', reason: message.reason };
    try {
      const deps = this.#depsWith(entry);
      let named: ResolvedMessage;
      if (message.kind === 'requested-action') {
        if (request?.id !== message.id) return { kind: 'malformed', reason: 'nobody requested it' };
        named = { kind: message.kind, request };
      } else {
        named = message;
      }
      const handled = await handle(deps, named);
      for (const { finding, remediation } of handled) this.#telemetry.remediated(finding, remediation);
      this.#telemetry.flush();
      const [{ remediation } = { remediation: nothing }] = handled;
      return { kind: 'done', remediation };
    } catch (error) {
      return { kind: 'rejected', error };
    }
  }

  #depsWith(entry: Attack['entry']): RemediationDeps {
    let limits: LimitState = noRuns;
    const now = () => new Date(this.#time);
    return {
      controls,
      actions,
      policy,
      accountRegion,
      facts: this.#facts,
      stateTable: {
        read: async (ids) => new Map(ids.includes(entry.id) ? [[entry.id, fromItem(entry.item)]] : []),
      },
      history: new MemoryRunHistory(),
      limiter: {
        admit: async (kind, allowed, counted) => {
          const answer = countRun(limits, kind, allowed, counted, this.#time);
          limits = answer.state;
          return answer;
        },
        show: async () => ({ tag: noRuns, fix: noRuns, quarantine: noRuns }),
      },
      actionDeps: {
        clients: this.aws.clients,
        memory: {
          recall: async (kind, _control, { account }) => ({
            value: kind === 'good-policy' ? policyFor(account) : 'Enabled',
            at: now().toISOString(),
          }),
        },
        now,
        wait: this.#wait,
      },
      killSwitch: async () => ({ state: 'disengaged' }),
      workflow: async () => ({ status: 'NEW' }),
      isOwn: (resource) => isOwnResource(resource, { stack, keyArns: [] }),
      gracePeriods: new MemoryGracePeriods(),
      scheduleGracePeriodEnd: async () => 'scheduled',
      scheduleNextTry: async () => undefined,
      stage: 'dev',
      run: 'run-1',
    };
  }
}
