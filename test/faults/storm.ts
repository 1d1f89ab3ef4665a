/**
 * The storm: a thousand events through the deployed stack while three calls in ten of its functions go wrong. Then
 * calm, and one look at what is left by those who run it: `trailseal dlq redrive` and a scheduled scan.
 */
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { startMicroburst } from '../../scripts/emulators.ts';
import { Random } from '../../scripts/sample/random.ts';
import { deploy } from '../e2e/deployment.ts';
import { startEmulatedAws, withoutSettings } from '../e2e/emulated-aws.ts';
import { allFindings, inShort, put, send, stackOf } from '../e2e/stack.ts';
import { contradictions, type Letter, letters, metricsIn, quiet, redrive, verdicts } from './after.ts';
import { blow, calm, type Met, met, type Weather } from './faults.ts';
import { type Import, importsIn } from './imports.ts';
import { type Inhabitant, populate } from './population.ts';
import { refusals } from './refusals.ts';
import { startRelay } from './relay.ts';
import { hurry, reroute } from './rerouting.ts';

export const weather: Weather = {
  services: ['dynamodb', 'sqs', 'ec2', 'eks', 'kms', 'securityhub'],
  throttled: 0.08,
  state: [
    { at: 0, out: [] },
    { at: 8, out: ['ec2', 'eks', 'kms'] },
    { at: 22, out: ['dynamodb'] },
    { at: 32, out: ['securityhub', 'sqs'] },
    { at: 45, out: [] },
  ],
};

/** Milliseconds. The first calm is longer than what was not answered is kept back before its last look. */
const longestStorm = 100_000;
const longestCalm = 125_000;
const longestScheduledScan = 60_000;

/** What no queue's function can make anything of, so that it has to put it aside: sent to every evaluator's queue. */
export const malformed: readonly string[] = Array.from({ length: 10 }, (_, nth) => `{"nothing":${nth}}`);

/** Seconds after which what failed is delivered again: longer than most invocations take in the storm. */
const redelivery = 45;

/** How things stand at a moment. */
export interface Standing {
  /** Whether all queues were empty, what is kept back until later included. */
  readonly quiet: boolean;
  /** Inhabitants of whom the state table does not say what is true, with what it says. */
  readonly untrue: readonly { readonly inhabitant: Inhabitant; readonly verdict: string | undefined }[];
  readonly letters: readonly Letter[];
}

export interface Outcome {
  readonly inhabitants: readonly Inhabitant[];
  /** What the proxies met, by service, while there was a storm. */
  readonly met: ReadonlyMap<string, Met>;
  readonly afterStorm: Standing;
  /** After what is left was sent again, and a scheduled scan. */
  readonly afterScheduledScan: Standing;
  /** What Security Hub holds in the end, in short, by the finding's id. */
  readonly findings: ReadonlyMap<string, readonly string[]>;
  readonly contradictions: readonly string[];
  readonly figures: Figures;
}

export interface Figures {
  readonly stormSeconds: number;
  readonly seconds: number;
  /** Calls that the functions made, tries of one call counted once; and tries beyond these. */
  readonly calls: number;
  readonly retries: number;
  readonly reEvaluates: number;
  /** Entries of batches that were refused although the call was answered. */
  readonly refused: number;
  readonly deadLetters: number;
  /** Milliseconds from an event's being put to Security Hub's being told the truth first, of those that fail. */
  readonly p50: number;
  readonly p99: number;
}

/** Rejects when the emulators can't be had or the stack is not deployed; stops whatever it started. */
export async function runStorm(): Promise<Outcome> {
  const stops: (() => Promise<void>)[] = [];
  try {
    const aws = await startEmulatedAws('faults');
    stops.push(aws.stop);
    Object.assign(process.env, aws.env);
    await deploy(aws.env);
    const stack = stackOf();
    const inhabitants = await populate(stack);
    const plain = withoutSettings(process.env);
    const imports: Import[] = [];
    const parts = refusals();
    const toMinistack = await startRelay(aws.env['AWS_ENDPOINT_URL'] ?? '', parts);
    stops.push(toMinistack.stop);
    const toMoto = await startRelay(aws.env['AWS_ENDPOINT_URL_SECURITYHUB'] ?? '', {
      ...parts,
      done: ({ path, body }) => imports.push(...importsIn(path, body)),
    });
    stops.push(toMoto.stop);
    const front = await startMicroburst(toMinistack.endpoint, plain);
    stops.push(front.stop);
    toMinistack.callsAreFor(front.endpoint);
    const back = await startMicroburst(toMoto.endpoint, plain);
    stops.push(back.stop);
    const proxies = [front, back];
    await reroute({ front: front.endpoint, back: back.endpoint });
    await hurry(stack, redelivery);

    const began = Date.now();
    const blown = blow(proxies, weather);
    for (const queue of evaluators) await send(stack, queue, malformed);
    const putAt = await tell(stack, inhabitants);
    await blown;
    await quiet(stack, began + longestStorm);
    await calm(proxies);
    parts.calm();
    const stormSeconds = (Date.now() - began) / 1_000;
    const inStorm = await met(proxies);
    const standing = async (longest: number): Promise<Standing> => {
      const isQuiet = await quiet(stack, Date.now() + longest);
      const said = await verdicts(inhabitants);
      const untrue = inhabitants
        .map((inhabitant) => ({ inhabitant, verdict: said.get(inhabitant.finding) }))
        .filter(({ inhabitant: { truth }, verdict }) => verdict !== truth);
      return { quiet: isQuiet, untrue, letters: await letters(aws.env) };
    };
    const afterStorm = await standing(longestCalm);
    for (const queue of new Set(afterStorm.letters.map((letter) => letter.queue)))
      await redrive(aws.env, queue);
    await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
    const afterScheduledScan = await standing(longestScheduledScan);

    const metric = metricsIn(aws.log);
    const seen = [...(await met(proxies)).values()].reduce((sum, { requests }) => sum + requests, 0);
    const latencies = latenciesOf(inhabitants, putAt, imports);
    return {
      inhabitants,
      met: inStorm,
      afterStorm,
      afterScheduledScan,
      findings: await byId(stack),
      contradictions: contradictions(imports, inhabitants),
      figures: {
        stormSeconds,
        seconds: (Date.now() - began) / 1_000,
        calls: metric('ApiCalls'),
        retries: seen - metric('ApiCalls'),
        reEvaluates: metric('ReEvaluations'),
        refused: parts.entries,
        deadLetters: metric('MessagesDeadLettered'),
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
      },
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Puts the events on the bus in no order. @returns when each was put, by the finding's id. */
async function tell(
  stack: Parameters<typeof put>[0],
  inhabitants: readonly Inhabitant[],
): Promise<ReadonlyMap<string, number>> {
  const random = new Random('storm');
  const shuffled = inhabitants
    .map((inhabitant) => ({ inhabitant, accountRegion: random.next() }))
    .sort((one, other) => one.accountRegion - other.accountRegion)
    .map(({ inhabitant }) => inhabitant);
  const putAt = new Map<string, number>();
  for (let start = 0; start < shuffled.length; start += 10) {
    const some = shuffled.slice(start, start + 10);
    for (const { finding } of some) putAt.set(finding, Date.now());
    await put(
      stack,
      some.map(({ event }) => event),
    );
  }
  return putAt;
}

async function byId(
  stack: Parameters<typeof allFindings>[0],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const grouped = Map.groupBy(await allFindings(stack), ({ Id = '' }) => Id);
  return new Map([...grouped].map(([id, some]) => [id, some.map(inShort)]));
}

function latenciesOf(
  inhabitants: readonly Inhabitant[],
  putAt: ReadonlyMap<string, number>,
  imports: readonly Import[],
): readonly number[] {
  const first = new Map<string, number>();
  for (const { id, state, at } of imports) {
    if (state === 'FAILED ACTIVE' && !first.has(id)) first.set(id, at);
  }
  return inhabitants
    .flatMap(({ finding, truth }) => {
      const [from, to] = [putAt.get(finding), first.get(finding)];
      return truth === 'FAIL' && from !== undefined && to !== undefined ? [to - from] : [];
    })
    .sort((one, other) => one - other);
}

/** The value that this share of them does not exceed (nearest rank); `NaN` of none. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
