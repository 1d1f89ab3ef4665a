/** The JSON Schemas in `docs/schemas`. */
import * as z from 'zod/mini';
import { findingSchema, replaySchema } from '../../cli/output/replay-schema.ts';
import { policyDiffSchema } from '../../cli/policy/diff/schema.ts';
import type { Control } from '../../lib/core/control.ts';
import { policyJsonSchema } from '../../lib/policy/file/schema.ts';
import { actionDetailTypes, actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { transitionSchema } from '../../lib/remediation/events/transition.ts';

/** Every schema, by the file that holds it. */
export function schemas(controls: readonly Control[]): readonly [file: string, text: string][] {
  return [
    ['docs/schemas/policy.schema.json', text(policyJsonSchema(controls))],
    [
      'docs/schemas/replay.schema.json',
      text({ title: 'trailseal replay --format json', ...z.toJSONSchema(replaySchema) }),
    ],
    [
      'docs/schemas/policy-diff.schema.json',
      text({ title: 'trailseal policy diff --format json', ...z.toJSONSchema(policyDiffSchema) }),
    ],
    [
      'docs/schemas/transition.schema.json',
      text({
        title: 'The detail of Control Failed, Control Passed, Control Unknown and Resource Deleted',
        ...z.toJSONSchema(transitionSchema),
      }),
    ],
    [
      'docs/schemas/action-event.schema.json',
      text({
        title: `The detail of ${Object.values(actionDetailTypes).join(', ')}`,
        ...z.toJSONSchema(actionEventSchema),
      }),
    ],
    ['docs/schemas/finding.schema.json', text({ title: 'A finding', ...z.toJSONSchema(findingSchema) })],
  ];
}

function text(schema: unknown): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
