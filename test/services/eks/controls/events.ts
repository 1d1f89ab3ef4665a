/** EKS's and EC2's events, as short as a test can say them. */

export const account = '111122223333';
export const region = 'eu-west-1';
export const clusterArn = (name: string) => `arn:aws:eks:${region}:${account}:cluster/${name}`;

/** A successful call of EKS in the test's account and Region. */
export function eks(eventName: string, requestParameters: unknown, responseElements: unknown = null) {
  return {
    eventSource: 'eks.amazonaws.com',
    eventName,
    awsRegion: region,
    recipientAccountId: account,
    requestParameters,
    responseElements,
  };
}

/** A successful call of EC2 about launch templates, with EC2's wrappers around both sides. */
export function ec2(eventName: string, request: unknown, response: unknown) {
  return {
    ...eks(eventName, { [`${eventName}Request`]: request }, { [`${eventName}Response`]: response }),
    eventSource: 'ec2.amazonaws.com',
  };
}
