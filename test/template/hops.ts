/** The hops that a template has: what messages and items go through. Which there are is asked of the template. */
import { at, isObject, list, text } from '../../lib/core/json.ts';
import { account, type Made, ofType, region } from './template.ts';

export interface Hop {
  /** Its logical id; that of a stream is its table's. */
  readonly id: string;
  readonly kind: HopKind;
  readonly arn: string;
  /** Its own policy; `undefined` where it has none. */
  readonly policy: unknown;
}

export type HopKind = 'queue' | 'topic' | 'event-bus' | 'table' | 'stream';

export function hopsIn(resources: ReadonlyMap<string, Made>): readonly Hop[] {
  const attached = (type: string, property: string, name: string) =>
    ofType(resources, type)
      .filter(([, { properties }]) => list(properties, property).includes(name))
      .map(([, { properties }]) => at(properties, 'PolicyDocument'));
  const named = (type: string, property: string) =>
    ofType(resources, type).map(([id, made]) => ({ id, name: nameIn(made, property), made }));
  return [
    ...named('AWS::SQS::Queue', 'QueueName').map(({ id, name }): Hop => {
      const url = `https://sqs.${region}.amazonaws.com/${account}/${name}`;
      const [policy] = attached('AWS::SQS::QueuePolicy', 'Queues', url);
      return { id, kind: 'queue', arn: local('sqs', name), policy };
    }),
    ...named('AWS::SNS::Topic', 'TopicName').map(({ id, name }): Hop => {
      const arn = local('sns', name);
      return { id, kind: 'topic', arn, policy: attached('AWS::SNS::TopicPolicy', 'Topics', arn)[0] };
    }),
    ...named('AWS::Events::EventBus', 'Name').map(
      ({ id, name }): Hop => ({
        id,
        kind: 'event-bus',
        arn: local('events', `event-bus/${name}`),
        policy: busPolicy(resources, name),
      }),
    ),
    ...named('AWS::DynamoDB::Table', 'TableName').flatMap(({ id, name, made }): readonly Hop[] => {
      const arn = local('dynamodb', `table/${name}`);
      const stream = at(made.properties, 'StreamSpecification');
      return [
        { id, kind: 'table', arn, policy: at(made.properties, 'ResourcePolicy', 'PolicyDocument') },
        ...(isObject(stream)
          ? [
              {
                id,
                kind: 'stream' as const,
                arn: `${arn}/stream/2026-01-01T00:00:00.000`,
                policy: at(stream, 'ResourcePolicy', 'PolicyDocument'),
              },
            ]
          : []),
      ];
    }),
  ];
}

function nameIn({ properties }: Made, property: string): string {
  const name = text(properties, property);
  if (name === undefined) throw new Error(`a hop has no ${property}`);
  return name;
}

function local(service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${account}:${resource}`;
}

/** EventBridge makes one policy of the statements. */
function busPolicy(resources: ReadonlyMap<string, Made>, name: string): unknown {
  const own = ofType(resources, 'AWS::Events::EventBusPolicy').filter(
    ([, { properties }]) => text(properties, 'EventBusName') === name,
  );
  if (own.length === 0) return undefined;
  const Statement = own.map(([, { properties }]) => ({
    ...asObject(at(properties, 'Statement')),
    Sid: text(properties, 'StatementId'),
  }));
  return { Version: '2012-10-17', Statement };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new Error('a policy of the bus has no statement');
  return value;
}
