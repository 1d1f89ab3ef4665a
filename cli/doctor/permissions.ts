/** What the functions and a scan need to be allowed, on what, and what IAM says to it. Pure. */

import { functionName, type QueueName } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { Control } from '../../lib/core/control.ts';
import { evaluatorOf } from '../../lib/services/catalogue.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { permissionsFor } from '../../lib/services/readers.ts';
import type { Seen } from '../aws/answer.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor } from './check.ts';
import type { ObservedRegion, Simulated } from './observed.ts';

/** The IAM actions that the function behind a queue needs beyond its own queue and the state table. */
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

/**
 * A resource such as the action is used on: policies that name resources allow nothing on `*`.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
 */
export function specimen(action: string, { account, region }: AccountRegion): string {
  const [service, call] = action.split(':');
  if (action === 'ec2:DescribeSnapshotAttribute') {
    return arnOf('ec2', region, '', 'snapshot/snap-0123456789abcdef0');
  }
  if (action === 'securityhub:BatchImportFindings') {
    return arnOf('securityhub', region, account, `product/${account}/default`);
  }
  if (call === 'ListClusters' || call === 'ListKeys' || call === 'ListAliases') return '*';
  if (call === 'DescribeNodegroup') {
    const id = '12345678-1234-1234-1234-123456789012';
    return arnOf('eks', region, account, `nodegroup/trailseal/trailseal/${id}`);
  }
  if (service === 'eks') return arnOf('eks', region, account, 'cluster/trailseal');
  if (service === 'kms') return arnOf('kms', region, account, 'key/1234abcd-12ab-34cd-56ef-1234567890ab');
  return '*';
}

/** The actions by the resource that each is tried on. */
export function bySpecimen(
  actions: readonly string[],
  accountRegion: AccountRegion,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const resource = specimen(action, accountRegion);
    groups.set(resource, [...(groups.get(resource) ?? []), action]);
  }
  return groups;
}

/** Evaluates what the roles of the functions may do. */
export function assessRoles({ permissions, functions, region }: ObservedRegion, stage: string): Finding[] {
  return queueNames.flatMap((name) => {
    const found: Seen<readonly Simulated[]> | undefined = permissions[name];
    if (found === undefined) return [];
    const id = `permissions/${name}`;
    if (!found.known) return [unknownFor(id, [found])];
    const deployed = functions[name];
    const role = (deployed?.known ? deployed.value?.role : undefined) ?? 'its role';
    const whose = `the function ${functionName(stage, name)} (${role})`;
    const undone = assess(id, found.value, whose, 'fail', [deployCommand(stage, region)]);
    return [undone ?? ok(id, `IAM allows ${whose} to read what it evaluates`)];
  });
}

/** Evaluates whether the caller may scan. */
export function assessCaller({ callersPermissions }: ObservedRegion): Finding {
  const id = 'permissions/scan';
  if (!callersPermissions.known) return unknownFor(id, [callersPermissions]);
  return (
    assess(id, callersPermissions.value, 'the caller', 'warn', []) ??
    ok(id, 'IAM allows the caller all that `trailseal scan` reads')
  );
}

function assess(
  id: string,
  permissions: readonly Simulated[],
  whose: string,
  severity: 'warn' | 'fail',
  again: readonly string[],
): Finding | undefined {
  const denied = permissions.filter(({ allowed, missingContext }) => !allowed && missingContext.length === 0);
  if (denied.length > 0) {
    const organization = denied.some(({ deniedByOrganization }) => deniedByOrganization);
    const what = organization
      ? 'have the policies of the organization (SCPs) allow it'
      : again.length > 0
        ? 'deploy again; if that does not help, look for a permissions boundary'
        : 'needed for `trailseal scan` only: have a policy allow it (SecurityAudit does)';
    const seen = `IAM does not allow ${whose}: ${denied.map(({ action }) => action).join(', ')}`;
    return trouble(severity, id, seen, what, organization ? [] : again);
  }
  const unclear = permissions.filter(({ allowed }) => !allowed);
  if (unclear.length === 0) return undefined;
  const keys = [...new Set(unclear.flatMap(({ missingContext }) => missingContext))];
  return {
    id,
    status: 'unknown',
    seen: `whether ${whose} may use ${unclear.map(({ action }) => action).join(', ')} depends on ${keys.join(', ')}, which cannot be simulated`,
    advice: { what: `see that the conditions on ${keys.join(', ')} let it pass`, commands: [] },
  };
}

/** The name of the role behind an assumed role's ARN, as STS tells it; `undefined` for any other principal. */
export function assumedRole(arn: string): string | undefined {
  return /^arn:[^:]+:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];
}
