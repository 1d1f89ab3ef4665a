/** Records as short as evaluating allows, for histories that the samples in `events/` do not tell. */

export const account = '111122223333';
export const region = 'us-east-1';

/** A successful call to EC2. `where` changes account, Region or whatever else of the record. */
export function ec2(
  eventName: string,
  requestParameters: unknown,
  responseElements: unknown = { _return: true },
  where: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    eventSource: 'ec2.amazonaws.com',
    eventName,
    awsRegion: region,
    recipientAccountId: account,
    requestParameters,
    responseElements,
    ...where,
  };
}

/** RunInstances of one instance whose root device is `/dev/xvda`. */
export function launch(
  id: string,
  blockDeviceMapping: unknown,
  more: Readonly<Record<string, unknown>> = {},
  instance: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return ec2(
    'RunInstances',
    { blockDeviceMapping, ...more },
    {
      instancesSet: {
        items: [
          {
            instanceId: id,
            instanceType: 'm6i.large',
            rootDeviceType: 'ebs',
            rootDeviceName: '/dev/xvda',
            blockDeviceMapping: {},
            ...instance,
          },
        ],
      },
    },
  );
}

/** BidEvictedEvent: EC2 reclaims Spot Instances. No caller, no request and no response. */
export function evicted(...instanceIdSet: readonly string[]): Readonly<Record<string, unknown>> {
  return ec2('BidEvictedEvent', null, null, {
    eventType: 'AwsServiceEvent',
    serviceEventDetails: { instanceIdSet },
  });
}

/** CreateLaunchTemplate as CloudTrail wraps it. */
export function template(
  id: string,
  LaunchTemplateData: unknown,
  LaunchTemplateName = 'web',
): Readonly<Record<string, unknown>> {
  return ec2(
    'CreateLaunchTemplate',
    { CreateLaunchTemplateRequest: { LaunchTemplateName, LaunchTemplateData } },
    {
      CreateLaunchTemplateResponse: {
        launchTemplate: {
          launchTemplateId: id,
          launchTemplateName: LaunchTemplateName,
          latestVersionNumber: 1,
          defaultVersionNumber: 1,
        },
      },
    },
  );
}

/** CreateLaunchTemplateVersion as CloudTrail wraps it. */
export function templateVersion(
  id: string,
  versionNumber: number,
  request: Readonly<Record<string, unknown>>,
  answered: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return ec2(
    'CreateLaunchTemplateVersion',
    { CreateLaunchTemplateVersionRequest: { LaunchTemplateId: id, ...request } },
    {
      CreateLaunchTemplateVersionResponse: {
        launchTemplateVersion: {
          launchTemplateId: id,
          launchTemplateName: 'web',
          versionNumber,
          defaultVersion: false,
          ...answered,
        },
      },
    },
  );
}

export const enableByDefault = ec2('EnableEbsEncryptionByDefault', {
  EnableEbsEncryptionByDefaultRequest: '',
});
export const disableByDefault = ec2('DisableEbsEncryptionByDefault', {
  DisableEbsEncryptionByDefaultRequest: '',
});

export const keyArn = `arn:aws:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
export const otherKeyArn = `arn:aws:kms:${region}:${account}:key/0987dcba-09fe-87dc-65ba-ab0987654321`;

/** CreateKey: the proof that a key is customer managed. */
export function keyCreated(arn: string, keyManager?: string): Readonly<Record<string, unknown>> {
  return ec2(
    'CreateKey',
    {},
    { keyMetadata: { arn, ...(keyManager === undefined ? {} : { keyManager }) } },
    { eventSource: 'kms.amazonaws.com', resources: [{ ARN: arn, type: 'AWS::KMS::Key' }] },
  );
}

/** ModifyEbsDefaultKmsKeyId as CloudTrail wraps it. */
export function defaultKey(requested: string, answered?: string): Readonly<Record<string, unknown>> {
  return ec2(
    'ModifyEbsDefaultKmsKeyId',
    { ModifyEbsDefaultKmsKeyIdRequest: { KmsKeyId: requested } },
    { ModifyEbsDefaultKmsKeyIdResponse: answered === undefined ? {} : { kmsKeyId: answered } },
  );
}
