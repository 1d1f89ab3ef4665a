/** Fixture: the events that Trailseal published, as the state table has them. */
import { at } from '../../lib/core/json.ts';
import type { NotifyDeps } from '../../lib/notifications/notify.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { keyTextOf, type PublishedEvent } from '../../lib/remediation/events/event-record.ts';
import { transitionSchema } from '../../lib/remediation/events/transition.ts';

const stored = new Map<string, PublishedEvent>();

export const published: NotifyDeps['published'] = async (names) =>
  new Map(
    names.flatMap((name) => {
      const found = stored.get(keyTextOf(name));
      return found === undefined ? [] : [[keyTextOf(name), found] as const];
    }),
  );

export function store(one: PublishedEvent): void {
  const { kind, event } = one;
  stored.set(keyTextOf({ kind, id: event.id, finding: event.finding }), one);
}

/** Stores the event in a body, where there is one, and returns the body. */
export function stores(body: string): string {
  const detail = at(body.startsWith('{') ? JSON.parse(body) : undefined, 'detail');
  const transition = transitionSchema.safeParse(detail);
  const action = actionEventSchema.safeParse(detail);
  if (transition.success) store({ kind: 'transition', event: transition.data });
  if (action.success) store({ kind: 'action', event: action.data });
  return body;
}
