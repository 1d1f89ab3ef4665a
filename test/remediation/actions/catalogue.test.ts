import { describe, expect, it } from 'vitest';
import type { ActionId } from '../../../lib/core/action.ts';
import { commandLine } from '../../../lib/core/command-line.ts';
import { actionOf, actions } from '../../../lib/remediation/actions/index.ts';
import { controls } from '../../../lib/services/catalogue.ts';

const fixes = controls.flatMap((control) =>
  [...control.actions, ...(control.onRequestOnly ?? [])].flatMap(
    (action): [string, ActionId, typeof control][] =>
      action === 'notify' || action === 'quarantine' || action === 'tag'
        ? []
        : [[`${control.id} ${action}`, action, control]],
  ),
);

describe('the actions', () => {
  it.each(fixes)('define %s, by the settings of the control', (_name, action, control) => {
    expect(actionOf(action)?.settings).toBe(control.settings);
  });

  it('are defined once each', () => {
    expect(new Set(actions.map(({ id }) => id)).size).toBe(actions.length);
  });

  it.each(actions.map((action) => [action.id, action] as const))(
    'tell of %s what it can break',
    (_id, { risk }) => {
      expect(risk).toMatch(/\.$/);
    },
  );
});

describe('a command for people', () => {
  it('quotes what a shell would take for its own', () => {
    expect(commandLine(['echo', "it's", '$(rm)', 'a b', ''])).toBe(`echo 'it'\\''s' '$(rm)' 'a b' ''`);
  });

  it('holds nothing that controls a terminal', () => {
    expect(commandLine(['echo', '\u001b[2J\n\u202e'])).toBe(String.raw`echo '\u001b[2J\u000a\u202e'`);
  });
});
