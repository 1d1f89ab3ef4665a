/** Which stages are deployed in a Region: a command that writes refuses one that is not, and names those that are. */
import { paginateListQueues, type SQSClient } from '@aws-sdk/client-sqs';
import { queueName, type Stage, stackName } from '../../lib/aws/names.ts';
import { type Answer, ask, noAnswerText } from '../aws/answer.ts';
import { didYouMean } from '../commands/options.ts';
import { UnansweredError, UsageError } from '../exit.ts';

/** The deployment that is looked for. */
interface Sought {
  readonly account: string;
  readonly stage: Stage;
  readonly region: string;
}

/** The IAM action that it needs; no policy of a queue denies it. */
export const stagesPermission = 'sqs:ListQueues';

/** The most queues of one answer. Source: Amazon SQS API Reference, "ListQueues": MaxResults. */
const pageSize = 1_000;

/**
 * The stages that are deployed in the Region of the client, in alphabetical order. Every deployment has the queue of the
 * scheduled scan.
 */
export async function deployedStages(sqs: SQSClient): Promise<Answer<readonly Stage[]>> {
  return ask(stagesPermission, async () => {
    const stages: Stage[] = [];
    const wanted = { QueueNamePrefix: stackName('') };
    for await (const { QueueUrls = [] } of paginateListQueues({ client: sqs, pageSize }, wanted)) {
      stages.push(...QueueUrls.flatMap((url) => stageOf(url.slice(url.lastIndexOf('/') + 1)) ?? []));
    }
    return stages.sort();
  });
}

function stageOf(queue: string): Stage | undefined {
  const stage = queue.slice(stackName('').length, -'-scan'.length);
  return stage !== '' && queue === queueName(stage, 'scan') ? stage : undefined;
}

/**
 * The error of a command about a stage that lacks what the command needs.
 * @param lacking a clause, such as `trailseal-prd has no state table in eu-central-1`.
 * @returns a UsageError that says which stages there are in the Region, as far as that can be read.
 */
export async function stageError(
  sqs: SQSClient,
  deployment: Sought,
  lacking: string,
  cause?: unknown,
): Promise<UsageError> {
  const there = stagesText(await deployedStages(sqs), deployment);
  return new UsageError(`${lacking}; ${there}`, { cause });
}

/** @throws UsageError where the stage is not deployed, UnansweredError where that cannot be told: nothing is written then. */
export async function checkDeployed(sqs: SQSClient, deployment: Sought): Promise<void> {
  const stages = await deployedStages(sqs);
  const { stage, region } = deployment;
  if (!stages.known) {
    throw new UnansweredError(
      `cannot tell whether stage ${stage} is deployed in ${region}, so that nothing was changed: ${noAnswerText(stages, deployment)}`,
    );
  }
  if (stages.value.includes(stage)) return;
  throw new UsageError(`${stackName(stage)} is not deployed in ${region}; ${stagesText(stages, deployment)}`);
}

/** The command that shows what is deployed, to be pasted. */
export function doctorCommand({ stage, region }: Omit<Sought, 'account'>): string {
  return `trailseal doctor --stage ${stage} --region ${region}`;
}

/** A clause, with what to do next. Pure. */
export function stagesText(stages: Answer<readonly Stage[]>, sought: Sought): string {
  const { stage, region } = sought;
  const see = `see what is deployed: ${doctorCommand({ stage, region })}`;
  if (!stages.known)
    return `which stages there are could not be read (${noAnswerText(stages, sought)}); ${see}`;
  if (stages.value.includes(stage)) return see;
  if (stages.value.length === 0) return `no stage is deployed in ${region}: check --region`;
  return `the stages in ${region} are: ${stages.value.join(', ')}${didYouMean(stage, stages.value)}`;
}
