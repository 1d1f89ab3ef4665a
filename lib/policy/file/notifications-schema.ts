/** The schema of the policy file's notifications. */
import * as z from 'zod/mini';
import { severities } from '../../core/control.ts';
import { defaultVerdicts, notificationTargets, notifiedVerdicts } from '../notifications.ts';
import { listOf, noted } from './schema-parts.ts';

/** @param ids of all controls. */
export function notifications(ids: readonly string[]) {
  const route = noted(
    z.strictObject({
      severities: z.optional(
        noted(listOf(z.enum(severities)), {
          description: 'Severities of the findings; every severity where this is left out.',
          examples: [['CRITICAL', 'HIGH']],
        }),
      ),
      controls: z.optional(
        noted(listOf(z.enum(ids)), {
          description: 'Controls of the findings; every control where this is left out.',
          examples: [ids.slice(0, 1)],
        }),
      ),
      verdicts: z.optional(
        noted(listOf(z.enum(notifiedVerdicts)), {
          description: 'Verdicts of the findings. An UNKNOWN is notified only where a route names it.',
          examples: [['FAIL', 'UNKNOWN']],
          default: [...defaultVerdicts],
        }),
      ),
      targets: noted(z.array(z.enum(notificationTargets)), {
        description:
          'Who is notified: topic (SNS: e-mail and JSON), chat (Slack and Teams) and webhook (all of them), as far as the ' +
          'deployment has them. With an empty list, nobody is.',
        examples: [['topic', 'chat']],
      }),
    }),
    { description: 'Where notifications of some findings go. Every criterion that is given must match.' },
  );
  return noted(
    z.strictObject({
      routes: noted(z.array(route), {
        description:
          'The first route that matches a finding decides; of a finding that no route matches, nobody is notified.',
      }),
    }),
    {
      description:
        'Who is notified of which findings, and of the actions about them, for controls that list notify. Without this, ' +
        'every target is notified of every FAIL, and nobody of an UNKNOWN. Nobody is ever notified of tags alone.',
    },
  );
}
