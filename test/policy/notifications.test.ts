/** Who is notified of which findings. */
import { describe, expect, it } from 'vitest';
import { type NotificationRoute, targetsOf } from '../../lib/policy/notifications.ts';

const finding = { severity: 'HIGH', control: 'kms-grant', verdict: 'FAIL' } as const;
const every: NotificationRoute = {
  severities: undefined,
  controls: undefined,
  verdicts: ['FAIL'],
  targets: ['topic'],
};

describe('without routes', () => {
  it('every target is notified of a FAIL', () => {
    expect(targetsOf(undefined, finding)).toEqual(['topic', 'chat', 'webhook']);
  });

  it('nobody is notified of an UNKNOWN', () => {
    expect(targetsOf(undefined, { ...finding, verdict: 'UNKNOWN' })).toEqual([]);
  });
});

describe('a route', () => {
  it.each<[string, Partial<NotificationRoute>, readonly string[]]>([
    ['that names nothing takes every FAIL', {}, ['topic']],
    ['takes the severities that it names', { severities: ['HIGH'] }, ['topic']],
    ['takes no other severity', { severities: ['LOW'] }, []],
    ['takes the controls that it names', { controls: ['kms-grant'] }, ['topic']],
    ['takes no other control', { controls: ['kms-key-policy'] }, []],
    ['takes no other verdict', { verdicts: ['UNKNOWN'] }, []],
    ['may notify nobody', { targets: [] }, []],
  ])('%s', (_what, changes, targets) => {
    expect(targetsOf([{ ...every, ...changes }], finding)).toEqual(targets);
  });

  it('takes an UNKNOWN where it names the verdict', () => {
    const route: NotificationRoute = { ...every, verdicts: ['FAIL', 'UNKNOWN'] };
    expect(targetsOf([route], { ...finding, verdict: 'UNKNOWN' })).toEqual(['topic']);
  });

  it('comes before those after it', () => {
    const quiet: NotificationRoute = { ...every, controls: ['kms-grant'], targets: [] };
    expect(targetsOf([quiet, every], finding)).toEqual([]);
  });
});
