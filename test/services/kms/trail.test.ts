import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Control } from '../../../lib/core/control.ts';
import type { AskTrail } from '../../../lib/core/trail-facts.ts';
import { kmsGrant } from '../../../lib/services/kms/controls/kms-grant.ts';
import { kmsKeyDeletion } from '../../../lib/services/kms/controls/kms-key-deletion.ts';
import { kmsKeyDisabled } from '../../../lib/services/kms/controls/kms-key-disabled.ts';
import { kmsKeyMaterial } from '../../../lib/services/kms/controls/kms-key-material.ts';
import { kmsKeyPolicy } from '../../../lib/services/kms/controls/kms-key-policy.ts';
import { kmsKeyRotation } from '../../../lib/services/kms/controls/kms-key-rotation.ts';
import { keyInEvent, keyOfArn } from '../../../lib/services/kms/resources.ts';
import { trail as kmsTrail } from '../../../lib/services/kms/trail.ts';
import { evaluateTrail, eventOf } from '../../evaluating.ts';
import {
  account,
  createKey,
  keyArn,
  keyId,
  kms,
  mrkArn,
  mrkId,
  putKeyPolicy,
  region,
  rootStatement,
} from './controls/records.ts';

const controls: readonly Control[] = [
  kmsKeyDeletion,
  kmsKeyDisabled,
  kmsKeyRotation,
  kmsKeyPolicy,
  kmsGrant,
  kmsKeyMaterial,
];

const aliasArn = `arn:aws:kms:${region}:${account}:alias/app`;

/** What the trail reader holds of a key after these records. */
function learned(arn: string, ...records: readonly unknown[]) {
  const trailReader = kmsTrail.open(noOtherService);
  for (const record of records) trailReader.learn(eventOf(record));
  const key = keyOfArn(arn);
  if (key === undefined) throw new Error(`${arn} is no key`);
  const value = <T>(fact: { known: true; value: T } | { known: false }) =>
    fact.known ? fact.value : undefined;
  return {
    key: value(trailReader.read['kms.key'](key)),
    state: value(trailReader.read['kms.keyState'](key))?.keyState,
    rotation: value(trailReader.read['kms.rotation'](key)),
  };
}

/** KMS asks no other service. */
const noOtherService: AskTrail = (name) => {
  throw new Error(`${name} is asked for`);
};

describe('the key of an event', () => {
  const found = (record: unknown) => keyInEvent(eventOf(record)).map(({ arn }) => arn);

  it.each([
    ['resources, over all else', kms('DisableKey', { request: { keyId: 'other' } })],
    ['resources, past an alias', kms('DeleteAlias', { resources: [{ ARN: aliasArn }, { ARN: keyArn }] })],
    [
      'the metadata in the response',
      kms('CreateKey', { arn: null, response: { keyMetadata: { arn: keyArn } } }),
    ],
    [
      'an ARN in the response',
      kms('EnableKey', { arn: null, request: { keyId: 'other' }, response: { keyId: keyArn } }),
    ],
    ['an ARN in the request', kms('EnableKey', { arn: null, request: { keyId: keyArn } })],
    ['a bare id in the request', kms('EnableKey', { arn: null, request: { keyId } })],
    ['a bare id in a service event', kms('RotateKey', { arn: null, serviceEventDetails: { keyId } })],
  ])('is found by %s', (_where, record) => {
    expect(found(record)).toEqual([keyArn]);
  });

  it.each([
    ['an alias', { keyId: 'alias/app' }],
    ['an alias ARN', { keyId: aliasArn }],
    ['nothing', {}],
    ['no text', { keyId: { toString: 'x' } }],
  ])('is not found by %s', (_what, request) => {
    expect(found(kms('EnableKey', { arn: null, request }))).toEqual([]);
  });

  it('has the account and Region of its ARN, not of the event', () => {
    const arn = `arn:aws-cn:kms:cn-north-1:444455556666:key/${keyId}`;
    expect(keyInEvent(eventOf(kms('EnableKey', { arn })))).toEqual([
      { type: 'AwsKmsKey', id: keyId, arn, account: '444455556666', region: 'cn-north-1' },
    ]);
  });

  it('has the tags that it is created with', () => {
    const tags = [{ tagKey: 'team', tagValue: 'payments' }, { tagKey: '__proto__' }];
    const [key] = keyInEvent(eventOf(createKey({}, { tags })));
    expect(Object.entries(key?.tags ?? {})).toEqual([
      ['team', 'payments'],
      ['__proto__', ''],
    ]);
  });
});

describe('the state of a key', () => {
  const schedule = kms('ScheduleKeyDeletion');
  const deletion = kms('DeleteImportedKeyMaterial');

  it.each([
    ['CreateKey', [createKey({ keyState: 'PendingImport' })], 'PendingImport'],
    ['EnableKey', [kms('EnableKey')], 'Enabled'],
    ['DisableKey', [kms('DisableKey')], 'Disabled'],
    ['CancelKeyDeletion', [schedule, kms('CancelKeyDeletion')], 'Disabled'],
    ['DeleteKey', [schedule, kms('DeleteKey')], 'Deleted'],
    ['DeleteImportedKeyMaterial', [kms('EnableKey'), deletion], 'PendingImport'],
    ['DeleteImportedKeyMaterial while pending deletion', [schedule, deletion], 'PendingDeletion'],
    ['ImportKeyMaterial, maybe of one among several', [deletion, kms('ImportKeyMaterial')], undefined],
    ['ImportKeyMaterial while disabled', [kms('DisableKey'), kms('ImportKeyMaterial')], 'Disabled'],
    ['nothing of the kind', [putKeyPolicy(rootStatement)], undefined],
  ])('after %s', (_event, records, state) => {
    expect(learned(keyArn, ...records).state).toBe(state);
  });
});

describe('multi-Region keys', () => {
  const here = mrkArn('us-west-2');
  const there = mrkArn('eu-west-1');
  const primary = createKey(
    { multiRegion: true, multiRegionConfiguration: { multiRegionKeyType: 'PRIMARY' }, keySpec: 'RSA_2048' },
    {},
    here,
  );
  const move = kms('UpdatePrimaryRegion', {
    arn: here,
    request: { keyId: mrkId, primaryRegion: 'eu-west-1' },
  });

  it('share what they are', () => {
    expect(learned(there, primary).key).toMatchObject({ keySpec: 'RSA_2048', multiRegionKeyType: null });
  });

  it('share their rotation', () => {
    const enable = kms('EnableKeyRotation', { arn: here, request: { rotationPeriodInDays: 180 } });
    expect(learned(there, enable).rotation).toEqual({ enabled: true, rotationPeriodInDays: 180 });
  });

  it.each([
    [here, 'REPLICA'],
    [there, 'PRIMARY'],
  ])('change roles when the primary moves: %s', (arn, role) => {
    expect(learned(arn, primary, move).key?.multiRegionKeyType).toBe(role);
  });

  it('of another account are others', () => {
    expect(learned(here.replace(account, '444455556666'), primary).key).toBeUndefined();
  });
});

describe('the documentation of AWS', () => {
  const folder = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'awsdocs-kms');
  const expected: Readonly<Record<string, readonly string[]>> = {
    'ct-schedule-key-deletion.json': ['kms-key-deletion FAIL'],
    'ct-schedule-key-deletion-2.json': ['kms-key-deletion FAIL'],
    'ct-schedule-key-deletion-3.json': ['kms-key-deletion FAIL'],
    'ct-cancel-key-deletion.json': ['kms-key-deletion PASS', 'kms-key-disabled FAIL'],
    'ct-delete-key.json': ['kms-key-deletion FAIL'],
    'ct-delete-key-2.json': ['kms-key-deletion FAIL'],
    'ct-disablekey.json': ['kms-key-disabled FAIL'],
    'ct-enablekey.json': ['kms-key-disabled PASS'],
    'ct-createkey.json': ['kms-key-rotation NOT_APPLICABLE', 'kms-key-policy PASS'],
    'ct-createkey-2.json': ['kms-key-rotation NOT_APPLICABLE', 'kms-key-policy PASS'],
    'ct-createkey-3.json': ['kms-key-rotation NOT_APPLICABLE', 'kms-key-policy PASS'],
    'ct-enablekeyrotation.json': ['kms-key-rotation PASS'],
    'ct-disable-key-rotation.json': ['kms-key-rotation FAIL'],
    'ct-put-key-policy.json': ['kms-key-policy PASS'],
    'ct-creategrant.json': ['kms-grant UNKNOWN'],
    'ct-revoke-grant.json': ['kms-grant PASS'],
    'ct-retire-grant.json': ['kms-grant PASS'],
    'ct-importkeymaterial.json': ['kms-key-material PASS'],
    'ct-deleteexpiredkeymaterial.json': ['kms-key-material FAIL'],
  };

  it.skipIf(!existsSync(folder)).each(Object.entries(expected))(
    '%s is evaluated as it is meant, and in the Region of the ARN',
    async (name, verdicts) => {
      const record: unknown = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
      const evaluated = (
        await Promise.all(
          controls.map(async (control) =>
            (await evaluateTrail(control, [record])).map((each) => ({ ...each, id: control.id })),
          ),
        )
      ).flat();
      expect(evaluated.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(verdicts);
      expect(evaluated.every(({ resource }) => resource.region === resource.arn?.split(':')[3])).toBe(true);
    },
  );
});

describe('any record', () => {
  const folder = path.join(import.meta.dirname, '..', '..', '..', 'events');
  const samples = controls.flatMap(({ id }) =>
    readdirSync(path.join(folder, id)).map((name): { detail: Record<string, unknown> } =>
      JSON.parse(readFileSync(path.join(folder, id, name), 'utf8')),
    ),
  );

  /** Every path through the record, so that any place of it can be spoilt. */
  function accountRegionsIn(value: unknown, before: readonly string[] = []): readonly (readonly string[])[] {
    if (typeof value !== 'object' || value === null) return [before];
    return [
      before,
      ...Object.entries(value).flatMap(([key, inner]) => accountRegionsIn(inner, [...before, key])),
    ];
  }

  function spoilt(value: unknown, accountRegion: readonly string[], by: unknown): unknown {
    const [step, ...rest] = accountRegion;
    if (step === undefined) return by;
    if (Array.isArray(value))
      return value.map((item, index) => (String(index) === step ? spoilt(item, rest, by) : item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === step ? spoilt(inner, rest, by) : inner]),
    );
  }

  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('arn:aws:kms:::key/', 'arn:::::', '*', '', 'alias/', '__proto__', Number.MAX_VALUE),
  );

  it('spoilt anywhere is evaluated without an error, and with a whole sentence that names it', async () => {
    const spoiling = fc
      .constantFrom(...samples)
      .chain(({ detail }) =>
        fc.tuple(
          fc.constant(detail),
          fc.constantFrom(
            ...accountRegionsIn(detail).filter(
              ([top]) => top !== undefined && !/^event(Name|Source)$/.test(top),
            ),
          ),
          anything,
        ),
      );
    await fc.assert(
      fc.asyncProperty(spoiling, async ([detail, accountRegion, by]) => {
        for (const control of controls) {
          for (const { evidence, resource } of await evaluateTrail(control, [
            spoilt(detail, accountRegion, by),
            detail,
          ])) {
            expect(evidence.summary).toMatch(/\S.*\.$/s);
            expect(evidence.summary).toContain(resource.id);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
