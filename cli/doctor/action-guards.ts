/** Checks the kill switch, the circuit breakers, who is notified, and the custom actions in Security Hub. Pure. */
import { customActionLabels, killSwitchName, type Stage, tableName } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { disengaged, engaged } from '../../lib/remediation/kill-switch.ts';
import type { Answer, NoAnswer } from '../aws/answer.ts';
import { type CustomActionChange, changesTo } from '../custom-actions/changes.ts';
import { type CheckResult, deployCommand, ok, problem, stageOptions, unknownFor, word } from './check.ts';
import type { ObservedCustomActions, ObservedGuards, ObservedNotifications } from './observed.ts';

interface StageInRegion {
  readonly stage: Stage;
  readonly region: string;
}

export function assessGuards({ killSwitch, breakers }: ObservedGuards, at: StageInRegion): CheckResult[] {
  return [assessKillSwitch(killSwitch, at), ...assessBreakers(breakers, at)];
}

function assessKillSwitch(
  found: ObservedGuards['killSwitch'],
  { stage, region }: StageInRegion,
): CheckResult {
  const id = 'kill-switch';
  const name = killSwitchName(stage);
  const options = stageOptions(stage, region);
  if (!found.known) return unknownFor(id, [found]);
  if (found.value === undefined) {
    const message = `the kill switch ${name} does not exist, so that no resource is changed`;
    return problem('fail', id, message, 'deploy again', [deployCommand(stage, region)]);
  }
  const value = found.value.trim();
  if (value === disengaged) return ok(id, `the kill switch ${name} is disengaged`);
  const off = `trailseal kill-switch off ${options}`;
  if (value === engaged) {
    const message = `the kill switch ${name} is engaged: no resource is changed`;
    return problem('warn', id, message, 'see who engaged it and why; once that is settled, disengage it', [
      `trailseal kill-switch status ${options}`,
      off,
    ]);
  }
  const message = `the kill switch ${name} is neither "${disengaged}" nor "${engaged}", so that no resource is changed`;
  return problem('fail', id, message, 'disengage or engage it', [off, `trailseal kill-switch on ${options}`]);
}

function assessBreakers(found: ObservedGuards['breakers'], { stage, region }: StageInRegion): CheckResult[] {
  const id = 'breakers';
  const options = stageOptions(stage, region);
  if (!found.known) return [unknownFor(id, [found])];
  const { value: open } = found;
  if (open === undefined) {
    const message = `there is no state table ${tableName(stage)}`;
    return [problem('fail', id, message, 'deploy again', [deployCommand(stage, region)])];
  }
  const results = actionKinds.flatMap((kind) => {
    const breaker = open[kind];
    if (breaker === undefined) return [];
    const since = new Date(breaker.since).toISOString();
    const message = `the ${kind} breaker is open since ${since}, so that no ${kind} action is carried out but for CRITICAL findings: ${breaker.because}`;
    return [
      problem('warn', `breaker/${kind}`, message, 'find out what caused so many actions, then reset it', [
        `trailseal breaker show ${kind} ${options}`,
        `trailseal breaker reset ${kind} ${options}`,
      ]),
    ];
  });
  return results.length > 0 ? results : [ok(id, 'no circuit breaker is open')];
}

/** Checks that somebody is notified. */
export function assessNotifications(notifications: Answer<ObservedNotifications>): CheckResult {
  const id = 'notifications';
  if (!notifications.known) return unknownFor(id, [notifications]);
  const { topics, webhooks } = notifications.value;
  const found = topics.flatMap(({ arn, subscriptions }) =>
    subscriptions.known && subscriptions.value !== undefined ? [{ arn, ...subscriptions.value }] : [],
  );
  const confirmed = found.filter((topic) => topic.confirmed > 0);
  if (confirmed.length > 0 || webhooks > 0) {
    const receivers = [
      ...confirmed.map(
        (topic) => `${counted(topic.confirmed, 'subscription')} of the topic ${nameOf(topic.arn)}`,
      ),
      ...(webhooks > 0 ? [counted(webhooks, 'webhook')] : []),
    ];
    return ok(id, `notifications go to ${receivers.join(', ')}`);
  }
  const unanswered = topics.flatMap(({ subscriptions }): NoAnswer[] =>
    subscriptions.known ? [] : [subscriptions],
  );
  if (unanswered.length > 0) return unknownFor(id, unanswered);
  const nobody = 'nobody is notified of findings and actions';
  const pending = found.find((topic) => topic.pending > 0);
  if (pending !== undefined) {
    const message = `${nobody}: the topic ${nameOf(pending.arn)} has ${counted(pending.pending, 'unconfirmed subscription')}`;
    return problem(
      'warn',
      id,
      message,
      'confirm the subscription by the link in the e-mail from AWS Notifications',
    );
  }
  const [topic] = found;
  if (topic === undefined) {
    const missing = topics.map(({ arn }) => nameOf(arn)).join(', ');
    const message = `${nobody}: there is no topic${missing === '' ? '' : ` ${missing}`}`;
    return problem('fail', id, message, 'deploy again with a topic that exists');
  }
  const of = `--region ${word(parseArn(topic.arn)?.region ?? '')} --topic-arn ${word(topic.arn)}`;
  const message = `${nobody}: the topic ${nameOf(topic.arn)} has no subscription`;
  return problem(
    'warn',
    id,
    message,
    'subscribe to it and confirm the subscription, or deploy with notifyEmail',
    [`aws sns subscribe ${of} --protocol email --notification-endpoint ADDRESS`],
  );
}

function nameOf(arn: string): string {
  return parseArn(arn)?.resource ?? arn;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Checks that Security Hub has the custom actions of the policy, as `trailseal custom-actions sync` creates them. */
export function assessCustomActions(
  { wanted, existing }: ObservedCustomActions,
  accountRegion: AccountRegion,
  stage: Stage,
): CheckResult[] {
  const id = 'custom-actions';
  if (!existing.known) return [unknownFor(id, [existing])];
  // Where Security Hub is off, another check says so.
  if (existing.value === undefined) return [];
  const changes = changesTo(wanted, existing.value, stage, accountRegion);
  const labels = (kind: CustomActionChange['change']) =>
    changes
      .filter(({ change }) => change === kind)
      .map(({ customAction }) => customActionLabels[customAction])
      .join(', ');
  const sync = [`trailseal custom-actions sync ${stageOptions(stage, accountRegion.region)}`];
  const advice = 'synchronize them with the policy that is deployed';
  if (labels('create') !== '') {
    const message = `custom actions of the policy are missing in Security Hub, so that nobody can use them: ${labels('create')}`;
    return [problem('fail', id, message, advice, sync)];
  }
  if (labels('remove') !== '') {
    const message = `Security Hub has custom actions of this stage that the policy does not have: ${labels('remove')}`;
    return [problem('warn', id, message, advice, sync)];
  }
  if (labels('update') !== '') {
    const message = `custom actions of this stage have another name or description in Security Hub: ${labels('update')}`;
    return [problem('warn', id, message, advice, sync)];
  }
  return [ok(id, `Security Hub has the custom actions ${labels('none')}`)];
}
