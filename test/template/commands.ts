/**
 * The calls that a function can make, as its code tells: the commands of the SDK that its modules import. Nothing of
 * what roles are derived from is asked.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

/** What IAM asks for a command that has no action of its own name. Source: Service Authorization Reference. */
const actions: Readonly<Record<string, readonly string[]>> = {
  // "TransactWriteItems needs the permissions of what it holds": the state table only puts.
  'dynamodb:TransactWriteItems': ['dynamodb:PutItem'],
  'sqs:SendMessageBatch': ['sqs:SendMessage'],
};

/** @returns the IAM actions, each once, in alphabetical order. */
export function actionsOf(entry: string): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    // Types are not there when it runs: `import type`, and `type` within braces.
    for (const [, names = '', from = ''] of text.matchAll(
      /^(?:import|export)\s+(?!type\s)([^;]*?)\s*from\s+'([^']+)'/gms,
    )) {
      const service = /^@aws-sdk\/client-(.+)$/.exec(from)?.[1];
      if (service !== undefined) {
        for (const [, operation = ''] of names.matchAll(/(?<!type\s)\b(\w+)Command\b/g)) {
          const call = `${service}:${operation}`;
          for (const action of actions[call] ?? [call]) found.add(action);
        }
      } else if (from.startsWith('.') && from.endsWith('.ts')) {
        visit(path.resolve(path.dirname(file), from));
      }
    }
  };
  visit(path.join(root, entry));
  return [...found].sort();
}
