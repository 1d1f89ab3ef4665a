/** Whether a stage is deployed in a Region, as this version would deploy it, and at work. Pure. */
import { arnOf } from '../../lib/arn.ts';
import { isObject } from '../../lib/json.ts';
import {
  deadLetterQueueName,
  functionName,
  type QueueName,
  queueName,
  queueNames,
  ruleName,
  stackName,
} from '../../lib/names.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { DeployedFunction, ObservedRegion, QueuePair, QueueState, Rule, Wanted } from './observed.ts';
import { assessSchedule } from './schedule.ts';
import type { Seen, Unseen } from './seen.ts';

/** Judges a stage; one that is not deployed is one finding. */
export function assessDeployment(observed: ObservedRegion, stage: string): Finding[] {
  const names = queueNames.filter((name) => name === 'sweep' || wantedOf(observed, name) !== undefined);
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

function wantedOf({ wanted }: ObservedRegion, name: QueueName): Wanted | undefined {
  return wanted.find(({ family }) => family === name);
}

function partsOf(
  { rules, schedule, queues, functions }: ObservedRegion,
  name: QueueName,
): readonly Seen<unknown>[] {
  const { queue, deadLetters } = queues[name];
  return [name === 'sweep' ? schedule : rules[name], queue, deadLetters, functions[name]];
}

function isThere(part: Seen<unknown>): boolean {
  return part.known && part.value !== undefined;
}

function assessPart(observed: ObservedRegion, stage: string, name: QueueName): Finding[] {
  const { region } = observed;
  const parts = partsOf(observed, name);
  if (parts.every((part) => part.known && part.value === undefined)) {
    const seen =
      name === 'sweep'
        ? `the sweep is no part of ${stackName(stage)}: what no event tells is not found`
        : `the family ${name} is no part of ${stackName(stage)}: its events are not judged`;
    const what = 'unless that was meant, deploy again with this version';
    return [trouble('warn', `deployment/${name}`, seen, what, [deployCommand(stage, region)])];
  }
  const wanted = wantedOf(observed, name);
  return [
    ...(name === 'sweep' ? [assessSchedule(observed, stage)] : []),
    ...(wanted === undefined ? [] : [assessRule(observed, stage, wanted)]),
    assessFunction(observed, stage, name),
    assessQueue(observed, stage, name),
    assessDeadLetters(observed, stage, name),
  ];
}

function assessRule({ rules, account, region }: ObservedRegion, stage: string, wanted: Wanted): Finding {
  const { family, pattern } = wanted;
  const id = `rule/${family}`;
  const name = ruleName(stage, family);
  const rule: Seen<Rule | undefined> = rules[family];
  const again = [deployCommand(stage, region)];
  if (!rule.known) return unknownFor(id, [rule]);
  if (rule.value === undefined) return trouble('fail', id, `there is no rule ${name}`, 'deploy again', again);
  const { state, targets } = rule.value;
  if (state === 'DISABLED') {
    return trouble('fail', id, `the rule ${name} is disabled: no event of ${family} comes in`, 'enable it', [
      `aws events enable-rule --region ${word(region)} --name ${word(name)}`,
    ]);
  }
  const difference = differenceOf(rule.value.pattern, pattern);
  if (difference?.deaf === true) {
    const seen = `the rule ${name} was deployed from another version or policy: ${difference.seen}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  if (!targets.known) return unknownFor(id, [targets]);
  const target = targets.value.find(
    ({ arn }) => arn === arnOf('sqs', region, account, queueName(stage, family)),
  );
  if (target === undefined) {
    const seen = `the rule ${name} does not lead to the queue ${queueName(stage, family)}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  if (target.deadLetterArn !== arnOf('sqs', region, account, deadLetterQueueName(stage, family))) {
    const seen = `what the rule ${name} cannot deliver is lost: it has not its dead-letter queue`;
    return trouble('warn', id, seen, 'deploy again', again);
  }
  if (difference !== undefined) {
    const seen = `the rule ${name} was deployed from another version or policy: ${difference.seen}`;
    return trouble('warn', id, seen, 'deploy again', again);
  }
  return ok(id, `the rule ${name} is enabled, waits for what this version judges, and leads to its queue`);
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
  const wantedNames = wanted.detail['eventName'] ?? [];
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

function assessFunction(
  { functions, account, region }: ObservedRegion,
  stage: string,
  name: QueueName,
): Finding {
  const id = `function/${name}`;
  const called = functionName(stage, name);
  const found: Seen<DeployedFunction | undefined> = functions[name];
  const again = [deployCommand(stage, region)];
  if (!found.known) return unknownFor(id, [found]);
  if (found.value === undefined) {
    return trouble('fail', id, `there is no function ${called}`, 'deploy again', again);
  }
  const { state, stateReason, lastUpdate, sources } = found.value;
  // A function that was not called for long is Inactive until it is called.
  if (state === 'Failed' || lastUpdate === 'Failed') {
    const because = stateReason === undefined ? '' : ` (${stateReason})`;
    return trouble('fail', id, `the function ${called} could not be set up${because}`, 'deploy again', again);
  }
  if (!sources.known) return unknownFor(id, [sources]);
  const source = sources.value.find(
    ({ queueArn }) => queueArn === arnOf('sqs', region, account, queueName(stage, name)),
  );
  if (source === undefined) {
    const seen = `the function ${called} does not read the queue ${queueName(stage, name)}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  if (source.state === 'Disabled' || source.state === 'Disabling') {
    const seen = `the function ${called} has stopped reading the queue ${queueName(stage, name)}`;
    return trouble('fail', id, seen, 'let it read again', [
      `aws lambda update-event-source-mapping --region ${word(region)} --uuid ${word(source.id)} --enabled`,
    ]);
  }
  if (state === 'Pending' || lastUpdate === 'InProgress' || source.state !== 'Enabled') {
    const seen = `the function ${called} is being set up`;
    return trouble('warn', id, seen, 'run doctor again in a minute');
  }
  return ok(id, `the function ${called} reads its queue`);
}

function assessQueue({ queues, region }: ObservedRegion, stage: string, name: QueueName): Finding {
  const id = `queue/${name}`;
  const called = queueName(stage, name);
  const { queue }: QueuePair = queues[name];
  if (!queue.known) return unknownFor(id, [queue]);
  if (queue.value === undefined) return noQueue(id, called, stage, region);
  const { waiting, inFlight, delayed } = queue.value;
  const others = [
    ...(inFlight > 0 ? [`${inFlight} being handled`] : []),
    ...(delayed > 0 ? [`${delayed} put off`] : []),
  ].join(', ');
  if (waiting > 0) {
    return trouble(
      'warn',
      id,
      `about ${count(waiting)} in the queue ${called}${others === '' ? '' : ` (besides ${others})`}: it is being worked off, or not at all`,
      'run doctor again in a minute; where the number does not fall, the log tells why',
      [`aws logs tail /aws/lambda/${word(functionName(stage, name))} --region ${word(region)} --since 1h`],
    );
  }
  return ok(id, `nothing waits in the queue ${called}${others === '' ? '' : ` (${others})`}`);
}

function assessDeadLetters({ queues, region }: ObservedRegion, stage: string, name: QueueName): Finding {
  const id = `dead-letters/${name}`;
  const called = deadLetterQueueName(stage, name);
  const deadLetters: Seen<QueueState | undefined> = queues[name].deadLetters;
  if (!deadLetters.known) return unknownFor(id, [deadLetters]);
  if (deadLetters.value === undefined) return noQueue(id, called, stage, region);
  const { waiting, inFlight, delayed } = deadLetters.value;
  const all = waiting + inFlight + delayed;
  if (all === 0) return ok(id, `no dead letters in ${called}`);
  const of = `--stage ${word(stage)} --region ${word(region)} --queue ${name}`;
  return trouble(
    'fail',
    id,
    `about ${count(all)} in ${called}: what they tell of was not judged`,
    'see why, put that right, then send them back',
    [`trailseal dlq list ${of}`, `trailseal dlq redrive ${of} --all`],
  );
}

function noQueue(id: string, called: string, stage: string, region: string): Finding {
  return trouble(
    'fail',
    id,
    `there is no queue ${called}, or the caller may not know of it`,
    'deploy again',
    [deployCommand(stage, region)],
  );
}

function count(messages: number): string {
  return `${messages.toLocaleString('en-GB')} ${messages === 1 ? 'message' : 'messages'}`;
}
