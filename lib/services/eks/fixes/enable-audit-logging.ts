import type { Cluster } from '@aws-sdk/client-eks';
import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import type { Write } from '../../../core/write.ts';
import { eksAuditLogging } from '../controls/eks-audit-logging.ts';
import { type ControlPlaneLog, controlPlaneLogs } from '../facts.ts';
import {
  clusterIsDeleted,
  clusterReads,
  describeCluster,
  obstacleOfCluster,
  updateCluster,
  writesCluster,
} from './cluster.ts';

/**
 * An update of a cluster's logs: for each log, one that switches it.
 * @param others what it may do with the other logs; `undefined`: whatever it likes.
 */
function switchesLogs(to: 'true' | 'false', others: 'true' | undefined): readonly Write[] {
  const keys = controlPlaneLogs.map((log) => `eks:loggingType/${log}`);
  return keys.map((key) =>
    writesCluster(
      { [key]: to },
      Object.fromEntries(keys.filter((other) => other !== key).map((other) => [other, others])),
    ),
  );
}

/**
 * Switches on the control plane's logs that the control requires, and leaves all others as they are.
 * Source: EKS API Reference, "UpdateClusterConfig": logging; "LogSetup"; Amazon EKS User Guide, "Send control plane
 * logs to CloudWatch Logs".
 */
export const enableAuditLogging = defineAction({
  id: 'fix:enable-audit-logging',
  description:
    "Switches on the export of the cluster's control plane logs that the control requires; others stay as they are. " +
    'Safe: the cluster goes on working while EKS carries it out, which takes some minutes.',
  risk: 'CloudWatch Logs charges for what is ingested and kept; the log group keeps it for ever unless a retention is set.',
  permissions: { reads: clusterReads, writes: switchesLogs('true', 'true') },
  settings: eksAuditLogging.settings,
  /** The logs that were off, and are switched on. */
  before: z.object({ off: z.array(z.enum(controlPlaneLogs)) }),
  was: ({ off }) => [`the logs ${off.join(', ')} are off`],

  async prepare({ resource, settings }, deps) {
    const cluster = await describeCluster(resource, deps);
    const because = obstacleOfCluster(resource, cluster);
    if (cluster === undefined || because !== undefined) {
      return { kind: 'skipped', because: because ?? `Cluster ${resource.id} was deleted.` };
    }
    const on = logsThatAreOn(cluster);
    const off = settings.requiredTypes.filter((log) => !on.includes(log));
    return off.length === 0
      ? { kind: 'needless', because: `Cluster ${resource.id} exports all the logs that it should.` }
      : {
          kind: 'ready',
          before: { off },
          plan: [`Have cluster ${resource.id} export its logs ${off.join(', ')}.`],
        };
  },

  apply: ({ resource }, { off }, deps) =>
    updateCluster(
      resource,
      { logging: { clusterLogging: [{ types: [...off], enabled: true }] } },
      (cluster) => off.every((log) => logsThatAreOn(cluster).includes(log)),
      deps,
    ),

  check: ({ resource }, { off }, deps) => compare(resource, off, true, deps),

  undo: {
    kind: 'restores',
    by: 'function',
    except: ['logs that were exported meanwhile, which stay in CloudWatch Logs'],
    permissions: { reads: clusterReads, writes: switchesLogs('false', undefined) },
    restore: ({ resource }, { off }, deps) =>
      updateCluster(
        resource,
        { logging: { clusterLogging: [{ types: [...off], enabled: false }] } },
        (cluster) => !off.some((log) => logsThatAreOn(cluster).includes(log)),
        deps,
      ),
    restored: ({ resource }, { off }, deps) => compare(resource, off, false, deps),
  },
});

function logsThatAreOn(cluster: Cluster): readonly ControlPlaneLog[] {
  const on = (cluster.logging?.clusterLogging ?? []).flatMap(({ types = [], enabled }) =>
    enabled ? types : [],
  );
  return controlPlaneLogs.filter((log) => on.includes(log));
}

async function compare(
  resource: Resource,
  logs: readonly ControlPlaneLog[],
  wanted: boolean,
  deps: ActionDeps,
): Promise<Check> {
  const cluster = await describeCluster(resource, deps);
  if (cluster === undefined) return clusterIsDeleted(resource);
  const on = logsThatAreOn(cluster);
  const wrong = logs.filter((log) => on.includes(log) !== wanted);
  return wrong.length === 0
    ? { kind: 'as-set', state: [`the logs that are on: ${on.join(', ') || 'none'}`] }
    : {
        kind: 'differs',
        differences: [`the logs ${wrong.join(', ')} are ${wanted ? 'off' : 'on'}`],
        partial: true,
      };
}
