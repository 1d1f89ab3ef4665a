/**
 * A CloudTrail record from who did what, where and when. Source of the fields and their order: AWS CloudTrail
 * User Guide, "CloudTrail record contents" (eventVersion 1.11), and real records.
 */
import { type JsonObject, text } from '../../lib/core/json.ts';
import type { Random } from './random.ts';

/** An account in a Region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface Moment extends Place {
  /** Epoch milliseconds, on a whole second, as CloudTrail's are. */
  readonly time: number;
  readonly requestId: string;
  /** The ARN of the one who acts; empty for AWS itself. */
  readonly callerArn: string;
}

/** What was done, as the service logs it. */
export interface Deed {
  /** `eventSource` without its domain: `ec2`. */
  readonly service: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly request: JsonObject | null;
  readonly response: JsonObject | null;
  readonly additional?: JsonObject;
  readonly resources?: readonly JsonObject[];
  readonly error?: { readonly code: string; readonly message?: string };
  /** Something that AWS did by itself; `{}` where it gives no details. */
  readonly serviceEvent?: { readonly details?: JsonObject };
  readonly signIn?: boolean;
  /** The id that the other account's record of the same deed bears too. */
  readonly sharedEventId?: string;
}

export type Act = (moment: Moment) => Deed;

/** Somebody, as a record shows them. */
export interface Caller {
  readonly identity: (moment: Pick<Moment, 'account' | 'region' | 'time'>) => JsonObject;
  readonly sourceIp: string;
  readonly userAgent: (deed: Pick<Deed, 'service' | 'name'>) => string;
  /** `api`: over TLS from outside. `console`: in the AWS console. `aws`: a service, within AWS. */
  readonly by: 'api' | 'console' | 'aws';
}

/** Something that happened. */
export interface Happening {
  readonly time: number;
  readonly place: Place;
  readonly record: JsonObject;
}

/** The record of an act; `random` gives it its ids. */
export function happening(time: number, place: Place, who: Caller, act: Act, random: Random): Happening {
  const userIdentity = who.identity({ ...place, time });
  const moment: Moment = {
    ...place,
    time,
    requestId: random.timeUuid(time, place.region),
    callerArn: text(userIdentity, 'arn') ?? '',
  };
  const deed = act(moment);
  const { service, error, serviceEvent } = deed;
  const eventSource = `${service}.amazonaws.com`;
  const record: JsonObject = {
    eventVersion: '1.11',
    userIdentity,
    eventTime: iso(time),
    eventSource,
    eventName: deed.name,
    awsRegion: place.region,
    sourceIPAddress: who.sourceIp,
    userAgent: who.userAgent(deed),
    ...(error === undefined ? {} : { errorCode: error.code }),
    ...(error?.message === undefined ? {} : { errorMessage: error.message }),
    requestParameters: deed.request,
    responseElements: deed.response,
    ...(deed.additional === undefined ? {} : { additionalEventData: deed.additional }),
    ...(serviceEvent === undefined && deed.signIn !== true
      ? { requestID: service === 's3' ? shortId(moment.requestId) : moment.requestId }
      : {}),
    eventID: random.uuid(),
    readOnly: deed.readOnly,
    ...(deed.resources === undefined ? {} : { resources: deed.resources }),
    eventType:
      serviceEvent !== undefined
        ? 'AwsServiceEvent'
        : deed.signIn === true
          ? 'AwsConsoleSignIn'
          : 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: place.account,
    ...(deed.sharedEventId === undefined ? {} : { sharedEventID: deed.sharedEventId }),
    ...(serviceEvent?.details === undefined ? {} : { serviceEventDetails: serviceEvent.details }),
    eventCategory: 'Management',
    ...(who.by === 'aws' || serviceEvent !== undefined
      ? {}
      : {
          tlsDetails: {
            tlsVersion: 'TLSv1.3',
            cipherSuite: 'TLS_AES_128_GCM_SHA256',
            clientProvidedHostHeader: hostOf(service, place.region),
          },
        }),
    ...(who.by === 'console' && deed.signIn !== true ? { sessionCredentialFromConsole: 'true' } : {}),
  };
  return { time, place, record };
}

/** S3 names its requests with 16 letters and digits. */
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
