/** What the trail proves about listeners, by ARN. */
import type { TrailEvent } from '../../core/control.ts';
import { type Known, known, unknownFact } from '../../core/facts.ts';
import { at, flag, isObject, list, member, memberText } from '../../core/json.ts';
import type { TrailPart } from '../../core/service.ts';
import { type ContextEvents, sourceOf } from '../../core/trail-facts.ts';
import type { DefaultAction, Listener } from './facts.ts';
import { listenerInRequest, listenersCreated, listenersIn, loadBalancerInRequest } from './resources.ts';
import type { resourceTypes } from './types.ts';

const contextEvents: readonly ContextEvents[] = [
  {
    eventSource: 'elasticloadbalancing.amazonaws.com',
    eventNames: ['CreateListener', 'ModifyListener', 'DeleteListener', 'DeleteLoadBalancer'],
  },
];

const unknownListener: Listener = { protocol: null, port: null, sslPolicy: null, defaultActions: null };

export const trail: TrailPart<'elb', typeof resourceTypes> = {
  contextEvents,
  open() {
    const listeners = new Map<string, Known<Listener>>();

    const forgetLoadBalancer = (arn: string): void => {
      const parts = [...listeners.keys()].filter((listener) =>
        listener.startsWith(`${arn.replace(':loadbalancer/', ':listener/')}/`),
      );
      for (const listener of parts) listeners.delete(listener);
    };

    return {
      learn(event) {
        if (event.eventSource !== 'elasticloadbalancing.amazonaws.com') return;
        switch (event.eventName) {
          case 'CreateListener':
            for (const { arn } of listenersCreated(event)) {
              listeners.set(arn, known(listenerAfter(event, arn, unknownListener), sourceOf(event)));
            }
            break;
          case 'ModifyListener':
            for (const { arn } of listenerInRequest(event)) {
              const before = listeners.get(arn)?.value ?? unknownListener;
              listeners.set(arn, known(listenerAfter(event, arn, before), sourceOf(event)));
            }
            break;
          case 'DeleteListener':
            for (const { arn } of listenerInRequest(event)) listeners.delete(arn);
            break;
          case 'DeleteLoadBalancer':
            for (const { arn } of loadBalancerInRequest(event)) forgetLoadBalancer(arn);
        }
      },
      read: {
        'elb.listener': ({ arn }) =>
          listeners.get(arn) ??
          unknownFact('not-in-trail', 'the trail does not show how this listener was made'),
      },
      related: {},
    };
  },
};

/**
 * The listener as the response describes it, else as the request sets it, else as it was before: a request to modify
 * names what it changes, and leaves the rest. Source: API Reference, "CreateListener", "ModifyListener".
 */
function listenerAfter({ request, response }: TrailEvent, arn: string, before: Listener): Listener {
  const answered = listenersIn(response).find((item) => memberText(item, 'ListenerArn') === arn);
  const stated = (name: string): string | undefined =>
    memberText(answered, name) ?? memberText(request, name);
  const port = stated('Port');
  return {
    protocol: stated('Protocol') ?? before.protocol,
    port: port !== undefined && /^\d{1,5}$/.test(port) ? Number(port) : before.port,
    sslPolicy: stated('SslPolicy') ?? sslPolicyKept(stated('Protocol'), before),
    defaultActions: actionsIn(answered) ?? actionsIn(request) ?? actionsKept(request, before),
  };
}

/** The policy stays where the protocol does; one that takes none has none. */
function sslPolicyKept(protocol: string | undefined, before: Listener): string | null {
  return protocol === undefined || protocol === before.protocol ? before.sslPolicy : null;
}

/** CloudTrail leaves a note in the place of a request that is too big: then the actions may have changed. */
function actionsKept(request: unknown, before: Listener): Listener['defaultActions'] {
  return isObject(request) && flag(request, 'omitted') !== true ? before.defaultActions : null;
}

/** `undefined` where they are not known. */
function actionsIn(holder: unknown): readonly DefaultAction[] | undefined {
  const actions = list(member(holder, 'DefaultActions'));
  if (actions.length === 0) return undefined;
  return actions.map((action) => {
    const type = memberText(action, 'Type') ?? null;
    const redirect = member(action, 'RedirectConfig');
    // Source: API Reference, "RedirectActionConfig": what is left out keeps its value of the request.
    const kept = redirect === undefined || at(redirect, 'omitted') !== undefined ? null : '#{protocol}';
    return {
      type,
      redirectProtocol: type === 'redirect' ? (memberText(redirect, 'Protocol') ?? kept) : null,
    };
  });
}
