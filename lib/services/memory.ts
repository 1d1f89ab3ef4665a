/** What services remember from evaluations. */
import type { EvaluatedChange, Memo } from '../core/service.ts';
import { serviceOf } from './catalogue.ts';
import { liveServices } from './live-services.ts';

const byId = new Map(liveServices.map((service) => [service.id, service]));

/**
 * What the resource's service remembers from an evaluation.
 * @returns the memos; none where the service remembers nothing.
 * @example memosOf({ control, resource, facts, evaluation, cause, readAt: Date.now() }) // [] for an EC2 volume
 */
export function memosOf(evaluated: EvaluatedChange): readonly Memo[] {
  const service = serviceOf(evaluated.resource.type);
  return (service && byId.get(service.id)?.remember?.(evaluated)) ?? [];
}
