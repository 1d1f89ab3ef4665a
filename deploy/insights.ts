/**
 * Insights: what Security Hub's console shows of Trailseal's findings at a click. Security Hub has to be on, or the
 * stack can't be made. Sources: Security Hub API, "CreateInsight", "AwsSecurityFindingFilters", "MapFilter".
 */
import { stackName } from '../lib/aws/names.ts';
import type { Deployment } from './context.ts';
import type { Resources, Value } from './template.ts';

interface Insight {
  readonly id: string;
  readonly name: string;
  readonly groupBy: string;
  readonly filters: { readonly [filter: string]: Value };
}

const is = (...values: readonly string[]): Value =>
  values.map((value) => ({ Comparison: 'EQUALS', Value: value }));

/** Trailseal's findings that nobody resolved or suppressed, of any account that Security Hub shows here. */
const ours = {
  GeneratorId: [{ Comparison: 'PREFIX', Value: 'trailseal/' }],
  RecordState: is('ACTIVE'),
  WorkflowStatus: is('NEW', 'NOTIFIED'),
};
const open = { ...ours, ComplianceStatus: is('FAILED') };

/** Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element": type; those that stand for no service. */
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
    // Insights group by attributes of ASFF, of which none is the actor of a finding about an instance or a key.
    // Nearest to it: what people and roles brought about, each of whom the finding's product fields name.
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
    name: 'what could not be evaluated, by control',
    groupBy: 'GeneratorId',
    filters: { ...ours, ComplianceStatus: is('NOT_AVAILABLE') },
  },
  // Results come by their number, so that the oldest are found among the times, each of which is told.
  { id: 'Oldest', name: 'open findings by the time they began', groupBy: 'CreatedAt', filters: open },
];

export function insights({ parameters }: Deployment): Resources {
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
