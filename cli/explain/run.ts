/** `trailseal explain FILE|-`: what each control made of an event, step by step. */
import { readFileSync } from 'node:fs';
import type { Control, Fact, FactName, TrailEvent } from '../../lib/core/control.ts';
import { type Evaluated, evaluate } from '../../lib/pipeline/evaluate.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { TrailFacts } from '../../lib/pipeline/trail-facts.ts';
import { decide } from '../../lib/policy/decide/decide.ts';
import { exemptionFor } from '../../lib/policy/decide/exemptions.ts';
import { noUsage } from '../../lib/policy/decide/rate-limits.ts';
import type { Plan, Policy } from '../../lib/policy/model.ts';
import { controls, resourceTypeOf } from '../../lib/services/catalogue.ts';
import { readDocument } from '../../lib/trail/archive.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { evidenceJson, sourceJson } from '../output/replay-json.ts';
import { readPolicy } from '../policy/file.ts';

interface Explained {
  readonly evaluated: Evaluated;
  readonly enabled: boolean;
  readonly plan: Plan;
}

type Explanation =
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'ignored'; readonly event: TrailEvent; readonly reason: string }
  | {
      readonly kind: 'evaluated';
      readonly event: TrailEvent;
      readonly explained: readonly Explained[];
      readonly deleted: readonly { readonly control: string; readonly resource: string }[];
    };

/**
 * Explains the events in `file`, in the order in which they stand; later ones know what earlier ones told.
 * @param file a path, or `-` for standard input.
 * @returns the exit code.
 */
export async function runExplain(
  file: string,
  flags: { readonly policy?: string; readonly format: 'table' | 'json' },
): Promise<number> {
  const { policy } = readPolicy(flags.policy, controls);
  const name = file === '-' ? 'standard input' : file;
  const { elements, inputErrors } = readDocument(bytesOf(file), name);
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
  const unread = inputErrors.length > 0 || explanations.some(({ kind }) => kind === 'rejected');
  return unread ? exitCode.input : exitCode.fine;
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
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
    return { kind: 'ignored', event, reason: 'a dry run, which changes nothing' };
  facts.learn(event);
  if (!matcher.declares(event)) {
    return { kind: 'ignored', event, reason: 'no control is triggered by this event' };
  }
  const { triggered, deleted } = matcher.match(event);
  if (triggered.length === 0 && deleted.length === 0) {
    return { kind: 'ignored', event, reason: 'the event names no usable resource' };
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
      time: event.time,
      resourceTypeOf,
    });
    return { evaluated: one, enabled: policy.controls.get(control.id)?.enabled === true, plan: decided.plan };
  });
  const deletions = deleted.map(({ control, resource }) => ({ control: control.id, resource: resource.arn }));
  return { kind: 'evaluated', event, explained, deleted: deletions };
}

/** The controls that have no say in this event. */
function notTriggered(explained: readonly Explained[]): readonly string[] {
  const triggered = new Set(explained.map(({ evaluated }) => evaluated.control.id));
  return controls.map(({ id }) => id).filter((id) => !triggered.has(id));
}

type Named = readonly [name: string, fact: Fact<unknown>];

function factsOf(control: Control, evaluated: Evaluated): readonly Named[] {
  return control.facts.flatMap((name: FactName): Named[] => {
    const fact: Fact<unknown> | undefined = evaluated.facts[name];
    return fact === undefined ? [] : [[name, fact]];
  });
}

function explanationJson(explanation: Explanation): unknown {
  if (explanation.kind === 'rejected') return { outcome: 'rejected', reason: explanation.reason };
  const { eventSource, eventName, id, time, account, region } = explanation.event;
  const event = {
    eventSource,
    eventName,
    eventId: id ?? null,
    eventTime: time === undefined ? null : new Date(time).toISOString(),
    account,
    region,
  };
  if (explanation.kind === 'ignored') return { outcome: 'ignored', event, reason: explanation.reason };
  return {
    outcome: 'evaluated',
    event,
    evaluations: explanation.explained.map(({ evaluated, enabled, plan }) => ({
      control: evaluated.control.id,
      trigger: { eventSource, eventName },
      enabled,
      resource: { type: evaluated.resource.type, id: evaluated.resource.id, arn: evaluated.resource.arn },
      verdict: evaluated.evaluation.verdict,
      facts: Object.fromEntries(
        factsOf(evaluated.control, evaluated).map(([name, fact]) => [
          name,
          fact.known ? { ...fact, source: sourceJson(fact.source) } : fact,
        ]),
      ),
      evidence: evidenceJson(evaluated.evaluation.evidence),
      plan,
    })),
    deleted: explanation.deleted,
    notTriggered: notTriggered(explanation.explained),
  };
}

function explanationText(explanation: Explanation): string {
  if (explanation.kind === 'rejected') return `Not evaluated: ${printable(explanation.reason)}.`;
  const { event } = explanation;
  const when = event.time === undefined ? 'at a time not told' : new Date(event.time).toISOString();
  const head = printable(
    `${event.eventSource} ${event.eventName}, ${when}, account ${event.account}, ${event.region}, by ${event.actor.name}`,
  );
  if (explanation.kind === 'ignored') return `${head}\n  Not evaluated: ${printable(explanation.reason)}.`;
  const evaluated = explanation.explained.map((one) => explainedText(one, event));
  const deleted = explanation.deleted.map(
    ({ control, resource }) =>
      `  ${control}: ends ${printable(resource)}; its open finding would be archived.`,
  );
  const others = `  Not triggered: ${notTriggered(explanation.explained).join(', ')}.`;
  return [head, ...evaluated, ...deleted, others].join('\n\n');
}

function explainedText({ evaluated, enabled, plan }: Explained, event: TrailEvent): string {
  const { control, resource, evaluation } = evaluated;
  const { evidence, verdict } = evaluation;
  const facts = factsOf(control, evaluated).map(([name, fact]) =>
    fact.known
      ? `${name} = ${printableJson(fact.value)} (${sourceText(fact)})`
      : `${name} is unknown: ${fact.detail} (${fact.reason})`,
  );
  const actions = [
    ...plan.actions.map(({ action, reason }) => `${action}: ${reason}`),
    ...plan.skipped.map(({ action, reason }) => `${action} skipped: ${reason}`),
  ];
  const concerned = verdict === 'FAIL' || verdict === 'UNKNOWN';
  const lines = [
    `  ${control.id}${enabled ? '' : ' (switched off by the policy)'}: ${verdict}  ${printable(resource.arn)}`,
    `    trigger   ${printable(`${event.eventSource} ${event.eventName}`)}`,
    `    resource  ${printable(`${resource.type} ${resource.id}`)}`,
    `    verdict   ${printable(evidence.summary)}`,
    `    required  ${printable(evidence.required)}`,
    ...(evidence.command === undefined ? [] : [`    by hand   ${printable(evidence.command)}`]),
    ...facts.map((fact, index) => `    ${index === 0 ? 'facts   ' : '        '}  ${printable(fact)}`),
    ...(concerned ? actions : []).map(
      (action, index) => `    ${index === 0 ? 'plan    ' : '        '}  ${printable(action)}`,
    ),
  ];
  return lines.join('\n');
}

function sourceText(fact: Extract<Fact<unknown>, { known: true }>): string {
  const { source } = fact;
  switch (source.kind) {
    case 'event':
      return `from ${source.eventName}${source.eventTime === undefined ? '' : ` at ${source.eventTime}`}`;
    case 'snapshot':
      return `from the snapshot of ${source.name} of ${source.date}`;
    case 'api':
      return `from ${source.call} at ${source.at}`;
  }
}
