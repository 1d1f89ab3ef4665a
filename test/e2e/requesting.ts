/** Presses of Trailseal's buttons in Security Hub, as Security Hub tells EventBridge of them. */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { buttonNames, customActionResource } from '../../lib/aws/names.ts';
import type { Button } from '../../lib/policy/custom-actions.ts';
import { pressDetailType, pressSource } from '../../lib/remediation/custom-actions/message.ts';
import { stack } from './account.ts';
import { account, region } from './emulated-aws.ts';
import { stage } from './remediation-deployment.ts';
import { put } from './stack.ts';

/** Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub" (custom actions). */
export async function press(button: Button, finding: AwsSecurityFinding): Promise<void> {
  await put(stack, [
    {
      source: pressSource,
      detailType: pressDetailType,
      resources: [`arn:aws:securityhub:${region}:${account}:${customActionResource(stage, button)}`],
      detail: { actionName: buttonNames[button], actionDescription: 'A test', findings: [finding] },
    },
  ]);
}
