/** Which events a rule's pattern lets through, as moto's matcher evaluates it: an engine that is not ours. */
import { spawnSync } from 'node:child_process';
import { moto, pythonWith } from '../../scripts/emulators.ts';

const program = `
import json, sys
from moto.events.models import EventPattern, EventPatternParser
given = json.load(sys.stdin)
patterns = {name: json.dumps(pattern) for name, pattern in given["patterns"].items()}
matchers = {name: EventPattern(raw, EventPatternParser(raw).parse()) for name, raw in patterns.items()}
json.dump([[n for n, m in matchers.items() if m.matches_event(e)] for e in given["events"]], sys.stdout)
`;

/**
 * @param patterns by the names of the rules.
 * @param events as EventBridge has them.
 * @returns for each event the names of the rules that let it through.
 */
export function matches(
  patterns: Readonly<Record<string, unknown>>,
  events: readonly unknown[],
): readonly (readonly string[])[] {
  const { status, stdout, stderr } = spawnSync(pythonWith([moto]), ['-c', program], {
    input: JSON.stringify({ patterns, events }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`moto's matcher failed: ${stderr}`);
  return JSON.parse(stdout);
}
