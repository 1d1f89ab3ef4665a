/**
 * Makes a CloudTrail record of an actor's call at a time. Source of the fields and their order: AWS CloudTrail
 * User Guide, "CloudTrail record contents" (eventVersion 1.11), and real records.
 */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { type JsonObject, text } from '../../lib/core/json.ts';
import type { Random } from './random.ts';

export interface Moment extends AccountRegion {
  /** Epoch milliseconds, on a whole second, as CloudTrail's are. */
  readonly time: number;
  readonly requestId: string;
  /** The actor's ARN; empty for AWS itself. */
  readonly callerArn: string;
}

/** An API call, a service event or a sign-in, as the service logs it. */
export interface SampleCall {
  /** `eventSource` without its domain: `ec2`. */
  readonly service: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly request: JsonObject | null;
  readonly response: JsonObject | null;
  readonly additional?: JsonObject;
  readonly resources?: readonly JsonObject[];
  readonly error?: { readonly code: string; readonly message?: string };
  /** Set for a service event, which no caller causes; `{}` where it has no details. */
  readonly serviceEvent?: { readonly details?: JsonObject };
  readonly signIn?: boolean;
  /** The id that the other account's record of the same call has, too. */
  readonly sharedEventId?: string;
}

export type Act = (moment: Moment) => SampleCall;

/** An actor as a record shows it. */
export interface Caller {
  readonly identity: (moment: Pick<Moment, 'account' | 'region' | 'time'>) => JsonObject;
  readonly sourceIp: string;
  readonly userAgent: (call: Pick<SampleCall, 'service' | 'name'>) => string;
  /** `api`: over TLS from outside. `console`: in the AWS console. `aws`: a service, within AWS. */
  readonly via: 'api' | 'console' | 'aws';
}

/** A record with its time, account and Region. */
export interface Happening {
  readonly time: number;
  readonly accountRegion: AccountRegion;
  readonly record: JsonObject;
}

/** The record of a call; its ids come from `random`. */
export function happening(
  time: number,
  accountRegion: AccountRegion,
  caller: Caller,
  act: Act,
  random: Random,
): Happening {
  const userIdentity = caller.identity({ ...accountRegion, time });
  const moment: Moment = {
    ...accountRegion,
    time,
    requestId: random.timeUuid(time, accountRegion.region),
    callerArn: text(userIdentity, 'arn') ?? '',
  };
  const call = act(moment);
  const { service, error, serviceEvent } = call;
  const eventSource = `${service}.amazonaws.com`;
  const record: JsonObject = {
    eventVersion: '1.11',
    userIdentity,
    eventTime: iso(time),
    eventSource,
    eventName: call.name,
    awsRegion: accountRegion.region,
    sourceIPAddress: caller.sourceIp,
    userAgent: caller.userAgent(call),
    ...(error === undefined ? {} : { errorCode: error.code }),
    ...(error?.message === undefined ? {} : { errorMessage: error.message }),
    requestParameters: call.request,
    responseElements: call.response,
    ...(call.additional === undefined ? {} : { additionalEventData: call.additional }),
    ...(serviceEvent === undefined && call.signIn !== true
      ? { requestID: service === 's3' ? shortId(moment.requestId) : moment.requestId }
      : {}),
    eventID: random.uuid(),
    readOnly: call.readOnly,
    ...(call.resources === undefined ? {} : { resources: call.resources }),
    eventType:
      serviceEvent !== undefined
        ? 'AwsServiceEvent'
        : call.signIn === true
          ? 'AwsConsoleSignIn'
          : 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountRegion.account,
    ...(call.sharedEventId === undefined ? {} : { sharedEventID: call.sharedEventId }),
    ...(serviceEvent?.details === undefined ? {} : { serviceEventDetails: serviceEvent.details }),
    eventCategory: 'Management',
    ...(caller.via === 'aws' || serviceEvent !== undefined
      ? {}
      : {
          tlsDetails: {
            tlsVersion: 'TLSv1.3',
            cipherSuite: 'TLS_AES_128_GCM_SHA256',
            clientProvidedHostHeader: hostOf(service, accountRegion.region),
          },
        }),
    ...(caller.via === 'console' && call.signIn !== true ? { sessionCredentialFromConsole: 'true' } : {}),
  };
  return { time, accountRegion, record };
}

/** S3's request ids have 16 letters and digits. */
function shortId(id: string): string {
  return id.replaceAll('-', '').slice(0, 16).toUpperCase();
}

const globalHosts: Readonly<Record<string, string>> = {
  iam: 'iam.amazonaws.com',
  signin: 'signin.aws.amazon.com',
  organizations: 'organizations.us-east-1.amazonaws.com',
};

function hostOf(service: string, region: string): string {
  return globalHosts[service] ?? `${service}.${region}.amazonaws.com`;
}

/** A time as CloudTrail writes it: `2026-10-02T09:14:20Z`. */
export function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** A date as KMS and STS write it: `Oct 2, 2026, 9:14:20 AM`. */
export function inWords(time: number): string {
  return (
    new Date(time)
      .toLocaleString('en-US', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'medium' })
      // Newer ICU data put a narrow no-break space before AM and PM; CloudTrail writes a plain one.
      .replaceAll('\u202f', ' ')
  );
}
