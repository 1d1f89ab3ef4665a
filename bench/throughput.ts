/**
 * Throughput and latency of the deployed stack in an emulated AWS, from PutEvents to the finding in Security Hub.
 * It says how Trailseal's parts work together, not how fast AWS is: the emulators are Python programs on the same
 * machine as the functions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, remove } from '../test/e2e/deployment.ts';
import { type EmulatedAws, startEmulatedAws } from '../test/e2e/emulated-aws.ts';
import { createVolume } from '../test/e2e/resources.ts';
import { allFindings, type BusEvent, event, put, type Stack, stackOf } from '../test/e2e/stack.ts';
import { type Part, plainFigure, rounded } from './figure.ts';

export interface Throughput {
  readonly events: number;
  /** Events without a finding after as long a wait as there is. */
  readonly lost: number;
  readonly findings: number;
  /** From the first event put to the last finding taken. */
  readonly eventsPerSecond: number;
  /** Milliseconds from an event's PutEvents call to the moment in which Security Hub took its finding. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * The part of the benchmark: starts an emulated AWS, deploys to it, puts so many events at once, each size after the
 * one before is done, and takes everything away again. The very first event, for which a function has to be started,
 * is told by itself. Where the emulators can't be had (they need Python 3 and its package index), it says so.
 */
export async function measureThroughput(sizes: readonly number[] = [1, 100, 1_000]): Promise<Part> {
  let aws: EmulatedAws;
  try {
    aws = await startEmulatedAws();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      figures: [],
      notes: [`Throughput was left out, for the emulators do not run: ${reason}`],
      faults: [],
    };
  }
  try {
    Object.assign(process.env, aws.env);
    await deploy(aws.env);
    const stack = stackOf();
    const first = await putAndWait(stack, 1);
    const measured: Throughput[] = [];
    for (const events of sizes) measured.push(await putAndWait(stack, events));
    await remove(aws.env);
    return {
      figures: [
        plainFigure('the first event, cold', rounded(first.p50, 0), 'ms'),
        ...measured.flatMap(({ events, lost, eventsPerSecond, p50, p99 }) => {
          const name = `${events.toLocaleString('en')} ${events === 1 ? 'event' : 'events'}`;
          return [
            plainFigure(`${name}: p50`, rounded(p50, 0), 'ms'),
            plainFigure(`${name}: p99`, rounded(p99, 0), 'ms'),
            plainFigure(`${name}: throughput`, rounded(eventsPerSecond, 1), 'events/s'),
            plainFigure(`${name}: lost`, lost, 'events'),
          ];
        }),
      ],
      notes: [
        'events: from PutEvents to the finding in Security Hub, through the deployed stack in ministack and moto on ' +
          'this machine, which are slower than AWS and share its processors with the functions.',
      ],
      faults: [first, ...measured]
        .filter(({ lost }) => lost > 0)
        .map(({ events, lost }) => `${lost} of ${events} events came to no finding`),
    };
  } finally {
    await aws.stop();
  }
}

/** So many calls of PutEvents are on their way at a time. */
const callers = 4;

/**
 * Makes as many unencrypted volumes as there are to be events, puts the event of each one's creation on the bus,
 * ten a call, and waits for their findings.
 * @param waitMs gives up so long after the last finding came.
 */
export async function putAndWait(
  stack: Pick<Stack, 'ec2' | 'eventBridge' | 'securityHub'>,
  events: number,
  waitMs = 60_000,
): Promise<Throughput> {
  const volumes: string[] = [];
  for (let made = 0; made < events; made += 20) {
    const some = Array.from({ length: Math.min(20, events - made) }, () => createVolume(stack, false));
    volumes.push(...(await Promise.all(some)));
  }
  const creations = volumes.map((id): [string, BusEvent] => [
    id,
    event('ec2-volume-encryption/fail-create-volume-from-plain-snapshot', { 'vol-0a1b2c3d4e5f60002': id }),
  ]);
  const putAt = new Map<string, number>();
  const began = Date.now();
  const rest = [...creations];
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let some = rest.splice(0, 10); some.length > 0; some = rest.splice(0, 10)) {
        for (const [id] of some) putAt.set(id, Date.now());
        await put(
          stack,
          some.map(([, creation]) => creation),
        );
      }
    }),
  );
  const taken = await takenAt(stack, new Set(volumes), waitMs);
  const latencies = [...taken].map(([id, at]) => at - (putAt.get(id) ?? at)).sort((a, b) => a - b);
  const seconds = (Math.max(began, ...taken.values()) - began) / 1000;
  return {
    events,
    lost: events - taken.size,
    findings: taken.size,
    eventsPerSecond: seconds > 0 ? taken.size / seconds : 0,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** When Security Hub took the finding of each volume. */
async function takenAt(
  stack: Pick<Stack, 'securityHub'>,
  volumes: ReadonlySet<string>,
  waitMs: number,
): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number>();
  for (let last = Date.now(); taken.size < volumes.size && Date.now() - last < waitMs; await sleep(500)) {
    const before = taken.size;
    for (const { Resources, ProcessedAt } of await allFindings(stack)) {
      const id = Resources?.[0]?.Id?.split('/').at(-1);
      if (id !== undefined && ProcessedAt !== undefined && volumes.has(id))
        taken.set(id, Date.parse(ProcessedAt));
    }
    if (taken.size > before) last = Date.now();
  }
  return taken;
}

/** The value that this share of them does not exceed (nearest rank); `NaN` of none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
