/**
 * Findings of the template's linters that are accepted, each with its reason. They go into the template's metadata, where
 * checkov reads them. Source: checkov's documentation, "Suppressing and skipping policies".
 */
import type { Parameters } from './parameters.ts';
import type { Value } from './template.ts';

interface LintException {
  readonly id: string;
  readonly comment: string;
  /** Only while the customer brings no KMS key. */
  readonly withoutKey?: true;
}

const byType: Readonly<Record<string, readonly LintException[]>> = {
  'AWS::SQS::Queue': [
    {
      id: 'CKV_AWS_27',
      comment: 'Encrypted with SQS managed keys (SqsManagedSseEnabled), which this check does not know',
      withoutKey: true,
    },
  ],
  'AWS::DynamoDB::Table': [
    {
      id: 'CKV_AWS_119',
      comment: 'Encrypted with the AWS managed key; the parameter kmsKeyArn sets a customer managed key',
      withoutKey: true,
    },
  ],
  'AWS::Logs::LogGroup': [
    {
      id: 'CKV_AWS_158',
      comment:
        'CloudWatch Logs encrypts every log group; the parameter kmsKeyArn sets a customer managed key',
      withoutKey: true,
    },
  ],
  'AWS::Lambda::Function': [
    {
      id: 'CKV_AWS_115',
      comment:
        'MaximumConcurrency of its event source limits it, or its schedule does, without reserving concurrency of the account',
    },
    {
      id: 'CKV_AWS_116',
      comment:
        'Its queue has a DLQ: this setting is for asynchronous invocations, which only the watchdog has, whose next check makes up for a lost one',
    },
    {
      id: 'CKV_AWS_117',
      comment: 'It calls only public endpoints of AWS, and needs nothing in a VPC',
    },
    {
      id: 'CKV_AWS_173',
      comment: 'Its environment holds names and URLs, no secrets; Lambda encrypts it anyway',
    },
  ],
  'AWS::S3::Bucket': [
    {
      id: 'CKV_AWS_18',
      comment: 'It holds the code of the functions, which only deployments read and write',
    },
    { id: 'CKV_AWS_21', comment: 'Each deployment has a folder of its own, so that nothing is overwritten' },
  ],
};

/** The metadata of a resource of this type; `undefined` where there is no exception. */
export function exceptionsFor(
  type: string,
  { kmsKeyArn }: Parameters,
): { readonly checkov: Value } | undefined {
  const skip = (byType[type] ?? [])
    .filter(({ withoutKey }) => withoutKey === undefined || kmsKeyArn === undefined)
    .map(({ id, comment }) => ({ id, comment }));
  return skip.length === 0 ? undefined : { checkov: { skip } };
}
