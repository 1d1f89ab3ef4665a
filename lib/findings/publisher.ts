/** Imports findings into Security Hub, within its quotas and sizes, and so that one bad finding does not spoil the others. */
import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  type SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { type AccountRegion, accountRegionKey } from '../core/account-region.ts';
import { parseArn } from '../core/arn.ts';
import { batches, fits, type Sized, shrunk } from './fit.ts';
import {
  type CallFailure,
  callFailure,
  isOff,
  isTransient,
  type Refusal,
  reasonOf,
  refusalOf,
} from './import-failure.ts';
import { type Deferred, type ImportResult, offIn, type Refused, tooLarge } from './import-result.ts';

export type { Deferred, ImportResult, Off, Refused } from './import-result.ts';

export interface PublisherOptions {
  /**
   * The client for findings of an account and Region; one that tries a call once (`securityHubClient`), as the publisher
   * tries again itself. Asked once for each.
   */
  readonly clientOf: (accountRegion: AccountRegion) => SecurityHubClient;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** From 0 to below 1, as `Math.random`. */
  readonly random: () => number;
}

/**
 * Security Hub's quota of BatchImportFindings for an account in a Region.
 * Source: AWS Security Hub User Guide, "BatchImportFindings for finding providers".
 */
const quota = { perSecond: 10, burst: 30 } as const;
/** Most tries of a call, and of a finding that Security Hub could not take. */
const tries = 5;
/**
 * No call is begun later than so many milliseconds after the publication began: where every finding needs a call of its
 * own, the rest is deferred before a function runs out of time.
 */
const longestWait = 45_000;

type Stop = Exclude<CallFailure, { kind: 'refused' }>;
type ImportAnswer =
  | CallFailure
  | { readonly kind: 'answered'; readonly failed: ReadonlyMap<string, Refusal> };
type Piece = Sized & { readonly id: string };

/** Security Hub in one account and Region, with its quota of calls. */
interface Hub {
  readonly account: string;
  readonly client: SecurityHubClient;
  readonly calls: TokenBucket;
}

/** The findings of one account and Region that are settled, and those to try again. */
interface ImportProgress {
  readonly hub: Hub;
  /** When no call is begun any more, in epoch milliseconds. */
  readonly until: number;
  readonly accepted: string[];
  readonly refused: Refused[];
  readonly again: { readonly piece: Piece; readonly reason: string }[];
}

/**
 * @example
 * const publisher = new Publisher({ client, now: () => new Date(), wait, random: Math.random });
 * const { accepted, refused, deferred, off } = await publisher.publish(findings);
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #hubs = new Map<string, Hub>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Imports the findings into Security Hub, each with its own account's. Of several with the same id the one with
   * the latest UpdatedAt counts. Rejects only for an internal error.
   */
  async publish(findings: readonly AwsSecurityFinding[]): Promise<ImportResult> {
    const pieces = newest(findings).map((finding) => ({ ...shrunk(finding), id: idOf(finding) }));
    const published: ImportResult[] = [
      { accepted: [], refused: pieces.filter((one) => !fits(one)).map(tooLarge), deferred: [] },
    ];
    const byHub = Map.groupBy(pieces.filter(fits), ({ finding }) => this.#hubOf(finding));
    const until = this.#options.now().getTime() + longestWait;
    for (const [hub, its] of byHub) published.push(await this.#publishTo(hub, its, until));
    const off = published.find((one) => one.off !== undefined)?.off;
    return {
      accepted: published.flatMap(({ accepted }) => accepted),
      refused: published.flatMap(({ refused }) => refused),
      deferred: published.flatMap(({ deferred }) => deferred),
      ...(off === undefined ? {} : { off }),
    };
  }

  /** The Security Hub of the finding's account, in the Region that its product's ARN names. */
  #hubOf({ AwsAccountId: account = '', ProductArn }: AwsSecurityFinding): Hub {
    const region = parseArn(ProductArn)?.region ?? '';
    const key = accountRegionKey({ account, region });
    const { clientOf, now, wait } = this.#options;
    const hub = this.#hubs.get(key) ?? {
      account,
      client: clientOf({ account, region }),
      calls: new TokenBucket({ ...quota, now, wait }),
    };
    this.#hubs.set(key, hub);
    return hub;
  }

  async #publishTo(hub: Hub, pieces: readonly Piece[], until: number): Promise<ImportResult> {
    const accepted: string[] = [];
    const refused: Refused[] = [];
    let pending = pieces;
    for (let round = 1; pending.length > 0; round += 1) {
      const progress: ImportProgress = { hub, until, accepted, refused, again: [] };
      const stop = await this.#importAll(pending, progress);
      if (stop?.kind === 'off') {
        return { accepted, refused, deferred: [], off: offIn(hub.account, stop) };
      }
      if (stop !== undefined || round === tries) {
        const deferred: Deferred[] = progress.again.map(({ piece, reason }) => ({ id: piece.id, reason }));
        if (stop !== undefined) {
          const settled = new Set([...accepted, ...[...refused, ...deferred].map(({ id }) => id)]);
          const left = pending.filter(({ id }) => !settled.has(id));
          deferred.push(...left.map(({ id }) => ({ id, reason: stop.reason })));
        }
        return { accepted, refused, deferred };
      }
      pending = progress.again.map(({ piece }) => piece);
      if (pending.length > 0) await this.#backOff(round);
    }
    return { accepted, refused, deferred: [] };
  }

  /** Imports all of them, once each. @returns what stops the publication, if anything does. */
  async #importAll(pieces: readonly Piece[], progress: ImportProgress): Promise<Stop | undefined> {
    for (const batch of batches(pieces)) {
      const stop = await this.#import(batch, progress);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }

  /** Imports findings in one call, and in smaller ones where one of them spoils it for the others. */
  async #import(batch: readonly Piece[], progress: ImportProgress): Promise<Stop | undefined> {
    const answer = await this.#call(batch, progress);
    switch (answer.kind) {
      case 'off':
      case 'unavailable':
        return answer;
      case 'refused':
        return this.#importHalves(batch, answer.refusal, progress);
      case 'answered': {
        const doubtful: Piece[] = [];
        for (const piece of batch) {
          const refusal = answer.failed.get(piece.id);
          if (refusal === undefined) progress.accepted.push(piece.id);
          else if (isTransient(refusal.code)) progress.again.push({ piece, reason: reasonOf(refusal) });
          else if (batch.length === 1) progress.refused.push({ id: piece.id, ...refusal });
          else doubtful.push(piece);
        }
        // Each alone, so that whatever else was in the call can't be the cause.
        for (const piece of doubtful) {
          const stop = await this.#import([piece], progress);
          if (stop !== undefined) return stop;
        }
        return undefined;
      }
    }
  }

  /** Security Hub refused the call as a whole, and does not say because of which finding. */
  async #importHalves(
    batch: readonly Piece[],
    refusal: Refusal,
    progress: ImportProgress,
  ): Promise<Stop | undefined> {
    if (batch.length <= 1) {
      progress.refused.push(...batch.map(({ id }) => ({ id, ...refusal })));
      return undefined;
    }
    const middle = Math.ceil(batch.length / 2);
    return (
      (await this.#import(batch.slice(0, middle), progress)) ??
      (await this.#import(batch.slice(middle), progress))
    );
  }

  /**
   * One call, tried again while Security Hub is not to be reached, and there is time.
   */
  async #call(batch: readonly Piece[], { hub, until, accepted }: ImportProgress): Promise<ImportAnswer> {
    const command = new BatchImportFindingsCommand({ Findings: batch.map(({ finding }) => finding) });
    let failure: CallFailure = { kind: 'unavailable', reason: 'there was no time left to import it' };
    for (let attempt = 1; ; attempt += 1) {
      await hub.calls.take();
      if (this.#options.now().getTime() > until) return failure;
      try {
        const { FailedFindings = [], FailedCount = 0 } = await hub.client.send(command);
        const failed = new Map(
          FailedFindings.map(({ Id, ErrorCode, ErrorMessage }) => [
            Id ?? '',
            refusalOf(ErrorCode, ErrorMessage),
          ]),
        );
        return answerTo(batch, failed, Math.max(FailedCount, FailedFindings.length), accepted.length > 0);
      } catch (error) {
        failure = callFailure(error);
        if (failure.kind !== 'unavailable' || attempt === tries) return failure;
      }
      await this.#backOff(attempt);
    }
  }

  /** Longer with each attempt, and at random, so that callers that failed together do not come back together. */
  async #backOff(attempt: number): Promise<void> {
    await this.#options.wait(Math.round(this.#options.random() * 500 * 2 ** (attempt - 1)));
  }
}

/**
 * What an answer means for each finding that was sent.
 * @param works whether Security Hub took a finding of this account just before.
 */
function answerTo(
  batch: readonly Piece[],
  failed: ReadonlyMap<string, Refusal>,
  count: number,
  works: boolean,
): ImportAnswer {
  const named = batch.flatMap(({ id }) => failed.get(id) ?? []);
  const [first] = named;
  const all = named.length === batch.length && named.every(({ code }) => isOff(code));
  // One finding alone may be refused access because of its own account id; all are refused when Security Hub is off.
  if (first !== undefined && all && !(works && batch.length === 1)) {
    return { kind: 'off', because: 'not-enabled', refusal: first };
  }
  if (count <= named.length) return { kind: 'answered', failed };
  // The answer does not name the others that failed: none of the findings counts as accepted.
  const unnamed = refusalOf('InternalError', `${count} findings failed, of which ${named.length} are named`);
  return { kind: 'answered', failed: new Map(batch.map(({ id }) => [id, failed.get(id) ?? unnamed])) };
}

/** One finding for each id, the latest, in the order in which the ids first come. */
function newest(findings: readonly AwsSecurityFinding[]): readonly AwsSecurityFinding[] {
  const byId = new Map<string, AwsSecurityFinding>();
  for (const finding of findings) {
    const other = byId.get(idOf(finding));
    if (other === undefined || updated(finding) > updated(other)) byId.set(idOf(finding), finding);
  }
  return [...byId.values()];
}

function updated({ UpdatedAt }: AwsSecurityFinding): number {
  return Date.parse(UpdatedAt ?? '');
}

function idOf({ Id = '' }: AwsSecurityFinding): string {
  return Id;
}

export interface TokenBucketOptions {
  readonly perSecond: number;
  /** The most calls that may be made at once, after a while without any. */
  readonly burst: number;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * So many calls at once, and so many a second after that.
 * @example await bucket.take(); // resolves when the next call may be made
 */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.now().getTime();
  }

  /** Resolves when the next call may be made. Whoever asks first goes first. */
  async take(): Promise<void> {
    const { perSecond, burst, now, wait } = this.#options;
    const time = now().getTime();
    // A clock that is set back fills nothing, and takes nothing away.
    const filled = (Math.max(0, time - this.#filledAt) / 1_000) * perSecond;
    this.#filledAt = time;
    // Below zero the tokens are spoken for by those who wait already.
    this.#tokens = Math.min(burst, this.#tokens + filled) - 1;
    if (this.#tokens < 0) await wait(Math.ceil((-this.#tokens / perSecond) * 1_000));
  }
}
