/** What holds actions back, whom they are told, and the custom actions by which they are ordered. Pure. */

import { customActionLabels, killSwitchName, type Stage, tableName } from '../../lib/aws/names.ts';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { disengaged, engaged } from '../../lib/remediation/kill-switch.ts';
import type { Seen, Unseen } from '../aws/answer.ts';
import { type AccountRegion, stepsTo } from '../custom-actions/changes.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { ObservedCustomActions, ObservedGuards, ObservedTold } from './observed.ts';

interface Where {
  readonly stage: Stage;
  readonly region: string;
}

/** Evaluates the kill switch and the breakers. */
export function assessGuards({ killSwitch, breakers }: ObservedGuards, where: Where): Finding[] {
  return [assessKillSwitch(killSwitch, where), ...assessBreakers(breakers, where)];
}

function assessKillSwitch(found: ObservedGuards['killSwitch'], { stage, region }: Where): Finding {
  const id = 'kill-switch';
  const name = killSwitchName(stage);
  const of = `--stage ${word(stage)} --region ${word(region)}`;
  if (!found.known) return unknownFor(id, [found]);
  if (found.value === undefined) {
    const seen = `there is no kill switch ${name}, so that nothing is changed`;
    return trouble('fail', id, seen, 'deploy again', [deployCommand(stage, region)]);
  }
  const value = found.value.trim();
  if (value === disengaged) return ok(id, `the kill switch ${name} is disengaged`);
  const release = `trailseal kill-switch off ${of}`;
  if (value === engaged) {
    const seen = `the kill switch ${name} is engaged: nothing is changed`;
    return trouble('warn', id, seen, 'see who engaged it and why; once that is settled, release it', [
      `trailseal kill-switch show ${of}`,
      release,
    ]);
  }
  const seen = `the kill switch ${name} says neither "${disengaged}" nor "${engaged}", so that nothing is changed`;
  return trouble('fail', id, seen, 'say which it is to be', [release, `trailseal kill-switch on ${of}`]);
}

function assessBreakers(found: ObservedGuards['breakers'], { stage, region }: Where): Finding[] {
  const id = 'breakers';
  const of = `--stage ${word(stage)} --region ${word(region)}`;
  if (!found.known) return [unknownFor(id, [found])];
  const { value: open } = found;
  if (open === undefined) {
    const seen = `there is no state table ${tableName(stage)}`;
    return [trouble('fail', id, seen, 'deploy again', [deployCommand(stage, region)])];
  }
  const findings = actionKinds.flatMap((kind) => {
    const breaker = open[kind];
    if (breaker === undefined) return [];
    const since = new Date(breaker.since).toISOString();
    const seen = `the breaker of ${kind} is open since ${since}, so that no ${kind} is done: ${breaker.because}`;
    return [
      trouble('warn', `breaker/${kind}`, seen, 'find out what caused so many, then close it', [
        `trailseal breaker show ${kind} ${of}`,
        `trailseal breaker close ${kind} ${of}`,
      ]),
    ];
  });
  return findings.length > 0 ? findings : [ok(id, 'no breaker is open')];
}

/** Evaluates whether anybody is told at all. */
export function assessTold(told: Seen<ObservedTold>): Finding {
  const id = 'told';
  if (!told.known) return unknownFor(id, [told]);
  const { topics, webhooks } = told.value;
  const found = topics.flatMap(({ arn, subscriptions }) =>
    subscriptions.known && subscriptions.value !== undefined ? [{ arn, ...subscriptions.value }] : [],
  );
  const confirmed = found.filter((topic) => topic.confirmed > 0);
  if (confirmed.length > 0 || webhooks > 0) {
    const by = [
      ...confirmed.map(
        (topic) => `${counted(topic.confirmed, 'subscription')} of the topic ${nameOf(topic.arn)}`,
      ),
      ...(webhooks > 0 ? [counted(webhooks, 'webhook')] : []),
    ];
    return ok(id, `people are told by ${by.join(', ')}`);
  }
  const unseen = topics.flatMap(({ subscriptions }): Unseen[] =>
    subscriptions.known ? [] : [subscriptions],
  );
  if (unseen.length > 0) return unknownFor(id, unseen);
  const waiting = found.find(({ pending }) => pending > 0);
  if (waiting !== undefined) {
    const seen = `nobody is told of findings and actions: the topic ${nameOf(waiting.arn)} has ${counted(waiting.pending, 'subscription')}, not confirmed yet`;
    return trouble('warn', id, seen, 'confirm it by the link in the mail that AWS Notifications has sent');
  }
  const [topic] = found;
  if (topic === undefined) {
    const lost = topics.map(({ arn }) => nameOf(arn)).join(', ');
    const seen = `nobody is told of findings and actions: there is no topic${lost === '' ? '' : ` ${lost}`}`;
    return trouble('fail', id, seen, 'deploy again with a topic that there is');
  }
  const of = `--region ${word(parseArn(topic.arn)?.region ?? '')} --topic-arn ${word(topic.arn)}`;
  const seen = `nobody is told of findings and actions: the topic ${nameOf(topic.arn)} has no subscription`;
  return trouble('warn', id, seen, 'subscribe to it, and confirm that; or deploy with notifyEmail', [
    `aws sns subscribe ${of} --protocol email --notification-endpoint ADDRESS`,
  ]);
}

function nameOf(arn: string): string {
  return parseArn(arn)?.resource ?? arn;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Evaluates whether Security Hub has the custom actions of the stage, as `trailseal setup` would make them. */
export function assessCustomActions(
  { wanted, there }: ObservedCustomActions,
  accountRegion: AccountRegion,
  stage: Stage,
): Finding[] {
  const id = 'customActionNames';
  if (!there.known) return [unknownFor(id, [there])];
  // That Security Hub is off is a finding of its own.
  if (there.value === undefined) return [];
  const steps = stepsTo(wanted, there.value, stage, accountRegion);
  const named = (what: (typeof steps)[number]['what']) =>
    steps.filter((step) => step.what === what).map(({ customAction }) => customActionLabels[customAction]);
  const setup = [`trailseal setup --stage ${word(stage)} --region ${word(accountRegion.region)}`];
  const missing = named('make');
  if (missing.length > 0) {
    const seen = `Security Hub has no custom action for ${missing.join(', ')}: nobody can press them`;
    return [trouble('fail', id, seen, 'make them, with the policy that is deployed', setup)];
  }
  const stale = named('remove');
  if (stale.length > 0) {
    const seen = `Security Hub has custom actions of this stage that the policy has no orders for: ${stale.join(', ')}`;
    return [trouble('warn', id, seen, 'remove them, with the policy that is deployed', setup)];
  }
  const changed = named('change');
  if (changed.length > 0) {
    const seen = `Security Hub calls custom actions of this stage otherwise than they are: ${changed.join(', ')}`;
    return [trouble('warn', id, seen, 'put that right, with the policy that is deployed', setup)];
  }
  return [ok(id, `Security Hub has the custom actions ${named('keep').join(', ')}`)];
}
