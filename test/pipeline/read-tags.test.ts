/** The tags that the read of a resource does not return. */
import { DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { tagPermissionsFor } from '../../lib/services/readers.ts';
import {
  account,
  ec2Error,
  instance,
  key,
  keyArn,
  kmsError,
  mockAws,
  resource,
  start,
  template,
} from './gathering.ts';

const told = (value: Readonly<Record<string, string>>, call: string) => ({
  known: true,
  value,
  source: { kind: 'api', call, at: start },
});

describe('the tags of a key', () => {
  it('are those of all pages', async () => {
    const aws = mockAws();
    aws.kms
      .on(ListResourceTagsCommand, { KeyId: keyArn })
      .resolves({ Tags: [{ TagKey: 'a', TagValue: '1' }], Truncated: true, NextMarker: 'more' })
      .on(ListResourceTagsCommand, { KeyId: keyArn, Marker: 'more' })
      .resolves({ Tags: [{ TagKey: 'b', TagValue: '' }], Truncated: false });
    expect(await aws.provider.tagsOf([key])).toEqual([told({ a: '1', b: '' }, 'ListResourceTags')]);
  });

  it('are known to be none where KMS lists none', async () => {
    const aws = mockAws();
    aws.kms.on(ListResourceTagsCommand).resolves({ Tags: [], Truncated: false });
    expect(await aws.provider.tagsOf([key])).toEqual([told({}, 'ListResourceTags')]);
  });

  it('are asked for once, however many findings there are about it', async () => {
    const aws = mockAws();
    aws.kms.on(ListResourceTagsCommand).resolves({ Tags: [] });
    await aws.provider.tagsOf([key, key]);
    expect(aws.calls()).toEqual(['kms:ListResourceTags']);
  });

  it('are unknown where they are denied, with the reason', async () => {
    const aws = mockAws();
    aws.kms.on(ListResourceTagsCommand).rejects(kmsError('AccessDeniedException', 'no rights.'));
    expect(await aws.provider.tagsOf([key])).toEqual([
      { known: false, reason: 'denied', detail: 'kms:ListResourceTags was denied (no rights)' },
    ]);
  });
});

describe('the tags of a launch template', () => {
  it('are those that EC2 returns for the template', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeLaunchTemplatesCommand, { LaunchTemplateIds: ['lt-1'] })
      .resolves({ LaunchTemplates: [{ LaunchTemplateId: 'lt-1', Tags: [{ Key: 'a', Value: '1' }] }] });
    expect(await aws.provider.tagsOf([template('lt-1')])).toEqual([
      told({ a: '1' }, 'DescribeLaunchTemplates'),
    ]);
  });

  it('are unknown of the one that was deleted, and known of the others', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeLaunchTemplatesCommand)
      .resolves({ LaunchTemplates: [{}] })
      .on(DescribeLaunchTemplatesCommand, { LaunchTemplateIds: ['lt-2'] })
      .rejects(ec2Error('InvalidLaunchTemplateId.NotFound', 'no'));
    expect(await aws.provider.tagsOf([template('lt-2'), template('lt-1')])).toMatchObject([
      { known: false, reason: 'not-found' },
      { known: true, value: {} },
    ]);
  });
});

describe('tags that the read of a resource returns', () => {
  it('are not asked for', async () => {
    const aws = mockAws();
    expect(await aws.provider.tagsOf([instance('i-1')])).toMatchObject([
      { known: false, reason: 'unreadable' },
    ]);
    expect(aws.calls()).toEqual([]);
  });
});

describe('the permissions', () => {
  it('are the calls that reading these tags makes, no fewer and no more', async () => {
    const resources = [key, template('lt-1'), instance('i-1'), resource('AwsAccount', account)];
    for (const one of resources) {
      const aws = mockAws();
      aws.kms.on(ListResourceTagsCommand).resolves({});
      aws.ec2.on(DescribeLaunchTemplatesCommand).resolves({});
      await aws.provider.tagsOf([one]);
      expect(aws.calls()).toEqual(tagPermissionsFor([one.type]));
    }
  });
});
