/** `trailseal controls [ID]`: the catalogue of controls. */
import type { Command } from 'commander';
import * as z from 'zod/mini';
import type { Control } from '../../lib/core/control.ts';
import { namedEvents, triggerText } from '../../lib/pipeline/match.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { stdoutOptions, tableWithin, wrapped } from '../output/table.ts';
import {
  type CommandContext,
  didYouMean,
  formatOption,
  type OutputFormat,
  withHelpNotes,
} from './options.ts';

export function addControls(program: Command, { end }: CommandContext): void {
  const command = program
    .command('controls')
    .description('List the controls, or show one in full.')
    .argument('[id]', 'id of a control')
    .addOption(formatOption())
    .action((id: string | undefined, flags: { readonly format: OutputFormat }) => {
      end(runControls(id, flags.format));
    });
  withHelpNotes(command, { examples: ['trailseal controls', 'trailseal controls kms-key-deletion'] });
}

/** A control as JSON: all that it declares, except code. */
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

function runControls(id: string | undefined, format: OutputFormat): number {
  if (id === undefined) {
    process.stdout.write(
      format === 'json' ? `${printableJson(controls.map(controlJson), 2)}\n` : catalogue(),
    );
    return exitCode.success;
  }
  const control = controls.find((one) => one.id === id);
  if (control === undefined) {
    const meant = didYouMean(
      id,
      controls.map((one) => one.id),
    );
    throw new UsageError(
      `there is no control ${printable(id)}${meant || ': `trailseal controls` lists them'}`,
    );
  }
  process.stdout.write(
    format === 'json'
      ? `${printableJson(controlJson(control), 2)}\n`
      : page(control, Math.min(widest, stdoutOptions().width)),
  );
  return exitCode.success;
}

/** The most columns of the catalogue, however wide the terminal is: longer lines are hard to read. */
const widest = 100;

function catalogue(): string {
  const rows = controls.map(({ id, severity, title }) => [id, severity, title]);
  const table = tableWithin(
    Math.min(widest, stdoutOptions().width),
    ['Control', 'Severity', 'Requirement'],
    rows,
  );
  return `${table}\n\n${controls.length} controls; \`trailseal controls ID\` shows one in full.\n`;
}

function page(control: Control, width: number): string {
  const events = (occurrences: Control['triggers']) => occurrences.map(triggerText);
  const standards = Object.entries(control.standards).filter(([, requirements]) => requirements.length > 0);
  const settings = z.toJSONSchema(control.settings, { io: 'input' }).properties ?? {};
  const sections: readonly [string, readonly string[]][] = [
    ['Severity', [control.severity]],
    ['Resource type', [control.resourceType]],
    ['Triggers', events(control.triggers)],
    ['Deletion events', events(control.deletions)],
    ['Facts', control.facts],
    [
      'Settings',
      Object.entries(settings).map(
        ([name, schema]) => `${name} (default ${JSON.stringify(defaultOf(schema))})`,
      ),
    ],
    ['Actions', control.actions],
    ['Actions only on request', control.onRequestOnly ?? []],
    ['Standards', standards.map(([standard, requirements]) => `${standard}: ${requirements.join(', ')}`)],
    ['Remediation', [control.remediation]],
    ['Reference', [control.reference]],
  ];
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => `${name}\n${lines.map((line) => indented(line, width)).join('\n')}`);
  const title = wrapped(`${control.id}: ${control.title}`, width);
  return `${[title, wrapped(control.description, width), ...body].join('\n\n')}\n`;
}

/** The line under its heading; what does not fit in the width is indented further. */
function indented(line: string, width: number): string {
  return `  ${wrapped(line, width - 4).replaceAll('\n', '\n    ')}`;
}

function defaultOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'default' in schema ? schema.default : undefined;
}
