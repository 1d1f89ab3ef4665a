/** Turns zod's issues with a policy file into problems that say what to write instead. */
import * as z from 'zod/mini';
import { nearest } from '../../core/nearest.ts';
import type { KeyPath, Located } from './located.ts';

/** Something that is wrong in a policy file. */
export interface PolicyProblem {
  readonly path: KeyPath;
  /** Whether the key is wrong, not its value. */
  readonly atKey: boolean;
  readonly message: string;
  /** What to write instead; `undefined` where that is not known. */
  readonly hint: string | undefined;
}

type ZodIssue = z.core.$ZodIssue;

/**
 * The problems in an issue of zod: one for each unknown key, else one.
 * @param schema of the whole file.
 * @param find returns the value at a path in the file, `undefined` where there is none.
 */
export function problemsIn(
  issue: ZodIssue,
  schema: z.ZodMiniType,
  find: (path: KeyPath) => Located | undefined,
): readonly PolicyProblem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const found = find(path);
  const problem = (message: string, hint?: string): readonly PolicyProblem[] => [
    { path, atKey: false, message, hint },
  ];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => unknownKey(path, key, known));
  }
  if (found === undefined) {
    const key = path.at(-1);
    return problem(`"${key}" is missing`, `add "${key}: …"`);
  }
  if (found.value === null && ['invalid_type', 'invalid_value', 'invalid_union'].includes(issue.code)) {
    return problem('has no value', 'write one, or remove the key');
  }
  if (issue.code === 'invalid_union') {
    const own = custom(issue);
    return own === undefined ? unionProblems(issue, schema, find) : problem(`${own}, not ${shown(found)}`);
  }
  switch (issue.code) {
    case 'invalid_type':
      return problem(
        `must be ${nameOf(issue.expected)}, not ${shown(found)}`,
        typeHint(issue.expected, found),
      );
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const [only] = allowed;
      if (only !== undefined && allowed.length === 1) return problem(`must be ${only}, not ${shown(found)}`);
      const everything = found.value === '*' ? 'remove the key to match all of them' : undefined;
      return problem(
        `${shown(found)} is not one of the allowed values`,
        everything ?? suggestion(String(found.value), allowed),
      );
    }
    case 'too_small':
      return problem(custom(issue) ?? sizeMessage(issue.origin, 'least', Number(issue.minimum)));
    case 'too_big':
      return problem(custom(issue) ?? sizeMessage(issue.origin, 'most', Number(issue.maximum)));
    case 'not_multiple_of':
      return problem(custom(issue) ?? `must be a multiple of ${issue.divisor}`);
    case 'invalid_format':
      return problem(`${custom(issue) ?? formatMessage(issue)}, not ${shown(found)}`);
    case 'invalid_key':
      return [{ path, atKey: true, message: 'the key is not allowed here', hint: undefined }];
    default:
      return problem(custom(issue) ?? 'is not allowed here');
  }
}

/**
 * The problems within the alternative that the value comes closest to: the one whose type it has. Where it has the type of
 * none, one problem that lists what all alternatives accept.
 */
function unionProblems(
  issue: Extract<ZodIssue, { code: 'invalid_union' }>,
  schema: z.ZodMiniType,
  find: (path: KeyPath) => Located | undefined,
): readonly PolicyProblem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const expected: string[] = [];
  const allowed: string[] = [];
  for (const issues of issue.errors) {
    const [first] = issues;
    if (first === undefined) continue;
    if (first.path.length === 0 && first.code === 'invalid_type') expected.push(nameOf(first.expected));
    else if (first.path.length === 0 && first.code === 'invalid_value') {
      allowed.push(...first.values.map(String));
    } else {
      return issues.flatMap((inner) =>
        problemsIn({ ...inner, path: [...path, ...inner.path] }, schema, find),
      );
    }
  }
  const found = find(path);
  const given = found === undefined ? 'missing' : shown(found);
  const hint = typeof found?.value === 'string' ? nearest(found.value, allowed) : undefined;
  return [
    {
      path,
      atKey: false,
      message: `must be ${[...allowed, ...expected].join(' or ') || 'something else'}, not ${given}`,
      hint: hint === undefined ? undefined : `did you mean ${hint}?`,
    },
  ];
}

function unknownKey(path: KeyPath, key: string, known: readonly string[]): PolicyProblem {
  const namesControl = path.length === 1 && path[0] === 'controls';
  return {
    path: [...path, key],
    atKey: true,
    message: namesControl ? `there is no control "${clip(key)}"` : `the key "${clip(key)}" is unknown`,
    hint: suggestion(key, known),
  };
}

function suggestion(given: string, allowed: readonly string[]): string | undefined {
  const near = nearest(given, allowed);
  if (near !== undefined) return `did you mean ${near}?`;
  return allowed.length === 0 ? undefined : `allowed: ${allowed.join(', ')}`;
}

/** The keys that the schema knows at a path; empty where it accepts any key, or no mapping. */
function keysAt(schema: z.core.$ZodType, path: KeyPath): readonly string[] {
  const here = unwrap(schema);
  const [step, ...rest] = path;
  if (here instanceof z.ZodMiniObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = here.shape;
    if (step === undefined) return Object.keys(shape);
    const next = Object.hasOwn(shape, step) ? shape[step] : undefined;
    return next === undefined ? [] : keysAt(next, rest);
  }
  if (here instanceof z.ZodMiniArray && step !== undefined) return keysAt(here.def.element, rest);
  if (here instanceof z.ZodMiniRecord && step !== undefined) return keysAt(here.def.valueType, rest);
  return [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let here = schema;
  while (
    here instanceof z.ZodMiniOptional ||
    here instanceof z.ZodMiniDefault ||
    here instanceof z.ZodMiniNullable
  ) {
    here = here.def.innerType;
  }
  return here;
}

/** The message that a schema itself declares; without one, zod/mini (which has no locale here) says "Invalid input". */
function custom(issue: ZodIssue): string | undefined {
  return issue.message === 'Invalid input' ? undefined : issue.message;
}

function nameOf(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping of keys to values',
    record: 'a mapping of keys to values',
  };
  return Object.hasOwn(names, type) ? (names[type] ?? type) : type;
}

function formatMessage(issue: Extract<ZodIssue, { code: 'invalid_format' }>): string {
  const { format, pattern } = issue;
  const part = (name: 'prefix' | 'suffix' | 'includes') => JSON.stringify(Reflect.get(issue, name));
  if (format === 'starts_with') return `must begin with ${part('prefix')}`;
  if (format === 'ends_with') return `must end with ${part('suffix')}`;
  if (format === 'includes') return `must contain ${part('includes')}`;
  if (format === 'regex' && pattern !== undefined) return `must match ${pattern}`;
  return `must have the form ${format}`;
}

function sizeMessage(origin: string, bound: 'least' | 'most', limit: number): string {
  const entries = limit === 1 ? 'entry' : 'entries';
  if (origin === 'string') return `must have at ${bound} ${limit} character${limit === 1 ? '' : 's'}`;
  if (origin === 'array' || origin === 'set') return `must have at ${bound} ${limit} ${entries}`;
  return `must be at ${bound} ${limit}`;
}

function typeHint(expected: string, found: Located): string | undefined {
  const { value, source } = found;
  if (expected === 'string' && source !== undefined && typeof value !== 'object') {
    return `put it in quotes: '${clip(source)}'`;
  }
  if (expected === 'boolean' && typeof value === 'string') {
    const meant: Readonly<Record<string, string>> = { yes: 'true', on: 'true', no: 'false', off: 'false' };
    const lower = value.toLowerCase();
    if (Object.hasOwn(meant, lower)) return `write ${meant[lower]}`;
    return lower === 'true' || lower === 'false' ? `write ${lower} without quotes` : undefined;
  }
  if (expected === 'number' && typeof value === 'string' && /^\d+$/.test(value)) {
    return 'write it without quotes';
  }
  if (expected === 'array' && source !== undefined) return `write a list: [${clip(source)}]`;
  return undefined;
}

/** A value as it is written in the file, short enough for a message. */
function shown({ value, source }: Located): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const written = clip(source ?? String(value));
  if (typeof value === 'number') return `the number ${written}`;
  return typeof value === 'string' ? JSON.stringify(clip(value)) : written;
}

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
