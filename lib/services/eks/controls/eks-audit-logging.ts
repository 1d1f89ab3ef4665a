import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { more } from '../../../core/narrowing.ts';
import { cluster, clusterByLogging } from '../resources.ts';

/**
 * CloudTrail does not record what happens inside a cluster: the control plane's audit log shows who did what, the
 * authenticator's log who signed in as whom. Both are off by default.
 * Source: Amazon EKS User Guide, "Send control plane logs to CloudWatch Logs"; EKS API Reference, LogSetup.
 */
export const eksAuditLogging = defineControl({
  id: 'eks-audit-logging',
  title: 'EKS clusters should export their audit and authenticator logs',
  description:
    'Without the audit log nobody can tell afterwards who read a secret or started a pod, and without the ' +
    'authenticator log not which IAM identity that was. EKS exports neither by default, and what was not ' +
    'exported is lost. In an archive, an accepted update counts from when it was asked for, as EKS carries it out later.',
  severity: 'MEDIUM',
  resourceType: 'AwsEksCluster',
  standards: {
    'NIST.800-53.r5': [
      'AC-2(12)',
      'AC-2(4)',
      'AC-4(26)',
      'AC-6(9)',
      'AU-10',
      'AU-12',
      'AU-2',
      'AU-3',
      'AU-6(3)',
      'AU-6(4)',
      'AU-9(7)',
      'CA-7',
      'SC-7(9)',
      'SI-3(8)',
      'SI-4',
      'SI-4(20)',
      'SI-7(8)',
    ],
    'PCI DSS v4.0.1': ['10.2.1'],
    'AWS FSBP': ['EKS.8'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'eks.amazonaws.com',
      eventNames: ['CreateCluster', 'UpdateClusterConfig'],
      resources: clusterByLogging,
    },
  ],
  deletions: [
    { kind: 'api-call', eventSource: 'eks.amazonaws.com', eventNames: ['DeleteCluster'], resources: cluster },
  ],
  facts: ['eks.logging'],
  settings: z.strictObject({
    requiredTypes: z
      ._default(
        z
          .array(z.enum(['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']))
          .check(z.minLength(1)),
        ['audit', 'authenticator'],
      )
      .check(z.describe("The control plane's logs that must be exported.")),
  }),
  narrowing: { requiredTypes: more() },
  evaluate({ id }, facts, settings) {
    const logging = facts['eks.logging'];
    const required = `the control plane logs ${settings.requiredTypes.join(', ')} on`;
    const logsThatAre = (state: boolean | undefined) =>
      settings.requiredTypes.filter((log) => logging.known && logging.value[log] === state);
    const seen = [
      observe('required logs on', logging, () => logsThatAre(true)),
      observe('required logs off', logging, () => logsThatAre(false)),
    ];
    if (!logging.known)
      return unknown(`Which logs of cluster ${id} are on is unknown: ${logging.detail}.`, required, seen);
    const off = logsThatAre(false);
    if (off.length > 0) return fail(`Cluster ${id} does not export: ${off.join(', ')}.`, required, seen);
    const undetermined = logsThatAre(undefined);
    return undetermined.length > 0
      ? unknown(
          `Whether cluster ${id} exports these logs is unknown: ${undetermined.join(', ')}.`,
          required,
          seen,
        )
      : pass(`Cluster ${id} exports: ${settings.requiredTypes.join(', ')}.`, required, seen);
  },
  actions: ['notify', 'tag', 'fix:enable-audit-logging'],
  remediation:
    'aws eks update-cluster-config --name NAME --logging ' +
    '\'{"clusterLogging":[{"types":["audit","authenticator"],"enabled":true}]}\'. CloudWatch Logs charges for ' +
    'what is ingested and kept: set a retention on the log group /aws/eks/NAME/cluster.',
  reference: 'https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html',
});
