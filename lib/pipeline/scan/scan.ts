/**
 * Scan: the controls and a policy, applied to what exists now in an account, as AWS lists and describes it. Nothing is
 * changed. The result has the shape of a replay's, so that its outputs serve both.
 */

import type { Clients } from '../../aws/clients.ts';
import { isDeleted } from '../../core/absence.ts';
import type { AccountRegion } from '../../core/account-region.ts';
import {
  type Control,
  type Resource,
  type ResourceType,
  severities,
  type Verdict,
} from '../../core/control.ts';
import type { LiveFactProvider } from '../../core/fact-provider.ts';
import { type Lister, ListingError } from '../../core/list.ts';
import { describedBy, type ResourceDescription } from '../../findings/asff-resource.ts';
import { findingId } from '../../findings/id.ts';
import { type Cause, foldFinding } from '../../findings/lifecycle.ts';
import type { Policy } from '../../policy/model.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { type Evaluated, evaluateLive } from '../evaluate.ts';
import { CountedPlans } from '../observe.ts';
import { noneIgnored, type Replay } from '../replay/replay.ts';
import { ScanErrors } from './input-errors.ts';

export interface ScanProgress {
  /** Listings: one for each resource type in each Region. */
  readonly listings: number;
  readonly listingsDone: number;
  readonly resources: number;
}

export interface ScanOptions {
  readonly controls: readonly Control[];
  readonly policy: Policy;
  readonly account: string;
  readonly regions: readonly string[];
  /** How resources of a type are listed. */
  readonly listerOf: (type: ResourceType) => Lister;
  readonly clients: (accountRegion: AccountRegion) => Clients;
  readonly facts: LiveFactProvider;
  readonly now: () => Date;
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
}

/** How many Regions are scanned at a time; in each, one page of one listing is evaluated before the next is read. */
const regionsAtATime = 4;

/**
 * A scan as the cause of a finding: it does not know who changed the resource, or when.
 * @param time epoch milliseconds.
 * @example scanAt(0).eventName // 'Scan'
 */
export function scanAt(time: number): Cause {
  return {
    id: undefined,
    eventName: 'Scan',
    time,
    actor: {
      type: 'unknown',
      arn: 'unknown',
      name: 'unknown (found by the scan)',
      account: undefined,
      sourceIp: undefined,
      userAgent: undefined,
    },
  };
}

/**
 * Lists and evaluates everything that the policy's controls concern.
 * @returns what came of it: `records` are the resources listed, and those that were deleted before they could be
 *   evaluated are ignored as `no-resource-id`. What AWS did not list, and facts that it did not answer for, are
 *   `inputErrors` that name the IAM action.
 * @throws the signal's reason when aborted.
 * @example
 * const { findings } = await scan({ controls, policy, account, regions: ['eu-central-1'], listerOf, clients, facts, now });
 */
export async function scan(options: ScanOptions): Promise<Replay> {
  const { controls, policy, account, regions, now, signal } = options;
  const started = now();
  const enabled = controls.filter((control) => policy.controls.get(control.id)?.enabled === true);
  const types = [...new Set(enabled.map(({ resourceType }) => resourceType))];
  const tally = new Tally(enabled, types.length * regions.length, options.onProgress);
  await eachOf(regions, regionsAtATime, async (region) => {
    for (const type of types) {
      await scanType(type, { account, region }, enabled, tally, options);
      tally.listingDone();
    }
  });
  signal?.throwIfAborted();
  const plans = new CountedPlans(policy, started);
  const cause = scanAt(started.getTime());
  const period = { from: started.toISOString(), to: now().toISOString() };
  return {
    records: tally.listed,
    matched: tally.evaluated,
    ignored: {
      ...noneIgnored(),
      'no-resource-id': tally.listed - tally.evaluated,
    },
    rejected: 0,
    verdicts: tally.verdicts,
    posture: tally.posture,
    findings: inOrder(tally.toOpen, policy).flatMap(
      (evaluated) =>
        foldFinding(undefined, evaluated.control, plans.observation(undefined, evaluated, cause)) ?? [],
    ),
    openers: new Map(),
    described: tally.described,
    period,
    seen: { accounts: new Set([account]), regions: new Set(regions), ...period },
    inputErrors: tally.errors.all(),
    files: 0,
    skipped: [],
  };
}

async function scanType(
  type: ResourceType,
  accountRegion: AccountRegion,
  enabled: readonly Control[],
  tally: Tally,
  { listerOf, clients, facts, policy, signal }: ScanOptions,
): Promise<void> {
  const concerned = enabled.filter(({ resourceType }) => resourceType === type);
  // A listing that changes while it is read may have a resource twice.
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    signal?.throwIfAborted();
    let resources: readonly Resource[];
    try {
      const page = await listerOf(type).list(clients(accountRegion), accountRegion, token);
      for (const error of page.unlisted) tally.errors.listing(type, error);
      resources = page.resources.filter(({ id }) => !seen.has(id));
      token = page.token;
    } catch (error) {
      if (!(error instanceof ListingError)) throw error;
      tally.errors.listing(type, error);
      return;
    }
    for (const { id } of resources) seen.add(id);
    const evaluated = await evaluateLive(
      resources.flatMap((resource) =>
        concerned.map((control) => ({ control, resource, mayBeDeleted: true })),
      ),
      facts,
      (id) => policy.controls.get(id)?.settings,
    );
    tally.take(resources.length, evaluated.flat());
  } while (token !== undefined);
}

/** What is kept of a scan while it runs: counts, and the evaluations that open findings. */
class Tally {
  listed = 0;
  evaluated = 0;
  readonly verdicts: Record<Verdict, number> = none();
  readonly posture: Readonly<Record<string, Record<Verdict, number>>>;
  readonly toOpen: Omit<Evaluated, 'facts'>[] = [];
  readonly described = new Map<string, ResourceDescription>();
  readonly errors = new ScanErrors();
  readonly #listings: number;
  readonly #onProgress: ((progress: ScanProgress) => void) | undefined;
  #listingsDone = 0;

  constructor(
    enabled: readonly Control[],
    listings: number,
    onProgress: ((progress: ScanProgress) => void) | undefined,
  ) {
    this.posture = Object.fromEntries(enabled.map(({ id }) => [id, none()]));
    this.#listings = listings;
    this.#onProgress = onProgress;
  }

  take(listed: number, all: readonly Evaluated[]): void {
    const evaluatedIds = new Set<string>();
    for (const evaluated of all) {
      const { control, resource, evaluation, facts } = evaluated;
      if (isDeleted(facts) !== undefined) continue;
      evaluatedIds.add(resource.id);
      this.verdicts[evaluation.verdict] += 1;
      const posture = this.posture[control.id];
      if (posture !== undefined) posture[evaluation.verdict] += 1;
      if (evaluation.verdict === 'UNKNOWN') this.errors.unknown(evaluated);
      if (evaluation.verdict === 'FAIL' || evaluation.verdict === 'UNKNOWN') {
        this.toOpen.push({ control, resource, evaluation });
        this.described.set(
          findingId(control.id, resource),
          describedBy(resourceTypeOf(resource.type), evaluated),
        );
      }
    }
    this.listed += listed;
    this.evaluated += evaluatedIds.size;
    this.#report();
  }

  listingDone(): void {
    this.#listingsDone += 1;
    this.#report();
  }

  #report(): void {
    this.#onProgress?.({
      listings: this.#listings,
      listingsDone: this.#listingsDone,
      resources: this.listed,
    });
  }
}

function none(): Record<Verdict, number> {
  return { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 };
}

/** The most severe first, then by the findings' ids: the same plans, whatever was listed first. */
function inOrder(
  all: readonly Omit<Evaluated, 'facts'>[],
  policy: Policy,
): readonly Omit<Evaluated, 'facts'>[] {
  return all
    .map((evaluated) => ({
      evaluated,
      id: findingId(evaluated.control.id, evaluated.resource),
      rank: severities.indexOf(
        policy.controls.get(evaluated.control.id)?.severity ?? evaluated.control.severity,
      ),
    }))
    .sort((a, b) => b.rank - a.rank || (a.id < b.id ? -1 : 1))
    .map(({ evaluated }) => evaluated);
}

/** Does `work` for each item, `width` of them at a time. */
async function eachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (const item of waiting) await work(item);
    }),
  );
}
