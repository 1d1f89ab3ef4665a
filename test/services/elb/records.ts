/** Events of load balancers, as short as a test can say them. */
import { listenerArnIn, loadBalancerArnIn } from './arns.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const listenerArn = listenerArnIn({ account, region });
export const loadBalancerArn = loadBalancerArnIn({ account, region });

/** A successful call of load balancing in the test's account and Region. */
export function elb(eventName: string, requestParameters: unknown, responseElements: unknown = null) {
  return {
    eventSource: 'elasticloadbalancing.amazonaws.com',
    eventName,
    awsRegion: region,
    recipientAccountId: account,
    requestParameters,
    responseElements,
  };
}

export const forward = [{ type: 'forward', targetGroupArn: 'arn' }];
export const redirect = (redirectConfig: unknown) => [{ type: 'redirect', redirectConfig }];

/** CreateListener, answered with the whole listener. */
export function create(described: object, arn = listenerArn) {
  const answered = { listenerArn: arn, loadBalancerArn, ...described };
  return elb('CreateListener', { loadBalancerArn, ...described }, { listeners: [answered] });
}

/** ModifyListener; without `after`, its answer is not in the record. */
export function modify(asked: object, after?: object, arn = listenerArn) {
  const answer = after && { listeners: [{ listenerArn: arn, loadBalancerArn, ...after }] };
  return elb('ModifyListener', { listenerArn: arn, ...asked }, answer ?? null);
}
