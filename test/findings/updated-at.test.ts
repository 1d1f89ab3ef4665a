/**
 * The order in which publications arrive does not matter. Security Hub ignores an update whose UpdatedAt is equal
 * or older, and says nothing of it (AWS Security Hub User Guide, "BatchImportFindings for finding providers"). moto
 * does not: it overwrites whatever it has. So this Security Hub is made here, of that rule alone.
 */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asffOf, publisherBefore, start } from './publishing.ts';

function hubWithItsRule() {
  const held = new Map<string, AwsSecurityFinding>();
  const before = publisherBefore((_ids, { Findings = [] }) => {
    for (const finding of Findings) {
      const { Id = '', UpdatedAt = '' } = finding;
      const known = held.get(Id)?.UpdatedAt;
      if (known === undefined || Date.parse(UpdatedAt) > Date.parse(known)) held.set(Id, finding);
    }
    return {};
  });
  return { ...before, held };
}

/** A finding as it was at a version, which its title tells. */
function versionOf(id: string, version: number): AwsSecurityFinding {
  const UpdatedAt = new Date(Date.parse(start) + version).toISOString();
  return asffOf(id, { UpdatedAt, Title: `version ${version}` });
}

describe('publications', () => {
  it('leave the newest version, whatever their order, their batches and their repetitions', async () => {
    const version = fc.record({ id: fc.constantFrom('f1', 'f2', 'f3'), version: fc.nat({ max: 9 }) });
    const publications = fc.array(fc.array(version, { maxLength: 6 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(publications, async (all) => {
        const hub = hubWithItsRule();
        for (const one of all) await hub.publish(one.map(({ id, version: of }) => versionOf(id, of)));
        const newest = new Map<string, number>();
        for (const { id, version: of } of all.flat()) newest.set(id, Math.max(of, newest.get(id) ?? 0));
        const expected = [...newest].map(([id, of]) => [id, `version ${of}`]);
        expect([...hub.held].map(([id, { Title }]) => [id, Title]).sort()).toEqual(expected.sort());
      }),
    );
  });

  it('count as accepted also where Security Hub ignores them, as its answer does not show that', async () => {
    const hub = hubWithItsRule();
    await hub.publish([versionOf('f1', 2)]);
    expect(await hub.publish([versionOf('f1', 1)])).toMatchObject({ accepted: ['f1'] });
    expect(hub.held.get('f1')?.Title).toBe('version 2');
  });
});
