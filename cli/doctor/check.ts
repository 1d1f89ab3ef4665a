/** What a check says: how it stands, what was seen, and what to do about it. */
import type { Unseen } from '../aws/answer.ts';

export type Status = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Check {
  /** Stable, for programs: `trail/kms`, `dead-letters/ec2`. */
  readonly id: string;
  /** `undefined` for what concerns the account as a whole. */
  readonly region: string | undefined;
  readonly status: Status;
  /** A sentence for people, as it came from AWS: not escaped yet. */
  readonly seen: string;
  /** `undefined` where there is nothing to be done. */
  readonly advice: Advice | undefined;
}

export interface Advice {
  /** A sentence for people. */
  readonly what: string;
  readonly commands: readonly string[];
}

/** A check before it is known where it belongs. */
export type Finding = Omit<Check, 'region'>;

export function ok(id: string, seen: string): Finding {
  return { id, status: 'ok', seen, advice: undefined };
}

export function trouble(
  status: 'warn' | 'fail',
  id: string,
  seen: string,
  what: string,
  commands: readonly string[] = [],
): Finding {
  return { id, status, seen, advice: { what, commands } };
}

/** What was not answered is unknown, whatever it may be; `unseen` holds one at least. */
export function unknownFor(id: string, unseen: readonly Unseen[]): Finding {
  const details = [...new Set(unseen.map(({ detail }) => detail))];
  const denied = unseen.filter(({ reason }) => reason === 'denied').map(({ action }) => action);
  const what =
    denied.length > 0
      ? `allow the caller ${[...new Set(denied)].join(', ')}, then run doctor again`
      : 'run doctor again; if it stays so, see whether this machine reaches AWS';
  return { id, status: 'unknown', seen: details.join('; '), advice: { what, commands: [] } };
}

/** A word of a shell command, quoted where the shell would make something else of it. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function deployCommand(stage: string, region: string): string {
  return `npm run deploy -- --stage ${word(stage)} --region ${word(region)}`;
}

/** The checks with commands that use the same profile as doctor itself. */
export function withProfile(checks: readonly Check[], profile: string | undefined): readonly Check[] {
  if (profile === undefined) return checks;
  const using = (command: string): string => {
    // `list-profiles` tells what profiles there are, so that none is to be named to it.
    if (/--profile|list-profiles/.test(command)) return command;
    return `${command} --${command.startsWith('npm') ? 'aws-profile' : 'profile'} ${word(profile)}`;
  };
  return checks.map((check) =>
    check.advice === undefined
      ? check
      : { ...check, advice: { ...check.advice, commands: check.advice.commands.map(using) } },
  );
}
