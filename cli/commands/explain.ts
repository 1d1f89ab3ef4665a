/** `trailseal explain FILE|-`: what each control made of an event, step by step. */
import { readFileSync } from 'node:fs';
import type { Control, Fact, FactName, TrailEvent } from '../../lib/core/control.ts';
import { type Judged, judge } from '../../lib/pipeline/evaluate.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { TrailFacts } from '../../lib/pipeline/trail-facts.ts';
import { decide } from '../../lib/policy/decide.ts';
import { exemptionFor } from '../../lib/policy/exemptions.ts';
import { noUsage } from '../../lib/policy/guardrails.ts';
import type { Plan } from '../../lib/policy/plan.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { controls } from '../../lib/services/controls.ts';
import { readDocument } from '../../lib/trail/archive/document.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { evidenceJson, sourceJson } from '../output/replay-json.ts';
import { readPolicy } from '../policy-file.ts';

interface Explained {
  readonly judged: Judged;
  readonly enabled: boolean;
  readonly plan: Plan;
}

type Explanation =
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'ignored'; readonly event: TrailEvent; readonly reason: string }
  | {
      readonly kind: 'judged';
      readonly event: TrailEvent;
      readonly explained: readonly Explained[];
      readonly ended: readonly { readonly control: string; readonly resource: string }[];
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
  const { triggered, ended } = matcher.match(event);
  if (triggered.length === 0 && ended.length === 0) {
    return { kind: 'ignored', event, reason: 'the event names no usable resource' };
  }
  const judged = await judge(triggered, facts, (id) => policy.controls.get(id)?.settings);
  const explained = judged.map((one): Explained => {
    const { control, resource, judgement } = one;
    const exemption = exemptionFor(policy, control.id, resource, new Date());
    const { verdict } = judgement;
    const decided = decide({
      verdict,
      control,
      resource,
      policy,
      exemption,
      usage: noUsage,
      time: event.time,
    });
    return { judged: one, enabled: policy.controls.get(control.id)?.enabled === true, plan: decided.plan };
  });
  const endings = ended.map(({ control, resource }) => ({ control: control.id, resource: resource.arn }));
  return { kind: 'judged', event, explained, ended: endings };
}

/** The controls that have no say in this event. */
function notTriggered(explained: readonly Explained[]): readonly string[] {
  const triggered = new Set(explained.map(({ judged }) => judged.control.id));
  return controls.map(({ id }) => id).filter((id) => !triggered.has(id));
}

type Named = readonly [name: string, fact: Fact<unknown>];

function factsOf(control: Control, judged: Judged): readonly Named[] {
  return control.facts.flatMap((name: FactName): Named[] => {
    const fact: Fact<unknown> | undefined = judged.facts[name];
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
    outcome: 'judged',
    event,
    judgements: explanation.explained.map(({ judged, enabled, plan }) => ({
      control: judged.control.id,
      trigger: { eventSource, eventName },
      enabled,
      resource: { type: judged.resource.type, id: judged.resource.id, arn: judged.resource.arn },
      verdict: judged.judgement.verdict,
      facts: Object.fromEntries(
        factsOf(judged.control, judged).map(([name, fact]) => [
          name,
          fact.known ? { ...fact, source: sourceJson(fact.source) } : fact,
        ]),
      ),
      evidence: evidenceJson(judged.judgement.evidence),
      plan,
    })),
    ended: explanation.ended,
    notTriggered: notTriggered(explanation.explained),
  };
}

function explanationText(explanation: Explanation): string {
  if (explanation.kind === 'rejected') return `Not judged: ${printable(explanation.reason)}.`;
  const { event } = explanation;
  const when = event.time === undefined ? 'at a time not told' : new Date(event.time).toISOString();
  const head = printable(
    `${event.eventSource} ${event.eventName}, ${when}, account ${event.account}, ${event.region}, by ${event.actor.name}`,
  );
  if (explanation.kind === 'ignored') return `${head}\n  Not judged: ${printable(explanation.reason)}.`;
  const judged = explanation.explained.map((one) => explainedText(one, event));
  const ended = explanation.ended.map(
    ({ control, resource }) =>
      `  ${control}: ends ${printable(resource)}; its open finding would be archived.`,
  );
  const others = `  Not triggered: ${notTriggered(explanation.explained).join(', ')}.`;
  return [head, ...judged, ...ended, others].join('\n\n');
}

function explainedText({ judged, enabled, plan }: Explained, event: TrailEvent): string {
  const { control, resource, judgement } = judged;
  const { evidence, verdict } = judgement;
  const facts = factsOf(control, judged).map(([name, fact]) =>
    fact.known
      ? `${name} = ${printableJson(fact.value)} (${sourceText(fact)})`
      : `${name} is unknown: ${fact.detail} (${fact.reason})`,
  );
  const actions = [
    ...plan.actions.map(({ action, reason }) => `${action}: ${reason}`),
    ...plan.withheld.map(({ action, reason }) => `${action} withheld: ${reason}`),
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
