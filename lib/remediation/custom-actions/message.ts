/**
 * What the operators' queue holds: presses of custom actions, as Security Hub tells them, and what came of orders, as Trailseal's
 * own bus tells it. Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub" (custom actions).
 */

import { customActionResource, type Stage } from '../../aws/names.ts';
import { parseArn } from '../../core/arn.ts';
import { at, list, text } from '../../core/json.ts';
import { type CustomActionName, customActionNames } from '../../policy/custom-actions.ts';
import { type ActionEvent, actionDetailType, actionEventSchema } from '../events/action-event.ts';
import { transitionSource } from '../events/transition.ts';

export const customActionSource = 'aws.securityhub';
export const customActionDetailType = 'Security Hub Findings - Custom Action';

/** A custom action was pressed for some findings; who pressed it, Security Hub does not say. */
export interface CustomActionEvent {
  /** The event's id: the same when it comes again. */
  readonly id: string;
  readonly customAction: CustomActionName;
  /** When: ISO 8601, UTC. */
  readonly at: string;
  /** Where it was pressed. */
  readonly account: string;
  readonly region: string;
  readonly findings: readonly SelectedFinding[];
}

/** One of the findings for which it was pressed, as much as names it. */
export interface SelectedFinding {
  readonly id: string;
  readonly productArn: string;
  readonly account: string;
  readonly region: string;
}

export type OperatorMessage =
  | { readonly kind: 'customActionEvent'; readonly customActionEvent: CustomActionEvent }
  | { readonly kind: 'answer'; readonly answer: ActionEvent }
  | { readonly kind: 'malformed'; readonly reason: string };

/** @returns what the body says; `malformed`, with a reason for people, where nothing can be made of it. */
export function parseOperatorMessage(body: string, stage: Stage): OperatorMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [source, detailType] = [text(value, 'source'), text(value, 'detail-type')];
  if (source === transitionSource && detailType === actionDetailType) {
    const answer = actionEventSchema.safeParse(at(value, 'detail'));
    if (answer.success) return { kind: 'answer', answer: answer.data };
    const [issue] = answer.error.issues;
    return malformed(`its detail tells of no action: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (source !== customActionSource || detailType !== customActionDetailType) {
    return malformed('it is neither the press of a custom action in Security Hub nor the answer to an order');
  }
  return parseCustomActionEvent(value, stage);
}

/** No custom action is pressed so late; a day that is counted from what is much later could not be written as YYYY-MM-DD. */
const noMore = Date.UTC(2200, 0);

function parseCustomActionEvent(value: unknown, stage: Stage): OperatorMessage {
  const [id, time] = [text(value, 'id'), text(value, 'time')];
  const [account, region] = [text(value, 'account'), text(value, 'region')];
  if (!id || !account || !region) return malformed('its id, account or Region is missing');
  const requestedAt = Date.parse(time ?? '');
  if (!(requestedAt >= 0 && requestedAt < noMore)) return malformed('its time is missing, or none');
  const selected = list(value, 'resources').map((arn) => parseArn(typeof arn === 'string' ? arn : ''));
  const customAction = customActionNames.find((each) =>
    selected.some(
      (arn) => arn?.service === 'securityhub' && arn.resource === customActionResource(stage, each),
    ),
  );
  if (customAction === undefined) return malformed(`it is of no custom action of this deployment (${stage})`);
  const findings = list(value, 'detail', 'findings').map(findingIn);
  const known = findings.filter((finding) => finding !== undefined);
  if (known.length === 0 || known.length < findings.length) {
    return malformed('it names no finding, or one without Id, ProductArn, AwsAccountId or Region');
  }
  return {
    kind: 'customActionEvent',
    customActionEvent: {
      id,
      customAction,
      at: new Date(requestedAt).toISOString(),
      account,
      region,
      findings: known,
    },
  };
}

function findingIn(finding: unknown): SelectedFinding | undefined {
  const [id, productArn, account] = ['Id', 'ProductArn', 'AwsAccountId'].map((name) => text(finding, name));
  // ASFF leaves the Region to the ARN of the product where the finding does not tell it.
  const region = text(finding, 'Region') ?? parseArn(productArn ?? '')?.region;
  return id && productArn && account && region ? { id, productArn, account, region } : undefined;
}

function malformed(reason: string): OperatorMessage {
  return { kind: 'malformed', reason };
}
