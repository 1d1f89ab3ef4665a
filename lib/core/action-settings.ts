/**
 * What the policy may set about actions. Of a fix there is nothing to set: it brings about what its control requires. Tagging
 * is declared here; of every other action the service that has it declares what may be set, and each of its controls that lists
 * the action names that.
 */
import * as z from 'zod/mini';
import { each, type Narrowing, type Narrowings } from './narrowing.ts';

/** What the policy may set about one action. */
export interface ActionSettingsDefinition {
  /** Every setting has a default. Whatever could hurt is skipped unless the policy names it. */
  readonly schema: z.ZodMiniType;
  /** What is set, for the author of a policy. */
  readonly description: string;
  /** How an override of the policy may narrow each: it may leave more alone, and do less to what is left. */
  readonly narrowing: Narrowing<unknown>;
}

/**
 * Declares what the policy may set about an action; a setting without a narrowing does not compile.
 * @example defineActionSettings({ schema: z.strictObject({ mode }), description: 'How …', narrowing: { mode: unchanged() } })
 */
export function defineActionSettings<Settings extends object>({
  schema,
  description,
  narrowing,
}: {
  readonly schema: z.ZodMiniType<Settings>;
  readonly description: string;
  readonly narrowing: Narrowings<Settings>;
}): ActionSettingsDefinition {
  return { schema, description, narrowing: each(narrowing) };
}

/** What the policy may set about tagging. */
export const tagSettings = z.strictObject({
  prefix: z
    ._default(
      z
        .string()
        .check(
          z.maxLength(100),
          z.regex(
            /^(?!aws:)[A-Za-z0-9+\-=._:/@]*[+\-=._:/@]$/i,
            'must be letters, digits and + - = . _ : / @, end in one of these signs, and not begin with aws:',
          ),
        ),
      'trailseal:',
    )
    .check(
      z.describe(
        'What the names of the tags begin with, up to a sign such as ":"; also that of the tag that exempts.',
      ),
    ),
});

/** A longer prefix is narrower: the deployment may set and delete tags under the deployed prefix only. */
const longerPrefix: Narrowing<string> = {
  may: 'extend it',
  widenings: (override, deployed) =>
    override.startsWith(deployed)
      ? []
      : [{ path: [], must: `begin with ${JSON.stringify(deployed)}`, found: JSON.stringify(override) }],
};

/** What the policy may set about tagging. */
export const taggingSettings = defineActionSettings<z.infer<typeof tagSettings>>({
  schema: tagSettings,
  description: 'How failing resources are tagged.',
  narrowing: { prefix: longerPrefix },
});

/** The settings of every action that has some, by its id, as its own schema parsed them. */
export interface ActionSettings {
  readonly tag: z.infer<typeof tagSettings>;
  readonly [action: string]: unknown;
}

/**
 * By action, what the policy may set about those that these controls have; tagging is always among them.
 * @example definedActionSettings(controls).get('tag')?.schema.parse({}) // { prefix: 'trailseal:' }
 */
export function definedActionSettings(
  controls: readonly { readonly actionSettings?: Readonly<Record<string, ActionSettingsDefinition>> }[],
): ReadonlyMap<string, ActionSettingsDefinition> {
  return new Map([
    ['tag', taggingSettings],
    ...controls.flatMap(({ actionSettings = {} }) => Object.entries(actionSettings)),
  ]);
}
