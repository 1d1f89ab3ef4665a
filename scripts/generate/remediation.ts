/** The page `docs/remediation.md`, generated from the actions' declarations. */
import * as z from 'zod/mini';
import type { AnyAction } from '../../lib/core/action.ts';
import type { Action, Control } from '../../lib/core/control.ts';
import { at, isObject } from '../../lib/core/json.ts';
import { writeActions } from '../../lib/core/write.ts';

/** All actions, each with its description, permissions, risks and undo. */
export function remediationPage(actions: readonly AnyAction[], controls: readonly Control[]): string {
  return [
    '# Actions',
    'What Trailseal can do about a failure, and only does where the policy asks for it ([policy.md](policy.md)). This page ' +
      'is generated from the actions.',
    'Before every action, the resource is evaluated again, and the state before is stored in the run history. Every ' +
      'action counts against the limits of the policy, and is verified afterwards. One that is interrupted is resumed. ' +
      'None is done on what is unknown, exempt, suppressed in Security Hub or protected, nor while the kill switch is engaged ' +
      'or can not be read. An undo restores only what is still as the action left it, else it says what differs.',
    'While the finding is open, what was done is compared with AWS again: at once after the calls that may revert it, ' +
      'which each action declares, and by every scheduled scan. Where somebody else has ' +
      'reverted it, in whole or in part, the run history has it as `reverted`, and the policy says what follows ' +
      '([policy.md](policy.md#guardrails), `whenReverted`): it is repeated, people are notified, or it is left at that. An ' +
      'undo of Trailseal is never taken for a reversal. While AWS does not tell how the resource is, nothing is done.',
    ...actions.map((action) => section(action, controls)),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(action: AnyAction, controls: readonly Control[]): string {
  const { id, description, risk, permissions, undo } = action;
  const users = (among: (control: Control) => readonly Action[]) =>
    controls
      .filter((control) => among(control).includes(id))
      .map((control) => `[\`${control.id}\`](controls/${control.id}.md)`)
      .join(', ');
  const of = users((control) => control.actions);
  const broad = controls.flatMap(({ broadActions }) => broadActions?.[id] ?? [])[0];
  const onRequest = users((control) => control.onRequestOnly ?? []);
  return [
    `## \`${id}\``,
    description,
    ...(onRequest === ''
      ? []
      : [
          `**Only as a custom action** for ${onRequest}, where the policy's \`operators\` lists it: Trailseal never runs it ` +
            "on its own, whatever the control's `actions` say.",
        ]),
    ...(broad === undefined
      ? []
      : [
          `**Off by default.** ${broad.replace(/^(\S+)/, '`$1`')}, and IAM cannot narrow that: it has a role of its own, ` +
            'which is made only where `actions.broadPermissions` of the policy lists it ([policy.md](policy.md#broad-permissions)).',
        ]),
    `**What it can break.** ${risk}`,
    `**Undo.** ${undoText(undo)}`,
    `**Reverted** ${revertedText(action, controls)}`,
    ...(of === '' && onRequest !== '' ? [] : [`**For** ${of || 'no control yet'}.`]),
    `**Needs** ${listed(permissions.reads)} to read, ${listed(writeActions(permissions.writes).toSorted())} to write${forUndo(action)}.`,
    ...settingsOf(action),
  ].join('\n\n');
}

/** The permissions that only the undo needs. */
function forUndo({ permissions, undo }: AnyAction): string {
  if (undo.kind !== 'restores') return '';
  const needed = [permissions, undo.permissions].map(({ reads, writes }) => [
    ...reads,
    ...writeActions(writes),
  ]);
  const [own = [], ofUndo = []] = needed;
  const more = ofUndo.filter((one) => !own.includes(one)).toSorted();
  return more.length === 0 ? '' : `; to undo, also ${listed(more)}`;
}

/** After which calls it is compared with AWS at once; the rows of its controls' pages have the triggers of a fix. */
function revertedText({ id, revertedBy = [] }: AnyAction, controls: readonly Control[]): string {
  const calls = revertedBy.flatMap(({ eventNames }) => eventNames).map((name) => `\`${name}\``);
  if (calls.length > 0)
    return `by ${calls.join(', ')}: noticed at once; by anything else: by the scheduled scan.`;
  return id.startsWith('fix:') &&
    controls.some(({ actions, onRequestOnly = [] }) => [...actions, ...onRequestOnly].includes(id))
    ? 'by a call that is a trigger of its control: noticed at once; by anything else: by the scheduled scan.'
    : 'by anything: noticed by the scheduled scan.';
}

function undoText(undo: AnyAction['undo']): string {
  if (undo.kind === 'command') return `Never by itself: ${undo.because} The command is printed.`;
  if (undo.kind === 'impossible') return `Impossible: ${undo.because}`;
  const restored =
    undo.except.length === 0
      ? 'Everything is put back as it was.'
      : `What was there is put back, but for: ${undo.except.join('; ')}.`;
  if (undo.by === 'function') return restored;
  return (
    `${restored} **Only by an operator**, who runs the command with permissions of his own: ${undo.because} No function ` +
    'has the permissions; one that is requested by the custom action is answered with the command.'
  );
}

function listed(permissions: readonly string[]): string {
  return permissions.length === 0
    ? 'nothing'
    : permissions.map((permission) => `\`${permission}\``).join(', ');
}

/** The settings in the policy; a fix has those of its control, which the control's page lists. */
function settingsOf({ id, settings }: AnyAction): readonly string[] {
  if (id.startsWith('fix:')) return [];
  const properties = at(z.toJSONSchema(settings, { io: 'input' }), 'properties');
  if (!isObject(properties) || Object.keys(properties).length === 0) return [];
  const rows = Object.entries(properties).map(([name, schema]) => {
    const fallback = at(schema, 'default');
    const shown = fallback === undefined ? '–' : `\`${JSON.stringify(fallback)}\``;
    return `| \`${name}\` | ${String(at(schema, 'description') ?? '').replaceAll('|', String.raw`\|`)} | ${shown} |`;
  });
  return [['| setting | what it says | default |', '| --- | --- | --- |', ...rows].join('\n')];
}
