/** Runs `trailseal policy validate`. */

import { replayPaths } from '../../lib/pipeline/replay/replay.ts';
import { type ParsedPolicy, parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { controls } from '../../lib/services/catalogue.ts';
import type { PolicyValidateFlags } from '../commands/policy.ts';
import { exitCode } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { inputErrorsText, scopeErrorsText } from '../output/summary.ts';
import { readingArchive } from '../replay/archive.ts';
import { incomplete } from '../replay/conclude.ts';
import { scopeErrors } from '../replay/scope.ts';
import { policyErrorLines, policyErrorText, readText } from './file.ts';
import {
  doubtsAbout,
  type FoundDoubts,
  type PolicyDoubt,
  positionedDoubts,
  unmatchedIn,
} from './plausibility.ts';

/** What an archive says of a policy. */
interface AgainstArchive {
  readonly doubts: readonly PolicyDoubt[];
  readonly scopeErrors: readonly string[];
  readonly inputErrors: Parameters<typeof inputErrorsText>[0]['inputErrors'];
  /** What could not be read, as text. */
  readonly unread: string;
}

/**
 * Checks a policy, and what it means for an archive where one is named.
 * @returns the exit code: 2 where the file is not a valid policy, 1 where there are warnings and `--strict` is given, 3 where
 *   nothing of the archive was evaluated or some of it could not be read.
 */
export async function runPolicyValidate(
  file: string,
  paths: readonly string[],
  flags: PolicyValidateFlags,
  signal: AbortSignal,
): Promise<number> {
  const text = readText(file);
  const now = new Date();
  const parsed = parsePolicy(text, file, controls);
  const found = parsed.ok ? positionedDoubts(text, doubtsAbout(parsed.checked, now)) : noDoubts;
  const errors = parsed.ok ? found.errors : parsed.errors;
  const archive =
    parsed.ok && errors.length === 0 && (paths.length > 0 || flags.trail.length > 0)
      ? await againstArchive(parsed, paths, flags, { now, signal })
      : undefined;
  const warnings = [...found.warnings, ...positionedDoubts(text, archive?.doubts ?? []).warnings].sort(
    (one, other) => one.line - other.line || one.column - other.column,
  );
  if (flags.format === 'json') {
    const valid = errors.length === 0;
    const { scopeErrors: missing = [], inputErrors = [] } = archive ?? {};
    process.stdout.write(
      `${printableJson({ file, valid, errors, warnings, scopeErrors: missing, inputErrors }, 2)}\n`,
    );
  } else {
    if (errors.length > 0) process.stderr.write(`${policyErrorText(file, errors)}\n`);
    for (const line of policyErrorLines(file, warnings)) process.stderr.write(`warning: ${line}\n`);
    if (parsed.ok && errors.length === 0) {
      process.stdout.write(`${validText(file, parsed.policy, warnings.length)}\n`);
    }
  }
  if (errors.length > 0) return exitCode.usage;
  if (archive !== undefined) {
    const allowed = flags.allowEmpty === true;
    const missing = scopeErrorsText(archive.scopeErrors, allowed);
    for (const each of [archive.unread, missing]) if (each !== '') process.stderr.write(`${each}\n`);
  }
  if (flags.strict === true && warnings.length > 0) return exitCode.failure;
  return archive !== undefined && incomplete(archive, archive.scopeErrors, flags)
    ? exitCode.incomplete
    : exitCode.success;
}

const noDoubts: FoundDoubts = { errors: [], warnings: [] };

async function againstArchive(
  { policy, checked }: Extract<ParsedPolicy, { ok: true }>,
  paths: readonly string[],
  flags: PolicyValidateFlags,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<AgainstArchive> {
  const { result, scope } = await readingArchive(paths, flags, { now, signal }, (local, reading) =>
    replayPaths(local, { ...reading, controls, policy, now }),
  );
  // An archive of which nothing was evaluated says nothing of what matches in it.
  const doubts = result.matched === 0 ? [] : unmatchedIn(checked, policy, result);
  const { inputErrors } = result;
  const unread = inputErrors.length === 0 ? '' : inputErrorsText(result);
  return { doubts, scopeErrors: scopeErrors([], scope, [result]), inputErrors, unread };
}

function validText(
  file: string,
  { controls: settings, customActions, broadPermissions, exemptions }: Policy,
  warnings: number,
): string {
  const enabled = [...settings.values()].filter((control) => control.enabled);
  const acting = enabled.filter(({ actions }) => actions.length > 0).length;
  const parts = [
    `${enabled.length} of ${settings.size} controls enabled`,
    acting === 0 ? 'none with actions' : `${acting} with actions`,
    ...(customActions.length === 0
      ? []
      : [`custom actions: ${new Intl.ListFormat('en-GB').format(customActions)}`]),
    ...(broadPermissions.length === 0
      ? []
      : [`permissions that IAM cannot narrow for ${new Intl.ListFormat('en-GB').format(broadPermissions)}`]),
    `${exemptions.length} ${exemptions.length === 1 ? 'exemption' : 'exemptions'}`,
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ];
  return `${printable(file)} is a valid policy: ${parts.join('; ')}.`;
}
