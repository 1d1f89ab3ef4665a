/** What remediation is to be allowed: the actions that the policy asks for, or that operators may request. */
import type { ActionId, AnyAction } from '../../lib/core/action.ts';
import type { Control } from '../../lib/core/control.ts';
import type { Write } from '../../lib/core/write.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import { tagAdapterOf } from '../../lib/services/tags.ts';
import { writeRoleOf } from '../../lib/services/write-services.ts';
import type { Deployment } from '../context.ts';

/** An action that changes something, for the controls whose resources one role writes to. */
export interface Wanted {
  readonly definition: AnyAction;
  readonly controls: readonly Control[];
  /** The name of the role that makes its writes: that of a service, or its own. */
  readonly role: string;
  readonly reads: readonly string[];
  readonly writes: readonly Write[];
  /**
   * Those of its undo, where operators may request one and a function may carry it out: for all else people have
   * permissions of their own.
   */
  readonly undoes: readonly Write[];
}

/** @throws TypeError for an action that is not defined. */
export function wantedOf({ actions, requested, policy }: Deployment): readonly Wanted[] {
  const undoable = policy.customActions.includes('undo');
  return [...new Set([...actions.keys(), ...requested.keys()])].flatMap((action): readonly Wanted[] => {
    if (action === 'notify') return [];
    const definition = definitionOf(action);
    const requesting = action === 'tag' ? [] : (requested.get(action) ?? []);
    const controls = [...new Set([...(actions.get(action) ?? []), ...requesting])];
    const byRole = Map.groupBy(controls, ({ resourceType }) => writeRoleOf(definition, resourceType));
    return [...byRole].map(([role, own]) => ({
      definition,
      controls: own,
      role,
      ...(definition.id === 'tag' ? tagging(own) : permissionsOf(definition, undoable)),
    }));
  });
}

/** The roles that are made, by their names, in alphabetical order. */
export function writeRoleNames(deployment: Deployment): readonly string[] {
  if (!deployment.functions.includes('remediate')) return [];
  return [...new Set(wantedOf(deployment).map(({ role }) => role))].sort();
}

type Permitted = Pick<Wanted, 'reads' | 'writes' | 'undoes'>;

function permissionsOf({ permissions: { reads, writes }, undo }: AnyAction, undoable: boolean): Permitted {
  if (!undoable || undo.kind !== 'restores' || undo.by === 'operator') return { reads, writes, undoes: [] };
  const ofUndo = undo.permissions;
  return { reads: [...new Set([...reads, ...ofUndo.reads])], writes, undoes: ofUndo.writes };
}

/** Of tags, only what the resources of the controls need. The policy itself has tags removed, when the failure is over. */
function tagging(controls: readonly Control[]): Permitted {
  const types = [...new Set(controls.map(({ resourceType }) => resourceType))];
  const adapters = types.flatMap((type) => tagAdapterOf(type)?.permissions ?? []);
  return {
    reads: [...new Set(adapters.flatMap(({ reads }) => reads))],
    writes: adapters.flatMap(({ set, remove }) => [set, remove]),
    undoes: [],
  };
}

function definitionOf(action: ActionId): AnyAction {
  const definition = actionOf(action);
  if (definition === undefined) throw new TypeError(`there is no action ${action}`);
  return definition;
}
