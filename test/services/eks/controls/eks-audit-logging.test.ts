import { describe, expect, it } from 'vitest';
import { eksAuditLogging as control } from '../../../../lib/services/eks/controls/eks-audit-logging.ts';
import { deletedResources, sample } from '../../../evaluating.ts';
import { last, survivesMutations, verdicts } from '../../evaluations.ts';
import { eks } from './events.ts';

const all = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];
const setup = (enabled: unknown, ...types: unknown[]) => ({ types, enabled });
const logging = (...clusterLogging: object[]) => ({ logging: { clusterLogging } });
const create = (rest: object, answer: object = {}) =>
  eks('CreateCluster', { name: 'shop', ...rest }, { cluster: { name: 'shop', ...answer } });
const update = (rest: object) => eks('UpdateClusterConfig', { name: 'shop', ...rest });

describe('a new cluster', () => {
  it('exports nothing where nothing is said', async () => {
    const { verdict, evidence } = await last(control, [create({})]);
    expect([verdict, evidence.summary]).toEqual([
      'FAIL',
      'Cluster shop does not export: audit, authenticator.',
    ]);
  });

  it('passes with both logs', async () => {
    const record = create(logging(setup(true, 'audit', 'authenticator')));
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });

  it('passes with both logs in setups of their own', async () => {
    const record = create(logging(setup(true, 'audit'), setup(true, 'authenticator'), setup(false, 'api')));
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });

  it('passes with one log where one is required, written without a list', async () => {
    const record = create(logging({ types: 'audit', enabled: true }));
    expect(await verdicts(control, [record], { requiredTypes: ['audit'] })).toEqual(['PASS']);
  });

  it('fails with one of them', async () => {
    expect(await verdicts(control, [create(logging(setup(true, 'audit')))])).toEqual(['FAIL']);
  });

  it('fails where they are named and not enabled', async () => {
    expect(await verdicts(control, [create(logging(setup(false, ...all)))])).toEqual(['FAIL']);
  });

  it('is evaluated by the answer rather than the request', async () => {
    const record = create(logging(setup(true, ...all)), logging(setup(false, ...all)));
    expect(await verdicts(control, [record])).toEqual(['FAIL']);
  });

  it('is unknown where a setup does not say whether it is on', async () => {
    const record = create(logging(setup(undefined, 'audit'), setup(true, 'authenticator')));
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });

  it('is unknown where CloudTrail left the request out', async () => {
    const record = eks('CreateCluster', null, { cluster: { name: 'shop' } });
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });

  it('is not fooled by names that every object has', async () => {
    const record = create(logging(setup(true, '__proto__', 'constructor', 'toString')));
    expect(await verdicts(control, [record])).toEqual(['FAIL']);
  });
});

describe('a changed cluster', () => {
  it('passes when the logs are switched on, one after the other', async () => {
    const records = [
      create({}),
      update(logging(setup(true, 'audit'))),
      update(logging(setup(true, 'authenticator'))),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'FAIL', 'PASS']);
  });

  it('fails when one is switched off', async () => {
    const records = [create(logging(setup(true, ...all))), update(logging(setup(false, 'audit')))];
    expect(await verdicts(control, records)).toEqual(['PASS', 'FAIL']);
  });

  it('is not evaluated again for an update of something else', async () => {
    const records = [create(logging(setup(true, ...all))), update({ deletionProtection: true })];
    expect(await verdicts(control, records)).toEqual(['PASS']);
  });

  it('starts afresh when it is made anew', async () => {
    const records = [create(logging(setup(true, ...all))), create({})];
    expect(await verdicts(control, records)).toEqual(['PASS', 'FAIL']);
  });
});

describe('a cluster not seen before', () => {
  it('passes when all required logs are switched on', async () => {
    expect(await verdicts(control, [update(logging(setup(true, ...all)))])).toEqual(['PASS']);
  });

  it('fails when one is switched off, whatever the other is', async () => {
    expect(await verdicts(control, [update(logging(setup(false, 'audit')))])).toEqual(['FAIL']);
  });

  it('is unknown when only one is switched on', async () => {
    expect(await verdicts(control, [update(logging(setup(true, 'audit')))])).toEqual(['UNKNOWN']);
  });

  it.each([
    [{ deletionProtection: true }],
    [{ resourcesVpcConfig: { endpointPublicAccess: false } }],
    [{ logging: null }],
  ])('is no matter of an update of %j', async (setting) => {
    expect(await verdicts(control, [update(setting)])).toEqual([]);
  });

  it('is unknown where no source says what was updated', async () => {
    expect(await verdicts(control, [update({ omitted: true })])).toEqual(['UNKNOWN']);
  });

  it.each([
    ['in its wrapper', JSON.stringify({ clusterLogging: [setup(true, ...all)] })],
    ['without one', JSON.stringify([setup(true, ...all)])],
  ])('is evaluated by what the answer tells, %s', async (_shape, value) => {
    const record = eks(
      'UpdateClusterConfig',
      { name: 'shop' },
      { update: { params: [{ type: 'ClusterLogging', value }] } },
    );
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });
});

it('evaluates by the logs that the policy requires', async () => {
  const records = [create(logging(setup(true, 'api')))];
  expect(await verdicts(control, records, { requiredTypes: ['api'] })).toEqual(['PASS']);
});

it('takes no log that EKS does not have', () => {
  expect(control.settings.safeParse({ requiredTypes: ['kubelet'] }).success).toBe(false);
});

it('ends with DeleteCluster', () => {
  expect(deletedResources(control, sample(control.id, 'deletion-cluster-deleted'))).toHaveLength(1);
});

it('never throws, whatever the events hold', async () => {
  const records = [
    create(logging(setup(true, 'audit')), logging(setup(true, ...all))),
    update(logging(setup(false, 'audit'))),
  ];
  await survivesMutations(control, records);
});
