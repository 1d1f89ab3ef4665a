import { describe, expect, it } from 'vitest';
import { ec2TransitEncryption as control } from '../../../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import { ec2, evicted, launch } from './records.ts';

const launched = (instanceType: string) => launch('i-0abc', {}, {}, { instanceType });
const modified = (request: Readonly<Record<string, unknown>>) =>
  ec2('ModifyInstanceAttribute', { instanceId: 'i-0abc', ...request });
const started = ec2(
  'StartInstances',
  { instancesSet: { items: [{ instanceId: 'i-0abc' }] } },
  { instancesSet: { items: [{ instanceId: 'i-0abc', currentState: { name: 'pending' } }] } },
);

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}

describe('ec2-transit-encryption', () => {
  it('evaluates each instance of a launch by the type in the response', async () => {
    const record = ec2(
      'RunInstances',
      { instanceType: 'm5.large' },
      { instancesSet: { items: [{ instanceId: 'i-1', instanceType: 'c7i.large' }, { instanceId: 'i-2' }] } },
    );
    expect(await verdicts([record])).toEqual(['PASS', 'FAIL']);
  });

  it('fails a Nitro type that does not encrypt', async () => {
    expect(await verdicts([launched('m5.large')])).toEqual(['FAIL']);
  });

  it('does not know a type that the snapshot does not hold', async () => {
    const [evaluated] = await evaluateTrail(control, [launched('zz9.plural')]);
    expect(evaluated).toMatchObject({
      verdict: 'UNKNOWN',
      evidence: { summary: expect.stringContaining('DescribeInstanceTypes') },
    });
  });

  it.each([['t3.micro'], ['t3.*']])('passes a type that the policy accepts as %s', async (accepted) => {
    expect(await verdicts([launched('t3.micro')], { allowedInstanceTypes: [accepted] })).toEqual(['PASS']);
  });

  it.each([['t3.small'], ['t3a.*']])('does not take %s for t3.micro', async (accepted) => {
    expect(await verdicts([launched('t3.micro')], { allowedInstanceTypes: [accepted] })).toEqual(['FAIL']);
  });

  it('follows a change of type', async () => {
    const changed = modified({ instanceType: { value: 'c7i.large' } });
    expect(await verdicts([launched('m5.large'), changed, started])).toEqual(['FAIL', 'PASS', 'PASS']);
  });

  it.each(['instanceType', 'INSTANCE_TYPE', 'instance-type', 'InstanceType'])(
    'reads the change in its other spelling, of the attribute %s',
    async (attribute) => {
      const changed = modified({ attribute, value: 'c7i.large' });
      expect(await verdicts([launched('m5.large'), changed])).toEqual(['FAIL', 'PASS']);
    },
  );

  it.each([
    { disableApiTermination: { value: false } },
    { groupSet: { items: [{ groupId: 'sg-1' }] } },
    { groupSet: {} },
    { userData: '<sensitiveDataRemoved>' },
    { sourceDestCheck: { value: true }, instanceType: null },
    { attribute: 'userData', value: 'c7i.large' },
    { attribute: 'DISABLE_API_TERMINATION', value: 'true' },
  ])('is not concerned by a change of another attribute: %j', async (request) => {
    expect(await verdicts([launched('m5.large'), modified(request)])).toEqual(['FAIL']);
  });

  it('keeps the known type when another attribute is changed', async () => {
    const changed = modified({ attribute: 'userData', value: 'c7i.large' });
    expect(await verdicts([launched('m5.large'), changed, started])).toEqual(['FAIL', 'FAIL']);
  });

  it.each([{}, { value: 'c7i.large' }, { attribute: null }, { attribute: '<sensitiveDataRemoved>' }])(
    'no longer knows the type after a change of nobody knows what: %j',
    async (request) => {
      const evaluated = await evaluateTrail(control, [launched('m5.large'), modified(request)]);
      expect(evaluated.at(-1)).toMatchObject({
        verdict: 'UNKNOWN',
        evidence: { summary: expect.stringContaining('an attribute of the instance was changed') },
      });
    },
  );

  it.each([
    { attribute: 'instanceType', value: '<sensitiveDataRemoved>' },
    { attribute: 'instanceType' },
    { instanceType: {} },
  ])('no longer knows the type after a change that hides it: %j', async (request) => {
    expect(await verdicts([launched('m5.large'), modified(request)])).toEqual(['FAIL', 'UNKNOWN']);
  });

  it('does not know the type of an instance whose launch is not in the trail', async () => {
    expect(await verdicts([started])).toEqual(['UNKNOWN']);
  });

  it('keeps instances of other accounts apart', async () => {
    const elsewhere = { ...started, recipientAccountId: '444455556666' };
    expect(await verdicts([launched('c7i.large'), elsewhere])).toEqual(['PASS', 'UNKNOWN']);
  });

  it('gives the tags that the request asked for', async () => {
    const tagSpecificationSet = {
      items: [
        { resourceType: 'volume', tags: [{ key: 'Name', value: 'disk' }] },
        { resourceType: 'instance', tags: [{ key: 'Name', value: 'web' }] },
      ],
    };
    const [evaluated] = await evaluateTrail(control, [launch('i-0abc', {}, { tagSpecificationSet })]);
    expect(evaluated?.resource.tags).toEqual({ Name: 'web' });
  });

  it.each([
    ['PASS', launched('c7i.large'), {}],
    ['PASS', launched('t3.micro'), { allowedInstanceTypes: ['t3.micro'] }],
    ['FAIL', launched('m5.large'), {}],
    ['UNKNOWN', launched('zz9.plural'), {}],
    ['UNKNOWN', started, {}],
  ])('names the instance in the summary of a %s', async (verdict, record, settings) => {
    const [evaluated] = await evaluateTrail(control, [record], settings);
    expect(evaluated).toMatchObject({ verdict, evidence: { summary: expect.stringContaining('i-0abc') } });
  });

  it('ends with each Spot Instance that EC2 reclaims', () => {
    expect(deletedResources(control, evicted('i-0abc', 'i-1'))).toMatchObject([
      { type: 'AwsEc2Instance', id: 'i-0abc' },
      { type: 'AwsEc2Instance', id: 'i-1' },
    ]);
  });

  it('evaluates a Spot Instance again that was stopped and is started', async () => {
    expect(await verdicts([launched('m5.large'), evicted('i-0abc'), started])).toEqual(['FAIL', 'FAIL']);
  });

  it('ends with the instance', () => {
    const record = ec2('TerminateInstances', { instancesSet: { items: [{ instanceId: 'i-0abc' }] } });
    expect(deletedResources(control, record)).toMatchObject([{ type: 'AwsEc2Instance', id: 'i-0abc' }]);
  });
});
