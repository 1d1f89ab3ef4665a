/** Which events a reader of an archive asks for: by name, so that it can be told to another thread. */
export type WantedList = readonly { readonly eventSource: string; readonly eventNames: readonly string[] }[];

export interface WantedEvents {
  has(eventSource: string, eventName: string): boolean;
  /** `all`: every record is wanted. */
  readonly list: WantedList | 'all';
}

export function wantedEvents(list: WantedList | 'all'): WantedEvents {
  if (list === 'all') return { list, has: () => true };
  const names = new Map<string, Set<string>>();
  for (const { eventSource, eventNames } of list) {
    const known = names.get(eventSource) ?? new Set();
    for (const eventName of eventNames) known.add(eventName);
    names.set(eventSource, known);
  }
  return { list, has: (eventSource, eventName) => names.get(eventSource)?.has(eventName) ?? false };
}
