/** Runs `trailseal explain`: how each control evaluates an event, step by step. */

import { readFileSync } from 'node:fs';
import { resourceName } from '../../lib/core/resource-name.ts';
import { evaluate } from '../../lib/pipeline/evaluate.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { TrailFacts } from '../../lib/pipeline/trail-facts.ts';
import { decide } from '../../lib/policy/decide/decide.ts';
import { exemptionFor } from '../../lib/policy/decide/exemptions.ts';
import { noUsage } from '../../lib/policy/decide/rate-limits.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { controls, resourceTypeOf } from '../../lib/services/catalogue.ts';
import { openPipe, readPipe } from '../../lib/trail/archive/pipes.ts';
import { readDocument } from '../../lib/trail/archive.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import type { ExplainFlags } from '../commands/explain.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { readPolicy } from '../policy/file.ts';
import { type Explained, type Explanation, explanationJson, explanationText } from './text.ts';

/**
 * Explains the events in `file`, in their order; facts of earlier events are known to later ones.
 * @param file a path, or `-` for standard input.
 * @param signal ends the waiting for what standard input brings.
 * @returns the exit code.
 */
export async function runExplain(file: string, flags: ExplainFlags, signal: AbortSignal): Promise<number> {
  const { policy } = readPolicy(flags.policy, controls);
  const name = file === '-' ? 'standard input' : file;
  const { elements, inputErrors } = readDocument(await bytesOf(file, signal), name);
  const facts = new TrailFacts();
  const matcher = new Matcher(controls);
  const explanations: Explanation[] = [];
  for (const element of elements) explanations.push(await explain(element, facts, matcher, policy));
  process.stdout.write(
    flags.format === 'json'
      ? `${printableJson(explanations.map(explanationJson), 2)}\n`
      : `${explanations.map(explanationText).join('\n\n')}\n`,
  );
  for (const { line, reason } of inputErrors) {
    process.stderr.write(`${printable(name)}${line === undefined ? '' : `:${line}`}: ${printable(reason)}\n`);
  }
  const incomplete = inputErrors.length > 0 || explanations.some(({ kind }) => kind === 'rejected');
  return incomplete ? exitCode.incomplete : exitCode.success;
}

/** @throws the signal's reason when aborted, which a pipe may be waited for until. */
async function bytesOf(file: string, signal: AbortSignal): Promise<Buffer> {
  const path = file === '-' ? '/dev/stdin' : file;
  try {
    const pipe = openPipe(path);
    return pipe === undefined ? readFileSync(file === '-' ? 0 : file) : await readPipe(pipe, signal);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read ${printable(file)}: ${printable(reason)}`, { cause: error });
  }
}

async function explain(
  element: unknown,
  facts: TrailFacts,
  matcher: Matcher,
  policy: Policy,
): Promise<Explanation> {
  const parsed = parseRecord(element);
  if (!parsed.ok) return { kind: 'rejected', reason: parsed.reason };
  const { event } = parsed;
  const { outcome } = event;
  if (outcome.kind === 'failed') {
    const reason = `the call failed (${outcome.errorCode}), so it changed nothing`;
    return { kind: 'ignored', event, reason };
  }
  if (outcome.kind === 'dry-run')
    return { kind: 'ignored', event, reason: 'the call was a dry run, which changes nothing' };
  facts.learn(event);
  if (!matcher.declares(event)) {
    return { kind: 'ignored', event, reason: 'no control is triggered by this event' };
  }
  const { triggered, deleted } = matcher.match(event);
  if (triggered.length === 0 && deleted.length === 0) {
    return { kind: 'ignored', event, reason: 'the event names no resource that can be evaluated' };
  }
  const evaluated = await evaluate(triggered, facts, (id) => policy.controls.get(id)?.settings);
  const explained = evaluated.map((one): Explained => {
    const { control, resource, evaluation } = one;
    const exemption = exemptionFor(policy, control.id, resource, new Date());
    const { verdict } = evaluation;
    const decided = decide({
      verdict,
      control,
      resource,
      policy,
      exemption,
      usage: noUsage,
      actor: event.actor,
      time: event.time,
      resourceTypeOf,
    });
    return { evaluated: one, enabled: policy.controls.get(control.id)?.enabled === true, plan: decided.plan };
  });
  const deletions = deleted.map(({ control, resource }) => ({
    control: control.id,
    resource: resourceName(resource),
  }));
  return { kind: 'evaluated', event, explained, deleted: deletions };
}
