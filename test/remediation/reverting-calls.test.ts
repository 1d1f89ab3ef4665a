import { describe, expect, it } from 'vitest';
import type { TrailEvent } from '../../lib/core/event.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import { callsToFollow } from '../../lib/remediation/reverting-calls.ts';
import { controls, services } from '../../lib/services/catalogue.ts';
import { fixing, id, key, simulated } from './fixture.ts';

const call = (eventName: string, more: Partial<TrailEvent> = {}): TrailEvent => ({
  id: 'event-1',
  eventSource: 'kms.amazonaws.com',
  eventName,
  time: undefined,
  account: key.account,
  region: key.region,
  actor: {
    type: 'IAMUser',
    arn: 'arn:aws:iam::111122223333:user/olga',
    name: 'olga',
    account: key.account,
    sourceIp: undefined,
    userAgent: undefined,
  },
  outcome: { kind: 'success' },
  request: { keyId: 'fake-key' },
  response: null,
  resources: [],
  additional: null,
  serviceEventDetails: null,
  raw: {},
  ...more,
});

describe('the calls after which an action is compared with AWS', () => {
  it('are of sources that EventBridge’s rule can name', () => {
    const sources = services.flatMap(({ source }) => (source.kind === 'aws' ? [source.eventSource] : []));
    for (const action of actions) {
      const of = controls.filter((control) => control.actions.includes(action.id));
      for (const { eventSource } of callsToFollow(action, of)) expect(sources).toContain(eventSource);
    }
  });

  it.each(actions.filter(({ id: action }) => action.startsWith('fix:')))(
    'of $id are the triggers of its controls',
    (fix) => {
      const of = controls.filter(({ actions: own, onRequestOnly = [] }) =>
        [...own, ...onRequestOnly].includes(fix.id),
      );
      const triggers = of.flatMap((control) =>
        control.triggers.flatMap((trigger) => (trigger.kind === 'api-call' ? trigger.eventNames : [])),
      );
      expect(triggers.length).toBeGreaterThan(0);
      expect(callsToFollow(fix, of).flatMap(({ eventNames }) => eventNames)).toEqual(triggers);
    },
  );
});

describe('a call that makes a control fail again', () => {
  it('after its fix, before the resource was seen to pass, has the fix repeated at once', async () => {
    const { fake, remediate, compareAfter } = await simulated();
    await remediate();
    fake.state.value = 'disabled';
    const [compared] = await compareAfter(call('DisableKey'));
    expect(compared).toMatchObject({
      finding: id,
      remediation: {
        events: [
          {
            outcome: 'reverted',
            reversal: { call: { eventName: 'DisableKey', actor: 'arn:aws:iam::111122223333:user/olga' } },
          },
          { outcome: 'done' },
        ],
      },
    });
    expect(fake.state.value).toBe('enabled');
  });

  it('before anything was done is left to the transition', async () => {
    const { fake, compareAfter } = await simulated();
    expect(await compareAfter(call('DisableKey'))).toEqual([]);
    expect(fake.state.writes).toBe(0);
  });

  it('concerns nothing under a policy that only reports', async () => {
    const { compareAfter } = await simulated('controls: {}');
    expect(await compareAfter(call('DisableKey'))).toEqual([]);
  });

  it('is handled again while the repeat is not complete', async () => {
    const { fake, remediate, compareAfter } = await simulated(fixing);
    await remediate();
    fake.state.value = 'disabled';
    fake.state.fault = new Error('AWS is busy');
    const [first] = await compareAfter(call('DisableKey'));
    expect(first?.remediation).toMatchObject({
      events: [{ outcome: 'reverted' }, { outcome: 'partially-completed' }],
      again: true,
    });
    fake.state.fault = undefined;
    const [again] = await compareAfter(call('DisableKey'));
    expect(again?.remediation).toMatchObject({ events: [{ outcome: 'done' }], again: false });
  });
});
