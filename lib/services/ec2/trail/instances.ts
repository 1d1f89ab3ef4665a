/** What the trail proves about instances: their present type. */
import type { ArnResource, Fact, TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { list, text } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import { instance, instanceInRequest, typeChange } from '../resources/instances.ts';

export const instanceContextEvents = ['RunInstances', 'ModifyInstanceAttribute'] as const;

/**
 * Opens a reader of the present types of instances.
 * @returns a reader without events; an instance without events is unknown.
 * @example openInstances().type(resource).known // false
 */
export function openInstances() {
  const types = new Map<string, Fact<{ readonly instanceType: string }>>();

  /** RunInstances: the response names each instance's type; the request's may come from a template. */
  const learnLaunch = (event: TrailEvent): void => {
    for (const item of list(event.response, 'instancesSet')) {
      const id = text(item, 'instanceId');
      const instanceType = text(item, 'instanceType') ?? text(event.request, 'instanceType');
      if (id === undefined || instanceType === undefined) continue;
      types.set(instance(event, id).arn, known({ instanceType }, sourceOf(event)));
    }
  };

  /** ModifyInstanceAttribute: after a change that hides the new type, the old one is no longer known to be true. */
  const learnChange = (event: TrailEvent): void => {
    const change = typeChange(event);
    if (change === undefined) return;
    const fact =
      change.to === undefined
        ? unknownFact('unreadable', change.stated ? changedUnreadably : perhapsChanged)
        : known({ instanceType: change.to }, sourceOf(event));
    for (const { arn } of instanceInRequest(event)) types.set(arn, fact);
  };

  return {
    learn(event: TrailEvent): void {
      if (event.eventName === 'RunInstances') learnLaunch(event);
      else if (event.eventName === 'ModifyInstanceAttribute') learnChange(event);
    },
    type: (resource: ArnResource): Fact<{ readonly instanceType: string }> =>
      types.get(resource.arn) ?? unknownFact('not-in-trail', 'the trail does not show its launch'),
  };
}

const changedUnreadably = 'the trail shows that the instance type was changed, but not to which';
const perhapsChanged =
  'the trail shows that an attribute of the instance was changed, but not which, so it may be the type';
