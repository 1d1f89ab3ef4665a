/**
 * What the policy may set about actions, each by the action's own schema. For a fix there is nothing to set: it brings
 * about what its control requires.
 */
import * as z from 'zod/mini';
import type * as Quarantine from '../../services/ec2/quarantine/settings.ts';
import { settings as quarantine } from '../../services/ec2/quarantine/settings.ts';

/** The settings of `tag`, apart from the action itself: policies are read without the clients that it needs. */
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

export interface ActionSettings {
  readonly tag: z.infer<typeof tagSettings>;
  readonly quarantine: Quarantine.Settings;
}

/** By action, the schema of its settings; every setting has a default. */
export const actionSettings = { tag: tagSettings, quarantine };
