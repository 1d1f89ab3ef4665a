/** What is worth remembering of an evaluation, as services say. */
import type { Evaluated, Memo } from '../core/service.ts';
import { serviceOf } from './catalogue.ts';
import { liveServices } from './live-services.ts';

const byId = new Map(liveServices.map((service) => [service.id, service]));

/** What the service of the evaluated resource wants remembered. */
export function memosOf(evaluated: Evaluated): readonly Memo[] {
  const service = serviceOf(evaluated.resource.type);
  return (service && byId.get(service.id)?.remember?.(evaluated)) ?? [];
}
