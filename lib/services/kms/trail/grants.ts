/** What the trail proves about grants. */
import type { ArnResource, TrailEvent } from '../../../core/control.ts';
import { type Known, known, unknownFact } from '../../../core/facts.ts';
import { at, isObject, text, texts } from '../../../core/json.ts';
import { sourceOf, type TrailSubject } from '../../../core/trail-facts.ts';
import type { KmsGrant } from '../facts.ts';
import { grantInEvent } from '../resources.ts';

const unknownYet: KmsGrant = {
  status: 'ACTIVE',
  granteePrincipal: null,
  granteeServicePrincipal: null,
  retiringPrincipal: null,
  operations: [],
  constraints: [],
};

/**
 * Opens a reader of grants from CreateGrant, RevokeGrant and RetireGrant. A grant cannot be changed, only created and
 * ended.
 * @returns a reader without events; a grant whose creation it has not seen is unknown.
 * @example openGrants().read['kms.grant'](grant).known // false
 */
export function openGrants(): TrailSubject<'kms.grant', ArnResource> {
  const grants = new Map<string, Known<KmsGrant>>();
  const nameOf = ({ arn, id }: ArnResource): string => `${arn} ${id}`;

  return {
    learn(event) {
      for (const grant of grantInEvent(event)) {
        const before = grants.get(nameOf(grant))?.value ?? unknownYet;
        const value = grantAfter(event, before);
        if (value !== undefined) grants.set(nameOf(grant), known(value, sourceOf(event)));
      }
    },
    read: {
      'kms.grant': (grant) =>
        grants.get(nameOf(grant)) ??
        unknownFact('not-in-trail', 'the trail does not show the creation of this grant'),
    },
  };
}

function grantAfter(event: TrailEvent, before: KmsGrant): KmsGrant | undefined {
  switch (event.eventName) {
    case 'CreateGrant': {
      const constraints = at(event.request, 'constraints');
      return {
        status: 'ACTIVE',
        granteePrincipal: text(event.request, 'granteePrincipal') ?? null,
        granteeServicePrincipal: text(event.request, 'granteeServicePrincipal') ?? null,
        retiringPrincipal:
          text(event.request, 'retiringPrincipal') ?? text(event.request, 'retiringServicePrincipal') ?? null,
        operations: texts(event.request, 'operations'),
        constraints: isObject(constraints) ? Object.keys(constraints) : [],
      };
    }
    case 'RevokeGrant':
      return { ...before, status: 'REVOKED' };
    case 'RetireGrant':
      return { ...before, status: 'RETIRED' };
    default:
      return undefined;
  }
}
