/**
 * The storm over remediation: some 150 resources that fail, a policy that acts, and three calls in ten going wrong of all
 * that evaluates, tells, acts and notifies. Then calm, and what those who run it do with what is left: `trailseal dlq redrive`
 * and two scheduled scans, the second of which finds closed what the first found fixed. In the end some of it is taken back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionName, Queue } from '../../deploy/parts.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { detailTypes } from '../../lib/remediation/events/transition.ts';
import { startMicroburst } from '../../scripts/emulators.ts';
import { Random } from '../../scripts/sample/random.ts';
import { isChange } from '../crash/calls.ts';
import { sls } from '../e2e/deployment.ts';
import { startEmulatedAws, withoutSettings } from '../e2e/emulated-aws.ts';
import { put, type Stack, send, stackOf } from '../e2e/stack.ts';
import { deadLetters, type Letter, letters, metricsIn, quiet, redrive } from './after.ts';
import { blow, calm, type Met, met, type Weather } from './faults.ts';
import { type Heard, type Listening, listen } from './listening.ts';
import { doom, type Offender, offend } from './offenders.ts';
import { refusals } from './refusals.ts';
import { type Call, startRelay } from './relay.ts';
import { concerns, type Done, doneTo, otherwise, takeBack } from './remediated.ts';
import { hurry, reroute, sooner } from './rerouting.ts';

export const weather: Weather = {
  services: ['dynamodb', 'sqs', 'ec2', 'eks', 'kms', 'securityhub', 'events', 'ssm', 'sns'],
  // Clients that are throttled slow down: with as many as in the other storm a tenth would be fixed before the calm.
  throttled: 0.02,
  state: [
    { at: 0, out: [] },
    { at: 15, out: ['ec2', 'eks', 'kms'] },
    { at: 28, out: ['dynamodb'] },
    { at: 36, out: ['events', 'ssm'] },
    { at: 48, out: ['securityhub', 'sqs', 'sns'] },
    { at: 58, out: [] },
  ],
};

/** Milliseconds. */
const longestStorm = 150_000;
const longestCalm = 100_000;
const longestScheduledScan = 60_000;

/** Seconds after which what failed is delivered again: longer than most invocations take in the storm. */
const redelivery = 40;

const queues: readonly Queue[] = ['ec2', 'eks', 'kms', 'scan', 'remediate', 'notify'];
const functions: readonly FunctionName[] = [...queues, 'transitions'];

/** How things stand at a moment. */
export interface Standing {
  /** Whether all queues were empty, what is kept back until later included. */
  readonly quiet: boolean;
  /** What is not fixed, and what it is like. */
  readonly unmended: readonly { readonly offender: Offender; readonly is: string }[];
  readonly letters: readonly Letter[];
  /** Messages in the dead letters of the state table's stream. */
  readonly untold: number;
}

export interface Outcome {
  readonly offenders: readonly Offender[];
  /** Those that did not fail at first, each with what it was like. */
  readonly passing: readonly string[];
  /** What the proxies met, by service, while there was a storm. */
  readonly met: ReadonlyMap<string, Met>;
  readonly afterStorm: Standing;
  /** After what is left was sent again, and two scheduled scans. */
  readonly afterScheduledScans: Standing;
  readonly done: readonly Done[];
  /** Calls that changed something of which no offender is. */
  readonly strange: readonly string[];
  readonly heard: readonly Heard[];
  /** The ids of the events that people were told of. */
  readonly told: readonly string[];
  /** Of the kinds that can be taken back, what one of each was like afterwards, where that was not as before. */
  readonly notTakenBack: readonly string[];
  readonly figures: Figures;
}

export interface Figures {
  /** Offenders that were fixed before it was calm. */
  readonly mendedInStorm: number;
  readonly stormSeconds: number;
  readonly seconds: number;
  /** Entries of batches that were refused although the call was answered. */
  readonly refused: number;
  /** Calls that the functions made, tries of one call counted once; and tries beyond these. */
  readonly calls: number;
  readonly retries: number;
  /** Calls that changed something, and tries of them that AWS carried out once more. */
  readonly changes: number;
  readonly repeats: number;
}

/** Rejects when the emulators can't be had or the stack is not deployed; stops whatever it started. */
export async function runStorm(): Promise<Outcome> {
  const stops: (() => Promise<void>)[] = [];
  try {
    const aws = await startEmulatedAws('faults-remediation');
    stops.push(aws.stop);
    Object.assign(process.env, aws.env);
    await sls(['deploy', '--verbose'], aws.env, ['policy=test/faults/remediation.policy.yml']);
    const stack = stackOf();
    const listening = await listen(stack);
    const offenders = await offend(stack);
    await doom(stack, offenders);
    const passing = (await otherwise(stack, offenders, 'failing')).map(({ is }) => is);

    const plain = withoutSettings(process.env);
    const changes: Call[] = [];
    const parts = refusals();
    const toMinistack = await startRelay(aws.env['AWS_ENDPOINT_URL'] ?? '', { ...parts, change: sooner });
    stops.push(toMinistack.stop);
    const toMoto = await startRelay(aws.env['AWS_ENDPOINT_URL_SECURITYHUB'] ?? '', {
      ...parts,
      done: (call) => isChange(call.name) && changes.push(call),
    });
    stops.push(toMoto.stop);
    const front = await startMicroburst(toMinistack.endpoint, plain);
    stops.push(front.stop);
    toMinistack.callsAreFor(front.endpoint);
    const back = await startMicroburst(toMoto.endpoint, plain);
    stops.push(back.stop);
    const proxies = [front, back];
    await reroute({ front: front.endpoint, back: back.endpoint }, functions);
    await hurry(stack, redelivery, queues);

    const began = Date.now();
    const blown = blow(proxies, weather);
    await put(
      stack,
      shuffled(offenders).map((offender) => offender.event),
    );
    await blown;
    await settled(stack, listening, offenders, began + longestStorm);
    const left = await otherwise(stack, offenders, 'mended');
    await calm(proxies);
    parts.calm();
    const stormSeconds = (Date.now() - began) / 1_000;
    const inStorm = await met(proxies);
    const standing = async (longest: number, wanted: 'mended' | 'atLast'): Promise<Standing> => ({
      quiet: await settled(stack, listening, offenders, Date.now() + longest),
      unmended: await otherwise(stack, offenders, wanted),
      letters: await letters(aws.env, queues),
      untold: await deadLetters(stack, 'transitions'),
    });
    const afterStorm = await standing(longestCalm, 'mended');
    for (const queue of new Set(afterStorm.letters.map((letter) => letter.queue)))
      await redrive(aws.env, queue);
    for (let scan = 1; scan <= 2; scan += 1) {
      await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
      await settled(stack, listening, offenders, Date.now() + longestScheduledScan);
    }
    const afterScheduledScans = await standing(longestScheduledScan, 'atLast');
    const done = await Promise.all(offenders.map((offender) => doneTo(offender, changes)));
    const strange = changes.filter((call) => !offenders.some((offender) => concerns(offender, call)));
    const metric = metricsIn(aws.log);
    const seen = [...(await met(proxies)).values()].reduce((sum, { requests }) => sum + requests, 0);
    const invocations = new Set(changes.map(({ invocation }) => invocation)).size;
    return {
      offenders,
      passing,
      met: inStorm,
      afterStorm,
      afterScheduledScans,
      done,
      strange: strange.map(({ name, body }) => `${name} ${body.toString('utf8')}`),
      heard: await listening.events(),
      told: await listening.told(),
      notTakenBack: await takeBack(stack, offenders, aws.env),
      figures: {
        mendedInStorm: offenders.length - left.length,
        stormSeconds,
        seconds: (Date.now() - began) / 1_000,
        refused: parts.entries,
        calls: metric('ApiCalls'),
        retries: seen - metric('ApiCalls'),
        changes: invocations,
        repeats: changes.length - invocations,
      },
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function shuffled(offenders: readonly Offender[]): readonly Offender[] {
  const random = new Random('remediation');
  return offenders
    .map((offender) => ({ offender, accountRegion: random.next() }))
    .sort((one, other) => one.accountRegion - other.accountRegion)
    .map(({ offender }) => offender);
}

/** Waits until all failures have been told on the bus and all queues are empty. @returns whether they were, in time. */
async function settled(
  stack: Stack,
  listening: Listening,
  offenders: readonly Offender[],
  until: number,
): Promise<boolean> {
  for (; ; await sleep(1_000)) {
    const failures = (await listening.events()).filter(({ type }) => type === detailTypes.failed);
    if (new Set(failures.map(({ finding }) => finding)).size >= offenders.length) {
      return await quiet(stack, until, queues);
    }
    if (Date.now() > until) return false;
  }
}
