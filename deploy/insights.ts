/**
 * Insights: saved groupings of Trailseal's findings in Security Hub's console. Security Hub has to be on, or creating the
 * stack fails. Sources: Security Hub API, "CreateInsight", "AwsSecurityFindingFilters", "MapFilter".
 */
import { stackName } from '../lib/aws/names.ts';
import { findingIdPrefix } from '../lib/findings/id.ts';
import type { Deployment } from './context.ts';
import type { StackResources, Value } from './template.ts';

interface Insight {
  readonly id: string;
  readonly name: string;
  readonly groupBy: string;
  readonly filters: { readonly [filter: string]: Value };
}

const is = (...values: readonly string[]): Value =>
  values.map((value) => ({ Comparison: 'EQUALS', Value: value }));

/** Trailseal's findings that nobody resolved or suppressed, of every account that this Security Hub aggregates. */
const ours = {
  GeneratorId: [{ Comparison: 'PREFIX', Value: findingIdPrefix }],
  RecordState: is('ACTIVE'),
  WorkflowStatus: is('NEW', 'NOTIFIED'),
};
const open = { ...ours, ComplianceStatus: is('FAILED') };

/** Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element": type, without those of services. */
const actorTypes = [
  'Root',
  'IAMUser',
  'AssumedRole',
  'Role',
  'FederatedUser',
  'IdentityCenterUser',
  'SAMLUser',
  'WebIdentityUser',
];

const all: readonly Insight[] = [
  { id: 'ByControl', name: 'open findings by control', groupBy: 'GeneratorId', filters: open },
  { id: 'ByAccount', name: 'open findings by account', groupBy: 'AwsAccountId', filters: open },
  {
    // Insights group by attributes of ASFF, of which none is the actor. The nearest: findings that users and roles
    // caused, whom the product fields of each finding name.
    id: 'ByActor',
    name: 'open findings that users and roles caused (product field trailseal/actor/arn)',
    groupBy: 'ResourceId',
    filters: {
      ...open,
      ProductFields: actorTypes.map((type) => ({
        Comparison: 'EQUALS',
        Key: 'trailseal/actor/type',
        Value: type,
      })),
    },
  },
  {
    id: 'Unknown',
    name: 'UNKNOWN findings by control',
    groupBy: 'GeneratorId',
    filters: { ...ours, ComplianceStatus: is('NOT_AVAILABLE') },
  },
  // Security Hub sorts groups by their size, not by time: the oldest are read from the names of the groups.
  { id: 'Oldest', name: 'open findings by creation time', groupBy: 'CreatedAt', filters: open },
];

export function insights({ parameters }: Deployment): StackResources {
  if (!parameters.insights) return {};
  return Object.fromEntries(
    all.map(({ id, name, groupBy, filters }) => [
      `Insight${id}`,
      {
        Type: 'AWS::SecurityHub::Insight',
        Properties: {
          Name: `${stackName(parameters.stage)}: ${name}`,
          GroupByAttribute: groupBy,
          Filters: filters,
        },
      },
    ]),
  );
}
