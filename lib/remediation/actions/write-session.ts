/**
 * What is written to resources is written with the role of the service, or of the action, alone, in a session of its own for each run of an
 * action, which may call what the action needs alone: CloudTrail tells by the session's name which run a call belongs to, and no role may do it all. What is only
 * read before and afterwards is read with the function's own role.
 */
import type { Clients } from '../../aws/clients.ts';
import type { RoleSession } from '../../aws/sts.ts';
import type { ActionDeps, AnyAction, Target } from '../../core/action.ts';
import { writeActions } from '../../core/write.ts';
import { writeRoleOf } from '../../services/write-services.ts';

/** Clients that write, for one session of a role, by the role's name: `kms`. */
export type WriteClients = (role: string, session: RoleSession) => Clients;

/**
 * The environment variable with the ARN of a role that writes.
 * @param role its name, as of `writeRoleOf`.
 * @example writeRoleVariable('ec2') // 'TRAILSEAL_WRITE_ROLE_EC2'
 */
export function writeRoleVariable(role: string): string {
  return `TRAILSEAL_WRITE_ROLE_${role.replaceAll('-', '_').toUpperCase()}`;
}

/**
 * What the session of a run is called: the run first, by which the function's log and the run history have it. Two to 64
 * characters of those that STS takes. Source: STS API Reference, "AssumeRole": RoleSessionName.
 * @example sessionName('8a7b…', { id: 'fix:enable-key' }) // '8a7b….enable-key'
 */
export function sessionName(run: string, { id }: Pick<AnyAction, 'id'>): string {
  return `${run}.${id.replace(/^fix:/, '')}`.replaceAll(/[^\w+=,.@-]+/g, '-').slice(0, 64);
}

/**
 * The IAM actions of an action, and of its undo where a function may carry that out: of all that the role allows, no session
 * has more.
 * @example actionsOf(enableKey) // ['kms:DescribeKey', 'kms:EnableKey']
 */
export function actionsOf({ permissions, undo }: AnyAction): readonly string[] {
  const needed =
    undo.kind === 'restores' && undo.by === 'function' ? [permissions, undo.permissions] : [permissions];
  return [...new Set(needed.flatMap(({ reads, writes }) => [...reads, ...writeActions(writes)]))].sort();
}

/**
 * The action, whose `apply` and undo write with clients of a session of their own; the session begins with the first call.
 * @param run what this run is called, unlike any other.
 * @example actions.map((action) => inWriteSession(action, requestId, writeClients))
 */
export function inWriteSession(action: AnyAction, run: string, writeClients: WriteClients): AnyAction {
  const made = new Map<string, Clients>();
  const session = { name: sessionName(run, action), actions: actionsOf(action) };
  const writing = ({ resource }: Target, deps: ActionDeps): ActionDeps => {
    const role = writeRoleOf(action, resource.type);
    const clients = made.get(role) ?? writeClients(role, session);
    made.set(role, clients);
    return { ...deps, clients };
  };
  const { undo } = action;
  return {
    ...action,
    apply: (target, before, deps) => action.apply(target, before, writing(target, deps)),
    undo:
      undo.kind === 'restores' && undo.by === 'function'
        ? { ...undo, restore: (target, before, deps) => undo.restore(target, before, writing(target, deps)) }
        : undo,
  };
}
