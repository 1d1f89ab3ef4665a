/** The explanation of an event as text and as JSON. */

import type { Control, Fact, FactName, TrailEvent } from '../../lib/core/control.ts';
import { resourceName } from '../../lib/core/resource-name.ts';
import type { Evaluated } from '../../lib/pipeline/evaluate.ts';
import type { Plan } from '../../lib/policy/model.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { printable, printableJson } from '../output/printable.ts';
import { evidenceJson, sourceJson } from '../output/replay-json.ts';

/** The result of one control for one resource. */
export interface Explained {
  readonly evaluated: Evaluated;
  readonly enabled: boolean;
  readonly plan: Plan;
}

export type Explanation =
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'ignored'; readonly event: TrailEvent; readonly reason: string }
  | {
      readonly kind: 'evaluated';
      readonly event: TrailEvent;
      readonly explained: readonly Explained[];
      readonly deleted: readonly { readonly control: string; readonly resource: string }[];
    };

/** The controls that the event does not trigger. */
function notTriggered(explained: readonly Explained[]): readonly string[] {
  const triggered = new Set(explained.map(({ evaluated }) => evaluated.control.id));
  return controls.map(({ id }) => id).filter((id) => !triggered.has(id));
}

type NamedFact = readonly [name: string, fact: Fact<unknown>];

function factsOf(control: Control, evaluated: Evaluated): readonly NamedFact[] {
  return control.facts.flatMap((name: FactName): NamedFact[] => {
    const fact: Fact<unknown> | undefined = evaluated.facts[name];
    return fact === undefined ? [] : [[name, fact]];
  });
}

export function explanationJson(explanation: Explanation): unknown {
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
      resource: {
        type: evaluated.resource.type,
        id: evaluated.resource.id,
        arn: evaluated.resource.arn ?? null,
      },
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

export function explanationText(explanation: Explanation): string {
  if (explanation.kind === 'rejected') return `Not evaluated: ${printable(explanation.reason)}.`;
  const { event } = explanation;
  const when = event.time === undefined ? 'at an unknown time' : new Date(event.time).toISOString();
  const head = printable(
    `${event.eventSource} ${event.eventName}, ${when}, account ${event.account}, ${event.region}, by ${event.actor.name}`,
  );
  if (explanation.kind === 'ignored') return `${head}\n  Not evaluated: ${printable(explanation.reason)}.`;
  const evaluated = explanation.explained.map((one) => explainedText(one, event));
  const deleted = explanation.deleted.map(
    ({ control, resource }) =>
      `  ${control}: ${printable(resource)} is deleted; its open finding would be archived.`,
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
  const planned = verdict === 'FAIL' || verdict === 'UNKNOWN';
  const lines = [
    `  ${control.id}${enabled ? '' : ' (disabled by the policy)'}: ${verdict}  ${printable(resourceName(resource))}`,
    `    trigger   ${printable(`${event.eventSource} ${event.eventName}`)}`,
    `    resource  ${printable(`${resource.type} ${resource.id}`)}`,
    `    verdict   ${printable(evidence.summary)}`,
    `    required  ${printable(evidence.required)}`,
    ...(evidence.command === undefined ? [] : [`    command   ${printable(evidence.command)}`]),
    ...facts.map((fact, index) => `    ${index === 0 ? 'facts   ' : '        '}  ${printable(fact)}`),
    ...(planned ? actions : []).map(
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
