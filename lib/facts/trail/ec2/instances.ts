/** What the trail proves about instances: their present type. */
import type { Fact, Resource, TrailEvent } from '../../../control.ts';
import { at, list, text } from '../../../json.ts';
import { instance, instanceInRequest } from '../../../trail/resources/ec2.ts';
import { known, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';

export const instanceLessons = ['RunInstances', 'ModifyInstanceAttribute'] as const;

/** Instances by ARN. */
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

  /**
   * ModifyInstanceAttribute: `instanceType.value`, or `attribute: "instanceType"` beside `value`, which
   * CloudTrail may log as `<sensitiveDataRemoved>`: then the old type is no longer true, the new one unknown.
   * The event may be about any other attribute, and then the type stays as it was known.
   */
  const learnChange = (event: TrailEvent): void => {
    const { request } = event;
    const direct = at(request, 'instanceType') ?? undefined;
    if (direct === undefined && at(request, 'attribute') !== 'instanceType') return;
    const instanceType =
      text(direct, 'value') ??
      text(direct) ??
      text(request, 'value') ??
      text(request, 'value', 'value') ??
      '';
    for (const { arn } of instanceInRequest(event)) {
      types.set(
        arn,
        /^[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}$/.test(instanceType)
          ? known({ instanceType }, sourceOf(event))
          : unknownFact('unreadable', 'the trail shows that the instance type was changed, but not to which'),
      );
    }
  };

  return {
    learn(event: TrailEvent): void {
      if (event.eventName === 'RunInstances') learnLaunch(event);
      else if (event.eventName === 'ModifyInstanceAttribute') learnChange(event);
    },
    type: (resource: Resource): Fact<{ readonly instanceType: string }> =>
      types.get(resource.arn) ??
      unknownFact(
        'not-in-trail',
        'the trail does not show the launch of this instance, so its type is not known',
      ),
  };
}
