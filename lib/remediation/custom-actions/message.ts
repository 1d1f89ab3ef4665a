/**
 * What the operators' queue holds: presses of buttons, as Security Hub tells them, and what came of orders, as Trailseal's
 * own bus tells it. Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub" (custom actions).
 */

import { customActionResource, type Stage } from '../../aws/names.ts';
import { parseArn } from '../../core/arn.ts';
import { at, list, text } from '../../core/json.ts';
import { type Button, buttons } from '../../policy/custom-actions.ts';
import { type ActionEvent, actionDetailType, actionEventSchema } from '../events/action-event.ts';
import { transitionSource } from '../events/transition.ts';

export const pressSource = 'aws.securityhub';
export const pressDetailType = 'Security Hub Findings - Custom Action';

/** A button was pressed for some findings; who pressed it, Security Hub does not say. */
export interface Press {
  /** The event's id: the same when it comes again. */
  readonly id: string;
  readonly button: Button;
  /** When: ISO 8601, UTC. */
  readonly at: string;
  /** Where it was pressed. */
  readonly account: string;
  readonly region: string;
  readonly findings: readonly Pressed[];
}

/** One of the findings for which it was pressed, as much as names it. */
export interface Pressed {
  readonly id: string;
  readonly productArn: string;
  readonly account: string;
  readonly region: string;
}

export type OperatorMessage =
  | { readonly kind: 'press'; readonly press: Press }
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
  if (source !== pressSource || detailType !== pressDetailType) {
    return malformed('it is neither the press of a button in Security Hub nor the answer to an order');
  }
  return parsePress(value, stage);
}

/** No button is pressed so late; a day that is counted from what is much later could not be written as YYYY-MM-DD. */
const noMore = Date.UTC(2200, 0);

function parsePress(value: unknown, stage: Stage): OperatorMessage {
  const [id, time] = [text(value, 'id'), text(value, 'time')];
  const [account, region] = [text(value, 'account'), text(value, 'region')];
  if (!id || !account || !region) return malformed('its id, account or Region is missing');
  const pressedAt = Date.parse(time ?? '');
  if (!(pressedAt >= 0 && pressedAt < noMore)) return malformed('its time is missing, or none');
  const pressed = list(value, 'resources').map((arn) => parseArn(typeof arn === 'string' ? arn : ''));
  const button = buttons.find((each) =>
    pressed.some(
      (arn) => arn?.service === 'securityhub' && arn.resource === customActionResource(stage, each),
    ),
  );
  if (button === undefined) return malformed(`it is of no button of this deployment (${stage})`);
  const findings = list(value, 'detail', 'findings').map(findingIn);
  const known = findings.filter((finding) => finding !== undefined);
  if (known.length === 0 || known.length < findings.length) {
    return malformed('it names no finding, or one without Id, ProductArn, AwsAccountId or Region');
  }
  return {
    kind: 'press',
    press: { id, button, at: new Date(pressedAt).toISOString(), account, region, findings: known },
  };
}

function findingIn(finding: unknown): Pressed | undefined {
  const [id, productArn, account] = ['Id', 'ProductArn', 'AwsAccountId'].map((name) => text(finding, name));
  // ASFF leaves the Region to the ARN of the product where the finding does not tell it.
  const region = text(finding, 'Region') ?? parseArn(productArn ?? '')?.region;
  return id && productArn && account && region ? { id, productArn, account, region } : undefined;
}

function malformed(reason: string): OperatorMessage {
  return { kind: 'malformed', reason };
}
