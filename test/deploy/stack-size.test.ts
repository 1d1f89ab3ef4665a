/** How large the stack becomes with the services that are to come: 20 of them, in all evaluators that there are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import { evaluatorsWithSize } from '../../deploy/evaluators.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { writeRoleNames } from '../../deploy/remediation/wanted.ts';
import { resourceCount, stackFor } from '../../deploy/stack.ts';
import type { Control, Trigger } from '../../lib/core/control.ts';
import type { Service } from '../../lib/core/service.ts';
import { services as real } from '../../lib/services/catalogue.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-size-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a control can listen to that takes a rule of its own. */
const rulesOfTheirOwn: readonly Trigger[] = [
  { kind: 'sign-in', eventNames: ['ConsoleLogin'], resources: () => [] },
  { kind: 'actor', actorTypes: ['Root'], resources: () => [] },
];

/** A service with a control, both made after one that exists. */
function madeAfter(model: Service, index: number, evaluator: string): Service {
  const [control] = model.controls;
  if (control === undefined || model.source.kind !== 'aws') throw new Error(`${model.id} is no model`);
  const own: Control = {
    ...control,
    id: `service${index}-encryption`,
    triggers: [...control.triggers, ...(evaluator === 'detection' ? rulesOfTheirOwn : [])],
  };
  return { ...model, id: `service${index}`, evaluator, controls: [own] };
}

/** One after the other, and from the first again. */
function nth<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there is none');
  return item;
}

const services: readonly Service[] = [
  ...real,
  ...Array.from({ length: 20 - real.length }, (_, index) =>
    madeAfter(nth(real, index), index, nth(evaluatorsWithSize, index)),
  ),
];

/** With all that is optional and makes resources. */
const policy = path.join(folder, 'policy.yml');
writeFileSync(
  policy,
  [
    'version: 1',
    'defaults: { actions: [notify, tag] }',
    'controls: { kms-key-disabled: { actions: [fix:enable-key] }, eks-audit-logging: { actions: [fix:enable-audit-logging] } }',
    'operators: { customActions: [quarantine, undo, re-check, exempt] }',
  ].join('\n'),
);
const parameters = readParameters({
  ...defaultParameters(),
  policy,
  policyParameter: '/trailseal/dev/policy',
  alarmEmail: 'alarms@example.com',
  notifyEmail: 'security@example.com',
});

describe('with 20 services in 7 evaluators, the stack', async () => {
  const deployment = deploymentOf({ ...parameters, evaluators: evaluatorsWithSize }, services);
  const stack = await stackFor(deployment);
  const types = Object.values(stack.resources.Resources).map(({ Type }) => Type);

  it('has all evaluators, with queues and rules for each', () => {
    expect(services).toHaveLength(20);
    expect([...deployment.controls.keys()].toSorted()).toEqual([...evaluatorsWithSize].toSorted());
    expect(types.filter((type) => type === 'AWS::Events::Rule').length).toBeGreaterThan(
      evaluatorsWithSize.length,
    );
  });

  it('has less than 280 resources', () => {
    // Services that are made after another write with its role: at most one more for each is to come.
    const toCome = services.length - writeRoleNames(deployment).length;
    expect(resourceCount(stack) + toCome).toBeLessThan(280);
  });

  it('has less than 70 alarms', () => {
    expect(types.filter((type) => /^AWS::CloudWatch::.*Alarm$/.test(type)).length).toBeLessThan(70);
  });
});
