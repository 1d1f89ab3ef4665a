import { describe, expect, it } from 'vitest';
import { onceMore, parseRemediation, remediateBody, requestBody } from '../../lib/remediation/message.ts';

const request = {
  finding: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  openedAt: null,
  since: 1_700,
  reminder: false,
};
const actionRequest = {
  id: 'event-1 finding',
  finding: request.finding,
  action: 'fix',
  actor: 'an operator',
  reason: '"Fix" was used.',
  at: '2026-11-21T10:00:00.000Z',
} as const;

describe('a message of remediation', () => {
  it('is the end of a grace period, with the request that it began with', () => {
    const body = JSON.stringify(remediateBody(request));
    expect(parseRemediation(body)).toEqual({
      kind: 'remediation',
      request,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it('is one of an earlier version, which had no reminders', () => {
    const { reminder: _, ...earlier } = request;
    const body = JSON.stringify({ trailseal: { version: 1, kind: 'remediation', remediation: earlier } });
    expect(parseRemediation(body)).toEqual({
      kind: 'remediation',
      request,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it('is a call in CloudTrail, also when it comes once more', () => {
    const call = {
      source: 'aws.ec2',
      'detail-type': 'AWS API Call via CloudTrail',
      detail: { eventSource: 'ec2.amazonaws.com', eventName: 'ModifyInstanceAttribute', eventID: 'e' },
    };
    const event = expect.objectContaining({ eventName: 'ModifyInstanceAttribute', id: 'e' });
    expect(parseRemediation(JSON.stringify(call))).toEqual({
      kind: 'call',
      event,
      attempt: 1,
      partiallyCompleted: false,
    });
    const again = onceMore(call, { attempt: 2, partiallyCompleted: true });
    expect(parseRemediation(JSON.stringify(again))).toEqual({
      kind: 'call',
      event,
      attempt: 2,
      partiallyCompleted: true,
    });
    expect(parseRemediation(JSON.stringify({ ...call, detail: {} })).kind).toBe('malformed');
  });

  it('is what an operator requested', () => {
    expect(parseRemediation(JSON.stringify(requestBody(actionRequest)))).toEqual({
      kind: 'requested-action',
      request: actionRequest,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it('says how often it was handled, when it comes once more', () => {
    const again = JSON.stringify(
      onceMore(requestBody(actionRequest), { attempt: 2, partiallyCompleted: true }),
    );
    expect(parseRemediation(again)).toEqual({
      kind: 'requested-action',
      request: actionRequest,
      attempt: 2,
      partiallyCompleted: true,
    });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['another event', '{"source":"somebody","detail":{}}', /no event of "trailseal"/],
    ['no call in CloudTrail', '{"source":"aws.ec2","detail":{}}', /not a CloudTrail record/],
    [
      'a transition that is incomplete',
      '{"source":"trailseal","detail":{"version":1}}',
      /detail is no transition/,
    ],
    [
      'a remediation request without a finding',
      '{"trailseal":{"remediation":{"openedAt":null,"since":1}}}',
      /its remediation request/,
    ],
    [
      'a request of what nobody can request',
      JSON.stringify({ trailseal: { requestedAction: { ...actionRequest, action: 'tag' } } }),
      /its requested action/,
    ],
  ])('is malformed, with the reason: %s', (_what, body, reason) => {
    const message = parseRemediation(body);
    expect(message.kind === 'malformed' && message.reason).toMatch(reason);
  });
});
