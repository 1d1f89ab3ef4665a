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
import type { Observations, Seen, SeenMapping, SeenRule, WatchedParts, WatchedRule } from './silence.ts';

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
 * @example silentParts(watched, await observe(watched, deps), { now: Date.now(), region })
 */
export async function observe(watched: WatchedParts, observing: Observing): Promise<Observations> {
  const [rules, mappings, schedules, heartbeats] = await Promise.all([
    each(
      watched.rules,
      ({ name }) => name,
      (rule) => ruleOf(observing.events, rule),
    ),
    each(
      watched.functions,
      (name) => name,
      (name) => mappingsOf(observing.lambda, name),
    ),
    each(
      watched.schedules,
      (name) => name,
      (name) => stateOf(observing.scheduler, name),
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
  const { State: state } = await events.send(new DescribeRuleCommand({ Name: name, ...on }));
  // A rule has at most five targets, which fit on one page.
  const { Targets: targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: name, ...on }));
  return { state, targets: targets.flatMap(({ Arn }) => Arn ?? []) };
}

async function mappingsOf(lambda: LambdaClient, FunctionName: string): Promise<readonly SeenMapping[]> {
  const all: SeenMapping[] = [];
  for await (const page of paginateListEventSourceMappings({ client: lambda }, { FunctionName })) {
    for (const { UUID: id = '', State: state } of page.EventSourceMappings ?? []) all.push({ id, state });
  }
  return all;
}

async function stateOf(scheduler: SchedulerClient, Name: string): Promise<string | undefined> {
  return (await scheduler.send(new GetScheduleCommand({ Name }))).State;
}
