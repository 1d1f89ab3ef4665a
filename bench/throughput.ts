/**
 * Throughput and latency of the deployed stack in an emulated AWS, from PutEvents to the finding in Security Hub. The
 * figures are those of Trailseal's parts together, not of AWS: the emulators are Python programs on the same machine as the
 * functions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, remove } from '../test/e2e/deployment.ts';
import { type EmulatedAws, startEmulatedAws } from '../test/e2e/emulated-aws.ts';
import { createVolume } from '../test/e2e/resources.ts';
import { allFindings, type EventToPut, event, put, type StackClients, stackOf } from '../test/e2e/stack.ts';
import { type BenchPart, plainFigure, rounded } from './figure.ts';

export interface Throughput {
  readonly events: number;
  /** Events without a finding at the end of the wait. */
  readonly lost: number;
  readonly findings: number;
  /** From the first event to the last finding. */
  readonly eventsPerSecond: number;
  /** Milliseconds from an event's PutEvents call to the import of its finding into Security Hub. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * The part of the benchmark: starts an emulated AWS, deploys to it, puts events in batches of the given sizes, one batch after
 * the other, and removes everything again. The first event, with the cold start of a function, is a figure of its own. Without
 * the emulators (they need Python 3 and its package index), the part is skipped with a note.
 */
export async function measureThroughput(sizes: readonly number[] = [1, 100, 1_000]): Promise<BenchPart> {
  let aws: EmulatedAws;
  try {
    aws = await startEmulatedAws();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      figures: [],
      notes: [`Throughput was skipped, because the emulators do not run: ${reason}`],
      faults: [],
    };
  }
  try {
    Object.assign(process.env, aws.env);
    await deploy(aws.env);
    const stack = stackOf(aws.callers);
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
        .map(({ events, lost }) => `${lost} of ${events} events have no finding`),
    };
  } finally {
    await aws.stop();
  }
}

/** Concurrent calls of PutEvents. */
const callers = 4;

/**
 * Creates unencrypted volumes, puts the event of each one's creation on the bus, ten in a call, and waits for their
 * findings.
 * @param events the number of volumes.
 * @param waitMs how long to wait after the newest finding, in milliseconds.
 */
export async function putAndWait(
  stack: Pick<StackClients, 'ec2' | 'eventBridge' | 'securityHub'>,
  events: number,
  waitMs = 60_000,
): Promise<Throughput> {
  const volumes: string[] = [];
  for (let made = 0; made < events; made += 20) {
    const some = Array.from({ length: Math.min(20, events - made) }, () => createVolume(stack, false));
    volumes.push(...(await Promise.all(some)));
  }
  const creations = volumes.map((id): [string, EventToPut] => [
    id,
    event('ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot', {
      'vol-0a1b2c3d4e5f60002': id,
    }),
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
  const imported = await importedAt(stack, new Set(volumes), waitMs);
  const latencies = [...imported].map(([id, at]) => at - (putAt.get(id) ?? at)).sort((a, b) => a - b);
  const seconds = (Math.max(began, ...imported.values()) - began) / 1000;
  return {
    events,
    lost: events - imported.size,
    findings: imported.size,
    eventsPerSecond: seconds > 0 ? imported.size / seconds : 0,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** When the finding of each volume was imported into Security Hub. */
async function importedAt(
  stack: Pick<StackClients, 'securityHub'>,
  volumes: ReadonlySet<string>,
  waitMs: number,
): Promise<ReadonlyMap<string, number>> {
  const imported = new Map<string, number>();
  for (let last = Date.now(); imported.size < volumes.size && Date.now() - last < waitMs; await sleep(500)) {
    const before = imported.size;
    for (const { Resources, ProcessedAt } of await allFindings(stack)) {
      const id = Resources?.[0]?.Id?.split('/').at(-1);
      if (id !== undefined && ProcessedAt !== undefined && volumes.has(id))
        imported.set(id, Date.parse(ProcessedAt));
    }
    if (imported.size > before) last = Date.now();
  }
  return imported;
}

/** The value that this share of them does not exceed (nearest rank); `NaN` of none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
