/** Asks AWS about the parts of a deployment that have to be alive. What cannot be read is an answer too, with its reason. */
import {
  DescribeRuleCommand,
  type EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { type LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { reasonOf } from '../../../aws/reason.ts';
import { unlessDeleted } from '../../../aws/refusal.ts';
import type { Heartbeats } from '../../../findings/state/heartbeats.ts';
import {
  type Observations,
  ruleKey,
  type Seen,
  type SeenMapping,
  type SeenRule,
  type SeenSchedule,
  type WatchedParts,
  type WatchedRule,
} from './silence.ts';

/** The IAM actions of these calls. */
export const observePermissions = {
  rules: ['events:DescribeRule', 'events:ListTargetsByRule'],
  mappings: ['lambda:ListEventSourceMappings'],
  schedules: ['scheduler:GetSchedule'],
} as const;

export interface Observing {
  readonly events: EventBridgeClient;
  readonly lambda: LambdaClient;
  readonly scheduler: SchedulerClient;
  readonly heartbeats: { all(): Promise<Heartbeats> };
}

/**
 * What AWS and the state table answer about all parts. Never rejects.
 * @example silentParts(watched, await observe(watched, deps), { now: Date.now(), deployed })
 */
export async function observe(watched: WatchedParts, observing: Observing): Promise<Observations> {
  const [rules, mappings, schedules, heartbeats] = await Promise.all([
    each(watched.rules, ruleKey, (rule) => ruleOf(observing.events, rule)),
    each(
      watched.functions,
      ({ name }) => name,
      ({ name }) => mappingsOf(observing.lambda, name),
    ),
    each(
      watched.schedules,
      ({ name }) => name,
      ({ name }) => scheduleOf(observing.scheduler, name),
    ),
    seen(() => observing.heartbeats.all()),
  ]);
  return { rules, mappings, schedules, heartbeats };
}

/** One after the other: there are few, and AWS accepts few such calls a second. */
async function each<Part, T>(
  parts: readonly Part[],
  nameOf: (part: Part) => string,
  read: (part: Part) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, Seen<T>>> {
  const all = new Map<string, Seen<T>>();
  for (const part of parts) all.set(nameOf(part), await seen(() => read(part)));
  return all;
}

async function seen<T>(read: () => Promise<T | undefined>): Promise<Seen<T>> {
  try {
    return { known: true, value: await unlessDeleted(read) };
  } catch (error) {
    return { known: false, because: reasonOf(error) };
  }
}

async function ruleOf(events: EventBridgeClient, { name, bus }: WatchedRule): Promise<SeenRule> {
  const on = bus === undefined ? {} : { EventBusName: bus };
  const rule = await events.send(new DescribeRuleCommand({ Name: name, ...on }));
  // A rule has at most five targets, which fit on one page.
  const { Targets: targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: name, ...on }));
  return {
    state: rule.State,
    pattern: rule.EventPattern,
    targets: targets.map(({ Arn = '', Input, InputPath, InputTransformer }) => ({
      arn: Arn,
      whole: Input === undefined && InputPath === undefined && InputTransformer === undefined,
    })),
  };
}

async function mappingsOf(lambda: LambdaClient, FunctionName: string): Promise<readonly SeenMapping[]> {
  const all: SeenMapping[] = [];
  for await (const page of paginateListEventSourceMappings({ client: lambda }, { FunctionName })) {
    for (const mapping of page.EventSourceMappings ?? []) {
      all.push({
        id: mapping.UUID ?? '',
        state: mapping.State,
        source: mapping.EventSourceArn,
        invokes: mapping.FunctionArn,
        filters: (mapping.FilterCriteria?.Filters ?? []).map(({ Pattern = '' }) => Pattern),
      });
    }
  }
  return all;
}

async function scheduleOf(scheduler: SchedulerClient, Name: string): Promise<SeenSchedule> {
  const found = await scheduler.send(new GetScheduleCommand({ Name }));
  return {
    state: found.State,
    expression: found.ScheduleExpression,
    target: found.Target?.Arn,
    input: found.Target?.Input,
    bounded: found.StartDate !== undefined || found.EndDate !== undefined,
  };
}
