/**
 * Where the events of load balancers name their resources: always by ARN. Classic Load Balancers have the same event
 * source, and DeleteLoadBalancer under the same name, but tell a name and no ARN, so that they name nothing here. Sources: Elastic Load Balancing User Guide, "Logging API calls using CloudTrail" (samples of
 * CreateLoadBalancer and DeleteLoadBalancer); cloud-custodian tests/data/cwe (AddTags). No real sample of a listener's
 * events is published: their names follow from the API model, and either spelling is taken (`listenerArn`, `ListenerArn`).
 */
import type { ArnResource } from '../../core/control.ts';
import type { TrailEvent } from '../../core/event.ts';
import { list, member, memberText } from '../../core/json.ts';
import { listenerOfArn, loadBalancerOfArn } from './names.ts';

/**
 * CreateListener: every listener that the response names, with the tags that the request gives them.
 * @example { kind: 'api-call', eventSource, eventNames: ['CreateListener'], resources: listenersCreated }
 */
export function listenersCreated({ request, response }: TrailEvent): readonly ArnResource[] {
  const tags = tagsIn(list(member(request, 'Tags')));
  return listenersIn(response).flatMap((item) => {
    const listener = listenerOfArn(memberText(item, 'ListenerArn'));
    if (listener === undefined) return [];
    return [tags === undefined ? listener : { ...listener, tags }];
  });
}

/**
 * ModifyListener, DeleteListener: the listener that the request, else the response, names.
 * @example { kind: 'api-call', eventSource, eventNames: ['ModifyListener'], resources: listenerInRequest }
 */
export function listenerInRequest({ request, response }: TrailEvent): readonly ArnResource[] {
  const named = [request, ...listenersIn(response)].map((item) => memberText(item, 'ListenerArn'));
  return named.flatMap((arn) => listenerOfArn(arn) ?? []).slice(0, 1);
}

/**
 * DeleteLoadBalancer: the load balancer that the request names; its listeners are deleted with it.
 * @example { kind: 'api-call', eventSource, eventNames: ['DeleteLoadBalancer'], resources: loadBalancerInRequest }
 */
export function loadBalancerInRequest({ request }: TrailEvent): readonly ArnResource[] {
  return [loadBalancerOfArn(memberText(request, 'LoadBalancerArn'))].filter((found) => found !== undefined);
}

/**
 * The listeners as a response describes them.
 * @example listenersIn({ listeners: [{ port: 443, protocol: 'HTTPS' }] }) // [{ port: 443, protocol: 'HTTPS' }]
 */
export function listenersIn(response: unknown): readonly unknown[] {
  return list(member(response, 'Listeners'));
}

/** Tags as they are written, `[{key, value}]`; `undefined` when there are none. */
function tagsIn(items: readonly unknown[]): Readonly<Record<string, string>> | undefined {
  const pairs = items.flatMap((item): [string, string][] => {
    const key = memberText(item, 'Key');
    return key === undefined ? [] : [[key, memberText(item, 'Value') ?? '']];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
