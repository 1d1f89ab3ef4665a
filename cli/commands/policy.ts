/** `trailseal policy validate`, `diff`, `show`, `push` and `clear`. */
import type { Command } from 'commander';
import {
  type ArchiveFlags,
  type CommandContext,
  type ConsentFlags,
  type DeploymentFlags,
  type DiffFormat,
  diffFormats,
  formatOption,
  type NamedFile,
  type OutputFormat,
  withArchiveOptions,
  withChoiceOptions,
  withConsentOptions,
  withDeployedPolicyOption,
  withDeploymentOptions,
  withHelpNotes,
  writeOption,
} from './options.ts';

export interface PolicyDiffFlags extends ArchiveFlags {
  readonly format: 'table' | DiffFormat;
  readonly write: readonly NamedFile<DiffFormat>[];
  readonly control: readonly string[];
  readonly type: readonly string[];
  readonly failOnChange?: boolean;
  readonly allowEmpty?: boolean;
}

export interface PolicyValidateFlags extends ArchiveFlags {
  readonly format: OutputFormat;
  readonly strict?: boolean;
  readonly allowEmpty?: boolean;
}

export interface PolicyShowFlags extends DeploymentFlags {
  /** The policy that was deployed. */
  readonly policy?: string;
}
export interface PolicyPushFlags extends PolicyShowFlags, ConsentFlags {}
export interface PolicyClearFlags extends DeploymentFlags, ConsentFlags {}

export function addPolicy(program: Command, context: CommandContext): void {
  const policy = program
    .command('policy')
    .description('Check and compare policy files, and override the policy of a deployment.');
  addValidate(policy, context);
  addDiff(policy, context);
  addShow(policy, context);
  addPush(policy, context);
  addClear(policy, context);
}

function addValidate(policy: Command, { signal, end }: CommandContext): void {
  const command = policy
    .command('validate')
    .description('Check a policy file: each error and each doubt with its path, its line and a hint.')
    .argument('<file>', 'policy file')
    .argument(
      '[path...]',
      'an archive, as for `trailseal replay`: what of the exemptions matches nothing in it',
    )
    .addOption(formatOption())
    .option('--strict', 'exit 1 if there are warnings')
    .option('--allow-empty', 'exit 0 even if nothing of the archive is evaluated');
  withHelpNotes(withArchiveOptions(command), {
    examples: [
      'trailseal policy validate trailseal.policy.yml',
      'trailseal policy validate --strict trailseal.policy.yml logs/',
    ],
    notes: [
      'Warnings are of what can hardly be meant: exemptions that have expired or last too long, Regions and types that do ' +
        'not exist, and, with an archive, exemptions that exempt nothing in it.',
    ],
    exitCodes: {
      0: 'the policy is valid',
      1: 'it is valid, but has warnings, and --strict was given',
      2: 'it is not valid, or cannot be read',
      3: 'nothing of the archive was evaluated, or some of it could not be read',
    },
  }).action(async (file: string, paths: readonly string[], flags: PolicyValidateFlags) => {
    const { runPolicyValidate } = await import('../policy/validate.ts');
    end(await runPolicyValidate(file, paths, flags, signal));
  });
}

function addDiff(policy: Command, { signal, end }: CommandContext): void {
  const command = policy
    .command('diff')
    .description('Replay an archive under two policies, and show what the new one changes and why.')
    .argument('<old>', 'current policy file')
    .argument('<new>', 'new policy file')
    .argument('[path...]', 'what to replay, as for `trailseal replay`');
  withHelpNotes(
    withChoiceOptions(withArchiveOptions(command))
      .addOption(formatOption(diffFormats))
      .addOption(writeOption(diffFormats))
      .option('--fail-on-change', 'exit 1 if anything changes')
      .option('--quiet', 'print only one sentence, and no progress'),
    {
      examples: [
        'trailseal policy diff trailseal.policy.yml new.policy.yml logs/',
        'trailseal policy diff old.yml new.yml --fail-on-change logs/',
      ],
      notes: ['Writes no files but those of --write, and changes nothing.'],
      exitCodes: {
        0: 'success',
        1: '--fail-on-change was reached',
        2: 'wrong usage, or a policy is invalid',
        3: 'nothing was evaluated, what was named is not there, or some input could not be read; the rest was evaluated',
      },
    },
  ).action(async (oldFile: string, newFile: string, paths: readonly string[], flags: PolicyDiffFlags) => {
    const { runPolicyDiff } = await import('../policy/diff/run.ts');
    end(await runPolicyDiff(oldFile, newFile, paths, flags, signal));
  });
}

function addShow(policy: Command, { end }: CommandContext): void {
  const command = policy
    .command('show')
    .description(
      'Show the effective policy of a deployment: the deployed one, or an override and its origin.',
    );
  withHelpNotes(withDeployedPolicyOption(withDeploymentOptions(command), 'to check the override against'), {
    examples: ['trailseal policy show --stage prod --region eu-central-1'],
    exitCodes: {
      0: 'success',
      1: 'the newest override is invalid and not in effect',
      2: 'wrong usage, or no such deployment',
      3: 'the effective policy could not be read',
    },
    permissions:
      'lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory on the parameter',
  }).action(async (flags: PolicyShowFlags) => {
    const { runPolicyShow } = await import('../policy/override/run.ts');
    end(await runPolicyShow(flags));
  });
}

function addPush(policy: Command, { signal, end }: CommandContext): void {
  const command = policy
    .command('push')
    .description('Override the policy of a deployment without deploying. Shows the changes and asks first.')
    .argument(
      '<file>',
      'policy file; it may tune and narrow the deployed policy, and allow nothing beyond it',
    );
  withHelpNotes(
    withConsentOptions(
      withDeployedPolicyOption(withDeploymentOptions(command, 'required'), 'to check the override against'),
    ),
    {
      examples: ['trailseal policy push narrower.yml --stage prod --region eu-central-1'],
      notes: [
        'Functions apply the override within a minute. Existing resources are re-evaluated at their next event or ' +
          'scheduled scan.',
      ],
      exitCodes: {
        0: 'the override is in effect, or was already',
        1: 'you did not agree',
        2: 'wrong usage or invalid policy, no such deployment, or it allows no override',
        3: 'something could not be read or written',
      },
      permissions:
        'lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory, ssm:PutParameter on the parameter',
    },
  ).action(async (file: string, flags: PolicyPushFlags) => {
    const { runPolicyPush } = await import('../policy/override/run.ts');
    end(await runPolicyPush(file, flags, signal));
  });
}

function addClear(policy: Command, { signal, end }: CommandContext): void {
  const command = policy
    .command('clear')
    .description(
      'Delete the override with all its versions, so that the deployed policy applies again. Asks first.',
    );
  withHelpNotes(withConsentOptions(withDeploymentOptions(command, 'required')), {
    examples: ['trailseal policy clear --reason "the incident is over" --stage prod'],
    exitCodes: {
      0: 'there is no override any more',
      1: 'you did not agree',
      2: 'wrong usage, no such deployment, or it allows no override',
      3: 'the override could not be read or deleted',
    },
    permissions:
      'lambda:GetFunctionConfiguration; ssm:GetParameter, ssm:GetParameterHistory, ssm:DeleteParameter on the parameter',
  }).action(async (flags: PolicyClearFlags) => {
    const { runPolicyClear } = await import('../policy/override/run.ts');
    end(await runPolicyClear(flags, signal));
  });
}
