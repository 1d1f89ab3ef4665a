/** Node groups of clusters, and grants of keys: listings in listings. */
import { ListClustersCommand, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { ListGrantsCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { awsError, mockAws } from '../services/listing.ts';

/** Clusters in pages of two, each with its node groups in pages of one. */
function clustersWith(groups: Readonly<Record<string, readonly string[]>>) {
  const aws = mockAws();
  const names = Object.keys(groups);
  aws.eks.on(ListClustersCommand).callsFake(({ nextToken = '0' }: { nextToken?: string }) => {
    const from = Number(nextToken);
    return {
      clusters: names.slice(from, from + 2),
      ...(from + 2 < names.length ? { nextToken: String(from + 2) } : {}),
    };
  });
  aws.eks
    .on(ListNodegroupsCommand)
    .callsFake(({ clusterName, nextToken = '0' }: { clusterName: string; nextToken?: string }) => {
      const from = Number(nextToken);
      const all = groups[clusterName] ?? [];
      return {
        nodegroups: all.slice(from, from + 1),
        ...(from + 1 < all.length ? { nextToken: String(from + 1) } : {}),
      };
    });
  return aws;
}

const manyGroups = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`);

describe('listing node groups', () => {
  it('finds those of every cluster, over the pages of both', async () => {
    const aws = clustersWith({ a: ['x', 'y'], b: [], c: ['z'] });
    const ids = (await aws.pages('AwsEksNodegroup')).flatMap(({ resources }) =>
      resources.map(({ id }) => id),
    );
    expect(ids).toEqual(['a/x', 'a/y', 'c/z']);
  });

  it('is one page where there is little', async () => {
    const aws = clustersWith({ a: ['x'], b: ['y'], c: [], d: ['z'] });
    expect(await aws.pages('AwsEksNodegroup')).toHaveLength(1);
  });

  it('ends a page after some calls, and goes on in the middle of a cluster', async () => {
    const aws = clustersWith({ a: manyGroups(60), b: ['last'] });
    const pages = await aws.pages('AwsEksNodegroup');
    expect(pages.length).toBeGreaterThan(1);
    const ids = pages.flatMap(({ resources }) => resources.map(({ id }) => id));
    expect(ids.toSorted()).toEqual([...manyGroups(60).map((name) => `a/${name}`), 'b/last'].toSorted());
  });

  it('asks for nothing twice, wherever a page ended', async () => {
    const aws = clustersWith({ a: manyGroups(60), b: ['last'], c: [] });
    await aws.pages('AwsEksNodegroup');
    // 60 of the first cluster, one of the second, and the answer that the third has none.
    expect(aws.eks.commandCalls(ListNodegroupsCommand)).toHaveLength(62);
    expect(aws.eks.commandCalls(ListClustersCommand)).toHaveLength(2);
  });

  it('leaves out a cluster that has been deleted meanwhile', async () => {
    const aws = clustersWith({ a: ['x'], b: ['y'] });
    aws.eks.on(ListNodegroupsCommand, { clusterName: 'a' }).rejects(awsError('ResourceNotFoundException'));
    const [page] = await aws.pages('AwsEksNodegroup');
    expect(page).toMatchObject({ resources: [{ id: 'b/y' }], unlisted: [] });
  });

  it('fails when the clusters are not listed, naming that action', async () => {
    const aws = mockAws();
    aws.eks.on(ListClustersCommand).rejects(awsError('AccessDeniedException', 'no'));
    await expect(aws.list('AwsEksNodegroup')).rejects.toMatchObject({
      action: 'eks:ListClusters',
      denied: true,
    });
  });

  it('refuses a token that is not its own', async () => {
    await expect(mockAws().list('AwsEksNodegroup', '"x"')).rejects.toThrow(TypeError);
  });
});

describe('listing grants', () => {
  const keys = { Keys: [{ KeyId: 'one' }, { KeyId: 'two' }] };

  it('tells of a key whose grants may not be listed, and lists those of the others', async () => {
    const aws = mockAws();
    aws.kms.on(ListKeysCommand).resolves(keys);
    aws.kms
      .on(ListGrantsCommand, { KeyId: 'one' })
      .rejects(awsError('AccessDeniedException', 'not by its key policy'))
      .on(ListGrantsCommand, { KeyId: 'two' })
      .resolves({ Grants: [{ GrantId: 'g' }] });
    const [page] = await aws.pages('AwsKmsGrant');
    expect(page?.resources.map(({ id }) => id)).toEqual(['two/g']);
    expect(page?.unlisted).toMatchObject([
      { action: 'kms:ListGrants', denied: true, message: expect.stringContaining('kms:ListGrants of one') },
    ]);
  });

  it('fails as a whole when it is throttled, so that the page is asked for again', async () => {
    const aws = mockAws();
    aws.kms.on(ListKeysCommand).resolves(keys);
    aws.kms.on(ListGrantsCommand).rejects(awsError('ThrottlingException', 'slow down'));
    await expect(aws.list('AwsKmsGrant')).rejects.toMatchObject({ action: 'kms:ListGrants', denied: false });
  });

  it('has tokens of at most 20 KB', async () => {
    const aws = mockAws();
    aws.kms.on(ListKeysCommand).resolves({
      Keys: Array.from({ length: 100 }, (_, index) => ({ KeyId: `mrk-${String(index).padStart(32, '0')}` })),
      NextMarker: 'm'.repeat(1_024),
      Truncated: true,
    });
    aws.kms.on(ListGrantsCommand).resolves({
      Grants: Array.from({ length: 40 }, (_, index) => ({ GrantId: `g${index}` })),
      NextMarker: 'n'.repeat(1_024),
      Truncated: true,
    });
    const { token = '' } = await aws.list('AwsKmsGrant');
    expect(token.length).toBeLessThan(20_000);
  });
});
