/**
 * The schema of the policy file, made from the controls: it accepts their ids, settings and actions and no others. The JSON
 * Schema for editors is made from it too, so that editors and Trailseal accept the same files.
 */
import * as z from 'zod/mini';
import { definedActionSettings, taggingSettings, tagSettings } from '../../core/action-settings.ts';
import { type Action, type Control, severities } from '../../core/control.ts';
import { otherRequests, requestable } from '../custom-actions.ts';
import { exemptDays } from '../operator-exemption.ts';
import { exemption, exemptionMaxDays, exemptionTags } from './exemptions-schema.ts';
import { guardrails } from './guardrails-schema.ts';
import { notifications } from './notifications-schema.ts';
import { accountId, noted } from './schema-parts.ts';

function actionSettingsOf(controls: readonly Control[]) {
  const broad = [
    ...new Set(controls.flatMap(({ broadActions = {} }) => Object.keys(broadActions) as Action[])),
  ];
  const others = Object.fromEntries(
    [...definedActionSettings(controls)]
      .filter(([action]) => action !== 'tag')
      .map(([action, { schema, description }]) => [action, z.optional(noted(schema, { description }))]),
  );
  const known = {
    tag: z.optional(noted(tagSettings, { description: taggingSettings.description })),
    broadPermissions: z.optional(
      noted(z.array(z.enum(broad)), {
        description:
          'Actions that may have permissions which IAM cannot narrow to what they do. Each has a role of its own, which ' +
          'is made only where it is listed here; without this, no control and no operator may list the action.',
        examples: [broad.slice(0, 1)],
        default: [],
      }),
    ),
  };
  // What is not known here stays for the actions, each by its own schema.
  const shape: typeof known = { tag: known.tag, ...others, broadPermissions: known.broadPermissions };
  return noted(z.strictObject(shape), {
    description: 'How actions are carried out, for every control that lists them.',
  });
}

function operators(controls: readonly Control[]) {
  const actionsOfControls = [...new Set(controls.flatMap(requestable))];
  return noted(
    z.strictObject({
      customActions: noted(
        z.array(z.enum([...otherRequests, ...actionsOfControls])).check(z.minLength(1, noCustomActions)),
        {
          description:
            'What operators may request for a finding by custom actions in Security Hub, whether or not a control lists it: ' +
            'quarantine, fixes by their names, undo (with permissions to undo every action), re-check, and exempt (for ' +
            `${exemptDays} days). Limits, protected tags and the kill switch apply to them too.`,
          examples: [['undo', 're-check', 'exempt']],
        },
      ),
    }),
    {
      description:
        'What operators may request in Security Hub. Without this key there are no custom actions.',
    },
  );
}
const noCustomActions = 'must name a custom action; to have none, remove operators';

function actionList(actions: readonly Action[], description: string) {
  return noted(z.array(z.enum(actions)), { description, examples: [actions.slice(0, 2)], default: [] });
}

function controlEntry(control: Control) {
  return noted(
    z.strictObject({
      enabled: z.optional(
        noted(z.boolean(), {
          description: 'Whether the control is evaluated; as in defaults where left out.',
          default: true,
        }),
      ),
      severity: z.optional(
        noted(z.enum(severities), {
          description: `The severity of its findings; ${control.severity} where left out.`,
          default: control.severity,
        }),
      ),
      settings: z.optional(control.settings),
      actions: z.optional(
        actionList(
          control.actions,
          'What is done when the control fails; as in defaults where left out. With an empty list, failures are only reported.',
        ),
      ),
    }),
    { description: `${control.title}.` },
  );
}

/**
 * The schema of the whole file. What is left out stays out, settings apart: `assemble` fills in the defaults.
 * @param controls all controls that the file may name.
 */
export function policySchema(controls: readonly Control[]) {
  const ids = controls.map((control) => control.id);
  const everyAction = [...new Set(controls.flatMap((control) => control.actions))];
  return noted(
    z.strictObject({
      version: noted(z.literal(1), { description: "The format's version: 1." }),
      allowedAccounts: z.optional(
        noted(z.array(accountId), {
          description:
            'Accounts with which resources may be shared, for every control that has a setting of this name and whose ' +
            "entry does not set it. An empty list allows a resource's own account only.",
          examples: [['444455556666']],
          default: [],
        }),
      ),
      defaults: z.optional(
        noted(
          z.strictObject({
            enabled: z.optional(
              noted(z.boolean(), {
                description: 'Whether the controls that do not set enabled are evaluated.',
                default: true,
              }),
            ),
            actions: z.optional(
              actionList(
                everyAction,
                'The actions of every control that does not list its own; each control takes those that it has.',
              ),
            ),
          }),
          { description: 'What applies to every control that does not set it.' },
        ),
      ),
      controls: z.optional(
        noted(
          z.strictObject(
            Object.fromEntries(controls.map((control) => [control.id, z.optional(controlEntry(control))])),
          ),
          { description: 'What each control requires, and what is done when it fails.' },
        ),
      ),
      exemptions: z.optional(
        noted(z.array(exemption(ids)), {
          description: 'What is exempt, why, until when, and who is responsible.',
          default: [],
        }),
      ),
      exemptionMaxDays: z.optional(exemptionMaxDays),
      exemptionTags: z.optional(exemptionTags(ids)),
      actions: z.optional(actionSettingsOf(controls)),
      operators: z.optional(operators(controls)),
      guardrails: z.optional(guardrails),
      notifications: z.optional(notifications(ids)),
    }),
    { description: 'What Trailseal requires of AWS resources, and what it does when they fail.' },
  );
}

/** A policy file that the schema accepts, without its defaults; those of the actions' settings are filled in. */
export type PolicyFile = z.infer<ReturnType<typeof policySchema>>;

/** Formats of JSON Schema draft-07 (Validation, section 7.3) that zod makes. */
const formats: ReadonlySet<string> = new Set('date date-time time email hostname ipv4 ipv6 uri'.split(' '));

/**
 * The JSON Schema of the policy file for these controls, in draft-07, which every YAML editor knows. The description of a
 * setting that its control does not describe refers to the control's page in the documentation.
 */
export function policyJsonSchema(controls: readonly Control[]): Record<string, unknown> {
  const schema = z.toJSONSchema(policySchema(controls), {
    target: 'draft-7',
    io: 'input',
    // What JSON Schema cannot express, `trailseal policy validate` checks.
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // zod also names formats of its own ("starts_with"), which validators refuse; their patterns mean the same.
      if (jsonSchema.format !== undefined && !formats.has(jsonSchema.format)) delete jsonSchema.format;
    },
  });
  const entries = child(schema, 'controls');
  for (const { id } of controls) {
    const settings = child(child(entries, id), 'settings');
    if (settings === undefined) continue;
    const page = `see docs/controls/${id}.md.`;
    settings.description ??= `What the control requires; ${page}`;
    for (const name of Object.keys(settings.properties ?? {})) {
      const setting = child(settings, name);
      if (setting !== undefined) setting.description ??= `The setting ${name}; ${page}`;
    }
  }
  const { $schema, ...rest } = schema;
  return { $schema, title: 'Trailseal policy', ...rest };
}

/** The schema of a property; `undefined` where there is none. */
function child(
  schema: z.core.JSONSchema.BaseSchema | undefined,
  name: string,
): z.core.JSONSchema.BaseSchema | undefined {
  const found = schema?.properties?.[name];
  return typeof found === 'object' ? found : undefined;
}
