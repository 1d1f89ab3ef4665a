/**
 * The policy file's schema, made from the controls: their ids, settings and actions are the only ones allowed.
 * The loader and the JSON Schema for editors both come from it, so that they cannot disagree.
 */
import * as z from 'zod/mini';
import type { Action, Control } from '../control.ts';
import { severities } from '../control.ts';
import { defaultLimits, type kinds } from './guardrails.ts';

/** No policy may ask for more actions an hour: beyond this it would not be a limit. */
const mostPerHour = 10_000;

interface Notes {
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  /** Further keywords of JSON Schema, for what a refinement demands. */
  readonly [keyword: string]: unknown;
}

/** A schema with what editors show about it. */
function noted<T extends z.ZodMiniType>(schema: T, notes: Notes): T {
  return schema.check(z.meta(notes));
}

const text = (message: string) => z.string().check(z.regex(/\S/, message));

const accountId = z.string().check(z.regex(/^\d{12}$/, 'must be an account id: 12 digits, in quotes'));

const regionName = z
  .string()
  .check(z.regex(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/, 'must be the name of a Region, such as eu-central-1'));

const arnPattern = z
  .string()
  .check(
    z.regex(/^arn:./, 'must be the pattern of an ARN: it begins with "arn:"'),
    z.maxLength(1024, 'must have at most 1024 characters'),
  );

const valuePattern = z.string().check(z.maxLength(256, 'must have at most 256 characters'));

const tagKey = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(128));

function listOf<T extends z.ZodMiniType>(item: T) {
  return z.array(item).check(z.minLength(1, 'must have an entry; to leave it open, take the key out'));
}

const count = z.number().check(z.int(), z.gte(0), z.lte(mostPerHour));

const limitNotes = {
  perAccount: 'The most actions of a kind in one account in any hour; 0 allows none.',
  total: 'The most actions of a kind in all accounts together in any hour; 0 allows none.',
};

function limits(description: string) {
  return noted(
    z.strictObject({
      perAccount: z.optional(noted(count, { description: limitNotes.perAccount, examples: [2] })),
      total: z.optional(noted(count, { description: limitNotes.total, examples: [5] })),
    }),
    { description },
  );
}

const criteria = ['controls', 'accounts', 'regions', 'resources', 'tags'] as const;

function isNarrowed(exemption: unknown): boolean {
  if (typeof exemption !== 'object' || exemption === null) return true;
  return criteria.some((criterion) => Object.hasOwn(exemption, criterion));
}

function exemption(ids: readonly string[]) {
  return noted(
    z
      .strictObject({
        controls: z.optional(
          noted(listOf(z.enum(ids)), {
            description: 'The controls that do not apply; every control where this is left out.',
            examples: [ids.slice(0, 1)],
          }),
        ),
        accounts: z.optional(
          noted(listOf(accountId), {
            description: 'Accounts that own the resource; every account where this is left out.',
            examples: [['111122223333']],
          }),
        ),
        regions: z.optional(
          noted(listOf(regionName), {
            description: 'Regions of the resource; every Region where this is left out.',
            examples: [['eu-central-1']],
          }),
        ),
        resources: z.optional(
          noted(listOf(arnPattern), {
            description:
              'Patterns of the resource\'s ARN: "*" stands for any text, "?" for any one character; letter case ' +
              'counts. Any one may match.',
            examples: [['arn:aws:ec2:*:111122223333:instance/i-0abc*']],
          }),
        ),
        tags: z.optional(
          noted(z.record(tagKey, valuePattern), {
            description:
              'Tags that must all be on the resource, as far as its tags are known ("*" and "?" as in resources); a ' +
              'resource whose tags are not known is not exempt.',
            examples: [{ environment: 'sandbox' }],
            minProperties: 1,
          }).check(z.refine((tags) => Object.keys(tags).length > 0, 'must name at least one tag')),
        ),
        reason: noted(text('must say why'), {
          description: 'Why it is exempt; shown with every finding that it covers.',
          examples: ['Sandbox without customer data'],
        }),
        owner: noted(text('must name who answers for it'), {
          description: 'Who answers for it: a team or a person.',
          examples: ['platform-team@example.com'],
        }),
        expires: noted(z.iso.date('must be a date that exists, as YYYY-MM-DD'), {
          description:
            'The last day (UTC) on which it holds, YYYY-MM-DD. Afterwards the finding says that its exemption has expired.',
          examples: ['2027-01-31'],
        }),
      })
      .check(
        z.refine(isNarrowed, {
          error: 'an exemption must be narrowed by controls, accounts, regions, resources or tags',
          // Also beside other faults, so that one reading of the file finds them all.
          when: () => true,
        }),
      ),
    {
      description: 'Lets resources off. Every criterion that is given must match; at least one is needed.',
      anyOf: criteria.map((criterion) => ({ required: [criterion] })),
    },
  );
}

const guardrails = noted(
  z.strictObject({
    actionsPerHour: z.optional(
      noted(
        z.strictObject({
          perAccount: z.optional(
            noted(count, { description: limitNotes.perAccount, default: defaultLimits.perAccount }),
          ),
          total: z.optional(noted(count, { description: limitNotes.total, default: defaultLimits.total })),
          tag: z.optional(limits('Limits on tagging alone; what is left out is as for every kind.')),
          quarantine: z.optional(
            limits('Limits on quarantine alone; what is left out is as for every kind.'),
          ),
          fix: z.optional(limits('Limits on all fixes together; what is left out is as for every kind.')),
        } satisfies Record<(typeof kinds)[number] | 'perAccount' | 'total', unknown>),
        {
          description:
            'How many actions may be carried out in any hour. Each kind (tag, quarantine, fix) is counted by itself; ' +
            'notifying is not limited.',
          examples: [{ perAccount: 10, total: 50, quarantine: { perAccount: 2, total: 5 } }],
        },
      ),
    ),
    protectedTags: z.optional(
      noted(z.record(tagKey, listOf(valuePattern)), {
        description:
          'Resources with one of these tags are never changed, only reported; nor is a resource whose tags are not ' +
          'known. For each tag a list of values ("*" and "?" as in resources).',
        examples: [{ environment: ['prod*'], 'do-not-touch': ['*'] }],
      }),
    ),
  }),
  { description: 'Limits on what may be done, whatever the controls ask for.' },
);

function actionList(actions: readonly Action[], description: string) {
  return noted(z.array(z.enum(actions)), { description, examples: [actions.slice(0, 2)], default: [] });
}

function controlEntry(control: Control) {
  return noted(
    z.strictObject({
      enabled: z.optional(
        noted(z.boolean(), {
          description: 'Whether the control is judged at all; else as in defaults.',
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
                description: 'Whether controls are judged that do not say so themselves.',
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
          { description: 'By control, what it demands and what is done when it fails.' },
        ),
      ),
      exemptions: z.optional(
        noted(z.array(exemption(ids)), {
          description: 'What is let off, by whom, why, and until when.',
          default: [],
        }),
      ),
      guardrails: z.optional(guardrails),
    }),
    { description: 'What Trailseal demands of AWS resources, and what it does when they fail.' },
  );
}

/** The policy file as it is written, checked but without its defaults. */
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
    settings.description ??= `What the control demands; ${page}`;
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
