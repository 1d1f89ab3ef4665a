/**
 * Remediation of some 150 resources that fail, while three in ten calls go wrong of all that evaluates, publishes, acts and
 * notifies. After the faults, operators do what they would do with the rest: `trailseal dlq redrive`, and two scheduled
 * scans, of which the second closes what the first found fixed. In the end some of the actions are undone.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { isWatchdog } from '../../deploy/parts.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { detailTypes } from '../../lib/remediation/events/transition.ts';
import { services } from '../../lib/services/catalogue.ts';
import { isChange } from '../crash/calls.ts';
import { sls } from '../e2e/deployment.ts';
import { put, type StackClients, send } from '../e2e/stack.ts';
import { withFaultDeployment } from './fault-deployment.ts';
import { type FaultCount, type FaultPlan, signedNamesOf } from './fault-plan.ts';
import { createFixtures, type FailingFixture, scheduleDeletions } from './fixtures.ts';
import {
  type DeadLetter,
  deadLetterCount,
  deadLettersIn,
  metricsIn,
  queuesEmpty,
  redrive,
  shuffled,
} from './inspection.ts';
import type { RelayedCall } from './relay.ts';
import { concerns, differing, type Remediated, remediatedBy, undoOneOfEach } from './remediated-fixtures.ts';
import { type ReceivedEvent, type Subscriptions, subscribe } from './subscriptions.ts';

const policy = 'test/faults/remediation.policy.yml';

/** What the policy has deployed. */
const deployment = deploymentOf(
  readParameters({ ...defaultParameters(), policy: path.join(import.meta.dirname, '..', '..', policy) }),
);
const evaluated = [...deployment.controls.values()].flat();
const evaluatedServices = signedNamesOf(
  services.filter(({ controls }) => controls.some((control) => evaluated.includes(control))),
);

export const plan: FaultPlan = {
  services: ['dynamodb', 'sqs', 'securityhub', 'events', 'ssm', 'sns', 'sts', ...evaluatedServices],
  // Clients that are throttled slow down: with the share of the other test only a tenth would be fixed with faults.
  throttled: 0.02,
  outages: [
    { at: 0, services: [] },
    { at: 15, services: evaluatedServices },
    { at: 28, services: ['dynamodb'] },
    { at: 36, services: ['events', 'ssm'] },
    { at: 48, services: ['securityhub', 'sqs', 'sns'] },
    { at: 58, services: [] },
  ],
};

/** Milliseconds. */
const longestWithFaults = 150_000;
const longestAfterFaults = 100_000;
const longestScheduledScan = 60_000;

const { functions } = deployment;
const queues = functions.filter((name) => name !== 'transitions' && !isWatchdog(name));

/** How things stand at a moment. */
export interface RemediationState {
  /** Whether all queues were empty, delayed messages included. */
  readonly empty: boolean;
  /** The fixtures that are not fixed, and their state. */
  readonly unfixed: readonly { readonly fixture: FailingFixture; readonly is: string }[];
  readonly letters: readonly DeadLetter[];
  /** The number of messages in the DLQ of the state table's stream. */
  readonly lostTransitions: number;
}

export interface RemediationOutcome {
  readonly fixtures: readonly FailingFixture[];
  /** The fixtures that did not fail at first, each with its state. */
  readonly passing: readonly string[];
  /** While faults were injected, by service. */
  readonly faults: ReadonlyMap<string, FaultCount>;
  readonly afterFaults: RemediationState;
  /** After the dead letters were redriven, and two scheduled scans. */
  readonly afterScheduledScans: RemediationState;
  readonly remediated: readonly Remediated[];
  /** Calls that changed something that is no fixture. */
  readonly unrelated: readonly string[];
  readonly events: readonly ReceivedEvent[];
  /** The ids of the events of which people were notified. */
  readonly notified: readonly string[];
  /** Of the kinds whose actions can be undone, how one of each differs after the undo. */
  readonly notUndone: readonly string[];
  readonly figures: RemediationFigures;
}

export interface RemediationFigures {
  /** Fixtures that were fixed while faults were injected. */
  readonly fixedWithFaults: number;
  readonly secondsWithFaults: number;
  readonly seconds: number;
  /** Entries of batches that were refused although the call was answered. */
  readonly refused: number;
  /** Calls of the functions, attempts of one call counted once; and the attempts beyond these. */
  readonly calls: number;
  readonly retries: number;
  /** Calls that changed something, and the attempts of them that AWS carried out once more. */
  readonly changes: number;
  readonly repeats: number;
}

export async function remediateWithFaults(): Promise<RemediationOutcome> {
  const changes: RelayedCall[] = [];
  return withFaultDeployment(
    {
      name: 'faults-remediation',
      deploy: (env) => sls(['deploy', '--verbose'], env, [`policy=${policy}`]),
      prepare: async (stack) => {
        const subscriptions = await subscribe(stack);
        const fixtures = await createFixtures(stack);
        await scheduleDeletions(stack, fixtures);
        const passing = (await differing(stack, fixtures, 'failing')).map(({ is }) => is);
        return { subscriptions, fixtures, passing };
      },
      functions,
      queues,
      redeliveryAfter: 40,
      shortDelays: true,
      onMotoCall: (call) => {
        if (isChange(call.name)) changes.push(call);
      },
    },
    async ({ aws, operatorEnv, stack, fixtures: prepared, inject, stopFaults, requests, refusedEntries }) => {
      const { subscriptions, fixtures, passing } = prepared;
      const began = Date.now();
      const injected = inject(plan);
      await put(
        stack,
        shuffled(fixtures, 'remediation').map(({ event }) => event),
      );
      await injected;
      await settled(stack, subscriptions, fixtures, began + longestWithFaults);
      const unfixedWithFaults = await differing(stack, fixtures, 'fixed');
      const faults = await stopFaults();
      const secondsWithFaults = (Date.now() - began) / 1_000;
      const state = async (longest: number, wanted: 'fixed' | 'closed'): Promise<RemediationState> => ({
        empty: await settled(stack, subscriptions, fixtures, Date.now() + longest),
        unfixed: await differing(stack, fixtures, wanted),
        letters: await deadLettersIn(operatorEnv, queues),
        lostTransitions: await deadLetterCount(stack, 'transitions'),
      });
      const afterFaults = await state(longestAfterFaults, 'fixed');
      for (const queue of new Set(afterFaults.letters.map((letter) => letter.queue)))
        await redrive(operatorEnv, queue);
      for (let scan = 1; scan <= 2; scan += 1) {
        await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
        await settled(stack, subscriptions, fixtures, Date.now() + longestScheduledScan);
      }
      const afterScheduledScans = await state(longestScheduledScan, 'closed');
      const remediated = await Promise.all(fixtures.map((fixture) => remediatedBy(fixture, changes)));
      const unrelated = changes.filter((call) => !fixtures.some((fixture) => concerns(fixture, call)));
      const metric = metricsIn(aws.log);
      const retries = (await requests()) - metric('ApiCalls');
      const invocations = new Set(changes.map(({ invocation }) => invocation)).size;
      return {
        fixtures,
        passing,
        faults,
        afterFaults,
        afterScheduledScans,
        remediated,
        unrelated: unrelated.map(({ name, body }) => `${name} ${body.toString('utf8')}`),
        events: await subscriptions.events(),
        notified: await subscriptions.notified(),
        notUndone: await undoOneOfEach(stack, fixtures, operatorEnv),
        figures: {
          fixedWithFaults: fixtures.length - unfixedWithFaults.length,
          secondsWithFaults,
          seconds: (Date.now() - began) / 1_000,
          refused: refusedEntries(),
          calls: metric('ApiCalls'),
          retries,
          changes: invocations,
          repeats: changes.length - invocations,
        },
      };
    },
  );
}

/** Waits until all failures have come on the bus and all queues are empty. @returns whether they were, in time. */
async function settled(
  stack: StackClients,
  subscriptions: Subscriptions,
  fixtures: readonly FailingFixture[],
  until: number,
): Promise<boolean> {
  for (; ; await sleep(1_000)) {
    const failures = (await subscriptions.events()).filter(({ type }) => type === detailTypes.failed);
    if (new Set(failures.map(({ finding }) => finding)).size >= fixtures.length) {
      return await queuesEmpty(stack, until, queues);
    }
    if (Date.now() > until) return false;
  }
}
