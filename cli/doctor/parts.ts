/** What is the same of every part of a stage: a function that reads a queue, the queue, and its dead letters. Pure. */

import {
  deadLetterQueueName,
  functionName,
  type ListenerName,
  type QueueName,
  queueName,
  type Stage,
} from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { Seen } from '../aws/answer.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { DeployedFunction, QueuePair, QueueState, Target } from './observed.ts';

/** Where a part is, and what it is called. */
export interface Part {
  /** Ends the ids of its checks: `ec2`. */
  readonly name: string;
  readonly stage: string;
  readonly account: string;
  readonly region: string;
  readonly functionName: string;
  readonly deadLetterQueueName: string;
  /** What a dead letter means, a clause for people. */
  readonly lost: string;
}

export interface QueuedPart extends Part {
  readonly queueName: string;
}

/** @param lost what a dead letter means, a clause for people. */
export function queuedPart(
  stage: Stage,
  { account, region }: Pick<Part, 'account' | 'region'>,
  name: QueueName | ListenerName,
  lost: string,
): QueuedPart {
  return {
    name,
    stage,
    account,
    region,
    lost,
    functionName: functionName(stage, name),
    queueName: queueName(stage, name),
    deadLetterQueueName: deadLetterQueueName(stage, name),
  };
}

/** Evaluates a function, the queue that it reads, and the dead letters. */
export function assessBehindQueue(
  part: QueuedPart,
  { found, queue, deadLetters }: QueuePair & { readonly found: Seen<DeployedFunction | undefined> },
): Finding[] {
  const { name, stage, account, region, queueName: called } = part;
  const arn = arnOf('sqs', region, account, called);
  const of = `--stage ${word(stage)} --region ${word(region)} --queue ${word(name)}`;
  return [
    assessFunction(part, found, { called: `the queue ${called}`, is: (source) => source === arn }),
    assessQueue(part, queue),
    assessDeadLetters(part, deadLetters, 'see why, put that right, then send them back', [
      `trailseal dlq list ${of}`,
      `trailseal dlq redrive ${of} --all`,
    ]),
  ];
}

export interface Source {
  /** `the queue trailseal-dev-ec2` */
  readonly called: string;
  readonly is: (arn: string | undefined) => boolean;
}

/** Evaluates a function, and whether it reads what feeds it. */
export function assessFunction(
  { name, functionName: called, stage, region }: Part,
  found: Seen<DeployedFunction | undefined>,
  from: Source,
): Finding {
  const id = `function/${name}`;
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
  const source = sources.value.find(({ arn }) => from.is(arn));
  if (source === undefined) {
    return trouble('fail', id, `the function ${called} does not read ${from.called}`, 'deploy again', again);
  }
  if (source.state === 'Disabled' || source.state === 'Disabling') {
    const seen = `the function ${called} has stopped reading ${from.called}`;
    return trouble('fail', id, seen, 'let it read again', [
      `aws lambda update-event-source-mapping --region ${word(region)} --uuid ${word(source.id)} --enabled`,
    ]);
  }
  if (state === 'Pending' || lastUpdate === 'InProgress' || source.state !== 'Enabled') {
    const seen = `the function ${called} is being set up`;
    return trouble('warn', id, seen, 'run doctor again in a minute');
  }
  return ok(id, `the function ${called} reads ${from.called}`);
}

function assessQueue(
  { name, stage, region, queueName: called, functionName: reader }: QueuedPart,
  queue: Seen<QueueState | undefined>,
): Finding {
  const id = `queue/${name}`;
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
      [logCommand(reader, region)],
    );
  }
  return ok(id, `nothing waits in the queue ${called}${others === '' ? '' : ` (${others})`}`);
}

/** Evaluates a queue of dead letters. */
export function assessDeadLetters(
  { name, stage, region, deadLetterQueueName: called, lost }: Part,
  deadLetters: Seen<QueueState | undefined>,
  what: string,
  commands: readonly string[],
): Finding {
  const id = `dead-letters/${name}`;
  if (!deadLetters.known) return unknownFor(id, [deadLetters]);
  if (deadLetters.value === undefined) return noQueue(id, called, stage, region);
  const { waiting, inFlight, delayed } = deadLetters.value;
  const all = waiting + inFlight + delayed;
  if (all === 0) return ok(id, `no dead letters in ${called}`);
  return trouble('fail', id, `about ${count(all)} in ${called}: ${lost}`, what, commands);
}

/**
 * Evaluates whether a rule leads to a queue, and what it can not deliver to its dead letters.
 * @returns `undefined` where it does.
 */
export function assessTarget(
  { stage, account, region, queueName: queue, deadLetterQueueName: deadLetters }: QueuedPart,
  id: string,
  rule: string,
  targets: Seen<readonly Target[]>,
): Finding | undefined {
  const again = [deployCommand(stage, region)];
  if (!targets.known) return unknownFor(id, [targets]);
  const target = targets.value.find(({ arn }) => arn === arnOf('sqs', region, account, queue));
  if (target === undefined) {
    const seen = `the rule ${rule} does not lead to the queue ${queue}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  if (target.deadLetterArn !== arnOf('sqs', region, account, deadLetters)) {
    const seen = `what the rule ${rule} cannot deliver is lost: it has not its dead-letter queue`;
    return trouble('warn', id, seen, 'deploy again', again);
  }
  return undefined;
}

export function logCommand(called: string, region: string): string {
  return `aws logs tail /aws/lambda/${word(called)} --region ${word(region)} --since 1h`;
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
