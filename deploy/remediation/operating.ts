/** What the function `operator` may do, which receives requested actions: it writes notes on findings, exempts, and passes on all else. */
import { sendPermission } from '../../lib/aws/sqs.ts';
import { exemptionKeyPrefix, exemptionPermissions } from '../../lib/findings/state/exemptions.ts';
import { requestKeyPrefix, requestPermissions } from '../../lib/remediation/action-request-record.ts';
import { notePermissions } from '../../lib/remediation/custom-actions/notes.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants } from '../grants.ts';
import { ids } from '../ids.ts';
import type { Parameters } from '../parameters.ts';
import { stateTableArn } from '../state-table.ts';
import { arnOf, localArn } from '../template.ts';

export function operating(deployment: Deployment): readonly Grant[] {
  const { controls, functions } = deployment;
  const { stage } = deployment.parameters;
  const hub = localArn('securityhub', 'hub/default');
  return [
    {
      sid: 'NoteOnFindings',
      action: notePermissions.write,
      resource: hub,
      condition: { Null: Object.fromEntries(otherFields.map((field) => [asff(field), 'true'])) },
      why: 'what was requested and its result are noted on the finding, of which nothing else may be changed',
    },
    {
      sid: 'ReadFindings',
      action: notePermissions.read,
      resource: hub,
      why: 'a note that exists is kept',
    },
    {
      sid: 'StateTable',
      action: 'dynamodb:BatchGetItem',
      resource: stateTableArn(stage),
      why: 'the finding that a requested action is about',
    },
    ...exempting(deployment),
    ...requesting(deployment),
    {
      sid: 'Send',
      action: sendPermission,
      resource: [
        ...[...controls.keys()].map((evaluator) => arnOf(ids.queue(evaluator))),
        ...(functions.includes('remediate') ? [arnOf(ids.queue('remediate'))] : []),
      ],
      why: functions.includes('remediate')
        ? 'evaluators get what to re-evaluate, remediation what to carry out'
        : 'evaluators get what to re-evaluate',
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
export function itemsUnder({ stage }: Pick<Parameters, 'stage'>, prefix: string) {
  return {
    resource: stateTableArn(stage),
    condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': `${prefix}*` },
      // Which is true of no keys at all, too.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  } as const;
}

const ofExemptions = (parameters: Parameters) => itemsUnder(parameters, exemptionKeyPrefix);

/** Where there is something that operators may request. */
function requesting({ parameters, functions }: Deployment): readonly Grant[] {
  if (!functions.includes('remediate')) return [];
  return [
    {
      sid: 'StoreRequests',
      action: requestPermissions.store,
      ...itemsUnder(parameters, requestKeyPrefix),
      why: 'what an operator requests is kept, and remediation reads it there',
    },
  ];
}

/** Where operators may exempt, or undo that. */
function exempting({ parameters, policy: { customActions } }: Deployment): readonly Grant[] {
  if (!customActions.includes('exempt') && !customActions.includes('undo')) return [];
  return grants('Exempt', Object.values(exemptionPermissions), {
    ...ofExemptions(parameters),
    why: 'what operators exempt is kept, and nothing else of the state table is written',
  });
}

/** For whoever evaluates: what operators exempted, where they may. */
export function readingExemptions({ parameters, policy }: Deployment): readonly Grant[] {
  if (!policy.customActions.includes('exempt')) return [];
  return [
    {
      sid: 'ReadExemptions',
      action: exemptionPermissions.read,
      ...ofExemptions(parameters),
      why: 'what operators exempted counts before a verdict is recorded',
    },
  ];
}
