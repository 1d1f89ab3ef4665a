/** The commands of those who operate a deployment: `setup`, `undo`, `action runs`, `breaker` and `kill-switch`. */
import { type Command, Option } from 'commander';
import type { BreakerCloseFlags, BreakerFlags } from '../breaker/run.ts';
import { collect } from '../commands/options.ts';
import type { SetupFlags } from '../custom-actions/run.ts';
import type { ActionRunsFlags } from '../history/run.ts';
import type { SetFlags } from '../kill-switch/run.ts';
import type { UndoFlags } from '../undo/run.ts';
import type { DeploymentFlags } from './deployment.ts';

/** Is told the exit code of the command that was run. */
type Ended = (code: number) => void;

/** Adds them; each is loaded when it is wanted, as the SDK takes longer to load than the rest. */
export function addOperatorCommands(program: Command, signal: AbortSignal, deleted: Ended): void {
  addSetup(program, deleted);
  addUndo(program, signal, deleted);
  addActionRuns(program, deleted);
  addBreaker(program, signal, deleted);
  addKillSwitch(program, signal, deleted);
}

function withDeploymentOptions(command: Command): Command {
  return command
    .option('--stage <name>', 'the deployment', 'dev')
    .option('--region <name>', 'where it is; default: the configured Region')
    .option('--profile <name>', 'the profile of credentials to use')
    .addOption(new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table'));
}

const onTable = (...actions: readonly string[]): string =>
  `${actions.map((action) => `dynamodb:${action}`).join(', ')} on the state table's table (and on its key, if it has one of its own, kms:Decrypt)`;
const whichAction = 'only this action: tag, quarantine, fix (every fix), fix:<name> (repeatable)';

function addSetup(program: Command, deleted: Ended): void {
  withDeploymentOptions(
    program
      .command('setup')
      .description(
        'Make the custom actions of a deployment in Security Hub (custom actions), those that its policy has orders for.',
      )
      .option(
        '--policy <file>',
        'the policy that was deployed; default: ./trailseal.policy.yml. Custom actions that it has no orders for are removed',
      )
      .option('--remove', 'remove all custom actions of the stage')
      .option('--dry-run', 'tell what would be made, changed and removed, and leave it'),
  )
    .addHelpText(
      'after',
      `
CloudFormation can not make them. Run it after each deployment that changes operators.customActions, as often as you like; what
is there already is left as it is, and so is what is not Trailseal's.

Exit codes: 0 fine; 2 wrong usage or policy, Security Hub is off, or has no room for them; 3 something could not be read, made, changed or removed.
Permissions: securityhub:DescribeActionTargets, CreateActionTarget, UpdateActionTarget, DeleteActionTarget; sqs:GetQueueUrl.`,
    )
    .action(async (flags: SetupFlags) => {
      const { runSetup } = await import('../custom-actions/run.ts');
      deleted(await runSetup(flags));
    });
}

function addUndo(program: Command, signal: AbortSignal, deleted: Ended): void {
  withDeploymentOptions(
    program
      .command('undo')
      .description(
        'Take back what Trailseal did: by finding, by resource, or all since a time. Shows it, and asks.',
      )
      .argument(
        '[what...]',
        'ids of findings, or ARNs of resources; their Region is the one that is looked in',
      )
      .option(
        '--since <time>',
        'what was begun since then: 2026-10-31T06:00:00Z, or a span such as "2 hours"',
      )
      .option('--action <name>', whichAction, collect, [])
      .option('--reason <text>', 'why, for the audit trail; else it is asked for')
      .option('--dry-run', 'show what would be undone, and change nothing')
      .option('--yes', 'do not ask; needs --reason')
      .option('--despite-kill-switch', 'undo although the kill switch is engaged, or can not be read'),
  )
    .addHelpText(
      'after',
      `
A resource is put back only where it still is as Trailseal left it; else the undo is refused, and what differs is told.
What would put data at risk is printed as a command, and never run. An undo is a write: the kill switch stops it too.
What came of it is told on Trailseal's own bus, so that people hear of it as of what Trailseal does by itself.

Exit codes: 0 all is undone, or was already; 1 something is not undone; 2 wrong usage, or no such deployment; 3 something could not be read or found.
Permissions: ${onTable('BatchGetItem', 'GetItem', 'PutItem', 'Query')}, ssm:GetParameter on the kill switch, what the actions read and their undo needs, which --dry-run tells, and events:PutEvents on the bus.`,
    )
    .action(async (names: readonly string[], flags: UndoFlags) => {
      const { runUndo } = await import('../undo/run.ts');
      deleted(await runUndo(names, flags, signal));
    });
}

function addActionRuns(program: Command, deleted: Ended): void {
  withDeploymentOptions(
    program
      .command('actionRuns')
      .description('The audit trail: what was done and undone, by whom and why, before and after.')
      .option(
        '--since <time>',
        'begun since then, as `trailseal undo` takes it; default: "7 days", or all of --finding',
      )
      .option('--finding <id>', 'for this finding, or on this resource by its ARN (repeatable)', collect, [])
      .option('--action <name>', whichAction, collect, []),
  )
    .addHelpText(
      'after',
      `\nActionRuns that are ended are kept for 400 days.\nExit codes: 0 fine; 2 wrong usage, or no such deployment; 3 the state table could not be read, or holds nothing of what was named.\nPermissions: ${onTable('GetItem', 'Query')}.`,
    )
    .action(async (flags: ActionRunsFlags) => {
      const { runActionRuns } = await import('../history/run.ts');
      deleted(await runActionRuns(flags));
    });
}

function addBreaker(program: Command, signal: AbortSignal, deleted: Ended): void {
  const breaker = program
    .command('breaker')
    .description('Work with the breakers: too many actions of a kind in an hour, and no more are done.');
  const withBreakerOptions = (command: Command): Command =>
    withDeploymentOptions(command).option(
      '--policy <file>',
      'the policy that was deployed, for its limits; default: ./trailseal.policy.yml where there is one',
    );

  withBreakerOptions(
    breaker
      .command('show')
      .description(
        'What was done in the last hour, what is allowed, which breakers are open since when and why, and who closed one last.',
      )
      .argument('[kind]', 'tag, fix or quarantine; default: all'),
  )
    .addHelpText(
      'after',
      `\nExit codes: 0 fine; 2 wrong usage, or no such deployment; 3 the state table could not be read.\nPermissions: ${onTable('GetItem')}.`,
    )
    .action(async (kind: string | undefined, flags: BreakerFlags) => {
      const { runBreakerShow } = await import('../breaker/run.ts');
      deleted(await runBreakerShow(kind, flags));
    });

  withBreakerOptions(
    breaker
      .command('close')
      .description('Close a breaker, and tell what that allows again. Asks first.')
      .argument('<kind>', 'tag, fix or quarantine')
      .option('--reason <text>', 'why, kept with who closed it and when; else it is asked for')
      .option('--yes', 'do not ask; needs --reason'),
  )
    .addHelpText(
      'after',
      `\nExit codes: 0 it is closed; 1 you did not agree; 2 wrong usage, or no such deployment; 3 the state table could not be read or written.\nPermissions: ${onTable('GetItem', 'PutItem')}.`,
    )
    .action(async (kind: string, flags: BreakerCloseFlags) => {
      const { runBreakerClose } = await import('../breaker/run.ts');
      deleted(await runBreakerClose(kind, flags, signal));
    });
}

function addKillSwitch(program: Command, signal: AbortSignal, deleted: Ended): void {
  const killSwitch = program
    .command('kill-switch')
    .description('Work with the kill switch: one SSM parameter that stops all writes to resources at once.');

  withDeploymentOptions(
    killSwitch.command('show').description('Whether it is engaged, and who set it, when and why.'),
  )
    .addHelpText(
      'after',
      '\nExit codes: 0 it is engaged or disengaged; 2 wrong usage; 3 it can not be read, which stops all writes too.\nPermissions: ssm:GetParameter, ssm:GetParameterHistory on the parameter.',
    )
    .action(async (flags: DeploymentFlags) => {
      const { runKillSwitchShow } = await import('../kill-switch/run.ts');
      deleted(await runKillSwitchShow(flags));
    });

  withDeploymentOptions(
    killSwitch
      .command('on')
      .description('Stop all writes to resources, at once. Asks nothing; findings are still made and told.')
      .option('--reason <text>', 'why, kept with the parameter'),
  )
    .addHelpText(
      'after',
      '\nA parameter that is missing is made.\nExit codes: 0 it is engaged; 2 wrong usage; 3 it could not be engaged.\nPermissions: ssm:PutParameter on the parameter.\nWhere AWS does not answer, that is told within some 12 seconds.',
    )
    .action(async (flags: SetFlags) => {
      const { runKillSwitchOn } = await import('../kill-switch/run.ts');
      deleted(await runKillSwitchOn(flags));
    });

  withDeploymentOptions(
    killSwitch
      .command('off')
      .description('Let Trailseal change resources again. Asks first.')
      .option('--reason <text>', 'why, kept with the parameter; else it is asked for')
      .option('--yes', 'do not ask; needs --reason'),
  )
    .addHelpText(
      'after',
      '\nExit codes: 0 it is disengaged; 1 you did not agree; 2 wrong usage, or no such parameter; 3 it could not be disengaged.\nPermissions: ssm:GetParameter, ssm:GetParameterHistory, ssm:PutParameter on the parameter.',
    )
    .action(async (flags: SetFlags) => {
      const { runKillSwitchOff } = await import('../kill-switch/run.ts');
      deleted(await runKillSwitchOff(flags, signal));
    });
}
