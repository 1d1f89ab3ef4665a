/** What doctor sees in a Region in which all is well, to be made worse by tests. */
import { expect } from 'vitest';
import { type Answer, answered, type NoAnswer } from '../../cli/aws/answer.ts';
import { assess } from '../../cli/doctor/assess.ts';
import type { DoctorCheck } from '../../cli/doctor/check.ts';
import type { Observed, ObservedRegion, Rule, Schedule, Simulated } from '../../cli/doctor/observed.ts';
import type { ObservedTrail, Selectors } from '../../cli/doctor/trails.ts';
import { deadLetterQueueName, queueName, ruleName } from '../../lib/aws/names.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { type EventPattern, eventPatterns } from '../../lib/pipeline/evaluators.ts';
import { controls, evaluatorOf, evaluators, services } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const stage = 'dev';
export const caller = `arn:aws:iam::${account}:user/ana`;

export function refused(action: string): NoAnswer {
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

export function trail(more: Partial<ObservedTrail> = {}): ObservedTrail {
  return {
    name: 'main',
    arn: `arn:aws:cloudtrail:${region}:${account}:trail/main`,
    homeRegion: region,
    ofOrganization: false,
    logging: answered(true),
    selectors: answered(everything),
    ...more,
  };
}

export function arn(name: string): string {
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

/** The pattern of the rule of an evaluator. */
export function patternOf(evaluator: EvaluatorName): EventPattern {
  const [pattern] = eventPatterns(
    controls.filter((control) => evaluatorOf(control) === evaluator),
    services,
  );
  if (pattern === undefined) throw new Error(`${evaluator} has no pattern`);
  return pattern;
}

export function rule(evaluator: EvaluatorName, more: Partial<Rule> = {}): Answer<Rule> {
  return answered({
    pattern: JSON.stringify(patternOf(evaluator)),
    state: 'ENABLED',
    targets: answered([
      { arn: arn(queueName(stage, evaluator)), deadLetterArn: arn(deadLetterQueueName(stage, evaluator)) },
    ]),
    ...more,
  });
}

export function schedule(more: Partial<Schedule> = {}): Answer<Schedule> {
  return answered({
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

/** A Region without a problem. */
export function healthy(more: Partial<ObservedRegion> = {}): ObservedRegion {
  return {
    account,
    region,
    operatorRole: answered(true),
    trails: answered([trail()]),
    hub: answered(true),
    rules: Object.fromEntries(evaluators.map((evaluator) => [ruleName(stage, evaluator), rule(evaluator)])),
    silence: answered({ state: 'OK', actionsEnabled: true, text: 'Parts of Trailseal are silent' }),
    schedule: schedule(),
    queues: each(queueNames, () => ({ queue: answered(empty), deadLetters: answered(empty) })),
    functions: each(queueNames, (name) =>
      answered({
        role: `arn:aws:iam::${account}:role/trailseal-dev-${name}`,
        state: 'Active',
        stateReason: undefined,
        lastUpdate: 'Successful',
        environment: {},
        sources: answered([{ id: 'uuid', arn: arn(queueName(stage, name)), state: 'Enabled' }]),
      }),
    ),
    permissions: each(queueNames, () => answered([allowed('kms:DescribeKey')])),
    callersPermissions: answered([allowed('kms:DescribeKey')]),
    wanted: evaluators.map((evaluator) => ({
      evaluator,
      rule: ruleName(stage, evaluator),
      pattern: patternOf(evaluator),
    })),
    actions: undefined,
    ...more,
  };
}

export function observed(more: Partial<ObservedRegion> = {}): Observed {
  return { stage, identity: answered({ account, arn: caller }), regions: [healthy(more)] };
}

/** The checks that are not ok. */
export function problems(more: Partial<ObservedRegion>): readonly DoctorCheck[] {
  return assess(observed(more)).filter(({ status }) => status !== 'ok');
}

/** The only check that is not ok; fails when there are several or none. */
export function problem(more: Partial<ObservedRegion>): DoctorCheck {
  const [only, ...others] = problems(more);
  expect(others).toEqual([]);
  if (only === undefined) throw new Error('everything is in order');
  return only;
}
