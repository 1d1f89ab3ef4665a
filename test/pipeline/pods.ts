/** A made-up service, as a cluster's API is: its resources have no ARN, and names that are unique in their parent alone. */
import * as z from 'zod/mini';
import { type Control, defineControl, fail, type Resource, type TrailEvent } from '../../lib/core/control.ts';
import { text } from '../../lib/core/json.ts';
import { resourceName } from '../../lib/core/resource-name.ts';
import { defineService } from '../../lib/core/service.ts';

export const accountRegion = { account: '111122223333', region: 'eu-central-1' };

function unnamed(type: 'MadeUpPod' | 'MadeUpNamespace', id: string, partOf?: Resource): Resource {
  // The type is of this test alone: `test/core/without-arn` shows the compiler one.
  return { type: type as never, id, ...accountRegion, ...(partOf && { partOf: resourceName(partOf) }) };
}
export const namespace = (name: string) => unnamed('MadeUpNamespace', `prod/${name}`);
export const pod = (space: string, name = 'web') =>
  unnamed('MadeUpPod', `prod/${space}/${name}`, namespace(space));

function podIn({ request }: TrailEvent): readonly Resource[] {
  const [space, name] = [text(request, 'namespace'), text(request, 'pod')];
  return space === undefined || name === undefined ? [] : [pod(space, name)];
}
function namespaceIn({ request }: TrailEvent): readonly Resource[] {
  const space = text(request, 'namespace');
  return space === undefined ? [] : [namespace(space)];
}
const eventSource = 'pods.example.com' as never;

export const control: Control = defineControl({
  id: 'pod-privileged',
  title: 'Pods should not be privileged',
  description: 'Made up.',
  severity: 'HIGH',
  resourceType: 'MadeUpPod' as never,
  standards: { 'NIST.800-53.r5': [], 'PCI DSS v4.0.1': [], 'AWS FSBP': [] },
  triggers: [{ kind: 'api-call', eventSource, eventNames: ['CreatePod' as never], resources: podIn }],
  deletions: [
    { kind: 'api-call', eventSource, eventNames: ['DeleteNamespace' as never], resources: namespaceIn },
  ],
  facts: [],
  settings: z.object({}),
  narrowing: {},
  evaluate: ({ id }) => fail(`Pod ${id} is privileged.`, 'no privileged pods', []),
  actions: ['notify'],
  remediation: 'Make it unprivileged.',
  reference: 'https://example.com/pods',
});
const shape = {
  asffType: 'Other',
  hasOwnId: () => true,
  details: () => ({}),
  tags: 'none',
  reading: 'in-batches',
  relations: [],
} as const;
export const pods = defineService({
  id: 'pods',
  evaluator: 'pods',
  source: { kind: 'other', name: 'pods' },
  resourceTypes: {
    MadeUpPod: { ...shape, noun: { one: 'pod', many: 'pods' }, exampleId: 'prod/shop/web' },
    MadeUpNamespace: { ...shape, noun: { one: 'namespace', many: 'namespaces' }, exampleId: 'prod/shop' },
  },
  controls: [control],
  trail: { contextEvents: [], open: () => ({ learn: () => undefined, read: {}, related: {} }) },
});
