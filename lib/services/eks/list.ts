/**
 * The listers of EKS's resources: ListClusters, and ListNodegroups for each cluster. They return names, without tags.
 */
import { ListClustersCommand, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import type { Clients } from '../../aws/clients.ts';
import { arnOf } from '../../core/arn.ts';
import { asked, type Lister, tokenIn } from '../../core/list.ts';
import { nested } from '../../core/nested-list.ts';

const clustersAction = 'eks:ListClusters';

/** Source: EKS API Reference, "ListClusters": maxResults is between 1 and 100. */
async function listClusters({ eks }: Clients, token: string | undefined) {
  const answer = await eks.send(
    new ListClustersCommand({ maxResults: 100, ...(token === undefined ? {} : { nextToken: token }) }),
  );
  return { items: answer.clusters, next: answer.nextToken };
}

const clusters: Lister = {
  permissions: [clustersAction],
  async list(clients, accountRegion, token) {
    const { account, region } = accountRegion;
    const { items, next } = await asked(clustersAction, accountRegion, () => listClusters(clients, token));
    return {
      resources: (items ?? []).map((id) => ({
        type: 'AwsEksCluster',
        id,
        arn: arnOf('eks', region, account, `cluster/${id}`),
        account,
        region,
      })),
      token: tokenIn(next),
      unlisted: [],
    };
  },
};

/** Node groups with the ARN without its UUID, as in most events, because the listing does not return it. */
const nodegroups = nested({
  outer: { action: clustersAction, list: listClusters },
  inner: {
    action: 'eks:ListNodegroups',
    async list({ eks }, clusterName, token) {
      const answer = await eks.send(
        new ListNodegroupsCommand({
          clusterName,
          maxResults: 100,
          ...(token === undefined ? {} : { nextToken: token }),
        }),
      );
      return { items: answer.nodegroups, next: answer.nextToken };
    },
    deleted: 'ResourceNotFoundException',
    particular: ['AccessDeniedException'],
  },
  resource: (cluster, name, { account, region }) => ({
    type: 'AwsEksNodegroup',
    id: `${cluster}/${name}`,
    arn: arnOf('eks', region, account, `nodegroup/${cluster}/${name}`),
    account,
    region,
    partOf: arnOf('eks', region, account, `cluster/${cluster}`),
  }),
});

export const listers = {
  AwsEksCluster: clusters,
  AwsEksNodegroup: nodegroups,
};
