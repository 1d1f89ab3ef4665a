/** Messages for the operators' queue that are not, or not quite, what it expects. */
import fc from 'fast-check';
import { customActionLabels, customActionResource } from '../../lib/aws/names.ts';
import { customActionNames } from '../../lib/core/custom-action.ts';
import { productArnOf } from '../../lib/findings/id.ts';
import { actionDetailTypes } from '../../lib/remediation/events/action-event.ts';
import { action } from '../notifications/events.ts';
import { externalPrincipal } from './fake-resources.ts';
import { pathsIn, tampered, tampering } from './messages.ts';
import { known } from './requests.ts';
import { accountRegion, hostileText, hostileValue } from './values.ts';

export const stage = 'dev';
export const productArn = productArnOf(accountRegion);

const selected = fc.record({
  Id: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known.map(({ id }) => id)) }, hostileText),
  ProductArn: fc.oneof(
    { weight: 8, arbitrary: fc.constant(productArn) },
    { weight: 1, arbitrary: fc.constant(productArnOf({ ...accountRegion, account: externalPrincipal })) },
    { weight: 1, arbitrary: hostileText },
  ),
  AwsAccountId: fc.oneof(
    { weight: 8, arbitrary: fc.constant(accountRegion.account) },
    { weight: 1, arbitrary: fc.constant(externalPrincipal) },
    { weight: 1, arbitrary: hostileText },
  ),
  Region: fc.oneof(
    { weight: 8, arbitrary: fc.constant(accountRegion.region) },
    { weight: 1, arbitrary: fc.constant('eu-west-1') },
    { weight: 1, arbitrary: hostileText },
  ),
  Title: hostileText,
});

const customActionEvent = fc
  .record({
    customAction: fc.constantFrom(...customActionNames),
    time: fc.oneof(
      { weight: 8, arbitrary: fc.constant('2026-03-01T12:00:00Z') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '1970-01-01T00:00:00Z',
          '9999-12-31T23:59:59Z',
          '+275760-09-13T00:00:00.000Z',
          '-000001-01-01T00:00:00Z',
        ),
      },
      { weight: 1, arbitrary: hostileText },
    ),
    findings: fc.array(selected, { minLength: 1, maxLength: 3 }),
    actionName: hostileText,
  })
  .map(({ customAction, time, findings, actionName }) =>
    JSON.stringify({
      version: '0',
      id: '6d9b1c1e-0000-4000-8000-000000000001',
      'detail-type': 'Security Hub Findings - Custom Action',
      source: 'aws.securityhub',
      account: accountRegion.account,
      time,
      region: accountRegion.region,
      resources: [
        `arn:aws:securityhub:${accountRegion.region}:${accountRegion.account}:${customActionResource(stage, customAction)}`,
      ],
      detail: { actionName, actionDescription: customActionLabels[customAction], findings },
    }),
  );

const actionEvent = fc
  .record({
    because: hostileText,
    plan: fc.array(hostileText, { maxLength: 3 }),
    undo: hostileText,
    name: hostileText,
  })
  .map(({ because, plan, undo, name }) => {
    const decision = { actor: 'operator', name, reason: because } as const;
    const detail = action({ because, plan, undo, decision });
    return JSON.stringify({
      source: 'trailseal',
      'detail-type': actionDetailTypes[detail.outcome],
      account: accountRegion.account,
      detail,
    });
  });

/** Most are events as they would come, but for the texts of others in them; some are tampered with. */
export const operatorBody: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: customActionEvent },
  { weight: 3, arbitrary: actionEvent },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.oneof(customActionEvent, actionEvent), fc.array(tampering, { minLength: 1, maxLength: 3 }))
      .map(([text, tamperings]) => tampered({ text, paths: pathsIn(JSON.parse(text)) }, tamperings)),
  },
  { weight: 1, arbitrary: hostileText },
  { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value) ?? '') },
);
