import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { at } from '../../../lib/core/json.ts';
import { defaultPolicy } from '../../../lib/policy/file/assemble.ts';
import { parsePolicy } from '../../../lib/policy/file/parse.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { control, errorsIn, policyOf, sampleControls } from '../fixtures.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');

describe('a policy without a file', () => {
  it.each(controls.map((each) => [each.id, each] as const))(
    'enables %s with its own severity and defaults, and lists no actions',
    (id, each) => {
      expect(defaultPolicy(controls).controls.get(id)).toEqual({
        enabled: true,
        severity: each.severity,
        settings: each.settings.parse({}),
        actions: [],
      });
    },
  );

  it('is the same as the shipped policy', () => {
    const text = readFileSync(path.join(root, 'trailseal.policy.yml'), 'utf8');
    expect({ ...policyOf(text, controls), file: undefined }).toEqual(defaultPolicy(controls));
  });

  it('is the same as a file that sets nothing', () => {
    expect({ ...policyOf('version: 1'), file: undefined }).toEqual(defaultPolicy(sampleControls));
  });
});

describe('a policy file', () => {
  it('overrides the severity of a control', () => {
    const policy = policyOf('version: 1\ncontrols: { key-rotation: { severity: CRITICAL } }');
    expect(policy.controls.get('key-rotation')?.severity).toBe('CRITICAL');
  });

  it('disables a control', () => {
    const policy = policyOf('version: 1\ncontrols: { key-rotation: { enabled: false } }');
    expect(policy.controls.get('key-rotation')?.enabled).toBe(false);
  });

  it('disables every control by default, and enables one of them', () => {
    const policy = policyOf(
      'version: 1\ndefaults: { enabled: false }\ncontrols: { key-rotation: { enabled: true } }',
    );
    expect([...policy.controls].map(([id, { enabled }]) => [id, enabled])).toEqual([
      ['snapshot-sharing', false],
      ['volume-encryption', false],
      ['key-rotation', true],
    ]);
  });

  it('gives the default actions to the controls that have them', () => {
    const policy = policyOf('version: 1\ndefaults: { actions: [quarantine] }');
    expect([...policy.controls].map(([id, { actions }]) => [id, actions])).toEqual([
      ['snapshot-sharing', []],
      ['volume-encryption', ['quarantine']],
      ['key-rotation', ['quarantine']],
    ]);
  });

  it("replaces the default actions by a control's own, also by none", () => {
    const policy = policyOf(
      'version: 1\ndefaults: { actions: [notify] }\ncontrols: { key-rotation: { actions: [] } }',
    );
    expect(policy.controls.get('key-rotation')?.actions).toEqual([]);
  });

  it("fills in the settings' defaults beside those that it sets", () => {
    const policy = policyOf('version: 1\ncontrols: { volume-encryption: { settings: { key: customer } } }');
    expect(policy.controls.get('volume-encryption')?.settings).toEqual({
      key: 'customer',
      arn: 'arn:aws:kms',
      graceDays: 0,
      owners: [],
    });
  });

  it('gives the allowed accounts to a control that has a setting of that name', () => {
    const policy = policyOf("version: 1\nallowedAccounts: ['444455556666']");
    expect(policy.controls.get('snapshot-sharing')?.settings).toEqual({
      allowedAccounts: ['444455556666'],
      strict: true,
    });
  });

  it('gives no accounts to a control without such a setting', () => {
    const policy = policyOf("version: 1\nallowedAccounts: ['444455556666']");
    expect(policy.controls.get('key-rotation')?.settings).toEqual({});
  });

  it("keeps a control's own allowed accounts, also an empty list", () => {
    const policy = policyOf(`
version: 1
allowedAccounts: ['444455556666']
controls: { snapshot-sharing: { settings: { allowedAccounts: [] } } }`);
    expect(policy.controls.get('snapshot-sharing')?.settings).toEqual({ allowedAccounts: [], strict: true });
  });

  it('has an error at the allowed accounts when a control does not accept them', () => {
    const choosy = control(
      'choosy',
      [],
      z.strictObject({ allowedAccounts: z._default(z.array(z.string()).check(z.maxLength(1)), []) }),
    );
    expect(errorsIn("version: 1\nallowedAccounts: ['111122223333', '444455556666']", [choosy])).toEqual([
      {
        path: 'allowedAccounts',
        line: 2,
        column: 18,
        message: 'choosy does not accept these accounts',
        hint: '',
      },
    ]);
  });

  it('sets the limits of every kind of action that has none of its own', () => {
    const policy = policyOf(
      'version: 1\nguardrails: { actionsPerHour: { perAccount: 4, quarantine: { total: 1 } } }',
    );
    expect(policy.guardrails.actionsPerHour).toEqual({
      tag: { perAccount: 4, perActor: 1, total: 50, reservedForCritical: 30 },
      quarantine: { perAccount: 4, perActor: 1, total: 1, reservedForCritical: 30 },
      fix: { perAccount: 4, perActor: 1, total: 50, reservedForCritical: 30 },
    });
  });

  it('sets the settings of actions, with the defaults of those that it leaves out', () => {
    const { actions } = policyOf(
      "version: 1\nactions: { quarantine: { mode: stop }, tag: { prefix: 'acme/' } }",
    );
    const { tag, quarantine } = actions;
    expect([tag, at(quarantine, 'mode'), at(quarantine, 'snapshot')]).toEqual([
      { prefix: 'acme/' },
      'stop',
      false,
    ]);
  });

  it.each([
    ['0', 0],
    ['0 minutes', 0],
    ['1 second', 1_000],
    ['15 minutes', 900_000],
    ['1 hour', 3_600_000],
    ['7 days', 604_800_000],
  ])('gives fixes a grace period of %s', (written, milliseconds) => {
    const { guardrails } = policyOf(`version: 1\nguardrails: { gracePeriod: { fix: ${written} } }`);
    expect(guardrails.gracePeriod.fix).toBe(milliseconds);
  });

  it('has a grace period for quarantine alone, unless it sets one', () => {
    expect(policyOf('version: 1').guardrails.gracePeriod).toEqual({ fix: 0, quarantine: 900_000 });
  });

  it('lets no tag exempt, unless it sets exemptionTags', () => {
    expect(policyOf('version: 1').exemptionTags).toBeUndefined();
  });

  it('accepts an exemption that has expired', () => {
    const policy = policyOf(
      'version: 1\nexemptions: [{ regions: [us-gov-west-1], reason: Old, owner: me, expires: 2001-01-01 }]',
    );
    expect(policy.exemptions.map((each) => each.expires)).toEqual(['2001-01-01']);
  });

  it('may use anchors and merge keys', () => {
    const policy = policyOf(`
version: 1
exemptions:
  - &sandbox { accounts: ['111122223333'], reason: Sandbox, owner: platform-team, expires: 2027-01-31 }
  - { <<: *sandbox, reason: Another, accounts: ['444455556666'] }
  - *sandbox`);
    expect(
      policy.exemptions.map(({ accounts, reason, expires }) => [accounts?.[0], reason, expires]),
    ).toEqual([
      ['111122223333', 'Sandbox', '2027-01-31'],
      ['444455556666', 'Another', '2027-01-31'],
      ['111122223333', 'Sandbox', '2027-01-31'],
    ]);
  });
});

/** Each error as `line:column path: message (hint)`. */
function errorLines(text: string): readonly string[] {
  return errorsIn(text).map(
    ({ line, column, path: where, message, hint }) =>
      `${line}:${column} ${where}: ${message}${hint === '' ? '' : ` (${hint})`}`,
  );
}

describe('errors in the YAML', () => {
  it.each([
    ['an empty file', '', '1:1 : the file is empty (begin with "version: 1")'],
    ['nothing but comments', '# nothing\n', '1:1 : the file is empty (begin with "version: 1")'],
    ['a list', '- version', '1:1 : must be a mapping of keys to values, not a list'],
    ['a single text', 'version', '1:1 : must be a mapping of keys to values, not "version"'],
    [
      'a tab as indentation',
      'version: 1\ndefaults:\n\tenabled: true',
      '3:1 : tabs are not allowed as indentation (indent with spaces; YAML does not allow tabs there)',
    ],
    [
      'a second document',
      'version: 1\n---\nversion: 1',
      '2:1 : the file holds several documents (keep one document: remove the second "---" and everything after it)',
    ],
    [
      'a duplicate key',
      'version: 1\ndefaults: {}\ndefaults: {}',
      '3:1 defaults: duplicate key "defaults" (keep one of the two)',
    ],
    ['an alias without an anchor', 'version: *one', '1:10 version: the alias *one has no anchor before it'],
    ['the key __proto__', 'version: 1\n__proto__: {}', '2:1 : "__proto__" cannot be a key'],
    ['a merge of a text', 'version: 1\n<<: text', '2:1 : "<<" merges mappings only'],
    [
      'a tag of another type',
      'version: !!binary 1',
      '1:10 : unresolved tag: tag:yaml.org,2002:binary (remove the tag and write the plain value)',
    ],
    [
      'very deep nesting',
      '['.repeat(20_000),
      expect.stringContaining('the file is nested too deeply to be read'),
    ],
    [
      'a file of megabytes',
      `version: 1 #${' '.repeat(1_100_000)}`,
      expect.stringContaining('more than the 1048576 allowed'),
    ],
  ])('name %s', (_, text, expected) => {
    expect(errorLines(text)[0]).toEqual(expected);
  });

  it('name aliases that multiply, and quickly', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`,
    );
    expect(errorLines(`l0: &l0 x\n${levels.join('\n')}`)).toEqual([
      '1:1 : the file holds more than 100000 values with its aliases written out (use fewer aliases (*name))',
    ]);
  });

  it('name an alias within its own anchor', () => {
    expect(errorLines('version: 1\nexemptions: &all [*all]')).toEqual([
      '2:19 exemptions[0]: *all contains itself',
    ]);
  });
});

describe('errors in the policy', () => {
  it.each([
    ['a missing version', 'defaults: {}', '1:1 version: "version" is missing (add "version: …")'],
    ['an unknown version', 'version: 2', '1:10 version: must be 1, not the number 2'],
    [
      'a misspelled key',
      'version: 1\ndefualts: {}',
      '2:1 defualts: the key "defualts" is unknown (did you mean defaults?)',
    ],
    [
      'a key that is similar to none',
      'version: 1\ndefaults: { colour: red }',
      '2:13 defaults.colour: the key "colour" is unknown (allowed: enabled, actions)',
    ],
    [
      'a misspelled control',
      'version: 1\ncontrols:\n  key-rotatoin: {}',
      '3:3 controls.key-rotatoin: there is no control "key-rotatoin" (did you mean key-rotation?)',
    ],
    [
      'a control named like a method',
      'version: 1\ncontrols: { constructor: {} }',
      '2:13 controls.constructor: there is no control "constructor" (allowed: snapshot-sharing, volume-encryption, key-rotation)',
    ],
    [
      'a key without a value',
      'version: 1\nexemptions:\n',
      '2:1 exemptions: has no value (write one, or remove the key)',
    ],
    [
      'an account without quotes',
      'version: 1\nallowedAccounts: [111122223333]',
      "2:19 allowedAccounts[0]: must be text, not the number 111122223333 (put it in quotes: '111122223333')",
    ],
    [
      'an account without quotes that begins with zero, as it was written',
      'version: 1\nallowedAccounts: [012345678901]',
      "2:19 allowedAccounts[0]: must be text, not the number 012345678901 (put it in quotes: '012345678901')",
    ],
    [
      'an account of eleven digits',
      "version: 1\nallowedAccounts:\n  - '11112222333'",
      '3:5 allowedAccounts[0]: must be an account id: 12 digits, in quotes, not "11112222333"',
    ],
    [
      'a boolean of YAML 1.1',
      'version: 1\ndefaults: { enabled: yes }',
      '2:22 defaults.enabled: must be true or false, not "yes" (write true)',
    ],
    [
      'a severity in lower case',
      'version: 1\ncontrols: { key-rotation: { severity: critical } }',
      '2:39 controls.key-rotation.severity: "critical" is not one of the allowed values (did you mean CRITICAL?)',
    ],
    [
      'an action that the control does not have',
      'version: 1\ncontrols: { snapshot-sharing: { actions: [notify, quarantine] } }',
      '2:51 controls.snapshot-sharing.actions[1]: "quarantine" is not one of the allowed values (allowed: notify, tag, fix:unshare-snapshot)',
    ],
    [
      'an action where a list is required',
      'version: 1\ndefaults: { actions: notify }',
      '2:22 defaults.actions: must be a list, not "notify" (write a list: [notify])',
    ],
    [
      'a setting that the control does not have',
      'version: 1\ncontrols: { volume-encryption: { settings: { kee: any } } }',
      '2:46 controls.volume-encryption.settings.kee: the key "kee" is unknown (did you mean key?)',
    ],
    [
      'a setting out of range',
      'version: 1\ncontrols: { volume-encryption: { settings: { graceDays: 31 } } }',
      '2:57 controls.volume-encryption.settings.graceDays: must be at most 30',
    ],
    [
      'a setting of another form, where the schema has no message of its own',
      'version: 1\ncontrols: { volume-encryption: { settings: { arn: x } } }',
      '2:51 controls.volume-encryption.settings.arn: must begin with "arn:", not "x"',
    ],
    [
      'an entry of another form, where the schema has no message of its own',
      "version: 1\ncontrols: { snapshot-sharing: { settings: { allowedAccounts: ['1'] } } }",
      '2:63 controls.snapshot-sharing.settings.allowedAccounts[0]: must match /^\\d{12}$/, not "1"',
    ],
    [
      'a setting that is neither of two types',
      'version: 1\ncontrols: { volume-encryption: { settings: { owners: 7 } } }',
      '2:54 controls.volume-encryption.settings.owners: must be nobody or everybody or a list, not the number 7',
    ],
    [
      'a misspelled word where a list is accepted too',
      'version: 1\ncontrols: { volume-encryption: { settings: { owners: nobdy } } }',
      '2:54 controls.volume-encryption.settings.owners: must be nobody or everybody or a list, not "nobdy" (did you mean nobody?)',
    ],
    [
      'an entry of the wrong type in one of two types',
      'version: 1\ncontrols: { volume-encryption: { settings: { owners: [7] } } }',
      "2:55 controls.volume-encryption.settings.owners[0]: must be text, not the number 7 (put it in quotes: '7')",
    ],
    [
      'a limit below zero',
      'version: 1\nguardrails: { actionsPerHour: { fix: { total: -1 } } }',
      '2:47 guardrails.actionsPerHour.fix.total: must be at least 0',
    ],
    [
      'a limit that is not a whole number',
      'version: 1\nguardrails: { actionsPerHour: { total: 1.5 } }',
      '2:40 guardrails.actionsPerHour.total: must be a whole number, not the number 1.5',
    ],
    [
      'a grace period without a unit',
      'version: 1\nguardrails: { gracePeriod: { fix: 15 } }',
      '2:35 guardrails.gracePeriod.fix: must be a duration such as 15 minutes, 1 hour or 2 days, or 0, not the number 15',
    ],
    [
      'a grace period in an unknown unit',
      'version: 1\nguardrails: { gracePeriod: { fix: 2 weeks } }',
      '2:35 guardrails.gracePeriod.fix: must be a duration such as 15 minutes, 1 hour or 2 days, or 0, not "2 weeks"',
    ],
    [
      'a grace period of more than a week',
      'version: 1\nguardrails: { gracePeriod: { quarantine: 169 hours } }',
      '2:42 guardrails.gracePeriod.quarantine: must be at most 7 days',
    ],
    [
      'a grace period for a kind of action that has none',
      'version: 1\nguardrails: { gracePeriod: { tag: 1 hour } }',
      '2:30 guardrails.gracePeriod.tag: the key "tag" is unknown (allowed: fix, quarantine)',
    ],
    [
      'tags that exempt from a misspelled control',
      'version: 1\nexemptionTags: { controls: [key-rotatoin], maxDays: 30 }',
      '2:29 exemptionTags.controls[0]: "key-rotatoin" is not one of the allowed values (did you mean key-rotation?)',
    ],
    [
      'tags that exempt from a control that is not in a list',
      'version: 1\nexemptionTags: { controls: key-rotation, maxDays: 30 }',
      '2:28 exemptionTags.controls: must be all or a list, not "key-rotation"',
    ],
    [
      'tags that exempt from no control',
      'version: 1\nexemptionTags: { controls: [], maxDays: 30 }',
      '2:28 exemptionTags.controls: must name a control; to let no tag exempt, remove exemptionTags',
    ],
    [
      'tags that exempt without a value for the controls',
      'version: 1\nexemptionTags:\n  controls:\n  maxDays: 30',
      '3:3 exemptionTags.controls: has no value (write one, or remove the key)',
    ],
    [
      'tags that exempt without the controls',
      'version: 1\nexemptionTags: { maxDays: 30 }',
      '2:16 exemptionTags.controls: "controls" is missing (add "controls: …")',
    ],
    [
      'tags that exempt without a maximum',
      'version: 1\nexemptionTags: { controls: all }',
      '2:16 exemptionTags.maxDays: "maxDays" is missing (add "maxDays: …")',
    ],
    [
      'tags that exempt for more than a year',
      'version: 1\nexemptionTags: { controls: all, maxDays: 366 }',
      '2:42 exemptionTags.maxDays: must be at most 365',
    ],
    [
      'a prefix of tags that does not end in a sign',
      'version: 1\nactions: { tag: { prefix: trailseal } }',
      '2:27 actions.tag.prefix: must be letters, digits and + - = . _ : / @, end in one of these signs, and not begin with aws:, not "trailseal"',
    ],
    [
      'a setting that the action does not have',
      'version: 1\nactions: { quarantine: { mod: stop } }',
      '2:26 actions.quarantine.mod: the key "mod" is unknown (did you mean mode?)',
    ],
    [
      'an unknown mode of quarantine',
      'version: 1\nactions: { quarantine: { mode: terminate } }',
      '2:32 actions.quarantine.mode: "terminate" is not one of the allowed values (allowed: isolate, stop, isolate+stop)',
    ],
    [
      'settings of an action without settings',
      'version: 1\nactions: { fix:enable-rotation: {} }',
      '2:12 actions["fix:enable-rotation"]: the key "fix:enable-rotation" is unknown (allowed: tag, quarantine, broadPermissions)',
    ],
    [
      'a protected tag without a value',
      'version: 1\nguardrails: { protectedTags: { environment: [] } }',
      '2:45 guardrails.protectedTags.environment: must have an entry; to match everything, remove the key',
    ],
  ])('name %s', (_, text, expected) => {
    expect(errorLines(text)).toEqual([expected]);
  });

  const exempt = (inner: string) => `version: 1\nexemptions:\n  - ${inner}`;
  const rest = 'reason: r, owner: o, expires: 2027-01-31';
  it.each([
    [
      'an exemption without a reason',
      exempt('{ regions: [eu-central-1], owner: o, expires: 2027-01-31 }'),
      '3:5 exemptions[0].reason: "reason" is missing (add "reason: …")',
    ],
    [
      'an exemption with a blank reason',
      exempt("{ regions: [eu-central-1], owner: o, expires: 2027-01-31, reason: ' ' }"),
      '3:71 exemptions[0].reason: must say why, not " "',
    ],
    [
      'an exemption of everything',
      exempt(`{ ${rest} }`),
      '3:5 exemptions[0]: an exemption must be narrowed by controls, accounts, regions, resources or tags',
    ],
    [
      'an exemption by an empty list of tags',
      exempt(`{ ${rest}, tags: {} }`),
      '3:55 exemptions[0].tags: must name at least one tag',
    ],
    [
      'a star where controls are listed',
      exempt(`{ ${rest}, controls: ['*'] }`),
      '3:60 exemptions[0].controls[0]: "*" is not one of the allowed values (remove the key to match all of them)',
    ],
    [
      'a resource that is not an ARN',
      exempt(`{ ${rest}, resources: [i-0abc] }`),
      '3:61 exemptions[0].resources[0]: must be the pattern of an ARN, which begins with "arn:", or of ACCOUNT/REGION/TYPE/ID where there is none, not "i-0abc"',
    ],
    [
      'an availability zone as a Region',
      exempt(`{ ${rest}, regions: [eu-central-1a] }`),
      '3:59 exemptions[0].regions[0]: must be the name of a Region, such as eu-central-1, not "eu-central-1a"',
    ],
    [
      'a tag whose value is true',
      exempt(`{ ${rest}, tags: { sandbox: true } }`),
      "3:66 exemptions[0].tags.sandbox: must be text, not true (put it in quotes: 'true')",
    ],
    [
      'a day that does not exist',
      exempt('{ regions: [eu-central-1], reason: r, owner: o, expires: 2027-02-29 }'),
      '3:62 exemptions[0].expires: must be a date that exists, as YYYY-MM-DD, not "2027-02-29"',
    ],
    [
      "a date in another of YAML's forms",
      exempt('{ regions: [eu-central-1], reason: r, owner: o, expires: 2027-01-31T00:00:00Z }'),
      '3:62 exemptions[0].expires: must be a date that exists, as YYYY-MM-DD, not "2027-01-31T00:00:00Z"',
    ],
    [
      'a date written as a number',
      exempt('{ regions: [eu-central-1], reason: r, owner: o, expires: 20270131 }'),
      "3:62 exemptions[0].expires: must be text, not the number 20270131 (put it in quotes: '20270131')",
    ],
  ])('name %s', (_, text, expected) => {
    expect(errorLines(text)).toEqual([expected]);
  });

  it('are reported all at once, in the order of the file', () => {
    const text = `
version: 1
exemptions:
  - {}
controls:
  key-rotation: { enabled: 1, enabled: 2 }
  key: {}
allowedAccounts: 5
`;
    expect(errorsIn(text).map(({ line, path: where }) => [line, where])).toEqual([
      [4, 'exemptions[0].reason'],
      [4, 'exemptions[0].owner'],
      [4, 'exemptions[0].expires'],
      [4, 'exemptions[0]'],
      [6, 'controls.key-rotation.enabled'],
      [6, 'controls.key-rotation.enabled'],
      [7, 'controls.key'],
      [8, 'allowedAccounts'],
    ]);
  });

  it('quote a key that is not a plain name', () => {
    expect(errorsIn('version: 1\n"a.b c": 1').map((error) => error.path)).toEqual(['["a.b c"]']);
  });
});

describe('any text', () => {
  const fragment = fc.constantFrom(
    ...[
      'version: 1',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ': ',
      '&a ',
      '*a',
      '<<: ',
      '!!str ',
      '? ',
      '|\n',
      '---\n',
    ],
    ...[
      'controls',
      'exemptions',
      'key-rotation',
      'settings',
      'actions',
      'tags',
      'expires',
      '2027-01-31',
      'null',
    ],
    ...["'", '"', '#', '\t', '%YAML 1.1\n', '__proto__', '.nan', '0x1F', '\u0000', '\ud800'],
  );
  it('is either a policy, or has errors with a position in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const parsed = parsePolicy(text, 'policy.yml', sampleControls);
          const lines = text.split(/\r\n|\r|\n/).length;
          return (
            parsed.ok ||
            (parsed.errors.length > 0 &&
              parsed.errors.every(({ line, column }) => line >= 1 && line <= lines && column >= 1))
          );
        },
      ),
      { numRuns: 2000 },
    );
  });
});
