/** The policy file: from text to what applies, or to everything that is wrong with it. */
import type { Control } from '../core/control.ts';
import { asWritten } from './as-written.ts';
import { assemble, type Policy } from './assemble.ts';
import { type Complaint, complaints } from './messages.ts';
import { neverRuns } from './never-runs.ts';
import { type Path, showPath } from './path.ts';
import { type PolicyFile, policySchema } from './schema.ts';
import { type Located, locate, readYaml, type YamlText } from './yaml.ts';

export { type ControlPolicy, defaultPolicy, type Policy } from './assemble.ts';

export interface PolicyError {
  /** The path in the YAML, such as `exemptions[0].accounts[1]`; empty for the whole file. */
  readonly path: string;
  /** From 1; of the key or the value at fault, or of what lacks a key. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to write instead; empty where that cannot be told. */
  readonly hint: string;
}

export type ParsedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** The file itself, found right: what `assemble` makes the policy of, and what a deployment carries. */
      readonly checked: PolicyFile;
    }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Reads a policy file. Never throws, whatever the text: all that is wrong comes back, in the order of the file.
 * @param file its name, kept for messages.
 * @param controls the controls there are: no other may be named.
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
  const schema = policySchema(controls);
  const checked = schema.safeParse(root.value);
  if (!checked.success) {
    const found = checked.error.issues.flatMap((issue) =>
      complaints(issue, schema, (path) => locate(root, path)?.node),
    );
    // What YAML itself could not read has no value either; saying so twice helps nobody.
    const accountRegionOf = ({ path, line, column }: PolicyError) => `${line}:${column} ${path}`;
    const told = new Set(errors.map(accountRegionOf));
    for (const complaint of found) {
      const error = errorOf(yaml, root, complaint);
      if (error.path === '' || !told.has(accountRegionOf(error))) errors.push(error);
    }
    return { ok: false, errors: inFileOrder(errors) };
  }
  const written = asWritten(checked.data, root.value);
  const assembled = assemble(written, file, controls);
  for (const { path, message } of assembled.refused) {
    errors.push(errorOf(yaml, root, { path, atKey: false, message, hint: undefined }));
  }
  for (const complaint of neverRuns(written, assembled.policy, controls)) {
    errors.push(errorOf(yaml, root, complaint));
  }
  return errors.length === 0
    ? { ok: true, policy: assembled.policy, checked: written }
    : { ok: false, errors: inFileOrder(errors) };
}

function errorOf(yaml: YamlText, root: Located, { path, atKey, message, hint }: Complaint): PolicyError {
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
  path: Path,
  offset: number,
  message: string,
  hint: string | undefined,
): PolicyError {
  return { path: showPath(path), ...position(offset), message, hint: hint ?? '' };
}

function inFileOrder(errors: readonly PolicyError[]): readonly PolicyError[] {
  return errors.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
