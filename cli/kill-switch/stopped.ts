/** What an engaged kill switch stops: grace periods that run, requests that wait, actions that wait, and open runs. */
import { setTimeout } from 'node:timers/promises';
import { paginateListSchedules, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { queueName, type Stage, scheduleGroupName, tableName } from '../../lib/aws/names.ts';
import { dynamodbClient, schedulerClient, sqsClient } from '../../lib/aws/sdk.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { schedulePrefixes } from '../../lib/remediation/grace-period.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { type Answer, answered, ask } from '../aws/answer.ts';
import { queueState } from '../doctor/observe-deployment.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import type { DeploymentSession } from '../operator/deployment.ts';
import { asOperator } from '../operator/operator-role.ts';
import { printable } from '../output/printable.ts';

/** An action run that has begun writing, or undoing, and is not done. */
export interface OpenRun {
  readonly action: string;
  /** The resource's ARN, or its id. */
  readonly resource: string;
  readonly status: 'begun' | 'undoing';
  /** ISO 8601, UTC. */
  readonly begunAt: string;
}

export interface Stopped {
  /** Grace periods at whose end nothing is done. */
  readonly gracePeriods: Answer<number>;
  /** Messages in the queue of remediation: requests of operators, and findings to be remediated. */
  readonly requests: Answer<number>;
  /** Actions that wait for budget of a rate limit. */
  readonly budget: Answer<number>;
  /** The open runs that began within `openSince`. */
  readonly openRuns: Answer<readonly OpenRun[]>;
}

/** Runs come to an end, or to the DLQ, within hours. */
const openSince = 2 * 86_400_000;

/**
 * Reads what is stopped. Nothing that it cannot read keeps it from the rest.
 * @example const { gracePeriods } = await stoppedBy(deployment);
 */
export async function stoppedBy(deployment: DeploymentSession): Promise<Stopped> {
  const { config, stage } = deployment;
  const [gracePeriods, requests, stored] = await Promise.all([
    gracePeriodsOf(schedulerClient(config), stage),
    requestsOf(deployment),
    storedBy(deployment),
  ]);
  return { gracePeriods, requests, ...stored };
}

/** Source: EventBridge Scheduler API Reference, "ListSchedules": GroupName, NamePrefix. */
async function gracePeriodsOf(scheduler: SchedulerClient, stage: Stage): Promise<Answer<number>> {
  return ask('scheduler:ListSchedules', async () => {
    let count = 0;
    const wanted = { GroupName: scheduleGroupName(stage), NamePrefix: schedulePrefixes.gracePeriod };
    for await (const { Schedules = [] } of paginateListSchedules(
      { client: scheduler, pageSize: 100 },
      wanted,
    )) {
      count += Schedules.length;
    }
    return count;
  });
}

async function requestsOf({ config, stage }: DeploymentSession): Promise<Answer<number>> {
  const state = await queueState(sqsClient(config), queueName(stage, 'remediate'));
  if (!state.known) return state;
  if (state.value === undefined) return answered(0);
  return answered(state.value.waiting + state.value.delayed);
}

/** What the state table has, which only the operator role may read. */
async function storedBy(deployment: DeploymentSession): Promise<Pick<Stopped, 'budget' | 'openRuns'>> {
  const { account, region, stage } = deployment;
  try {
    const client = dynamodbClient(await asOperator(deployment));
    const table = tableName(stage);
    const limiter = new Limiter({
      client,
      table,
      now: Date.now,
      wait: (milliseconds) => setTimeout(milliseconds),
      random: Math.random,
    });
    const history = new DynamoRunHistory({ client, table, now: () => new Date() });
    const [budget, openRuns] = await Promise.all([
      ask('dynamodb:GetItem', async () => {
        const states = await limiter.show();
        return actionKinds.reduce((sum, kind) => sum + states[kind].waiting.length, 0);
      }),
      ask('dynamodb:Query', async () =>
        (await history.since({ account, region }, new Date(Date.now() - openSince))).flatMap(
          ({ action, resource, status, begunAt }): OpenRun[] =>
            status === 'begun' || status === 'undoing'
              ? [{ action, resource: resource.arn ?? resource.id, status, begunAt }]
              : [],
        ),
      ),
    ]);
    return { budget, openRuns };
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof UnansweredError)) throw error;
    const unread = {
      known: false,
      reason: 'failed',
      action: 'sts:AssumeRole',
      detail: 'the operator role could not be assumed',
    } as const;
    return { budget: unread, openRuns: unread };
  }
}

/** The lines below "What this stops". What came from AWS is escaped here. Pure. */
export function stoppedText({ gracePeriods, requests, budget, openRuns }: Stopped): string {
  const lines = [
    countLine(
      gracePeriods,
      'grace period',
      'that runs: nothing is done at its end',
      'that run: nothing is done at their ends',
    ),
    countLine(
      requests,
      'request',
      'that waits in the queue of remediate',
      'that wait in the queue of remediate',
    ),
    countLine(budget, 'action', 'that waits for budget', 'that wait for budget'),
    countLine(
      openRuns.known ? answered(openRuns.value.length) : openRuns,
      'open run',
      'that has begun: it finishes the writes that it is at, and stops where it waits',
      'that have begun: they finish the writes that they are at, and stop where they wait',
    ),
    ...(openRuns.known ? openRuns.value : []).map(
      ({ action, resource, status, begunAt }) =>
        `    ${status} ${begunAt}  ${printable(action)}  ${printable(resource)}`,
    ),
  ];
  return `What this stops:\n${lines.join('\n')}`;
}

function countLine(count: Answer<number>, what: string, one: string, several: string): string {
  if (!count.known) return `  ${what}s: could not be read: ${printable(count.detail)}`;
  return `  ${count.value} ${count.value === 1 ? `${what} ${one}` : `${what}s ${several}`}`;
}

/** `null` is what could not be read. Pure. */
export function stoppedJson({ gracePeriods, requests, budget, openRuns }: Stopped) {
  return {
    gracePeriods: gracePeriods.known ? gracePeriods.value : null,
    requests: requests.known ? requests.value : null,
    waitingForBudget: budget.known ? budget.value : null,
    openRuns: openRuns.known ? openRuns.value : null,
  };
}
