/**
 * The events that EventBridge forwards to an evaluator, derived from what its controls declare.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail", "Creating event
 * patterns".
 */
import type { Control } from '../core/control.ts';
import type { Service } from '../core/service.ts';
import { eventAliases, type SourceEvents, signInSource, wantedActors, wantedEvents } from './match.ts';

type Values = readonly (string | { readonly exists: boolean } | { readonly prefix: string })[];

/** An EventBridge event pattern. */
export interface EventPattern {
  readonly source: Values;
  readonly 'detail-type': readonly string[];
  readonly detail: Readonly<Record<string, Values | Readonly<Record<string, Values>>>>;
}

const calls = ['AWS API Call via CloudTrail', 'AWS Service Event via CloudTrail'] as const;

/**
 * The two spellings of the detail type of sign-ins, because AWS's documentation uses both.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail" (console sign-in).
 */
const signIns = ['AWS Console Sign In via CloudTrail', 'AWS Console Signin via CloudTrail'] as const;

const succeeded = { errorCode: [{ exists: false }] } as const;

/**
 * The patterns of the events that controls declare, triggers and deletion events, of calls that succeeded: one for
 * calls and service events, one for sign-ins and one for what actors do, as far as there are any. Each is a rule of
 * its own.
 * @param services those that have the sources of these events, for EventBridge's names of them.
 * @example eventPatterns(kmsControls, services)[0].detail.eventName // ['CancelKeyDeletion', …]
 */
export function eventPatterns(
  controls: readonly Control[],
  services: readonly Pick<Service, 'source'>[],
  aliases = eventAliases,
): readonly EventPattern[] {
  const wanted = wantedEvents(controls, [], aliases);
  const named = wanted.filter(({ eventSource }) => eventSource !== signInSource);
  const signedIn = wanted.filter(({ eventSource }) => eventSource === signInSource);
  const actors = wantedActors(controls);
  return [
    ...(named.length === 0 ? [] : [patternOf(named, services)]),
    ...signedIn.map(({ eventNames }) => ({
      source: ['aws.signin'],
      'detail-type': signIns,
      detail: { eventSource: [signInSource], eventName: eventNames, ...succeeded },
    })),
    ...(actors.length === 0
      ? []
      : [
          {
            source: [{ prefix: 'aws.' }],
            'detail-type': [...calls, ...signIns],
            detail: { userIdentity: { type: actors }, ...succeeded },
          },
        ]),
  ];
}

/**
 * The pattern of these calls, aliases included, as far as they succeeded.
 * @param services those that have the sources of these events.
 * @returns `undefined` where there are none.
 * @example patternOfCalls([{ eventSource: 'kms.amazonaws.com', eventNames: ['DisableKey'] }], services)?.source // ['aws.kms']
 */
export function patternOfCalls(
  calls: readonly SourceEvents[],
  services: readonly Pick<Service, 'source'>[],
  aliases = eventAliases,
): EventPattern | undefined {
  const wanted = wantedEvents([], calls, aliases);
  return wanted.length === 0 ? undefined : patternOf(wanted, services);
}

function patternOf(
  named: readonly SourceEvents[],
  services: readonly Pick<Service, 'source'>[],
): EventPattern {
  return {
    source: named.map(({ eventSource }) => eventBridgeSource(eventSource, services)),
    'detail-type': calls,
    detail: {
      eventSource: named.map(({ eventSource }) => eventSource),
      eventName: [...new Set(named.flatMap(({ eventNames }) => eventNames))],
      ...succeeded,
    },
  };
}

/** @throws TypeError for events of a source that no service has. */
function eventBridgeSource(eventSource: string, services: readonly Pick<Service, 'source'>[]): string {
  for (const { source } of services) {
    if (source.kind === 'aws' && source.eventSource === eventSource) return source.eventBridgeSource;
  }
  throw new TypeError(`no service has events of ${eventSource}`);
}
