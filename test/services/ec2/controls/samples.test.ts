import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Control } from '../../../../lib/core/control.ts';
import { ebsDefaultEncryption } from '../../../../lib/services/ec2/controls/ebs-default-encryption.ts';
import { ebsSnapshotSharing } from '../../../../lib/services/ec2/controls/ebs-snapshot-sharing.ts';
import { ec2TransitEncryption } from '../../../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { ec2VolumeEncryption } from '../../../../lib/services/ec2/controls/ec2-volume-encryption.ts';
import { launchTemplateEncryption } from '../../../../lib/services/ec2/controls/launch-template-encryption.ts';
import { deletedResources, evaluateTrail, sample } from '../../../evaluating.ts';

const controls: readonly Control[] = [
  ec2TransitEncryption,
  ec2VolumeEncryption,
  ebsDefaultEncryption,
  ebsSnapshotSharing,
  launchTemplateEncryption,
];

const verdictOf: Readonly<Record<string, string>> = { pass: 'PASS', fail: 'FAIL', unknown: 'UNKNOWN' };

function samplesOf(control: Control): readonly string[] {
  const folder = path.join(import.meta.dirname, '..', '..', '..', '..', 'events', control.id);
  return readdirSync(folder).map((file) => path.basename(file, '.json'));
}

describe.each(controls)('the samples of $id', (control) => {
  const names = samplesOf(control);

  it.each(names.filter((name) => !name.startsWith('deletion-')))(
    '%s gives the verdict in its name',
    async (name) => {
      const evaluated = await evaluateTrail(control, [sample(control.id, name)]);
      expect(evaluated.map(({ verdict }) => verdict)).toContain(verdictOf[name.split('-')[0] ?? '']);
    },
  );

  it.each(names.filter((name) => name.startsWith('deletion-')))('%s names what has ended', (name) => {
    expect(deletedResources(control, sample(control.id, name))).not.toEqual([]);
  });

  it('never throw, whatever is put in the place of any of their values', async () => {
    const records = names.map((name) => sample(control.id, name));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(records.length - 1), fc.nat(), hostile), { minLength: 1, maxLength: 4 }),
        async (mutations) => {
          const trail = mutations.map(([index, position, value]) => mutated(records[index], position, value));
          for (const { evidence } of await evaluateTrail(control, trail)) {
            expect(evidence.summary.length).toBeGreaterThan(0);
          }
          for (const record of trail) deletedResources(control, record);
        },
      ),
      { numRuns: 150 },
    );
  });
});

const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    '',
    {},
    [],
    '<sensitiveDataRemoved>',
    'x'.repeat(100_000),
    JSON.parse('{"__proto__": {"items": [{"instanceId": "i-1"}]}, "constructor": "x"}'),
    { items: [null, 1, 'x', { items: {} }] },
  ),
);

/** A copy of the record in which the value at one place of its request, response or service event details is another. */
function mutated(record: unknown, position: number, value: unknown): unknown {
  const copy = structuredClone(record) as { detail: Record<string, unknown> };
  const accountRegions: [Record<string, unknown>, string][] = [];
  const walk = (holder: Record<string, unknown>, key: string): void => {
    accountRegions.push([holder, key]);
    const inner = holder[key];
    if (typeof inner !== 'object' || inner === null) return;
    for (const next of Object.keys(inner)) walk(inner as Record<string, unknown>, next);
  };
  walk(copy.detail, 'requestParameters');
  walk(copy.detail, 'responseElements');
  walk(copy.detail, 'serviceEventDetails');
  const accountRegion = accountRegions[position % accountRegions.length];
  if (accountRegion !== undefined) accountRegion[0][accountRegion[1]] = value;
  return copy;
}
