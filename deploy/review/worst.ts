/** For each role of the largest stack, the worst that whoever takes over its holder could do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { broadActions, writeRoleOf } from '../../lib/services/write-services.ts';
import { defaultParameters } from '../defaults.ts';
import { ids } from '../ids.ts';
import { stackOf } from '../stack.ts';
import { type Granted, grantedIn } from './granted.ts';
import { type Harm, harms, type Reviewed, reviewOf } from './harms.ts';
import { largest } from './largest.ts';

export interface RoleReview {
  /** Its logical id. */
  readonly role: string;
  /** Whether it is made only where the policy allows its action by name. */
  readonly offByDefault: boolean;
  /** The worst of what it allows. */
  readonly worst: Harm;
  /** What it allows, the worst first, each once. */
  readonly lines: readonly Reviewed[];
  /** What nobody has reviewed. */
  readonly unreviewed: readonly Granted[];
}

/** All roles of a stack whose policy asks for everything, those that are off by default last. */
export async function roleReviews(): Promise<readonly RoleReview[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-roles-'));
  try {
    const policy = path.join(folder, 'policy.yml');
    writeFileSync(policy, `version: 1\n${largest.policy}\n`);
    const { resources } = await stackOf({ ...defaultParameters(), policy });
    // The type of a resource tells only the role of tags.
    const off = new Set(
      broadActions.map((action) =>
        action === 'notify' ? '' : ids.writeRole(writeRoleOf({ id: action }, 'AwsAccount')),
      ),
    );
    const reviews = [...grantedIn(resources.Resources)].map(([role, granted]) =>
      reviewOfRole(role, off.has(role), granted),
    );
    return reviews.toSorted((a, b) => Number(a.offByDefault) - Number(b.offByDefault));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function reviewOfRole(role: string, offByDefault: boolean, granted: readonly Granted[]): RoleReview {
  const found = granted.map((one) => ({ one, line: reviewOf(one) }));
  const lines = [
    ...new Map(found.flatMap(({ line }) => (line === undefined ? [] : [[line.may, line]]))).values(),
  ];
  const byHarm = lines.toSorted((a, b) => harms.indexOf(b.harm) - harms.indexOf(a.harm));
  return {
    role,
    offByDefault,
    worst: byHarm[0]?.harm ?? 'own parts',
    lines: byHarm,
    unreviewed: found.flatMap(({ one, line }) => (line === undefined ? [one] : [])),
  };
}
