import * as z from 'zod/mini';
import { type Cidr, covers, parseCidr } from '../../../core/cidr.ts';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { fewer } from '../../../core/narrowing.ts';
import { cluster, clusterByEndpoint } from '../resources.ts';

/**
 * By default a cluster's API endpoint is open to the whole Internet, so that only authentication protects the
 * cluster. Source: EKS API Reference, VpcConfigRequest (defaults: public access on, from 0.0.0.0/0); Amazon EKS User
 * Guide, "Cluster API server endpoint". That CIDR blocks stay while public access is off: aws/containers-roadmap
 * issue 2002.
 */
export const eksEndpointAccess = defineControl({
  id: 'eks-endpoint-access',
  title: 'EKS API endpoints should be private, or public only to the allowed addresses',
  description:
    'A public Kubernetes API endpoint lets anyone in its CIDR blocks try stolen credentials and new ' +
    'vulnerabilities of the API server; by default that is the whole Internet. In an archive, an accepted update counts from ' +
    'when it was asked for, as EKS carries it out later.',
  severity: 'HIGH',
  resourceType: 'AwsEksCluster',
  standards: {
    'NIST.800-53.r5': [
      'AC-21',
      'AC-3',
      'AC-3(7)',
      'AC-4',
      'AC-4(21)',
      'AC-6',
      'SC-7',
      'SC-7(11)',
      'SC-7(16)',
      'SC-7(20)',
      'SC-7(21)',
      'SC-7(3)',
      'SC-7(4)',
      'SC-7(9)',
    ],
    'PCI DSS v4.0.1': ['1.4.4'],
    'AWS FSBP': ['EKS.1'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'eks.amazonaws.com',
      eventNames: ['CreateCluster', 'UpdateClusterConfig'],
      resources: clusterByEndpoint,
    },
  ],
  deletions: [
    { kind: 'api-call', eventSource: 'eks.amazonaws.com', eventNames: ['DeleteCluster'], resources: cluster },
  ],
  facts: ['eks.endpointPublicAccess', 'eks.publicAccessCidrs'],
  settings: z.strictObject({
    allowedCidrs: z
      ._default(
        z.array(
          z
            .string()
            .check(
              z.refine(
                (value) => parseCidr(value) !== undefined,
                'must be a CIDR block such as 203.0.113.0/24 or 2001:db8::/32',
              ),
            ),
        ),
        [],
      )
      .check(
        z.describe(
          'CIDR blocks, IPv4 or IPv6, from which a public endpoint may be reached; none: it must be private.',
        ),
      ),
  }),
  narrowing: { allowedCidrs: fewer(coversBlock) },
  evaluate({ id }, facts, settings) {
    const open = facts['eks.endpointPublicAccess'];
    const cidrs = facts['eks.publicAccessCidrs'];
    const endpoint = `API endpoint of cluster ${id}`;
    const required =
      settings.allowedCidrs.length === 0
        ? 'endpointPublicAccess false'
        : `endpointPublicAccess false, or publicAccessCidrs within ${settings.allowedCidrs.join(', ')}`;
    const seen = [
      observe('resourcesVpcConfig.endpointPublicAccess', open, (value) => value),
      observe('resourcesVpcConfig.publicAccessCidrs', cidrs, (value) => value),
    ];
    if (open.known && !open.value) return pass(`The ${endpoint} is private.`, required, seen);
    const blocks = cidrs.known ? cidrs.value : [];
    const allowed = settings.allowedCidrs.map(parseCidr).filter((block) => block !== undefined);
    const externalAccounts = blocks.filter((block) => isAllowed(block, allowed) === false);
    const admitsOnlyAllowed =
      blocks.length > 0 && blocks.every((block) => isAllowed(block, allowed) === true);
    if (admitsOnlyAllowed) {
      return pass(
        open.known
          ? `The ${endpoint} is public only to ${blocks.join(', ')}, which the policy allows.`
          : `Whether or not the ${endpoint} is public, it admits only ${blocks.join(', ')}, which the policy allows.`,
        required,
        seen,
      );
    }
    if (!open.known) {
      return unknown(`Whether the ${endpoint} is public is unknown: ${open.detail}.`, required, seen);
    }
    if (externalAccounts.length > 0) {
      return fail(
        `The ${endpoint} is public to ${externalAccounts.join(', ')}, which the policy does not allow.`,
        required,
        seen,
      );
    }
    if (settings.allowedCidrs.length === 0) {
      return fail(`The ${endpoint} is public, and the policy allows no public address.`, required, seen);
    }
    const why = cidrs.known ? 'its list of CIDR blocks is empty or unreadable' : cidrs.detail;
    return unknown(`The ${endpoint} is public, but to whom is unknown: ${why}.`, required, seen);
  },
  actions: ['notify', 'tag', 'fix:restrict-endpoint'],
  broadActions: {
    'fix:restrict-endpoint':
      'eks:UpdateClusterConfig lets its caller open a public API endpoint to any address, as IAM does not know address blocks',
  },
  remediation:
    'Make sure that nodes and people reach the endpoint from within the VPC, then: aws eks update-cluster-config ' +
    '--name NAME --resources-vpc-config endpointPublicAccess=false,endpointPrivateAccess=true. Or keep it public ' +
    'to few: --resources-vpc-config endpointPublicAccess=true,endpointPrivateAccess=true,publicAccessCidrs=CIDR.',
  reference: 'https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html',
});

/** Whether the allowed blocks together cover all of `block`; `undefined` when `block` cannot be read. */
function isAllowed(block: string, allowed: readonly Cidr[]): boolean | undefined {
  const inner = parseCidr(block);
  return inner === undefined ? undefined : covers(allowed, inner);
}

/** Whether the deployed policy's blocks, alone or together, hold all of a block. */
function coversBlock(deployed: readonly string[], block: string): boolean {
  const cidr = parseCidr(block);
  return (
    cidr !== undefined &&
    covers(
      deployed.flatMap((each) => parseCidr(each) ?? []),
      cidr,
    )
  );
}
