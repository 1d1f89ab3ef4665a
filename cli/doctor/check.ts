/** A check of doctor: its status, what was found, and what to do about it. */
import type { NoAnswer } from '../aws/answer.ts';

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown';

export interface DoctorCheck {
  /** Stable, for programs: `trail/kms`, `dead-letters/ec2`. */
  readonly id: string;
  /** `undefined` for a check of the account as a whole. */
  readonly region: string | undefined;
  readonly status: CheckStatus;
  /** What was found: a sentence, not escaped yet. */
  readonly message: string;
  /** `undefined` where there is nothing to do. */
  readonly advice: CheckAdvice | undefined;
}

export interface CheckAdvice {
  readonly text: string;
  /** Commands to paste. */
  readonly commands: readonly string[];
}

/** A check before its Region is added. */
export type CheckResult = Omit<DoctorCheck, 'region'>;

export function ok(id: string, message: string): CheckResult {
  return { id, status: 'ok', message, advice: undefined };
}

export function problem(
  status: 'warn' | 'fail',
  id: string,
  message: string,
  text: string,
  commands: readonly string[] = [],
): CheckResult {
  return { id, status, message, advice: { text, commands } };
}

/** The result where AWS did not answer; `unanswered` is not empty. */
export function unknownFor(id: string, unanswered: readonly NoAnswer[]): CheckResult {
  const details = [...new Set(unanswered.map(({ detail }) => detail))];
  const denied = unanswered.filter(({ reason }) => reason === 'denied').map(({ action }) => action);
  const text =
    denied.length > 0
      ? `allow the caller ${[...new Set(denied)].join(', ')}, then run doctor again`
      : 'run doctor again; if the result stays the same, check that this machine can reach AWS';
  return { id, status: 'unknown', message: details.join('; '), advice: { text, commands: [] } };
}

/** A word of a shell command, quoted where the shell would interpret it. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `--stage dev --region eu-central-1`, for commands to paste. */
export function stageOptions(stage: string, region: string): string {
  return `--stage ${word(stage)} --region ${word(region)}`;
}

export function deployCommand(stage: string, region: string): string {
  return `npm run deploy -- ${stageOptions(stage, region)}`;
}

/** `a, b, c, d, e and 3 more`. */
export function listed(names: readonly unknown[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).map(String).join(', ')}${more}`;
}

/** The checks with commands that use the same profile as doctor. */
export function withProfile(
  checks: readonly DoctorCheck[],
  profile: string | undefined,
): readonly DoctorCheck[] {
  if (profile === undefined) return checks;
  const using = (command: string): string => {
    // `list-profiles` lists the profiles, so that it takes none.
    if (/--profile|list-profiles/.test(command)) return command;
    return `${command} --${command.startsWith('npm') ? 'aws-profile' : 'profile'} ${word(profile)}`;
  };
  return checks.map((check) =>
    check.advice === undefined
      ? check
      : { ...check, advice: { ...check.advice, commands: check.advice.commands.map(using) } },
  );
}
