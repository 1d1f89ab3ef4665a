/** Facts about listeners, from AWS, and tags: DescribeListeners and DescribeTags. */

import {
  type Action,
  type Listener as DescribedListener,
  DescribeListenersCommand,
  DescribeTagsCommand,
  type TagDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Describe, describeAll } from '../../aws/facts/calls.ts';
import { isNotFound } from '../../aws/facts/failure.ts';
import { derive, type Lookup, type Lookups } from '../../aws/facts/lookups.ts';
import type { Readers, TagReader } from '../../aws/facts/reader.ts';
import { fromPairs } from '../../aws/facts/tags.ts';
import type { ArnResource } from '../../core/control.ts';
import { known } from '../../core/facts.ts';
import type { DefaultAction, ElbFacts } from './facts.ts';

type Ask<T> = (arns: readonly string[], lookups: Lookups) => Promise<readonly T[]>;

/**
 * A Describe call by ARNs, which fails as a whole where one does not exist; there is no filter, so that they are then
 * asked for one by one. Source: API Reference, "DescribeTags": up to 20 ARNs a call; that of
 * DescribeListeners names no limit, and takes as many here.
 */
function byArns<T>(action: string, ask: Ask<T>, arnOf: (item: T) => string | undefined): Describe<T> {
  const oneByOne: Ask<T> = async (arns, lookups) => {
    const found = await Promise.all(
      arns.map(async (arn) => {
        try {
          return await ask([arn], lookups);
        } catch (error) {
          if (isNotFound(error)) return [];
          throw error;
        }
      }),
    );
    return found.flat();
  };
  return { action, size: 20, byId: ask, byFilter: oneByOne, idsOf: (item) => [arnOf(item)] };
}

const listenersAction = 'elasticloadbalancing:DescribeListeners';

const describeListeners = byArns<DescribedListener>(
  listenersAction,
  async (arns, lookups) => {
    const answer = await lookups.call(({ elbv2 }) =>
      elbv2.send(new DescribeListenersCommand({ ListenerArns: [...arns] })),
    );
    return answer.Listeners ?? [];
  },
  ({ ListenerArn: arn }) => arn,
);

/** Listeners by ARN. What an accepted call has set is returned at once: a listener has no state. */
const listeners: Lookup<DescribedListener> = {
  permissions: [listenersAction],
  find: (arns, lookups, waitsFor) => describeAll(describeListeners, arns, lookups, waitsFor),
};

const tagsAction = 'elasticloadbalancing:DescribeTags';

const describeTags = byArns<TagDescription>(
  tagsAction,
  async (arns, lookups) => {
    const answer = await lookups.call(({ elbv2 }) =>
      elbv2.send(new DescribeTagsCommand({ ResourceArns: [...arns] })),
    );
    return answer.TagDescriptions ?? [];
  },
  ({ ResourceArn: arn }) => arn,
);

const tagsByArn: TagReader<ArnResource> = {
  idOf: ({ arn }) => arn,
  lookup: {
    permissions: [tagsAction],
    async find(arns, lookups, waitsFor) {
      const found = await describeAll(describeTags, arns, lookups, waitsFor);
      return new Map(
        [...found].map(([arn, fact]) => [
          arn,
          derive(fact, ({ Tags: tags = [] }, source) => known(fromPairs(tags), source)),
        ]),
      );
    },
  },
};

function actionOf({ Type: type, RedirectConfig: redirect }: Action): DefaultAction {
  return {
    type: type ?? null,
    redirectProtocol: type === 'redirect' ? (redirect?.Protocol ?? '#{protocol}') : null,
  };
}

const readers: Readers<keyof ElbFacts, ArnResource> = {
  'elb.listener': {
    uses: [listeners],
    read: async ({ arn }, aws) =>
      derive(await aws.ask(listeners, arn), (listener, source) =>
        known(
          {
            protocol: listener.Protocol ?? null,
            port: listener.Port ?? null,
            sslPolicy: listener.SslPolicy ?? null,
            defaultActions: listener.DefaultActions?.map(actionOf) ?? null,
          },
          source,
        ),
      ),
  },
};

export const aws = {
  readers,
  tagReaders: { AwsElbv2Listener: tagsByArn, AwsElbv2LoadBalancer: tagsByArn },
  related: {},
};
