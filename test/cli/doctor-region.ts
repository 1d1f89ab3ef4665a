/** What doctor sees in a Region in which all is well, to be made worse by tests. */
import { expect } from 'vitest';
import { type Seen, seen, type Unseen } from '../../cli/aws/answer.ts';
import { assess } from '../../cli/doctor/assess.ts';
import type { Check } from '../../cli/doctor/check.ts';
import type { Observed, ObservedRegion, Rule, Schedule, Simulated } from '../../cli/doctor/observed.ts';
import type { Selectors, Trail } from '../../cli/doctor/trails.ts';
import { deadLetterQueueName, queueName, ruleName } from '../../lib/aws/names.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { type EventPattern, eventPatterns } from '../../lib/pipeline/evaluators.ts';
import { controls, evaluatorOf, evaluators, services } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const stage = 'dev';
export const caller = `arn:aws:iam::${account}:user/ana`;

export function refused(action: string): Unseen {
  return { known: false, reason: 'denied', action, detail: `${action} was denied` };
}

export function each<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}

export const everything: Selectors = {
  basic: [{ ReadWriteType: 'All', IncludeManagementEvents: true }],
  advanced: [],
};

export function trail(more: Partial<Trail> = {}): Trail {
  return {
    name: 'main',
    arn: `arn:aws:cloudtrail:${region}:${account}:trail/main`,
    homeRegion: region,
    ofOrganization: false,
    logging: seen(true),
    selectors: seen(everything),
    ...more,
  };
}

export function arn(name: string): string {
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

/** What the rule of an evaluator waits for. */
export function patternOf(evaluator: EvaluatorName): EventPattern {
  const [pattern] = eventPatterns(
    controls.filter((control) => evaluatorOf(control) === evaluator),
    services,
  );
  if (pattern === undefined) throw new Error(`${evaluator} waits for nothing`);
  return pattern;
}

export function rule(evaluator: EvaluatorName, more: Partial<Rule> = {}): Seen<Rule> {
  return seen({
    pattern: JSON.stringify(patternOf(evaluator)),
    state: 'ENABLED',
    targets: seen([
      { arn: arn(queueName(stage, evaluator)), deadLetterArn: arn(deadLetterQueueName(stage, evaluator)) },
    ]),
    ...more,
  });
}

export function schedule(more: Partial<Schedule> = {}): Seen<Schedule> {
  return seen({
    state: 'ENABLED',
    rate: 'rate(6 hours)',
    target: {
      arn: arn(queueName(stage, 'scan')),
      deadLetterArn: arn(deadLetterQueueName(stage, 'scan')),
    },
    ...more,
  });
}

export const empty = { waiting: 0, inFlight: 0, delayed: 0 };

export function allowed(action: string): Simulated {
  return { action, allowed: true, deniedByOrganization: false, missingContext: [] };
}

/** A Region in which all is well. */
export function healthy(more: Partial<ObservedRegion> = {}): ObservedRegion {
  return {
    account,
    region,
    trails: seen([trail()]),
    hub: seen(true),
    rules: Object.fromEntries(evaluators.map((evaluator) => [ruleName(stage, evaluator), rule(evaluator)])),
    schedule: schedule(),
    queues: each(queueNames, () => ({ queue: seen(empty), deadLetters: seen(empty) })),
    functions: each(queueNames, (name) =>
      seen({
        role: `arn:aws:iam::${account}:role/trailseal-dev-${name}`,
        state: 'Active',
        stateReason: undefined,
        lastUpdate: 'Successful',
        environment: {},
        sources: seen([{ id: 'uuid', arn: arn(queueName(stage, name)), state: 'Enabled' }]),
      }),
    ),
    permissions: each(queueNames, () => seen([allowed('kms:DescribeKey')])),
    callersPermissions: seen([allowed('kms:DescribeKey')]),
    wanted: evaluators.map((evaluator) => ({
      evaluator,
      rule: ruleName(stage, evaluator),
      pattern: patternOf(evaluator),
    })),
    acting: undefined,
    ...more,
  };
}

export function observed(more: Partial<ObservedRegion> = {}): Observed {
  return { stage, identity: seen({ account, arn: caller }), regions: [healthy(more)] };
}

/** The checks that are not all right. */
export function troubles(more: Partial<ObservedRegion>): readonly Check[] {
  return assess(observed(more)).filter(({ status }) => status !== 'ok');
}

/** The only check that is not all right; fails when there are more or none. */
export function trouble(more: Partial<ObservedRegion>): Check {
  const [only, ...others] = troubles(more);
  expect(others).toEqual([]);
  if (only === undefined) throw new Error('everything is in order');
  return only;
}
