/** `trailseal dlq list` and `trailseal dlq redrive`. */
import { type Command, Option } from 'commander';
import type { ListenerName, QueueName } from '../../lib/aws/names.ts';
import { redrivable } from '../../lib/services/queues.ts';
import { operatorPermissions } from './history.ts';
import {
  type CommandContext,
  collect,
  type DeploymentFlags,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';

export interface DlqFlags extends DeploymentFlags {
  readonly queue?: QueueName | ListenerName;
  readonly max: string;
}

export interface RedriveFlags extends DlqFlags {
  readonly id: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

export function addDlq(program: Command, { signal, end }: CommandContext): void {
  const dlq = program
    .command('dlq')
    .description('List the messages in the dead-letter queues (DLQs) of a deployment, and redrive them.');
  const withQueueOptions = (command: Command, stage?: 'required'): Command =>
    withDeploymentOptions(command, stage)
      .addOption(new Option('--queue <name>', 'only the DLQ of this queue').choices([...redrivable]))
      .option('--max <number>', 'read at most this many messages of each DLQ', '1000');

  withHelpNotes(
    withQueueOptions(
      dlq.command('list').description('List the messages in the DLQs: what they are, since when, and why.'),
    ),
    {
      examples: ['trailseal dlq list --stage prod --region eu-central-1'],
      notes: [
        'SQS can only show messages by receiving them: nobody else sees them while the list is made, and for up to two ' +
          'minutes if it is killed.',
      ],
      exitCodes: { 0: 'success', 2: 'wrong usage, or no such deployment', 3: 'a queue could not be read' },
      permissions: operatorPermissions,
    },
  ).action(async (flags: DlqFlags) => {
    const { runDlqList } = await import('../dlq/run.ts');
    end(await runDlqList(flags, signal));
  });

  withHelpNotes(
    withQueueOptions(
      dlq
        .command('redrive')
        .description('Send messages from the DLQs back to the queues that they came from.'),
      'required',
    )
      .option('--id <message>', 'this message, by its id in `dlq list` (repeatable)', collect, [])
      .option('--all', 'all messages')
      .option('--dry-run', 'show what would be sent, and change nothing'),
    {
      examples: [
        'trailseal dlq redrive --all --dry-run --stage prod',
        'trailseal dlq redrive --stage prod --id 6d9b1c1e-0000-4000-8000-000000000001',
      ],
      notes: [
        'A message is deleted from the DLQ only after its queue has accepted it. Handling a message twice is harmless.',
      ],
      exitCodes: {
        0: 'success',
        2: 'wrong usage, or no such deployment',
        3: 'a message could not be read, found, sent or deleted',
      },
      permissions: operatorPermissions,
    },
  ).action(async (flags: RedriveFlags) => {
    const { runDlqRedrive } = await import('../dlq/run.ts');
    end(await runDlqRedrive(flags, signal));
  });
}
