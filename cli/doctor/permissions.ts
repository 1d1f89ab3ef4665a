/** Checks the permissions of the functions and of the caller. Pure. */
import { functionName, type QueueName } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { Control } from '../../lib/core/control.ts';
import { evaluatorOf } from '../../lib/services/catalogue.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { permissionsFor } from '../../lib/services/readers.ts';
import type { Answer } from '../aws/answer.ts';
import { type CheckResult, deployCommand, ok, problem, unknownFor } from './check.ts';
import type { ObservedRegion, Simulated } from './observed.ts';
import { specimenFor } from './specimens.ts';

/** The IAM actions that the function of a queue needs, apart from those on its queue and the state table. */
export function functionNeeds(name: QueueName, controls: readonly Control[]): readonly string[] {
  if (name === 'scan') return listingNeeds(controls);
  const own = controls.filter((control) => evaluatorOf(control) === name);
  if (own.length === 0) return [];
  return [...permissionsFor(own.flatMap(({ facts }) => facts)), 'securityhub:BatchImportFindings'];
}

/** The IAM actions that `trailseal scan` needs. */
export function scanNeeds(controls: readonly Control[]): readonly string[] {
  const reading = permissionsFor(controls.flatMap(({ facts }) => facts));
  return [...new Set([...reading, ...listingNeeds(controls)])].sort();
}

/** The IAM actions that listing the resources of these controls needs. */
function listingNeeds(controls: readonly Control[]): readonly string[] {
  return [...new Set(controls.flatMap(({ resourceType }) => listerOf(resourceType).permissions))].sort();
}

/** The actions by the resource on which IAM simulates them. */
export function byResource(
  actions: readonly string[],
  accountRegion: AccountRegion,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const resource = specimenFor(action, accountRegion);
    groups.set(resource, [...(groups.get(resource) ?? []), action]);
  }
  return groups;
}

/** Checks that the roles of the functions are allowed what the functions need. */
export function assessRoles(
  { permissions, functions, region }: ObservedRegion,
  stage: string,
): CheckResult[] {
  return queueNames.flatMap((name) => {
    const found: Answer<readonly Simulated[]> | undefined = permissions[name];
    if (found === undefined) return [];
    const id = `permissions/${name}`;
    if (!found.known) return [unknownFor(id, [found])];
    const deployed = functions[name];
    const role = (deployed?.known ? deployed.value?.role : undefined) ?? 'its role';
    const whose = `the function ${functionName(stage, name)} (${role})`;
    const failure = assess(id, found.value, whose, 'fail', [deployCommand(stage, region)]);
    return [failure ?? ok(id, `IAM allows ${whose} everything it needs`)];
  });
}

/** Checks that the caller is allowed to scan. */
export function assessCaller({ callersPermissions }: ObservedRegion): CheckResult {
  const id = 'permissions/caller';
  if (!callersPermissions.known) return unknownFor(id, [callersPermissions]);
  return (
    assess(id, callersPermissions.value, 'the caller', 'warn', []) ??
    ok(id, 'IAM allows the caller everything that `trailseal scan` needs')
  );
}

function assess(
  id: string,
  permissions: readonly Simulated[],
  whose: string,
  severity: 'warn' | 'fail',
  again: readonly string[],
): CheckResult | undefined {
  const denied = permissions.filter(({ allowed, missingContext }) => !allowed && missingContext.length === 0);
  if (denied.length > 0) {
    const organization = denied.some(({ deniedByOrganization }) => deniedByOrganization);
    const text = organization
      ? 'allow it in the policies of the organization (SCPs)'
      : again.length > 0
        ? 'deploy again; if that does not help, check for a permissions boundary'
        : 'needed only for `trailseal scan`: allow it by a policy, such as SecurityAudit';
    const message = `IAM does not allow ${whose}: ${denied.map(({ action }) => action).join(', ')}`;
    return problem(severity, id, message, text, organization ? [] : again);
  }
  const unclear = permissions.filter(({ allowed }) => !allowed);
  if (unclear.length === 0) return undefined;
  const keys = [...new Set(unclear.flatMap(({ missingContext }) => missingContext))];
  return {
    id,
    status: 'unknown',
    message: `whether ${whose} may use ${unclear.map(({ action }) => action).join(', ')} depends on ${keys.join(', ')}, which IAM cannot simulate`,
    advice: { text: `check that the conditions on ${keys.join(', ')} allow it`, commands: [] },
  };
}

/** The name of the role in an assumed role's ARN; `undefined` for any other principal. */
export function assumedRole(arn: string): string | undefined {
  return /^arn:[^:]+:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];
}
