/** A publisher before a mocked Security Hub, with a clock that only waiting moves. */
import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  type BatchImportFindingsCommandInput,
  type BatchImportFindingsCommandOutput,
  SecurityHubClient,
  SecurityHubServiceException,
} from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { Publisher } from '../../lib/findings/publisher.ts';

export const account = '111122223333';
export const start = '2026-11-21T10:00:00.000Z';

/** The finding with this id, no more than Security Hub asks for. */
export function asffOf(id: string, more: Partial<AwsSecurityFinding> = {}): AwsSecurityFinding {
  return {
    SchemaVersion: '2018-10-08',
    Id: id,
    ProductArn: `arn:aws:securityhub:eu-central-1:${account}:product/${account}/default`,
    GeneratorId: 'trailseal/ec2-volume-encryption',
    AwsAccountId: account,
    CreatedAt: start,
    UpdatedAt: start,
    Title: 'EBS volumes should be encrypted',
    Description: 'It is not.',
    Resources: [{ Type: 'AwsEc2Volume', Id: id }],
    ...more,
  };
}

/** So many findings: `f1`, `f2`, … */
export function someFindings(count: number, more: Partial<AwsSecurityFinding> = {}) {
  return Array.from({ length: count }, (_, index) => asffOf(`f${index + 1}`, more));
}

/** What Security Hub answers to the ids of a call: which of them fail, with what code. It throws what is thrown. */
export type Hub = (ids: readonly string[], input: BatchImportFindingsCommandInput) => Record<string, string>;

/** Throws what the SDK throws for an error that Security Hub answers. */
export function throws(name: string, status: number, message = 'as the test has it'): never {
  throw new SecurityHubServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  });
}

export function publisherBefore(hub: Hub) {
  const client = new SecurityHubClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const calls: (readonly string[])[] = [];
  mockClient(client)
    .on(BatchImportFindingsCommand)
    .callsFake(
      (input: BatchImportFindingsCommandInput): Omit<BatchImportFindingsCommandOutput, '$metadata'> => {
        const ids = (input.Findings ?? []).map(({ Id }) => Id ?? '');
        calls.push(ids);
        const failed = Object.entries(hub(ids, input));
        return {
          FailedCount: failed.length,
          SuccessCount: ids.length - failed.length,
          FailedFindings: failed.map(([Id, ErrorCode]) => ({ Id, ErrorCode, ErrorMessage: `${Id} is bad` })),
        };
      },
    );
  const waits: number[] = [];
  let time = Date.parse(start);
  const publisher = new Publisher({
    clientOf: () => client,
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
    random: () => 1,
  });
  return {
    publish: (findings: readonly AwsSecurityFinding[]) => publisher.publish(findings),
    /** The ids of each call, in order. */
    calls,
    /** How long was waited, each time. */
    waits,
  };
}
