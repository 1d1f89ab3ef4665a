/** A quarantine that remediation carries out under a policy, and what others then do to the instance. */
import { known } from '../../../../lib/core/facts.ts';
import { findingId } from '../../../../lib/findings/id.ts';
import { parsePolicy } from '../../../../lib/policy/file/parse.ts';
import type { ActionRun } from '../../../../lib/remediation/actions/action-run.ts';
import { actionOf } from '../../../../lib/remediation/actions/index.ts';
import { undo } from '../../../../lib/remediation/actions/undo.ts';
import { leaseFor, type RemediationDeps } from '../../../../lib/remediation/deps.ts';
import { openingOfGrace } from '../../../../lib/remediation/grace-period-record.ts';
import { handle } from '../../../../lib/remediation/handle.ts';
import { countRun, type LimitState, noRuns } from '../../../../lib/remediation/limits.ts';
import { parseRemediation } from '../../../../lib/remediation/message.ts';
import { remediate } from '../../../../lib/remediation/remediate.ts';
import { ec2TransitEncryption } from '../../../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { controls } from '../../../../lib/services/ec2/controls/index.ts';
import { quarantine } from '../../../../lib/services/ec2/quarantine/quarantine.ts';
import { MemoryStateTable } from '../../../findings/state/memory-state-table.ts';
import { MemoryRunHistory } from '../../../remediation/actions/memory-run-history.ts';
import { FakeAws, instance, plain, type Shape } from './quarantine-aws.ts';
import { account, region } from './quarantine-clients.ts';

const resource = {
  type: 'AwsEc2Instance',
  id: instance,
  arn: `arn:aws:ec2:${region}:${account}:instance/${instance}`,
  account,
  region,
} as const;
export const finding = findingId('ec2-transit-encryption', resource);

/** A call as EventBridge delivers it. */
function eventOf(
  eventName: string,
  requestParameters: unknown,
  more: Readonly<Record<string, unknown>>,
): unknown {
  return {
    version: '0',
    source: 'aws.ec2',
    'detail-type': 'AWS API Call via CloudTrail',
    account,
    region,
    detail: {
      eventVersion: '1.09',
      eventSource: 'ec2.amazonaws.com',
      eventName,
      eventID: `event of ${eventName}`,
      eventType: 'AwsApiCall',
      awsRegion: region,
      recipientAccountId: account,
      userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${account}:assumed-role/owner/olga` },
      requestParameters,
      responseElements: { _return: true },
      ...more,
    },
  };
}

export type Fails = 'FAIL' | 'PASS' | 'UNKNOWN';

/**
 * @param whenReverted what the policy says under that key, as YAML.
 * @param more of the dependencies.
 */
export async function quarantined(
  whenReverted: string,
  {
    shape = {},
    limit = 10,
    listed = 'notify, quarantine',
    more = {},
  }: {
    readonly shape?: Partial<Shape>;
    readonly limit?: number;
    readonly listed?: string;
    readonly more?: Partial<RemediationDeps>;
  } = {},
) {
  const aws = new FakeAws({ ...plain, ...shape });
  const parsed = parsePolicy(
    `version: 1
controls: { ec2-transit-encryption: { actions: [${listed}] } }
operators: { customActions: [quarantine] }
guardrails:
  gracePeriod: { quarantine: 15 minutes }
  actionsPerHour: { quarantine: { perAccount: ${limit}, total: ${limit} } }
  whenReverted: ${whenReverted}`,
    'trailseal.policy.yml',
    controls,
  );
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const now = () => aws.deps.now().getTime();
  const opened = now();
  const stateTable = new MemoryStateTable({ now });
  let type = { instanceType: 't2.micro', supported: false };
  let limits: LimitState = noRuns;
  let observations = 0;
  const observe = async (verdict: Fails = 'FAIL'): Promise<void> => {
    observations += 1;
    await stateTable.record([
      {
        control: ec2TransitEncryption,
        observation: {
          key: `observation ${observations}`,
          at: now(),
          cause: {
            id: `event-${observations}`,
            eventName: 'RunInstances',
            time: now(),
            actor: {
              type: 'IAMUser',
              arn: 'arn',
              name: 'ana',
              account: undefined,
              sourceIp: undefined,
              userAgent: undefined,
            },
          },
          resource,
          result: {
            kind: 'evaluated',
            verdict,
            evidence: { summary: 's', required: 'r', observed: [] },
            severity: 'MEDIUM',
            plan: { actions: [], skipped: [] },
            exemption: undefined,
            details: undefined,
          },
        },
      },
    ]);
  };
  await observe();
  const history = new MemoryRunHistory();
  const source = { kind: 'api', call: 'ec2:DescribeInstances', at: new Date(opened).toISOString() } as const;
  const deps = (): RemediationDeps => ({
    controls,
    actions: [actionOf('quarantine') ?? quarantine],
    policy: parsed.policy,
    accountRegion: { account, region },
    facts: {
      readCurrent: async (requests) =>
        requests.map((request) => [
          {
            resource: request.resource,
            facts: {
              'ec2.instance': known({ instanceType: type.instanceType }, source),
              'ec2.instanceType': known(
                { instanceType: type.instanceType, encryptionInTransitSupported: type.supported },
                source,
              ),
            },
          },
        ]),
    },
    stateTable,
    history,
    limiter: {
      admit: async (kind, allowed, run) => {
        const answer = countRun(limits, kind, allowed, run, now());
        limits = answer.state;
        return answer;
      },
      show: async () => ({ tag: noRuns, fix: noRuns, quarantine: limits }),
    },
    actionDeps: aws.deps,
    killSwitch: async () => ({ state: 'disengaged' }),
    workflow: async () => ({ status: 'NEW' }),
    isOwn: () => false,
    // Every grace period is over.
    gracePeriods: {
      read: async (id) => {
        const entry = (await stateTable.read([id])).get(id);
        return entry && { opening: openingOfGrace(entry), begunAt: 0, due: now() };
      },
      begin: async (_finding, _action, period) => period,
    },
    scheduleNextTry: async () => undefined,
    scheduleGracePeriodEnd: async () => 'scheduled',
    stage: 'dev',
    run: `run at ${now()}`,
    ...more,
  });
  const openedAt = async () => (await stateTable.read([finding])).get(finding)?.finding?.openedAt ?? null;
  const its = {
    aws,
    history,
    observe,
    comply: () => {
      type = { instanceType: 'm6i.large', supported: true };
    },
    failAgain: () => {
      type = { instanceType: 't2.micro', supported: false };
    },
    /** What happens at the end of the grace period. */
    act: async () =>
      remediate(deps(), { finding, openedAt: await openedAt(), reminder: false, waited: false }),
    /** What the scheduled scan does, some hours later. */
    scan: async (hours = 6) => {
      aws.seconds += hours * 3_600;
      await observe();
      return remediate(deps(), { finding, openedAt: await openedAt(), reminder: true, waited: false });
    },
    deps,
    /** What happens when EventBridge delivers a call in CloudTrail. */
    call: async (eventName: string, request: unknown, more: Readonly<Record<string, unknown>> = {}) => {
      aws.seconds += 60;
      const message = parseRemediation(
        JSON.stringify(eventOf(eventName, request, { eventTime: aws.deps.now(), ...more })),
      );
      if (message.kind !== 'call') throw new Error(`it is ${message.kind}`);
      const handled = await handle(deps(), message);
      return handled.map(({ remediation }) => remediation);
    },
    groups: () => aws.interfaces.map((each) => aws.groupsOf(each)),
    /** Somebody else gives an interface these groups. */
    swap: (index: number, ...groups: readonly string[]) => {
      const found = aws.interfaces[index];
      if (found === undefined) throw new Error('there is no such interface');
      for (const id of groups) {
        if (!aws.groups.has(id)) aws.groups.set(id, { id, name: id, vpc: 'vpc-1', tags: [], egress: [] });
      }
      found.Groups = groups.map((id) => ({ GroupId: id, GroupName: id }));
    },
    runs: (): Promise<readonly ActionRun[]> => history.of(finding),
    undoNewest: async () => {
      const newest = await history.latest(finding, 'quarantine');
      if (newest === undefined) throw new Error('there is no action run');
      return undo(quarantine, newest, {
        history,
        deps: aws.deps,
        accountRegion: { account, region },
        run: 'undo',
        decision: { actor: 'operator', name: 'ana', reason: 'It is needed.' },
        leaseFor,
        admit: async () => ({ admitted: true }),
      });
    },
  };
  await its.act();
  return its;
}
