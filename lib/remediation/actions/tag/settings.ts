/** What the policy may set about tagging. */
import * as z from 'zod/mini';

export const settings = z.strictObject({
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

export type Settings = z.infer<typeof settings>;
