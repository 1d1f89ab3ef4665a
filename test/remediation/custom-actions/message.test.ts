import { describe, expect, it } from 'vitest';
import { customActionResource } from '../../../lib/aws/names.ts';
import { parseOperatorMessage } from '../../../lib/remediation/custom-actions/message.ts';
import { action } from '../../notifications/events.ts';
import { account, eventOf, finding, region, usedAt } from './events.ts';

const parse = (value: unknown, stage = 'dev') => parseOperatorMessage(JSON.stringify(value), stage, usedAt);

describe('an event of a custom action', () => {
  it('says which, when, where, and for which findings', () => {
    expect(parse(eventOf('fix'))).toEqual({
      kind: 'custom-action',
      event: {
        id: '6d9b1c1e-0000-4000-8000-000000000001',
        customAction: 'fix',
        at: '2026-11-21T10:00:00.000Z',
        account,
        region,
        findings: [{ id: finding.Id, productArn: finding.ProductArn, account, region }],
      },
    });
  });

  it('is of as many findings as the event has', () => {
    const message = parse(eventOf('undo', { findings: [finding, { ...finding, Id: 'other' }] }));
    expect(message.kind === 'custom-action' && message.event.findings.map(({ id }) => id)).toEqual([
      finding.Id,
      'other',
    ]);
  });

  it('of another deployment is malformed', () => {
    expect(parse(eventOf('fix'), 'prod')).toEqual({
      kind: 'malformed',
      reason: 'it is of no custom action of this deployment (prod)',
    });
  });

  it.each([
    ['the import of a finding', { 'detail-type': 'Security Hub Findings - Imported' }],
    ['an event of another source', { source: 'aws.guardduty' }],
    ['an event without a time', { time: 'now' }],
    ['an event of the next day', { time: new Date(usedAt + 86_400_000).toISOString() }],
    ['an event without an id', { id: '' }],
    [
      'a custom action of another product',
      { resources: [`arn:aws:securityhub:${region}:${account}:action/custom/x`] },
    ],
    [
      'an ARN of another service with the same end',
      { resources: [`arn:aws:s3:${region}:${account}:${customActionResource('dev', 'fix')}`] },
    ],
    ['an event without findings', { detail: { findings: [] } }],
    ['a finding that nothing identifies', { detail: { findings: [finding, {}] } }],
  ])('is not %s', (_what, changes) => {
    expect(parse({ ...eventOf('fix'), ...changes }).kind).toBe('malformed');
  });

  it('is no body that is no JSON', () => {
    expect(parseOperatorMessage('{', 'dev', usedAt)).toMatchObject({
      kind: 'malformed',
      reason: expect.stringMatching(/no JSON/),
    });
  });
});

describe('an event about a requested action', () => {
  const event = { source: 'trailseal', 'detail-type': 'Action Done', detail: action() };

  it('is the event as the bus delivers it', () => {
    expect(parse(event)).toEqual({ kind: 'action-event', event: action() });
  });

  it('is malformed where it is of another form', () => {
    expect(parse({ ...event, detail: { ...action(), outcome: 'guessed' } })).toMatchObject({
      kind: 'malformed',
      reason: expect.stringMatching(/^its detail is no event about an action: outcome/),
    });
  });
});
