/** Whether a stage is deployed in a Region, as this version would deploy it, and at work. Pure. */

import { type QueueName, stackName } from '../../lib/aws/names.ts';
import { isObject } from '../../lib/core/json.ts';
import type { Seen, Unseen } from '../aws/answer.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { ObservedRegion, Rule, Wanted } from './observed.ts';
import { assessBehindQueue, assessTarget, type QueuedPart, queuedPart } from './parts.ts';
import { assessSchedule } from './schedule.ts';

/** Evaluates a stage; one that is not deployed is one finding. */
export function assessDeployment(observed: ObservedRegion, stage: string): Finding[] {
  const names = queueNames.filter((name) => name === 'scan' || wantedOf(observed, name).length > 0);
  const parts = names.flatMap((name) => partsOf(observed, name));
  const unseen = parts.flatMap((part): Unseen[] => (part.known ? [] : [part]));
  if (!parts.some(isThere)) {
    if (unseen.length > 0) return [unknownFor('deployment', unseen)];
    return [
      trouble('fail', 'deployment', `stage ${stage} is not deployed here`, 'deploy it', [
        deployCommand(stage, observed.region),
      ]),
    ];
  }
  return names.flatMap((name) => assessPart(observed, stage, name));
}

function wantedOf({ wanted }: ObservedRegion, name: QueueName): readonly Wanted[] {
  return wanted.filter(({ evaluator }) => evaluator === name);
}

function partsOf(
  { rules, schedule, queues, functions, wanted }: ObservedRegion,
  name: QueueName,
): readonly Seen<unknown>[] {
  const own = wanted.filter(({ evaluator }) => evaluator === name).map(({ rule }) => rules[rule]);
  return [
    ...(name === 'scan' ? [schedule] : own),
    queues[name]?.queue,
    queues[name]?.deadLetters,
    functions[name],
  ].filter((part) => part !== undefined);
}

function isThere(part: Seen<unknown>): boolean {
  return part.known && part.value !== undefined;
}

function assessPart(observed: ObservedRegion, stage: string, name: QueueName): Finding[] {
  const { region, functions, queues } = observed;
  const parts = partsOf(observed, name);
  if (parts.every((part) => part.known && part.value === undefined)) {
    const seen =
      name === 'scan'
        ? `the scheduled scan is no part of ${stackName(stage)}: what no event tells is not found`
        : `the evaluator ${name} is no part of ${stackName(stage)}: its events are not evaluated`;
    const what = 'unless that was meant, deploy again with this version';
    return [trouble('warn', `deployment/${name}`, seen, what, [deployCommand(stage, region)])];
  }
  const wanted = wantedOf(observed, name);
  const part = queuedPart(stage, observed, name, 'what they tell of was not evaluated');
  return [
    ...(name === 'scan' ? [assessSchedule(observed, stage)] : []),
    ...wanted.map((rule) => assessRule(observed, part, rule)),
    ...(functions[name] === undefined || queues[name] === undefined
      ? []
      : assessBehindQueue(part, { found: functions[name], ...queues[name] })),
  ];
}

function assessRule({ rules, region }: ObservedRegion, part: QueuedPart, wanted: Wanted): Finding {
  const { evaluator, rule: name, pattern } = wanted;
  const { stage } = part;
  const id = `rule/${evaluator}`;
  const rule: Seen<Rule | undefined> = rules[name] ?? { known: true, value: undefined };
  const again = [deployCommand(stage, region)];
  if (!rule.known) return unknownFor(id, [rule]);
  if (rule.value === undefined) return trouble('fail', id, `there is no rule ${name}`, 'deploy again', again);
  const { state, targets } = rule.value;
  if (state === 'DISABLED') {
    return trouble(
      'fail',
      id,
      `the rule ${name} is disabled: no event of ${evaluator} comes in`,
      'enable it',
      [`aws events enable-rule --region ${word(region)} --name ${word(name)}`],
    );
  }
  const difference = differenceOf(rule.value.pattern, pattern);
  if (difference?.deaf === true) {
    const seen = `the rule ${name} was deployed from another version or policy: ${difference.seen}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  const astray = assessTarget(part, id, name, targets);
  if (astray !== undefined) return astray;
  if (difference !== undefined) {
    const seen = `the rule ${name} was deployed from another version or policy: ${difference.seen}`;
    return trouble('warn', id, seen, 'deploy again', again);
  }
  return ok(id, `the rule ${name} is enabled, waits for what this version evaluates, and leads to its queue`);
}

/** @returns `deaf` when events that are wanted do not get through; `undefined` when the patterns are alike. */
function differenceOf(
  json: string | undefined,
  wanted: Wanted['pattern'],
): { readonly deaf: boolean; readonly seen: string } | undefined {
  const deployed = parsed(json);
  const detail = isObject(deployed) && isObject(deployed['detail']) ? deployed['detail'] : undefined;
  const names = detail?.['eventName'];
  if (!isObject(deployed) || detail === undefined || !Array.isArray(names)) {
    return { deaf: true, seen: 'its pattern names no events' };
  }
  const wantedNames = eventNamesIn(wanted);
  const rest = { ...deployed, detail: { ...detail, eventName: [] } };
  if (canonical(rest) !== canonical({ ...wanted, detail: { ...wanted.detail, eventName: [] } })) {
    return { deaf: true, seen: 'its pattern is another one' };
  }
  const missing = wantedNames.filter((name) => !names.includes(name));
  if (missing.length > 0) return { deaf: true, seen: `it does not wait for ${some(missing)}` };
  const more = names.filter((name) => !wantedNames.includes(name));
  return more.length === 0 ? undefined : { deaf: false, seen: `it waits for ${some(more)} too` };
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    // EventBridge takes nothing but JSON; whatever this is, it is not the pattern wanted.
    return undefined;
  }
}

/** JSON that is the same for patterns that mean the same: keys in order, and lists, which are sets. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.sort().join(',')}}`;
}

function some(names: readonly unknown[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).map(String).join(', ')}${more}`;
}

function eventNamesIn({ detail }: EventPattern): readonly string[] {
  const names = detail['eventName'];
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
