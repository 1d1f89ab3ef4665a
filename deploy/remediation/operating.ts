/** The permissions of the function that handles custom actions: it notes on findings, exempts, and passes on all else. */
import { sendPermission } from '../../lib/aws/sqs.ts';
import { exemptionKeyPrefix, exemptionPermissions } from '../../lib/findings/state/exemptions.ts';
import { notePermissions } from '../../lib/remediation/custom-actions/notes.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants } from '../grants.ts';
import { ids } from '../ids.ts';
import { arnOf, localArn } from '../template.ts';

export function operating(deployment: Deployment): readonly Grant[] {
  const { controls, functions } = deployment;
  const hub = localArn('securityhub', 'hub/default');
  return [
    {
      sid: 'NoteOnFindings',
      action: notePermissions.write,
      resource: hub,
      condition: { Null: Object.fromEntries(otherFields.map((field) => [asff(field), 'true'])) },
      why: 'notes custom actions and their results on findings, and may change nothing else of them',
    },
    {
      sid: 'ReadFindings',
      action: notePermissions.read,
      resource: hub,
      why: 'a note that is there is kept',
    },
    {
      sid: 'StateTable',
      action: 'dynamodb:BatchGetItem',
      resource: arnOf(ids.stateTable),
      why: 'reads the findings of a custom action',
    },
    ...exempting(deployment),
    {
      sid: 'Send',
      action: sendPermission,
      resource: [
        ...[...controls.keys()].map((evaluator) => arnOf(ids.queue(evaluator))),
        ...(functions.includes('remediate') ? [arnOf(ids.queue('remediate'))] : []),
      ],
      why: functions.includes('remediate')
        ? 'requests re-evaluations from the evaluators, and actions from remediation'
        : 'requests re-evaluations from the evaluators',
    },
  ];
}

/**
 * What BatchUpdateFindings can change besides the note; fields have to be named to their last part. Sources: AWS Security
 * Hub User Guide, "Configuring access to BatchUpdateFindings"; AWS Managed Policy Reference,
 * "AWSSystemsManagerOpsDataSyncServiceRolePolicy" (how maps are named).
 */
const otherFields = [
  'Confidence',
  'Criticality',
  'RelatedFindings',
  'RelatedFindings.Id',
  'RelatedFindings.ProductArn',
  'Severity.Label',
  'Severity.Normalized',
  'Severity.Product',
  'Types',
  'UserDefinedFields.key',
  'UserDefinedFields.value',
  'VerificationState',
  'Workflow.Status',
];

function asff(field: string): string {
  return `securityhub:ASFFSyntaxPath/${field}`;
}

/** Of items, by their partition keys. Source: Amazon DynamoDB Developer Guide, "Using IAM policy conditions". */
const ofExemptions = {
  resource: arnOf(ids.stateTable),
  condition: {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': `${exemptionKeyPrefix}*` },
    // Which is true of no keys at all, too.
    Null: { 'dynamodb:LeadingKeys': 'false' },
  },
} as const;

/** Where operators may exempt, or take that back by an undo. */
function exempting({ policy: { customActions } }: Deployment): readonly Grant[] {
  if (!customActions.includes('exempt') && !customActions.includes('undo')) return [];
  return grants('Exempt', Object.values(exemptionPermissions), {
    ...ofExemptions,
    why: 'what operators exempt is kept, and nothing else of the state table is written',
  });
}

/** For the evaluators: the exemptions by operators, where the policy allows them. */
export function readingExemptions({ policy }: Deployment): readonly Grant[] {
  if (!policy.customActions.includes('exempt')) return [];
  return [
    {
      sid: 'ReadExemptions',
      action: exemptionPermissions.read,
      ...ofExemptions,
      why: 'what operators exempted counts before a verdict is recorded',
    },
  ];
}
