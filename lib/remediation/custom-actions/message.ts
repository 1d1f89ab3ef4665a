/**
 * What the operators' queue holds: custom actions, as Security Hub reports them, and events about requested actions, as
 * they come from Trailseal's own bus. Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub"
 * (custom actions).
 */

import { customActionResource, type Stage } from '../../aws/names.ts';
import type { AccountRegion } from '../../core/account-region.ts';
import { parseArn } from '../../core/arn.ts';
import { type CustomActionName, customActionNames } from '../../core/custom-action.ts';
import { at, list, text } from '../../core/json.ts';
import { type ActionEvent, actionDetailTypes, actionEventSchema } from '../events/action-event.ts';
import { transitionSource } from '../events/transition.ts';

export const customActionSource = 'aws.securityhub';
export const customActionDetailType = 'Security Hub Findings - Custom Action';

/** A custom action was used for some findings; who used it, Security Hub does not say. The account and Region are where. */
export interface CustomActionEvent extends AccountRegion {
  /** The event's id: the same when it comes again. */
  readonly id: string;
  readonly customAction: CustomActionName;
  /** When: ISO 8601, UTC. */
  readonly at: string;
  readonly findings: readonly SelectedFinding[];
}

/** One of the findings for which it was used, as much as identifies it. */
export interface SelectedFinding extends AccountRegion {
  readonly id: string;
  readonly productArn: string;
}

export type OperatorMessage =
  | { readonly kind: 'custom-action'; readonly event: CustomActionEvent }
  | { readonly kind: 'action-event'; readonly event: ActionEvent }
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * @param now epoch milliseconds.
 * @returns what the body says; `malformed`, with a reason for people, where it can't be read.
 * @example parseOperatorMessage(body, 'dev', Date.now()).kind // 'custom-action'
 */
export function parseOperatorMessage(body: string, stage: Stage, now: number): OperatorMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [source, detailType] = [text(value, 'source'), text(value, 'detail-type')];
  if (source === transitionSource && detailType !== undefined && actionTypes.has(detailType)) {
    const event = actionEventSchema.safeParse(at(value, 'detail'));
    if (event.success) return { kind: 'action-event', event: event.data };
    const [issue] = event.error.issues;
    return malformed(`its detail is no event about an action: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (source !== customActionSource || detailType !== customActionDetailType) {
    return malformed('it is neither a custom action of Security Hub nor an event about a requested action');
  }
  return parseCustomAction(value, stage, now);
}

const actionTypes: ReadonlySet<string> = new Set(Object.values(actionDetailTypes));

/**
 * Milliseconds by which AWS's clock may be ahead of ours. Exemptions count their days from the use of the custom action, so
 * that a later time would make them last longer.
 */
const ahead = 15 * 60_000;

function parseCustomAction(value: unknown, stage: Stage, now: number): OperatorMessage {
  const [id, time] = [text(value, 'id'), text(value, 'time')];
  const [account, region] = [text(value, 'account'), text(value, 'region')];
  if (!id || !account || !region) return malformed('its id, account or Region is missing');
  const usedAt = Date.parse(time ?? '');
  if (!(usedAt >= 0)) return malformed('its time is missing, or no time');
  if (usedAt > now + ahead) return malformed(`its time, ${String(time)}, is yet to come`);
  const arns = list(value, 'resources').map((arn) => parseArn(typeof arn === 'string' ? arn : ''));
  const customAction = customActionNames.find((name) =>
    arns.some(
      (arn) =>
        arn?.service === 'securityhub' &&
        arn.account === account &&
        arn.region === region &&
        arn.resource === customActionResource(stage, name),
    ),
  );
  if (customAction === undefined) return malformed(`it is of no custom action of this deployment (${stage})`);
  const findings = list(value, 'detail', 'findings').map(findingIn);
  const identified = findings.filter((finding) => finding !== undefined);
  if (identified.length === 0 || identified.length < findings.length) {
    return malformed('it names no finding, or one without Id, ProductArn, AwsAccountId or Region');
  }
  const event = {
    id,
    customAction,
    at: new Date(usedAt).toISOString(),
    account,
    region,
    findings: identified,
  };
  return { kind: 'custom-action', event };
}

function findingIn(finding: unknown): SelectedFinding | undefined {
  const [id, productArn, account] = ['Id', 'ProductArn', 'AwsAccountId'].map((name) => text(finding, name));
  // ASFF leaves the Region to the ARN of the product where the finding does not have it.
  const region = text(finding, 'Region') ?? parseArn(productArn ?? '')?.region;
  return id && productArn && account && region ? { id, productArn, account, region } : undefined;
}

function malformed(reason: string): OperatorMessage {
  return { kind: 'malformed', reason };
}
