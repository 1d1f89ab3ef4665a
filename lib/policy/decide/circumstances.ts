/** What only a deployment knows when it is about to act, and which of it prevents an action. */
import type { Resource } from '../../core/control.ts';
import type { ActionKind, SkippedBecause } from '../model.ts';

/** What is left out prevents nothing: a replay knows none of it, and carries out nothing. */
export interface Circumstances {
  /** `unreadable` stops everything, as `engaged` does. */
  readonly killSwitch?: 'disengaged' | 'engaged' | 'unreadable';
  /** The finding's workflow status in Security Hub; `unreadable` when it could not be read. */
  readonly workflow?: 'NEW' | 'NOTIFIED' | 'RESOLVED' | 'SUPPRESSED' | 'unreadable';
  /** The kinds of action whose circuit breaker is open. */
  readonly openBreakers?: ReadonlySet<ActionKind>;
  /** Whether the resource is part of Trailseal's own deployment. */
  readonly isOwn?: boolean;
  /** Milliseconds since the resource was read; not a number when that time is not known. */
  readonly readAge?: number;
}

/** Maximum age of what a verdict rests on, in milliseconds, to act on it: the resource may have changed since. */
export const freshFor = 5 * 60_000;

export interface Obstacle {
  readonly because: SkippedBecause;
  /** A sentence. */
  readonly reason: string;
}

/** Why no action at all is taken for the finding, not even a notification; `undefined` when some may be. */
export function suppression({ workflow }: Circumstances): Obstacle | undefined {
  if (workflow === 'SUPPRESSED') {
    return { because: 'suppressed', reason: 'The finding is suppressed in Security Hub.' };
  }
  if (workflow !== 'unreadable') return undefined;
  return {
    because: 'suppression-unknown',
    reason: 'Whether the finding is suppressed in Security Hub could not be read.',
  };
}

/** Why Trailseal never changes the resource; `undefined` when it may. */
export function ownership({ isOwn }: Circumstances, { id }: Resource): Obstacle | undefined {
  if (isOwn !== true) return undefined;
  return {
    because: 'own-resource',
    reason: `${id} belongs to Trailseal, which never changes its own resources.`,
  };
}

/** Why no action of a kind is carried out now; `undefined` when it may be. */
export function halt(
  { killSwitch, openBreakers, readAge }: Circumstances,
  kind: ActionKind,
): Obstacle | undefined {
  if (killSwitch === 'engaged') {
    return { because: 'kill-switch', reason: 'The kill switch is engaged: nothing is changed.' };
  }
  if (killSwitch === 'unreadable') {
    return { because: 'kill-switch', reason: 'The kill switch could not be read: nothing is changed.' };
  }
  if (openBreakers?.has(kind) === true) {
    const what = { tag: 'tag actions', quarantine: 'quarantines', fix: 'fixes' }[kind];
    return {
      because: 'breaker-open',
      reason: `The circuit breaker for ${what} is open: a rate limit was reached, and an operator has to reset the breaker.`,
    };
  }
  // Not `readAge > freshFor`: an age that is not a number is too old.
  if (readAge !== undefined && !(readAge <= freshFor)) {
    const ago = Number.isFinite(readAge)
      ? `${Math.round(readAge / 1_000)} seconds ago`
      : 'at an unknown time';
    return {
      because: 'stale-verdict',
      reason: `The resource was read ${ago}; a verdict is acted on for ${freshFor / 1_000} seconds only.`,
    };
  }
  return undefined;
}
