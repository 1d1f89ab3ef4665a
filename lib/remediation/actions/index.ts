/** Every action: tagging, for every type of resource that can have tags, and those of the services. */
import type { ActionId, AnyAction } from '../../core/action.ts';
import { liveServices } from '../../services/live-services.ts';
import { tag } from './tag.ts';

/** In the order in which they are shown: the mildest first, and quarantine last. */
export const actions: readonly AnyAction[] = [
  tag,
  ...liveServices.flatMap((service) => service.actions),
].sort((a, b) => Number(a.id === 'quarantine') - Number(b.id === 'quarantine'));

/** The action of that name; `undefined` for one that is not defined here. */
export function actionOf(id: ActionId): AnyAction | undefined {
  return actions.find((action) => action.id === id);
}
