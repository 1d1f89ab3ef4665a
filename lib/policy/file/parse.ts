/** Reads policy files: from text to the policy, or to all errors in the text. */
import type { Control } from '../../core/control.ts';
import type { Policy } from '../model.ts';
import { policyChecker } from './check.ts';
import { type KeyPath, type Located, locate, showPath } from './located.ts';
import type { PolicyProblem } from './messages.ts';
import type { PolicyFile } from './schema.ts';
import { readYaml, type YamlText } from './yaml.ts';

export interface PolicyError {
  /** The path in the YAML, such as `exemptions[0].accounts[1]`; empty for the whole file. */
  readonly path: string;
  /** From 1; of the wrong key or value, or of the mapping that lacks a key. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  /** What to write instead; empty where that is not known. */
  readonly hint: string;
}

export type ParsedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** The checked file, from which `assemble` makes the policy; a deployment carries it. */
      readonly checked: PolicyFile;
    }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Reads a policy file. Never throws, whatever the text.
 * @param file its name, which the policy keeps.
 * @param controls all controls there are; the file may name no others.
 * @returns the policy, or all errors in the order of the file.
 * @example parsePolicy('version: 1', 'trailseal.policy.yml', controls) // { ok: true, policy, checked }
 */
export function parsePolicy(text: string, file: string, controls: readonly Control[]): ParsedPolicy {
  const yaml = readYaml(text);
  const errors: PolicyError[] = yaml.problems.map(({ path, offset, message, hint }) =>
    errorAt(yaml, path, offset, message, hint),
  );
  const { root } = yaml;
  if (root === undefined) return { ok: false, errors: inFileOrder(errors) };
  if (root.value === null) {
    errors.push(errorAt(yaml, [], 0, 'the file is empty', 'begin with "version: 1"'));
    return { ok: false, errors: inFileOrder(errors) };
  }
  const check = policyChecker(controls)(root.value, file, (path) => locate(root, path)?.node);
  // A value that YAML itself could not read is also missing to the schema: one error about it is enough.
  const positionOf = ({ path, line, column }: PolicyError) => `${line}:${column} ${path}`;
  const reported = new Set(errors.map(positionOf));
  for (const problem of check.problems) {
    const error = errorOf(yaml, root, problem);
    if (error.path === '' || !reported.has(positionOf(error))) errors.push(error);
  }
  return check.kind === 'well-formed' && errors.length === 0
    ? { ok: true, policy: check.policy, checked: check.checked }
    : { ok: false, errors: inFileOrder(errors) };
}

/**
 * Problems that were found in a policy after it was parsed, at their places in its text, in the order of the file.
 * @param text that `parsePolicy` accepted.
 * @example positioned(text, [{ path: ['exemptions', 0], atKey: false, message: 'it has expired', hint: undefined }])
 */
export function positioned(text: string, problems: readonly PolicyProblem[]): readonly PolicyError[] {
  const yaml = readYaml(text);
  const { root } = yaml;
  return root === undefined ? [] : inFileOrder(problems.map((problem) => errorOf(yaml, root, problem)));
}

/** The error at the problem's path, or at the nearest value above it that the file has. */
function errorOf(yaml: YamlText, root: Located, { path, atKey, message, hint }: PolicyProblem): PolicyError {
  for (let depth = path.length; depth > 0; depth--) {
    const child = locate(root, path.slice(0, depth));
    if (child === undefined) continue;
    const offset = atKey ? (child.keyOffset ?? child.node.offset) : child.node.offset;
    return errorAt(yaml, path, offset, message, hint);
  }
  return errorAt(yaml, path, root.offset, message, hint);
}

function errorAt(
  { position }: YamlText,
  path: KeyPath,
  offset: number,
  message: string,
  hint: string | undefined,
): PolicyError {
  return { path: showPath(path), ...position(offset), message, hint: hint ?? '' };
}

function inFileOrder(errors: readonly PolicyError[]): readonly PolicyError[] {
  return errors.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
