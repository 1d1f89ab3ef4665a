/** The events of Trailseal's custom actions, as Security Hub puts them on EventBridge. */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { customActionLabels, customActionResource } from '../../lib/aws/names.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { customActionDetailType, customActionSource } from '../../lib/remediation/custom-actions/message.ts';
import { stack } from './deployed-stack.ts';
import { account, region } from './emulated-aws.ts';
import { stage } from './remediation-deployment.ts';
import { put } from './stack.ts';

/**
 * Requests a custom action for a finding, as somebody does in Security Hub's console.
 * Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub" (custom actions).
 */
export async function requestCustomAction(
  customAction: CustomActionName,
  finding: AwsSecurityFinding,
): Promise<void> {
  await put(stack, [
    {
      source: customActionSource,
      detailType: customActionDetailType,
      resources: [`arn:aws:securityhub:${region}:${account}:${customActionResource(stage, customAction)}`],
      detail: {
        actionName: customActionLabels[customAction],
        actionDescription: 'A test',
        findings: [finding],
      },
    },
  ]);
}
