/** From what was looked at to what it means: every check there is. Pure. */
import { assessActing } from './acting.ts';
import { type Check, type Finding, ok, trouble, unknownFor } from './check.ts';
import { assessDeployment } from './deployment.ts';
import type { Observed, ObservedRegion } from './observed.ts';
import { assessCaller, assessRoles } from './permissions.ts';
import { assessTrails } from './trails.ts';

/** @returns the checks, those of the account first, then Region by Region. */
export function assess({ identity, regions, stage }: Observed): readonly Check[] {
  return [
    { ...assessIdentity(identity), region: undefined },
    ...regions.flatMap((observed) =>
      assessRegion(observed, stage).map((finding) => ({ ...finding, region: observed.region })),
    ),
  ];
}

function assessIdentity(identity: Observed['identity']): Finding {
  const id = 'credentials';
  if (identity.known) return ok(id, `${identity.value.arn}, account ${identity.value.account}`);
  if (identity.reason !== 'denied') return unknownFor(id, [identity]);
  return trouble(
    'fail',
    id,
    `there are no credentials that AWS takes: ${identity.detail}`,
    'sign in, or name a profile that is signed in with --profile',
    ['aws configure list-profiles', 'aws sso login --profile PROFILE'],
  );
}

function assessRegion(observed: ObservedRegion, stage: string): Finding[] {
  return [
    ...assessTrails(observed.trails, observed.wanted, observed.region),
    assessHub(observed),
    ...assessDeployment(observed, stage),
    ...assessActing(observed, stage),
    ...assessRoles(observed, stage),
    assessCaller(observed),
  ];
}

/**
 * Source: AWS Security Hub User Guide, "Using custom product integrations": the account's own default product takes
 * findings as soon as Security Hub is on.
 */
function assessHub({ hub, account, region }: ObservedRegion): Finding {
  const id = 'security-hub';
  if (!hub.known) return unknownFor(id, [hub]);
  if (hub.value) return ok(id, `Security Hub is on; it takes findings of product/${account}/default`);
  return trouble('fail', id, 'Security Hub is off here: no finding can be published', 'switch it on', [
    `aws securityhub enable-security-hub --region ${region} --no-enable-default-standards`,
  ]);
}
