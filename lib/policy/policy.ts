/** The policy file: from text to what applies, or to everything that is wrong with it. */
import * as z from 'zod/mini';
import type { Action, Control, Severity } from '../control.ts';
import { at, isObject } from '../json.ts';
import type { Exemption } from './exemptions.ts';
import type { Guardrails, Kind, Limits } from './guardrails.ts';
import { type Complaint, complaints } from './messages.ts';
import { defaultLimits, type PolicyFile, policySchema } from './schema.ts';
import { type Located, locate, type Path, readYaml, showPath, type YamlText } from './yaml.ts';

/** What applies to one control. */
export interface ControlPolicy {
  readonly enabled: boolean;
  readonly severity: Severity;
  /** Parsed by the control's own schema, defaults filled in: ready for its `evaluate`. */
  readonly settings: unknown;
  /** What to do when it fails; all of them among the control's actions. */
  readonly actions: readonly Action[];
}

export interface Policy {
  /** The file's name as it was given; `undefined` for what applies without a file. */
  readonly file: string | undefined;
  readonly allowedAccounts: readonly string[];
  /** One entry for every control there is, by its id. */
  readonly controls: ReadonlyMap<string, ControlPolicy>;
  readonly exemptions: readonly Exemption[];
  readonly guardrails: Guardrails;
}

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
  | { readonly ok: true; readonly policy: Policy }
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
    const placeOf = ({ path, line, column }: PolicyError) => `${line}:${column} ${path}`;
    const told = new Set(errors.map(placeOf));
    for (const complaint of found) {
      const error = errorOf(yaml, root, complaint);
      if (error.path === '' || !told.has(placeOf(error))) errors.push(error);
    }
    return { ok: false, errors: inFileOrder(errors) };
  }
  const assembled = assemble(checked.data, root.value, file, controls);
  for (const { path, message } of assembled.refused) {
    errors.push(errorOf(yaml, root, { path, atKey: false, message, hint: undefined }));
  }
  return errors.length === 0
    ? { ok: true, policy: assembled.policy }
    : { ok: false, errors: inFileOrder(errors) };
}

/** What applies without a file: every control with its own severity and settings, and nothing but reports. */
export function defaultPolicy(controls: readonly Control[]): Policy {
  return assemble({ version: 1 }, undefined, undefined, controls).policy;
}

interface Assembled {
  readonly policy: Policy;
  readonly refused: readonly { readonly path: Path; readonly message: string }[];
}

/**
 * The policy that a checked file stands for, with every default in its place.
 * @param written the file before its defaults, which tells what a control's settings leave out.
 */
function assemble(
  file: PolicyFile,
  written: unknown,
  name: string | undefined,
  controls: readonly Control[],
): Assembled {
  const refused: { path: Path; message: string }[] = [];
  const byControl = new Map<string, ControlPolicy>();
  for (const control of controls) {
    const entry = file.controls?.[control.id];
    const own = at(written, 'controls', control.id, 'settings');
    const settings = control.settings.safeParse(settingsFor(control, own, file.allowedAccounts));
    if (!settings.success) {
      // The file's own settings were accepted already, so that the injected accounts are at fault.
      refused.push({ path: ['allowedAccounts'], message: `${control.id} does not accept these accounts` });
      continue;
    }
    const asked: readonly Action[] = entry?.actions ?? file.defaults?.actions ?? [];
    byControl.set(control.id, {
      enabled: entry?.enabled ?? file.defaults?.enabled ?? true,
      severity: entry?.severity ?? control.severity,
      settings: settings.data,
      actions: control.actions.filter((action) => asked.includes(action)),
    });
  }
  const policy: Policy = {
    file: name,
    allowedAccounts: file.allowedAccounts ?? [],
    controls: byControl,
    exemptions: (file.exemptions ?? []).map(exemptionOf),
    guardrails: guardrailsOf(file.guardrails),
  };
  return { policy, refused };
}

/** A control's settings as the file has them, with the accounts that are allowed throughout where it says none. */
function settingsFor(
  control: Control,
  own: unknown,
  allowedAccounts: readonly string[] | undefined,
): unknown {
  const settings = isObject(own) ? own : {};
  const takesAccounts =
    control.settings instanceof z.ZodMiniObject && Object.hasOwn(control.settings.shape, 'allowedAccounts');
  if (allowedAccounts === undefined || !takesAccounts) return settings;
  return { allowedAccounts, ...settings };
}

function exemptionOf(written: NonNullable<PolicyFile['exemptions']>[number]): Exemption {
  const { controls, accounts, regions, resources, tags, reason, owner, expires } = written;
  return {
    controls,
    accounts,
    regions,
    resources,
    tags: tags === undefined ? undefined : new Map(Object.entries(tags)),
    reason: reason.trim(),
    owner: owner.trim(),
    expires,
  };
}

function guardrailsOf(written: PolicyFile['guardrails']): Guardrails {
  const { tag, quarantine, fix, ...every } = written?.actionsPerHour ?? {};
  const limits = (own: { [Limit in keyof Limits]?: number | undefined } | undefined): Limits => ({
    perAccount: own?.perAccount ?? every.perAccount ?? defaultLimits.perAccount,
    total: own?.total ?? every.total ?? defaultLimits.total,
  });
  const actionsPerHour: Record<Kind, Limits> = {
    tag: limits(tag),
    quarantine: limits(quarantine),
    fix: limits(fix),
  };
  return { actionsPerHour, protectedTags: new Map(Object.entries(written?.protectedTags ?? {})) };
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
