/** What only a deployment knows when it is about to act, and what of it stands in the way. Pure. */
import type { Resource } from '../core/control.ts';
import type { Kind } from './guardrails.ts';
import type { SkippedBecause } from './plan.ts';

/** What is left out stands in the way of nothing: a replay knows none of it, and nothing is done then anyway. */
export interface Circumstances {
  /** `unreadable` stops everything, as `engaged` does. */
  readonly killSwitch?: 'disengaged' | 'engaged' | 'unreadable';
  /** The finding's workflow status in Security Hub; `unreadable` when it could not be asked for. */
  readonly workflow?: 'NEW' | 'NOTIFIED' | 'RESOLVED' | 'SUPPRESSED' | 'unreadable';
  /** The kinds of action of which too many were asked for, until a person closes their breaker. */
  readonly openBreakers?: ReadonlySet<Kind>;
  /** Whether the resource is part of Trailseal's own deployment. */
  readonly isOwn?: boolean;
  /** Milliseconds since the resource was looked at. */
  readonly readAge?: number;
}

/** A verdict that rests on an older look is not acted on, in milliseconds. The world may have moved since. */
export const freshFor = 5 * 60_000;

export interface Obstacle {
  readonly because: SkippedBecause;
  /** A sentence. */
  readonly reason: string;
}

/** Why nobody is to be bothered with the finding at all, whatever the action. */
export function suppression({ workflow }: Circumstances): Obstacle | undefined {
  if (workflow === 'SUPPRESSED') {
    return { because: 'suppressed', reason: 'Somebody suppressed the finding in Security Hub.' };
  }
  if (workflow !== 'unreadable') return undefined;
  return {
    because: 'suppression-unknown',
    reason: 'Whether somebody suppressed the finding in Security Hub could not be read.',
  };
}

/** Why Trailseal must leave the resource alone for good. */
export function ownership({ isOwn }: Circumstances, { id }: Resource): Obstacle | undefined {
  if (isOwn !== true) return undefined;
  return {
    because: 'own-resource',
    reason: `${id} belongs to Trailseal itself, which never changes its own resources.`,
  };
}

/** Why nothing of a kind is changed for now. */
export function halt({ killSwitch, openBreakers, readAge }: Circumstances, kind: Kind): Obstacle | undefined {
  if (killSwitch === 'engaged') {
    return { because: 'kill-switch', reason: 'The kill switch is on: nothing is changed.' };
  }
  if (killSwitch === 'unreadable') {
    return {
      because: 'kill-switch',
      reason: 'The kill switch could not be read, which stops everything too.',
    };
  }
  if (openBreakers?.has(kind) === true) {
    const what = { tag: 'tagging', quarantine: 'quarantine', fix: 'fixes' }[kind];
    return {
      because: 'breaker-open',
      reason: `The breaker for ${what} is open: more were asked for than the guardrails allow, and a person has to close it.`,
    };
  }
  // Not "older than": an age that is no number is of no look that is known.
  if (readAge !== undefined && !(readAge <= freshFor)) {
    const ago = Number.isFinite(readAge)
      ? `${Math.round(readAge / 1_000)} seconds ago`
      : 'at a time not known';
    return {
      because: 'stale-verdict',
      reason: `The resource was looked at ${ago}, and a verdict is acted on for ${freshFor / 1_000} seconds.`,
    };
  }
  return undefined;
}
