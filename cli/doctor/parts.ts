/** Checks what every part of a stage has: a function that reads a queue, the queue, and its DLQ. Pure. */
import {
  deadLetterQueueName,
  functionName,
  type ListenerName,
  type QueueName,
  queueName,
  type Stage,
} from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { Answer } from '../aws/answer.ts';
import { type CheckResult, deployCommand, ok, problem, stageOptions, unknownFor, word } from './check.ts';
import type { DeployedFunction, QueuePair, QueueState, RuleTarget } from './observed.ts';

/** Where a part is, and its names. */
export interface StackPart {
  /** Ends the ids of its checks: `ec2`. */
  readonly name: string;
  readonly stage: string;
  readonly account: string;
  readonly region: string;
  readonly functionName: string;
  readonly deadLetterQueueName: string;
  /** What messages in the DLQ mean, a clause for people. */
  readonly lost: string;
}

export interface QueuedStackPart extends StackPart {
  readonly queueName: string;
}

/** Whether a part is known to exist. */
export function exists(part: Answer<unknown>): boolean {
  return part.known && part.value !== undefined;
}

/** @param lost what messages in the DLQ mean, a clause for people. */
export function queuedPart(
  stage: Stage,
  { account, region }: Pick<StackPart, 'account' | 'region'>,
  name: QueueName | ListenerName,
  lost: string,
): QueuedStackPart {
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

/** Checks a function, the queue that it reads, and the DLQ. */
export function assessBehindQueue(
  part: QueuedStackPart,
  { found, queue, deadLetters }: QueuePair & { readonly found: Answer<DeployedFunction | undefined> },
): CheckResult[] {
  const { name, stage, account, region, queueName: called } = part;
  const arn = arnOf('sqs', region, account, called);
  const options = `${stageOptions(stage, region)} --queue ${word(name)}`;
  return [
    assessFunction(part, found, { called: `the queue ${called}`, is: (source) => source === arn }),
    assessQueue(part, queue),
    assessDeadLetters(part, deadLetters, 'see the reasons, correct the cause, then redrive the messages', [
      `trailseal dlq list ${options}`,
      `trailseal dlq redrive ${options} --all`,
    ]),
  ];
}

export interface FunctionSource {
  /** `the queue trailseal-dev-ec2` */
  readonly called: string;
  readonly is: (arn: string | undefined) => boolean;
}

/** Checks a function, and that it reads its event source. */
export function assessFunction(
  { name, functionName: called, stage, region }: StackPart,
  found: Answer<DeployedFunction | undefined>,
  from: FunctionSource,
): CheckResult {
  const id = `function/${name}`;
  const again = [deployCommand(stage, region)];
  if (!found.known) return unknownFor(id, [found]);
  if (found.value === undefined) {
    return problem('fail', id, `there is no function ${called}`, 'deploy again', again);
  }
  const { state, stateReason, lastUpdate, sources } = found.value;
  // A function that has not been called for long is Inactive until its next call.
  if (state === 'Failed' || lastUpdate === 'Failed') {
    const because = stateReason === undefined ? '' : ` (${stateReason})`;
    return problem('fail', id, `the function ${called} failed to deploy${because}`, 'deploy again', again);
  }
  if (!sources.known) return unknownFor(id, [sources]);
  const source = sources.value.find(({ arn }) => from.is(arn));
  if (source === undefined) {
    return problem('fail', id, `the function ${called} does not read ${from.called}`, 'deploy again', again);
  }
  if (source.state === 'Disabled' || source.state === 'Disabling') {
    const message = `the function ${called} has stopped reading ${from.called}`;
    return problem('fail', id, message, 'enable its event source mapping', [
      `aws lambda update-event-source-mapping --region ${word(region)} --uuid ${word(source.id)} --enabled`,
    ]);
  }
  if (state === 'Pending' || lastUpdate === 'InProgress' || source.state !== 'Enabled') {
    const message = `the function ${called} is being updated`;
    return problem('warn', id, message, 'run doctor again in a minute');
  }
  return ok(id, `the function ${called} reads ${from.called}`);
}

function assessQueue(
  { name, stage, region, queueName: called, functionName: reader }: QueuedStackPart,
  queue: Answer<QueueState | undefined>,
): CheckResult {
  const id = `queue/${name}`;
  if (!queue.known) return unknownFor(id, [queue]);
  if (queue.value === undefined) return noQueue(id, called, stage, region);
  const { waiting, inFlight, delayed } = queue.value;
  const others = [
    ...(inFlight > 0 ? [`${inFlight} in flight`] : []),
    ...(delayed > 0 ? [`${delayed} delayed`] : []),
  ].join(', ');
  if (waiting > 0) {
    return problem(
      'warn',
      id,
      `about ${count(waiting)} waiting in the queue ${called}${others === '' ? '' : ` (and ${others})`}`,
      'run doctor again in a minute; if the number does not fall, read the log',
      [logCommand(reader, region)],
    );
  }
  return ok(id, `no message is waiting in the queue ${called}${others === '' ? '' : ` (${others})`}`);
}

/** Checks that a DLQ is empty. */
export function assessDeadLetters(
  { name, stage, region, deadLetterQueueName: called, lost }: StackPart,
  deadLetters: Answer<QueueState | undefined>,
  what: string,
  commands: readonly string[],
): CheckResult {
  const id = `dead-letters/${name}`;
  if (!deadLetters.known) return unknownFor(id, [deadLetters]);
  if (deadLetters.value === undefined) return noQueue(id, called, stage, region);
  const { waiting, inFlight, delayed } = deadLetters.value;
  const all = waiting + inFlight + delayed;
  if (all === 0) return ok(id, `the DLQ ${called} is empty`);
  return problem('fail', id, `about ${count(all)} in ${called}: ${lost}`, what, commands);
}

/**
 * Checks that a rule targets the part's queue, with its DLQ.
 * @returns `undefined` where it does.
 */
export function assessTarget(
  { stage, account, region, queueName: queue, deadLetterQueueName: deadLetters }: QueuedStackPart,
  id: string,
  rule: string,
  targets: Answer<readonly RuleTarget[]>,
): CheckResult | undefined {
  const again = [deployCommand(stage, region)];
  if (!targets.known) return unknownFor(id, [targets]);
  const target = targets.value.find(({ arn }) => arn === arnOf('sqs', region, account, queue));
  if (target === undefined) {
    const message = `the rule ${rule} does not target the queue ${queue}`;
    return problem('fail', id, message, 'deploy again', again);
  }
  if (target.deadLetterArn !== arnOf('sqs', region, account, deadLetters)) {
    const message = `the rule ${rule} does not have its DLQ: events that it cannot deliver are lost`;
    return problem('warn', id, message, 'deploy again', again);
  }
  return undefined;
}

export function logCommand(called: string, region: string): string {
  return `aws logs tail /aws/lambda/${word(called)} --region ${word(region)} --since 1h`;
}

function noQueue(id: string, called: string, stage: string, region: string): CheckResult {
  return problem(
    'fail',
    id,
    `the queue ${called} does not exist, or the caller may not see it`,
    'deploy again',
    [deployCommand(stage, region)],
  );
}

function count(messages: number): string {
  return `${messages.toLocaleString('en-GB')} ${messages === 1 ? 'message' : 'messages'}`;
}
