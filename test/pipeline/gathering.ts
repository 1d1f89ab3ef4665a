/** A provider of facts over mocked SDK clients, with a clock that only waiting moves. */
import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { EKSServiceException } from '@aws-sdk/client-eks';
import { KMSServiceException } from '@aws-sdk/client-kms';
import type { Cache } from '../../lib/aws/facts/lookups.ts';
import { accountRegionKey } from '../../lib/core/account-region.ts';
import type { ArnResource, Fact, FactName, ResourceType } from '../../lib/core/control.ts';
import type { FactRequest } from '../../lib/core/fact-provider.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { readers, related, tagReaders } from '../../lib/services/readers.ts';
import { callsOf, mockedClients } from '../services/mocked-clients.ts';

export const account = '111122223333';
export const region = 'us-east-1';
export const start = '2026-11-21T10:00:00.000Z';

/** A mocked AWS, anew for each test. What is not answered for resolves to nothing, as the SDK's mock does. */
export function mockAws(cache?: Cache) {
  const aws = mockedClients(region);
  const waits: number[] = [];
  const asked: string[] = [];
  let time = Date.parse(start);
  const provider = new AwsFacts({
    readers,
    tagReaders,
    related,
    clients: (accountRegion) => {
      asked.push(accountRegionKey(accountRegion));
      return aws.clients;
    },
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
    ...(cache === undefined ? {} : { cache }),
  });

  return {
    ...aws.mocks,
    /** How long was waited, each time. */
    waits,
    /** Where clients were asked for, once a call. */
    asked,
    /** The API calls made so far, as IAM names them. */
    calls: (): readonly string[] => callsOf(aws),
    gather: (requests: readonly FactRequest[]) => provider.gather(requests),
    readCurrent: (requests: readonly FactRequest[]) => provider.readCurrent(requests),
    provider,
    /** One fact of one resource; throws when it was not gathered, so that its test fails. */
    async read(resource: ArnResource, name: FactName): Promise<Fact<unknown>> {
      const [facts] = await provider.gather([{ resource, facts: [name] }]);
      const fact = facts?.[name];
      if (fact === undefined) throw new Error(`${name} was not gathered`);
      return fact;
    },
  };
}

export function resource(type: ResourceType, id: string, more: Partial<ArnResource> = {}): ArnResource {
  return { type, id, arn: `arn:aws:test:${region}:${account}:${id}`, account, region, ...more };
}

export const instance = (id: string) => resource('AwsEc2Instance', id);
export const volume = (id: string) => resource('AwsEc2Volume', id);
export const snapshot = (id: string) => resource('AwsEc2Snapshot', id);
export const template = (id: string) => resource('AwsEc2LaunchTemplate', id);
export const cluster = (id: string) => resource('AwsEksCluster', id);
export const nodegroup = (id: string) => resource('AwsEksNodegroup', id);

export const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
export const keyArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;
export const key = resource('AwsKmsKey', keyId, { arn: keyArn });

/** An id of EC2's own form: `numbered('i', 7)` is `i-00000000000000007`. */
export function numbered(prefix: string, number: number): string {
  return `${prefix}-${number.toString(16).padStart(17, '0')}`;
}

type Exception = typeof EC2ServiceException | typeof EKSServiceException | typeof KMSServiceException;

function refusal(Exception: Exception) {
  return (name: string, message: string) =>
    new Exception({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}
/** Errors as each service's client throws them. */
export const ec2Error = refusal(EC2ServiceException);
export const eksError = refusal(EKSServiceException);
export const kmsError = refusal(KMSServiceException);
