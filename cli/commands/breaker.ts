/** `trailseal breaker show` and `trailseal breaker reset`. */
import type { Command } from 'commander';
import { operatorPermissions } from './history.ts';
import {
  type CommandContext,
  type ConsentFlags,
  type DeploymentFlags,
  withConsentOptions,
  withDeployedPolicyOption,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';

export interface BreakerFlags extends DeploymentFlags {
  readonly policy?: string;
}

export interface BreakerResetFlags extends BreakerFlags, ConsentFlags {}

export function addBreaker(program: Command, { signal, end }: CommandContext): void {
  const breaker = program
    .command('breaker')
    .description(
      'Show the hourly limits of each kind of action, whose changes used them, and what waits; reset the circuit breakers.',
    );
  const withBreakerOptions = (command: Command, stage?: 'required'): Command =>
    withDeployedPolicyOption(withDeploymentOptions(command, stage), 'to read the limits from');

  withHelpNotes(
    withBreakerOptions(
      breaker
        .command('show')
        .description(
          'Show for each kind of action: actions in the last hour by account and principal, limits, what waits for budget, whether the breaker is open and why, and its last reset.',
        )
        .argument('[kind]', 'tag, fix or quarantine (default: all)'),
    ),
    {
      examples: [
        'trailseal breaker show',
        'trailseal breaker show quarantine --stage prod --region eu-central-1',
      ],
      exitCodes: {
        0: 'success',
        2: 'wrong usage, or no such deployment',
        3: 'the state table could not be read',
      },
      permissions: operatorPermissions,
    },
  ).action(async (kind: string | undefined, flags: BreakerFlags) => {
    const { runBreakerShow } = await import('../breaker/run.ts');
    end(await runBreakerShow(kind, flags));
  });

  withHelpNotes(
    withConsentOptions(
      withBreakerOptions(
        breaker
          .command('reset')
          .description(
            'Close an open breaker and start the count anew, so that its kind of action is allowed again. Asks first.',
          )
          .argument('<kind>', 'tag, fix or quarantine'),
        'required',
      ),
    ),
    {
      examples: ['trailseal breaker reset fix --reason "Monday\'s rollout" --stage prod'],
      exitCodes: {
        0: 'the breaker is closed',
        1: 'you did not agree',
        2: 'wrong usage, or no such deployment',
        3: 'the state table could not be read or written',
      },
      permissions: operatorPermissions,
    },
  ).action(async (kind: string, flags: BreakerResetFlags) => {
    const { runBreakerReset } = await import('../breaker/run.ts');
    end(await runBreakerReset(kind, flags, signal));
  });
}
