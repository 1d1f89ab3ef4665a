/** All checks, from what was observed. Pure. */
import { operatorRoleName } from '../../lib/aws/names.ts';
import { assessActions } from './actions.ts';
import { type CheckResult, type DoctorCheck, deployCommand, ok, problem, unknownFor } from './check.ts';
import { assessDeployment } from './deployment.ts';
import type { Observed, ObservedRegion } from './observed.ts';
import { assessCaller, assessRoles } from './permissions.ts';
import { assessTrails } from './trails.ts';

/** @returns the checks of the account first, then those of each Region. */
export function assess({ identity, regions, stage }: Observed): readonly DoctorCheck[] {
  return [
    { ...assessIdentity(identity), region: undefined },
    ...regions.flatMap((observed) =>
      assessRegion(observed, stage).map((finding) => ({ ...finding, region: observed.region })),
    ),
  ];
}

function assessIdentity(identity: Observed['identity']): CheckResult {
  const id = 'credentials';
  if (identity.known) return ok(id, `${identity.value.arn}, account ${identity.value.account}`);
  if (identity.reason !== 'denied') return unknownFor(id, [identity]);
  return problem(
    'fail',
    id,
    `AWS does not accept the credentials, or there are none: ${identity.detail}`,
    'log in, or name a profile with --profile',
    ['aws configure list-profiles', 'aws sso login --profile PROFILE'],
  );
}

function assessRegion(observed: ObservedRegion, stage: string): CheckResult[] {
  return [
    ...assessTrails(observed.trails, observed.wanted, observed.region),
    assessHub(observed),
    ...assessDeployment(observed, stage),
    ...assessOperatorRole(observed, stage),
    ...assessActions(observed, stage),
    ...assessRoles(observed, stage),
    assessCaller(observed),
  ];
}

/** Checks that the caller may use the commands that need the state table, the queues or the bus. */
function assessOperatorRole({ operatorRole, region }: ObservedRegion, stage: string): CheckResult[] {
  const id = 'operator-role';
  const name = operatorRoleName(stage, region);
  if (operatorRole === undefined) return [];
  if (operatorRole.known) return [ok(id, `the caller may assume the operator role ${name}`)];
  if (operatorRole.reason !== 'denied') return [unknownFor(id, [operatorRole])];
  const message = `the caller may not assume the operator role ${name}, or there is none: undo, history, breaker and dlq are not for the caller`;
  const advice = 'where the caller is to operate Trailseal, deploy with the ARN of its user or role';
  return [
    problem('warn', id, message, advice, [`${deployCommand(stage, region)} --param="operatorArns=ARN"`]),
  ];
}

/**
 * Source: AWS Security Hub User Guide, "Using custom product integrations": the account's default product accepts
 * findings as soon as Security Hub is on.
 */
function assessHub({ hub, account, region }: ObservedRegion): CheckResult {
  const id = 'security-hub';
  if (!hub.known) return unknownFor(id, [hub]);
  if (hub.value) return ok(id, `Security Hub is on and accepts findings of product/${account}/default`);
  return problem('fail', id, 'Security Hub is off: no finding can be published', 'switch it on', [
    `aws securityhub enable-security-hub --region ${region} --no-enable-default-standards`,
  ]);
}
