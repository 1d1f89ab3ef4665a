/** What the trail proves about EC2 and EBS. */
import type { Fact, Resource, TrailEvent } from '../../control.ts';
import { at, list, text } from '../../json.ts';
import { instance, instanceInRequest } from '../../trail/resources/ec2.ts';
import { instanceTypeSnapshot } from '../instance-types.ts';
import { known, unknownFact } from '../types.ts';
import { type Chronicle, type Lesson, sourceOf } from './chronicle.ts';

type Ec2FactNames = 'ec2.instance' | 'ec2.instanceType';

const lessons: readonly Lesson[] = [
  { eventSource: 'ec2.amazonaws.com', eventNames: ['RunInstances', 'ModifyInstanceAttribute'] },
];

/** The chronicle of EC2: instances by ARN. */
export const ec2Chronicle = {
  lessons,
  open(): Chronicle<Ec2FactNames> {
    const instances = new Map<string, Fact<{ instanceType: string }>>();

    const instanceFact = (resource: Resource): Fact<{ instanceType: string }> =>
      instances.get(resource.arn) ??
      unknownFact('not-in-trail', 'the trail does not show the launch of this instance, so its type is not known');

    /** RunInstances: the response names each instance's type; the request's may come from a template. */
    const learnLaunch = (event: TrailEvent): void => {
      for (const item of list(event.response, 'instancesSet')) {
        const id = text(item, 'instanceId');
        const instanceType = text(item, 'instanceType') ?? text(event.request, 'instanceType');
        if (id === undefined || instanceType === undefined) continue;
        instances.set(instance(event, id).arn, known({ instanceType }, sourceOf(event)));
      }
    };

    /**
     * ModifyInstanceAttribute: `instanceType.value`, or `attribute: "instanceType"` beside `value`, which
     * CloudTrail may log as `<sensitiveDataRemoved>`: then the old type is no longer true, the new one unknown.
     */
    const learnChange = (event: TrailEvent): void => {
      const direct = text(event.request, 'instanceType', 'value') ?? text(event.request, 'instanceType');
      const named = at(event.request, 'attribute') === 'instanceType' ? text(event.request, 'value') : undefined;
      const instanceType = direct ?? named;
      if (instanceType === undefined) return;
      for (const { arn } of instanceInRequest(event)) {
        instances.set(
          arn,
          /^[a-z0-9-]+\.[a-z0-9-]+$/.test(instanceType)
            ? known({ instanceType }, sourceOf(event))
            : unknownFact('unreadable', 'the trail shows that the instance type was changed, but not to which'),
        );
      }
    };

    return {
      learn(event) {
        if (event.eventSource !== 'ec2.amazonaws.com') return;
        if (event.eventName === 'RunInstances') learnLaunch(event);
        else if (event.eventName === 'ModifyInstanceAttribute') learnChange(event);
      },
      read: {
        'ec2.instance': instanceFact,
        'ec2.instanceType': (resource) => {
          const fact = instanceFact(resource);
          return fact.known ? instanceTypeSnapshot(fact.value.instanceType) : fact;
        },
      },
    };
  },
};
