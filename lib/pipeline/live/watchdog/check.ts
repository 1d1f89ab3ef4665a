/** One check by the watchdog: which parts are silent, and the next canary. */
import { TagResourceCommand } from '@aws-sdk/client-lambda';
import { canaryTag, newCanary } from '../../../aws/canary.ts';
import { reasonOf } from '../../../aws/reason.ts';
import type { DynamoHeartbeats, Heartbeats } from '../../../findings/state/heartbeats.ts';
import { type Observing, observe } from './observe.ts';
import {
  type Deployed,
  isMissed,
  type Seen,
  type SilentPart,
  silentParts,
  type WatchedParts,
} from './silence.ts';

/** The IAM action by which a canary is sent. */
export const canaryPermission = 'lambda:TagResource';

export interface CheckDeps extends Omit<Observing, 'heartbeats'> {
  readonly heartbeats: Pick<DynamoHeartbeats, 'all' | 'scanDue' | 'canarySent'>;
  /** The function that canaries are written on. */
  readonly functionArn: string;
  readonly deployed: Deployed;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly randomId: () => string;
}

export interface Checked {
  readonly silent: readonly SilentPart[];
  /** Whether it has sent a canary. */
  readonly sent: boolean;
  /** What the alarm said before; `undefined` where that is not known. */
  readonly before: string | undefined;
}

/** A canary is sent each hour; less a little, as no check comes to the second. */
const canaryInterval = 55 * 60_000;

/**
 * Observes all parts, and sends the next canary where it is time. It may be repeated at any time: an early check neither
 * evaluates a canary that is on its way nor sends another.
 * @returns never rejects: what fails is a silent part, with the reason.
 * @example for (const { part, because } of (await check(watched, deps)).silent) logger.error(`${part} ${because}`);
 */
export async function check(watched: WatchedParts, deps: CheckDeps): Promise<Checked> {
  const observed = await observe(watched, deps);
  const silent = silentParts(watched, observed, { now: deps.now(), deployed: deps.deployed });
  const failed: SilentPart[] = [];
  const trying = async (part: string, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      failed.push({ part, because: `failed: ${reasonOf(error)}`, todo: 'see the log of the watchdog' });
      return false;
    }
  };
  const { heartbeats } = observed;
  if (heartbeats.known && heartbeats.value?.scan === undefined) {
    await trying('the record of scheduled scans', () => deps.heartbeats.scanDue(deps.now()));
  }
  const sent = isCanaryDue(watched, heartbeats, deps.now())
    ? await trying('the canary', () => send(watched, heartbeats, deps))
    : false;
  const before = heartbeats.known ? heartbeats.value?.alarm : undefined;
  return { silent: [...silent, ...failed], sent, before };
}

/** Without the state table nobody could tell whether it arrives. */
function isCanaryDue({ evaluators }: WatchedParts, heartbeats: Seen<Heartbeats>, now: number): boolean {
  if (!heartbeats.known) return false;
  return evaluators.some((evaluator) => {
    const canary = heartbeats.value?.canaries.get(evaluator);
    return canary === undefined || now - canary.sentAt >= canaryInterval;
  });
}

/** Recorded first: the tag's event must not come before the record by which an evaluator knows the canary. */
async function send(
  { evaluators }: WatchedParts,
  heartbeats: Seen<Heartbeats>,
  { lambda, heartbeats: records, functionArn, now, randomId }: CheckDeps,
): Promise<void> {
  const at = now();
  const canary = newCanary(at, randomId());
  const before = heartbeats.known ? heartbeats.value?.canaries : undefined;
  await Promise.all(
    evaluators.map((evaluator) =>
      records.canarySent(evaluator, canary, isMissed(before?.get(evaluator), at)),
    ),
  );
  await lambda.send(new TagResourceCommand({ Resource: functionArn, Tags: { [canaryTag]: canary.nonce } }));
}
