/** Options, and checks of them, that several commands share. */
import { type Command, Option } from 'commander';
import { type Control, type Severity, severities } from '../../lib/core/control.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

/** What every command that evaluates takes: under which policy, by which controls, and what to make of it. */
export interface EvaluatingFlags {
  readonly policy?: string;
  readonly out: string;
  readonly format: 'table' | 'json';
  readonly control: readonly string[];
  readonly failOn?: Severity;
  readonly quiet?: boolean;
}

export const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

export function withEvaluatingOptions(command: Command): Command {
  return command
    .option(
      '--policy <file>',
      'the policy; default: ./trailseal.policy.yml where there is one, else report only',
    )
    .option('--out <dir>', 'the folder for findings and report', 'out')
    .addOption(new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table'))
    .option('--control <id>', 'only this control (repeatable)', collect, [])
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 when an open failure, not exempt, is this severe or worse')
        .choices([...severities])
        .argParser((value) => oneOf(value.toUpperCase(), severities, '--fail-on')),
    )
    .option('--quiet', 'print the counts only, and no progress');
}

/** The controls that `--control` names; all of them where it names none. @throws UsageError for a name of none. */
export function chooseControls(ids: readonly string[], controls: readonly Control[]): readonly Control[] {
  if (ids.length === 0) return controls;
  const known = controls.map(({ id }) => id);
  for (const id of ids) oneOf(id, known, '--control');
  return controls.filter(({ id }) => ids.includes(id));
}

/**
 * A Region becomes part of the name of the host that is asked, so that no other text may pass for one.
 * @param what names it, for the message.
 * @throws UsageError when it could not be the name of a Region.
 */
export function checkRegion(region: string, what = '--region'): void {
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) {
    throw new UsageError(
      `${what} takes a Region such as eu-central-1, not ${printable(region) || 'nothing'}`,
    );
  }
}

/** The folder that `--out` names. @throws UsageError for an empty name. */
export function checkOut(folder: string): void {
  if (folder === '') throw new UsageError('--out takes the name of a folder, not nothing');
}

export function oneOf<const T extends string>(value: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new UsageError(`${option} takes one of: ${allowed.join(', ')}; not ${printable(value)}`);
  }
  return found;
}
