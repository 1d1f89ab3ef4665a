import { describe, expect, it } from 'vitest';
import type { ActionId } from '../../lib/actions/action.ts';
import { associateEncryptionCommand } from '../../lib/actions/associate-encryption.ts';
import { commandLine } from '../../lib/actions/command-line.ts';
import { actionOf, actions } from '../../lib/actions/index.ts';
import { controls } from '../../lib/controls/index.ts';

const fixes = controls.flatMap((control) =>
  control.actions.flatMap((action): [string, ActionId, typeof control][] =>
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

  it('holds nothing that a terminal would obey', () => {
    expect(commandLine(['echo', '\u001b[2J\n\u202e'])).toBe(String.raw`echo '\u001b[2J\u000a\u202e'`);
  });
});

describe('the command that associates an encryption', () => {
  const cluster = { id: 'app', region: 'eu-central-1' };
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/k';

  it('names the key that the policy names', () => {
    expect(associateEncryptionCommand(cluster, [key])).toBe(
      'aws eks associate-encryption-config --region eu-central-1 --cluster-name app --encryption-config ' +
        `'[{"resources":["secrets"],"provider":{"keyArn":"${key}"}}]'`,
    );
  });

  it.each([['customer-managed' as const], [[key, `${key}2`]]])(
    'leaves the choice to a person for %s',
    (keys) => {
      expect(associateEncryptionCommand(cluster, keys)).toContain('"keyArn":"KEY_ARN"');
    },
  );
});
