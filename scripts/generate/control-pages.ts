/** The pages in `docs/controls`, generated from the controls' declarations. */
import * as z from 'zod/mini';
import type { Control, Deletion, Trigger } from '../../lib/core/control.ts';
import { isObject } from '../../lib/core/json.ts';
import { namedEvents, triggerText } from '../../lib/pipeline/match.ts';

/** The page that lists all controls. */
export function controlIndex(controls: readonly Control[]): string {
  const rows = controls.map(
    ({ id, severity, title, resourceType }) =>
      `| [\`${id}\`](${id}.md) | ${severity} | ${title} | \`${resourceType}\` |`,
  );
  return page([
    '# The controls',
    `There are ${controls.length}. Each is one file in the folder \`controls\` of its service below \`lib/services/\`; these pages are generated from them.`,
    ['| control | severity | requirement | evaluates |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ]);
}

/** The page of one control; `samples` are the names of its sample events. */
export function controlPage(control: Control, samples: readonly string[]): string {
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
  const requirements = Object.entries(standards).map(
    ([standard, items]: [string, readonly string[]]) =>
      `| ${standard} | ${items.length === 0 ? '–' : items.join(', ')} |`,
  );
  return page([
    `# \`${id}\``,
    `**${title}.**`,
    description,
    [
      '| | |',
      '| --- | --- |',
      `| severity | ${severity} |`,
      `| evaluates | \`${resourceType}\` |`,
      `| facts it reads | ${code(facts)} |`,
      `| actions it allows | ${code(actions)} |`,
      ...(onRequestOnly.length === 0 ? [] : [`| only as a custom action | ${code(onRequestOnly)} |`]),
    ].join('\n'),
    '## Events',
    'Successful calls only; a failed call or a dry run changes nothing.',
    [
      '| source | events | what they do |',
      '| --- | --- | --- |',
      ...control.triggers.map((trigger) => eventRow(trigger, 're-evaluated')),
      ...control.deletions.map((deletion) =>
        eventRow(deletion, 'the resource was deleted: its finding is archived'),
      ),
    ].join('\n'),
    '## Settings',
    settingsTable(control),
    '## Standards',
    ['| standard | requirements |', '| --- | --- |', ...requirements].join('\n'),
    '## What to do about a finding',
    remediation,
    `See <${reference}>.`,
    ...(samples.length === 0
      ? []
      : [
          '## Sample events',
          'Try one with `npm run --silent trailseal -- explain FILE`.',
          samples.map((name) => `- [\`${name}\`](../../events/${id}/${name})`).join('\n'),
        ]),
  ]);
}

function eventRow(occurrence: Trigger | Deletion, effect: string): string {
  const named = namedEvents(occurrence);
  return named === undefined
    ? `| _none_ | ${triggerText(occurrence)} | ${effect} |`
    : `| \`${named.eventSource}\` | ${code(named.eventNames)} | ${effect} |`;
}

function settingsTable(control: Control): string {
  const properties = z.toJSONSchema(control.settings, { io: 'input' }).properties ?? {};
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { default: value, description, ...shape } = isObject(schema) ? schema : {};
    const meaning = typeof description === 'string' ? description : '';
    return `| \`${name}\` | \`${JSON.stringify(shape).replaceAll('|', '\\|')}\` | \`${JSON.stringify(value) ?? 'none'}\` | ${meaning} |`;
  });
  if (rows.length === 0) return 'None.';
  return ['| setting | shape (JSON Schema) | default | meaning |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}
