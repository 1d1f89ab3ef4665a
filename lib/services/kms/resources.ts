/**
 * How KMS's events name their keys and grants. `requestParameters.keyId` may be a bare id, an ARN or an alias, so the
 * record's own `resources[]` comes first; service events have nothing else.
 * Source: AWS KMS Developer Guide, "Examples of AWS KMS log entries"; the KMS API model.
 */
import { arnOf, parseArn } from '../../core/arn.ts';
import type { ArnResource } from '../../core/control.ts';
import type { TrailEvent } from '../../core/event.ts';
import { list, text } from '../../core/json.ts';

/**
 * The key that an event concerns.
 * @returns one key; none when the event names it only by an alias.
 * @example keyInEvent({ ...event, request: { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' } })[0]?.type // 'AwsKmsKey'
 */
export function keyInEvent(event: TrailEvent): readonly ArnResource[] {
  const named = [
    ...event.resources.map((resource) => resource.arn),
    text(event.response, 'keyMetadata', 'arn'),
    text(event.response, 'keyId'),
    text(event.request, 'keyId'),
    text(event.serviceEventDetails, 'keyId'),
  ];
  const key =
    named.map(keyOfArn).find((found) => found !== undefined) ??
    named.map((id) => keyOfId(id, event.region, event.account)).find((found) => found !== undefined);
  if (key === undefined) return [];
  const tags = tagsIn(list(event.request, 'tags'));
  return [tags === undefined ? key : { ...key, tags }];
}

/**
 * CreateGrant, RevokeGrant, RetireGrant: the grant. A retirement may use a token, so that the request is empty and
 * only `additionalEventData` names the grant; without that there is no grant to evaluate.
 * @returns one grant, whose id is `<key id>/<grant id>`; or none.
 * @example grantInEvent({ ...event, request: { keyId: 'mrk-1234abcd' }, response: { grantId: 'abcde1237f76e4ba' } })[0]?.id // 'mrk-1234abcd/abcde1237f76e4ba'
 */
export function grantInEvent(event: TrailEvent): readonly ArnResource[] {
  const grantId =
    text(event.response, 'grantId') ??
    text(event.request, 'grantId') ??
    text(event.additional, 'grantId') ??
    text(event.serviceEventDetails, 'grantId');
  if (grantId === undefined || grantId === '') return [];
  return keyInEvent(event).map(({ id, arn, account, region }) => ({
    type: 'AwsKmsGrant',
    id: `${id}/${grantId}`,
    arn,
    account,
    region,
    partOf: arn,
  }));
}

/**
 * ReplicateKey: the new key in the other Region, which `resources[]` does not name.
 * @returns one key, or none.
 * @example replicaInEvent({ ...event, request: { keyId: 'mrk-1234abcd', replicaRegion: 'eu-west-1' } })[0]?.region // 'eu-west-1'
 */
export function replicaInEvent(event: TrailEvent): readonly ArnResource[] {
  const stated = keyOfArn(text(event.response, 'replicaKeyMetadata', 'arn'));
  if (stated !== undefined) return [stated];
  const region = text(event.request, 'replicaRegion');
  if (region === undefined) return [];
  return keyInEvent(event).flatMap(({ id, account }) => keyOfId(id, region, account) ?? []);
}

/**
 * The name under which a key's shared properties are kept: multi-Region keys of one id have the same key material,
 * spec, usage, origin and automatic rotation in every Region; any other key has a name of its own.
 * Source: AWS KMS Developer Guide, "Multi-Region keys in AWS KMS" ("Shared properties"); their ids begin with `mrk-`,
 * and no other key's does.
 * @example keySet({ ...key, id: 'mrk-1234abcd' }) // 'aws:111122223333:mrk-1234abcd'
 */
export function keySet(key: ArnResource): string {
  return key.id.startsWith('mrk-') ? `${parseArn(key.arn)?.partition}:${key.account}:${key.id}` : key.arn;
}

/**
 * The key with this ARN.
 * @param value any text.
 * @returns `undefined` for the ARN of an alias, and for any other text.
 * @example keyOfArn('arn:aws:kms:eu-central-1:111122223333:alias/my-key') // undefined
 */
export function keyOfArn(value: string | undefined): ArnResource | undefined {
  const arn = parseArn(value);
  if (value === undefined || arn === undefined || arn.service !== 'kms') return undefined;
  const id = /^key\/(.+)$/s.exec(arn.resource)?.[1];
  if (id === undefined) return undefined;
  return { type: 'AwsKmsKey', id, arn: value, account: arn.account, region: arn.region };
}

/** The key of a bare id, which is always one of the caller's own account and Region. */
function keyOfId(id: string | undefined, region: string, account: string): ArnResource | undefined {
  if (id === undefined || !/^[\w-]{1,128}$/.test(id)) return undefined;
  return { type: 'AwsKmsKey', id, arn: arnOf('kms', region, account, `key/${id}`), account, region };
}

/** Tags as KMS writes them, `[{tagKey, tagValue}]`; `undefined` when there are none. */
function tagsIn(items: readonly unknown[]): Readonly<Record<string, string>> | undefined {
  const pairs = items.flatMap((item): [string, string][] => {
    const key = text(item, 'tagKey');
    return key === undefined ? [] : [[key, text(item, 'tagValue') ?? '']];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
