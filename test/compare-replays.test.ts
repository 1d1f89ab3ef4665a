import { describe, expect, it } from 'vitest';
import { differences } from '../scripts/compare-replays.ts';

const finding = {
  id: 'trailseal/ec2-volume-encryption/111122223333/eu-central-1/vol-1',
  control: 'ec2-volume-encryption',
  resource: { type: 'AwsEc2Volume', id: 'vol-1', arn: 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-1' },
  account: '111122223333',
  region: 'eu-central-1',
  verdict: 'FAIL',
  status: 'OPEN',
  severity: 'HIGH',
  openedAt: '2026-10-01T00:00:00.000Z',
  closedAt: null,
  actor: { arn: 'arn:aws:iam::111122223333:user/anna' },
  eventIds: ['one'],
};

describe('two replays', () => {
  it('agree where only words for people differ', () => {
    expect(differences([{ ...finding, title: 'a' }], [{ ...finding, title: 'b' }])).toEqual([]);
  });

  it('differ where a finding is in one of them alone', () => {
    expect(differences([finding], [])).toEqual([`only before: ${finding.id}`]);
    expect(differences([], [finding])).toEqual([`only after: ${finding.id}`]);
  });

  it.each([
    ['verdict', { verdict: 'UNKNOWN' }],
    ['status', { status: 'RESOLVED' }],
    ['actor', { actor: { arn: 'unknown' } }],
    ['events', { eventIds: ['two'] }],
    ['resource', { resource: { ...finding.resource, id: 'vol-2' } }],
  ])('differ in the %s of a finding', (member, change) => {
    const found = differences([finding], [{ ...finding, ...change }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${finding.id}: ${member} was `);
  });
});
