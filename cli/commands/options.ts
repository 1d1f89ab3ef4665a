/** Options, help and checks that several commands share. */
import { type Command, Option } from 'commander';
import { type Severity, severities } from '../../lib/core/control.ts';
import { nearest } from '../../lib/core/nearest.ts';
import { knownRegions } from '../aws/regions.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { wrapped } from '../output/table.ts';
import { timeForms } from './time.ts';

/** What a command gets from the process that runs it. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Takes the exit code of the command that was run. */
  readonly end: (code: number) => void;
}

export type OutputFormat = 'table' | 'json';

/** The formats of files that a run can make, and of what it prints beside the table. */
export const fileFormats = ['json', 'asff', 'ocsf', 'csv', 'junit', 'sarif', 'markdown'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** The formats of files that a comparison of policies can make. */
export const diffFormats = ['json', 'markdown'] as const satisfies readonly FileFormat[];
export type DiffFormat = (typeof diffFormats)[number];

/** A file that is written besides, and its format. */
export interface NamedFile<F extends FileFormat> {
  readonly format: F;
  readonly file: string;
}

/** Options of a command that works on a deployment. */
export interface DeploymentFlags {
  readonly stage: string;
  readonly region?: string;
  readonly profile?: string;
  readonly format: OutputFormat;
}

/** Options of a command that asks before it changes something. */
export interface ConsentFlags {
  readonly reason?: string;
  readonly yes?: boolean;
}

/** Options of a command that evaluates: the policy, the controls, and what to do with the results. */
export interface EvaluatingFlags {
  readonly policy?: string;
  readonly out: string;
  readonly format: 'table' | FileFormat;
  readonly write: readonly NamedFile<FileFormat>[];
  readonly accountNames?: string;
  readonly control: readonly string[];
  readonly type: readonly string[];
  readonly failOn?: Severity;
  readonly allowEmpty?: boolean;
  readonly quiet?: boolean;
}

/** Options of a command that replays an archive: which part of it, and how it is read. */
export interface ArchiveFlags {
  readonly since?: string;
  readonly until?: string;
  readonly account: readonly string[];
  readonly region: readonly string[];
  readonly threads?: string;
  readonly trail: readonly string[];
  readonly profile?: string;
  readonly quiet?: boolean;
}

/** For an option that may be repeated. */
export const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

export function formatOption(formats: readonly FileFormat[] = ['json']): Option {
  return new Option('--format <format>', 'what to print').choices(['table', ...formats]).default('table');
}

/** `--write sarif=findings.sarif`, which may be repeated. */
export function writeOption<const F extends FileFormat>(formats: readonly F[]): Option {
  return new Option(
    '--write <format=file>',
    `also write a file in a format (${formats.join(', ')}; repeatable)`,
  )
    .argParser((value: string, previous: readonly NamedFile<F>[]): readonly NamedFile<F>[] => {
      const at = value.indexOf('=');
      const [format, file] = at === -1 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)];
      const known = oneOf(format, formats, '--write');
      if (file === '') throw new UsageError(`--write ${known} takes a file too: --write ${known}=FILE`);
      return [...previous, { format: known, file }];
    })
    .default([]);
}

/** The variable that names the stage where `--stage` is left out. */
export const stageVariable = 'TRAILSEAL_STAGE';

/** @param stage `required` for a command that writes: it never guesses which deployment is meant. */
export function withDeploymentOptions(
  command: Command,
  stage: 'required' | 'optional' = 'optional',
): Command {
  const option = new Option('--stage <name>', 'stage of the deployment').env(stageVariable);
  return command
    .addOption(stage === 'required' ? option.makeOptionMandatory() : option.default('dev'))
    .option('--region <name>', 'Region of the deployment (default: the configured Region)')
    .option('--profile <name>', 'AWS profile to take the credentials from')
    .addOption(formatOption());
}

/** @param purpose what the deployed policy is needed for. */
export function withDeployedPolicyOption(command: Command, purpose: string): Command {
  return command.option(
    '--policy <file>',
    `policy file that was deployed, ${purpose} (default: ./trailseal.policy.yml, if it exists)`,
  );
}

export function withConsentOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'reason, for the audit trail (asked for if left out)')
    .option('--yes', 'do not ask for confirmation; requires --reason');
}

/** Options of what chooses among the controls, and of what happens where nothing is evaluated. */
export function withChoiceOptions(command: Command): Command {
  return command
    .option('--control <id>', 'evaluate only this control (repeatable)', collect, [])
    .option(
      '--type <type>',
      'evaluate only resources of this type, by its name in findings (repeatable)',
      collect,
      [],
    )
    .option('--allow-empty', 'exit 0 even if nothing is evaluated, or what is named is not there');
}

export function withEvaluatingOptions(command: Command): Command {
  const evaluating = command
    .option(
      '--policy <file>',
      'policy file (default: ./trailseal.policy.yml, if it exists; else a policy that only reports)',
    )
    .option('--out <dir>', 'folder for findings and report', 'out')
    .addOption(formatOption(fileFormats))
    .addOption(writeOption(fileFormats))
    .option(
      '--account-names <file>',
      'names of accounts: what `aws organizations list-accounts --output json` prints',
    );
  return withChoiceOptions(evaluating)
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit 1 if an open failure without exemption is this severe or worse',
      )
        .choices([...severities])
        .argParser((value) => oneOf(value.toUpperCase(), severities, '--fail-on')),
    )
    .option('--quiet', 'print only the counts, and no progress');
}

export function withArchiveOptions(command: Command): Command {
  return command
    .option('--since <time>', `evaluate events from then on: ${timeForms}`)
    .option('--until <time>', 'ignore events from then on; a date alone counts to its end')
    .option('--account <id>', 'evaluate only resources of this account (repeatable)', collect, [])
    .option('--region <name>', 'evaluate only resources in this Region (repeatable)', collect, [])
    .option('--threads <number>', 'threads that read files (default: chosen by the number of processors)')
    .option('--trail <name>', 'read the bucket of this trail, by name or ARN (repeatable)', collect, [])
    .option('--profile <name>', 'AWS profile to take the credentials for S3 from');
}

/** The paragraphs below a command's options. */
export interface HelpNotes {
  /** Whole commands, as one pastes them. */
  readonly examples: readonly string[];
  readonly notes?: readonly string[];
  readonly exitCodes?: Readonly<Record<number, string>>;
  readonly permissions?: string;
}

const helpWidth = 78;

export function withHelpNotes(
  command: Command,
  { examples, notes = [], exitCodes = {}, permissions }: HelpNotes,
): Command {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => hanging(code.padEnd(5), meaning));
  const paragraphs = [
    // A command is not broken: it is pasted.
    ['Examples:', ...examples.map((example) => `  ${example}`)].join('\n'),
    ...notes.map((note) => wrapped(note, helpWidth)),
    ...(codes.length === 0 ? [] : [['Exit codes:', ...codes].join('\n')]),
    ...(permissions === undefined ? [] : [`IAM permissions:\n${hanging('', permissions)}`]),
  ];
  return command.addHelpText('after', `\n${paragraphs.join('\n\n')}`);
}

/** The text after a label, its lines indented alike. */
function hanging(label: string, text: string): string {
  const indent = ' '.repeat(2 + label.length);
  return `  ${label}${wrapped(text, helpWidth - indent.length).replaceAll('\n', `\n${indent}`)}`;
}

/**
 * A Region becomes part of the name of the host that is called, so that nothing else may pass for one.
 * @param option or argument that holds it, for the message.
 * @throws UsageError when it cannot be the name of a Region.
 */
export function checkRegion(region: string, option = '--region'): void {
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) {
    throw new UsageError(
      `${option} takes a Region such as eu-central-1, not ${printable(region) || 'nothing'}${didYouMean(region, knownRegions)}`,
    );
  }
}

/** @throws UsageError when it cannot be the name of a stage. */
export function checkStage(stage: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(stage)) {
    throw new UsageError(
      `--stage takes lower-case letters, digits and hyphens, not ${printable(stage) || 'nothing'}`,
    );
  }
}

/** @throws UsageError for an empty name. */
export function checkOut(folder: string): void {
  if (folder === '') throw new UsageError('--out takes the name of a folder, not nothing');
}

/** @throws UsageError for anything but a whole number from 1 to `most`. */
export function wholeNumber(value: string, most: number, option: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw new UsageError(`${option} takes a whole number from 1 to ${most}, not ${printable(value)}`);
  }
  return number;
}

/** The end of a message about a name that is not known; empty where no candidate is like it. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearest(name, candidates);
  return near === undefined ? '' : `; did you mean ${printable(near)}?`;
}

/** @throws UsageError for a value that is not allowed. */
export function oneOf<const T extends string>(value: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new UsageError(
      `${option} takes one of: ${allowed.join(', ')}; not ${printable(value)}${didYouMean(value, allowed)}`,
    );
  }
  return found;
}
