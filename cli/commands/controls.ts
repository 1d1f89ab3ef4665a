/** `trailseal controls [ID]`: the catalogue. */
import Table from 'cli-table3';
import * as z from 'zod/mini';
import type { Control } from '../../lib/core/control.ts';
import { namedEvents, triggerText } from '../../lib/pipeline/match.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';

/** A control as JSON: everything that it declares, but for the code. */
export function controlJson(control: Control): Record<string, unknown> {
  const {
    id,
    title,
    description,
    severity,
    resourceType,
    standards,
    facts,
    actions,
    onRequestOnly = [],
    remediation,
    reference,
  } = control;
  const events = (occurrences: Control['triggers']) =>
    occurrences.flatMap((occurrence) => {
      const named = namedEvents(occurrence);
      return named === undefined
        ? []
        : [{ eventSource: named.eventSource, eventNames: [...named.eventNames] }];
    });
  return {
    id,
    title,
    description,
    severity,
    resourceType,
    standards,
    triggers: events(control.triggers),
    deletions: events(control.deletions),
    facts: [...facts],
    settings: z.toJSONSchema(control.settings, { io: 'input' }),
    actions: [...actions],
    onRequestOnly: [...onRequestOnly],
    remediation,
    reference,
  };
}

export function runControls(id: string | undefined, format: 'table' | 'json'): number {
  if (id === undefined) {
    process.stdout.write(
      format === 'json' ? `${printableJson(controls.map(controlJson), 2)}\n` : catalogue(),
    );
    return exitCode.fine;
  }
  const control = controls.find((one) => one.id === id);
  if (control === undefined) {
    throw new UsageError(`there is no control ${printable(id)}; \`trailseal controls\` lists them`);
  }
  process.stdout.write(format === 'json' ? `${printableJson(controlJson(control), 2)}\n` : page(control));
  return exitCode.fine;
}

function catalogue(): string {
  const table = new Table({
    head: ['Control', 'Severity', 'What should be so'],
    style: { head: [], border: [] },
  });
  for (const { id, severity, title } of controls) table.push([id, severity, title]);
  return `${table.toString()}\n${controls.length} controls; \`trailseal controls ID\` tells all about one.\n`;
}

function page(control: Control): string {
  const events = (occurrences: Control['triggers']) => occurrences.map(triggerText);
  const standards = Object.entries(control.standards).filter(([, requirements]) => requirements.length > 0);
  const settings = z.toJSONSchema(control.settings, { io: 'input' }).properties ?? {};
  const sections: readonly [string, readonly string[]][] = [
    ['Severity', [control.severity]],
    ['Evaluates', [control.resourceType]],
    ['Triggers', events(control.triggers)],
    ['Endings', events(control.deletions)],
    ['Facts', control.facts],
    [
      'Settings',
      Object.entries(settings).map(
        ([name, schema]) => `${name} (default ${JSON.stringify(defaultOf(schema))})`,
      ),
    ],
    ['Actions', control.actions],
    ["Only by an operator's order", control.onRequestOnly ?? []],
    ['Standards', standards.map(([standard, requirements]) => `${standard}: ${requirements.join(', ')}`)],
    ['What to do', [control.remediation]],
    ['Reference', [control.reference]],
  ];
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => `${name}\n${lines.map((line) => `  ${line}`).join('\n')}`);
  return `${[`${control.id}: ${control.title}`, control.description, ...body].join('\n\n')}\n`;
}

function defaultOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'default' in schema ? schema.default : undefined;
}
