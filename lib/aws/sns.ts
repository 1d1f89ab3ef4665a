/** Publishing to SNS. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';

/** The IAM action that publishing needs. An encrypted topic's key needs kms:GenerateDataKey and kms:Decrypt besides. */
export const publishPermission = 'sns:Publish';

export interface SnsMessage {
  /** One line of fewer than 100 characters. Source: Amazon SNS API Reference, "Publish". */
  readonly subject: string;
  /** What every protocol gets, or what each gets, `default` those that are not named. */
  readonly body: string | { readonly default: string; readonly [protocol: string]: string };
  /** Texts, and lists of which a subscription's filter may match any. None may be empty. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** Publishes one message. Rejects with what the SDK throws. */
export async function publish(
  client: SNSClient,
  topicArn: string,
  { subject, body, attributes }: SnsMessage,
): Promise<void> {
  await client.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: subject,
      ...(typeof body === 'string'
        ? { Message: body }
        : { Message: JSON.stringify(body), MessageStructure: 'json' }),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [
          name,
          typeof value === 'string'
            ? { DataType: 'String', StringValue: value }
            : { DataType: 'String.Array', StringValue: JSON.stringify(value) },
        ]),
      ),
    }),
  );
}

/**
 * Whether SNS refused what it was asked, so that asking again is in vain until somebody changes something: a topic that
 * is not there, a permission or a key that is lacking, a message that is wrong.
 * Source: Amazon SNS API Reference, "Publish" (Errors); "Common errors".
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && refusals.has(error.name);
}

const refusals: ReadonlySet<string> = new Set([
  'AuthorizationErrorException',
  'AccessDeniedException',
  'EndpointDisabledException',
  'InvalidParameterException',
  'InvalidParameterValueException',
  'InvalidSecurityException',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
  'KMSOptInRequired',
  'NotFoundException',
  'PlatformApplicationDisabledException',
  'ValidationException',
]);
