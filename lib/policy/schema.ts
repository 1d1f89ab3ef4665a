/**
 * The policy file's schema, made from the controls: their ids, settings and actions are the only ones allowed.
 * The loader and the JSON Schema for editors both come from it, so that they cannot disagree.
 */
import * as z from 'zod/mini';
import type { Action, Control } from '../core/control.ts';
import { severities } from '../core/control.ts';
import { actionSettings } from '../remediation/actions/settings.ts';
import { otherRequests, requestable } from './custom-actions.ts';
import { exemption, exemptionTags } from './exemptions-schema.ts';
import { guardrails } from './guardrails-schema.ts';
import { exemptDays } from './operator-exemption.ts';
import { accountId, noted } from './schema-parts.ts';

const actions = noted(
  z.strictObject({
    tag: z.optional(noted(actionSettings.tag, { description: 'How failing resources are tagged.' })),
    quarantine: z.optional(
      noted(actionSettings.quarantine, {
        description:
          'How instances are quarantined. Whatever could hurt a service is skipped unless it is named here.',
      }),
    ),
  }),
  { description: 'How actions are carried out, wherever the controls ask for them.' },
);

/** What people may order about a finding, of what these controls have. */
function operators(controls: readonly Control[]) {
  const requested = [...new Set(controls.flatMap(requestable))];
  return noted(
    z.strictObject({
      customActions: noted(
        z.array(z.enum([...otherRequests, ...requested])).check(z.minLength(1, noRequests)),
        {
          description:
            'What the custom actions in Security Hub may do about a finding, whether or not the policy asks for it by itself: ' +
            'quarantine and fixes by their names, undo (with rights to put everything back), re-check, and exempt (for ' +
            `${exemptDays} days). Limits, protected tags and the kill switch hold for them too.`,
          examples: [['undo', 're-check', 'exempt']],
        },
      ),
    }),
    {
      description:
        'What people may order by custom actions in Security Hub. Without this key there are no custom actions.',
    },
  );
}
const noRequests = 'must name an order; to have no custom actions, take operators out';

function actionList(actions: readonly Action[], description: string) {
  return noted(z.array(z.enum(actions)), { description, examples: [actions.slice(0, 2)], default: [] });
}

function controlEntry(control: Control) {
  return noted(
    z.strictObject({
      enabled: z.optional(
        noted(z.boolean(), {
          description: 'Whether the control is evaluated at all; else as in defaults.',
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
          'What is done when the control fails; else as in defaults. The rest is only reported.',
        ),
      ),
    }),
    { description: `${control.title}.` },
  );
}

/** The schema of the whole file. What is absent stays absent: the loader fills in the defaults. */
export function policySchema(controls: readonly Control[]) {
  const ids = controls.map((control) => control.id);
  const everyAction = [...new Set(controls.flatMap((control) => control.actions))];
  return noted(
    z.strictObject({
      version: noted(z.literal(1), { description: "The format's version: 1." }),
      allowedAccounts: z.optional(
        noted(z.array(accountId), {
          description:
            'Accounts with which resources may be shared, for every control that has a setting of this name and does ' +
            "not set it. An empty list: a resource's own account only.",
          examples: [['444455556666']],
          default: [],
        }),
      ),
      defaults: z.optional(
        noted(
          z.strictObject({
            enabled: z.optional(
              noted(z.boolean(), {
                description: 'Whether controls are evaluated that do not say so themselves.',
                default: true,
              }),
            ),
            actions: z.optional(
              actionList(
                everyAction,
                'The actions of every control that does not list its own, as far as the control has them.',
              ),
            ),
          }),
          { description: 'What holds for every control that does not say otherwise.' },
        ),
      ),
      controls: z.optional(
        noted(
          z.strictObject(
            Object.fromEntries(controls.map((control) => [control.id, z.optional(controlEntry(control))])),
          ),
          { description: 'By control, what it requires and what is done when it fails.' },
        ),
      ),
      exemptions: z.optional(
        noted(z.array(exemption(ids)), {
          description: 'What is exempted, by whom, why, and until when.',
          default: [],
        }),
      ),
      exemptionTags: z.optional(exemptionTags(ids)),
      actions: z.optional(actions),
      operators: z.optional(operators(controls)),
      guardrails: z.optional(guardrails),
    }),
    { description: 'What Trailseal requires of AWS resources, and what it does when they fail.' },
  );
}

/** The policy file as it is written, checked but without its defaults; those of the actions' settings are filled in. */
export type PolicyFile = z.infer<ReturnType<typeof policySchema>>;

/** Formats of JSON Schema draft-07 (Validation, section 7.3) that zod makes. */
const formats: ReadonlySet<string> = new Set('date date-time time email hostname ipv4 ipv6 uri'.split(' '));

/**
 * The JSON Schema (draft-07, which every YAML editor knows) of the policy file for these controls.
 * A setting that its control does not describe refers to the control's own page.
 */
export function policyJsonSchema(controls: readonly Control[]): Record<string, unknown> {
  const schema = z.toJSONSchema(policySchema(controls), {
    target: 'draft-7',
    io: 'input',
    // A check that JSON Schema cannot say is left to `trailseal policy validate`.
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // zod names its own formats too ("starts_with"); their patterns say the same, and validators refuse the names.
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

/** The schema of one property. */
function child(
  schema: z.core.JSONSchema.BaseSchema | undefined,
  name: string,
): z.core.JSONSchema.BaseSchema | undefined {
  const found = schema?.properties?.[name];
  return typeof found === 'object' ? found : undefined;
}
