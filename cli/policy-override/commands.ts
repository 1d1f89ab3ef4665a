/** `trailseal policy show`, `push` and `clear`: what overrides the policy that a deployment was made with. */
import { type Command, Option } from 'commander';
import type { ClearFlags, PushFlags, ShowFlags } from '../policy/override/run.ts';

/** Adds them to `trailseal policy`; `deleted` is told the exit code of the command that was run. */
export function addPolicyOverrideCommands(
  policy: Command,
  signal: AbortSignal,
  deleted: (code: number) => void,
): void {
  const withOptions = (command: Command): Command =>
    command
      .option('--stage <name>', 'the deployment', 'dev')
      .option('--region <name>', 'where it is; default: the configured Region')
      .option('--profile <name>', 'the profile of credentials to use')
      .addOption(
        new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table'),
      );
  const withDeployed = (command: Command): Command =>
    withOptions(command).option(
      '--policy <file>',
      'the policy that was deployed, to tell whether an override fits; default: ./trailseal.policy.yml where there is one',
    );
  const withConsent = (command: Command): Command =>
    command
      .option('--reason <text>', 'why, kept with the parameter; else it is asked for')
      .option('--yes', 'do not ask; needs --reason');

  withDeployed(
    policy
      .command('show')
      .description(
        'Which policy a deployment goes by: the deployed one, or an override; since when, by whom.',
      ),
  )
    .addHelpText(
      'after',
      '\nExit codes: 0 fine; 1 the override is wrong, and is not deleted by; 2 wrong usage, or no such deployment; 3 it could not be read.\nPermissions: lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory on the parameter.',
    )
    .action(async (flags: ShowFlags) => {
      const { runPolicyShow } = await import('../policy/override/run.ts');
      deleted(await runPolicyShow(flags));
    });

  withConsent(
    withDeployed(
      policy
        .command('push')
        .description(
          'Override the policy of a deployment by another, without deploying. Shows what changes, and asks.',
        )
        .argument(
          '<file>',
          'the policy: it may tune and narrow the deployed one, and ask for nothing beyond it',
        ),
    ),
  )
    .addHelpText(
      'after',
      '\nFunctions go by it within a minute; what exists is evaluated by it with its next event, or the next scheduled scan.\nExit codes: 0 it is in force, or was already; 1 you did not agree; 2 wrong usage or policy, or the deployment takes none; 3 something could not be read or written.\nPermissions: lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory, ssm:PutParameter on the parameter.',
    )
    .action(async (file: string, flags: PushFlags) => {
      const { runPolicyPush } = await import('../policy/override/run.ts');
      deleted(await runPolicyPush(file, flags, signal));
    });

  withConsent(
    withOptions(
      policy
        .command('clear')
        .description(
          'Delete the override, with all its versions: the deployed policy applies again. Asks first.',
        ),
    ),
  )
    .addHelpText(
      'after',
      '\nExit codes: 0 there is none any more; 1 you did not agree; 2 wrong usage, or the deployment takes none; 3 it could not be read or deleted.\nPermissions: lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory, ssm:DeleteParameter on the parameter.',
    )
    .action(async (flags: ClearFlags) => {
      const { runPolicyClear } = await import('../policy/override/run.ts');
      deleted(await runPolicyClear(flags, signal));
    });
}
