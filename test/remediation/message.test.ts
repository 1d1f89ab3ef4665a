import { describe, expect, it } from 'vitest';
import { onceMore, parseRemediation, remediateBody, requestBody } from '../../lib/remediation/message.ts';
import { envelope, transition } from '../notifications/events.ts';

const request = {
  finding: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  openedAt: null,
  reminder: false,
  waited: false,
};
describe('a message of remediation', () => {
  it('is the end of a grace period, with the request that it began with', () => {
    const body = JSON.stringify(remediateBody(request));
    expect(parseRemediation(body)).toEqual({
      kind: 'remediation',
      request,
      attempt: 1,
    });
  });

  it('says of the finding only which it is: whatever else is in it, such as when it was opened, is left out', () => {
    const forged = { ...request, since: 0, status: 'OPEN', verdict: 'FAIL', actor: 'the CISO' };
    const body = JSON.stringify({ trailseal: { version: 1, kind: 'remediation', remediation: forged } });
    expect(parseRemediation(body)).toMatchObject({ kind: 'remediation', request });
    const { kind, ...read } = parseRemediation(envelope(transition({ sequence: 0 })));
    expect([kind, Object.keys('request' in read ? read.request : {})]).toEqual([
      'remediation',
      ['finding', 'openedAt', 'reminder', 'waited'],
    ]);
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
    });
    const again = onceMore(call, { attempt: 2 });
    expect(parseRemediation(JSON.stringify(again))).toEqual({
      kind: 'call',
      event,
      attempt: 2,
    });
    expect(parseRemediation(JSON.stringify({ ...call, detail: {} })).kind).toBe('malformed');
  });

  it('names what an operator requested, and says nothing of it that counts', () => {
    const forged = { id: 'event-1 finding', action: 'undo', actor: 'the CISO', finding: request.finding };
    const bodies = [
      requestBody('event-1 finding'),
      { trailseal: { version: 1, kind: 'requested-action', requestedAction: forged } },
    ];
    for (const body of bodies) {
      expect(parseRemediation(JSON.stringify(body))).toEqual({
        kind: 'requested-action',
        id: 'event-1 finding',
        attempt: 1,
      });
    }
  });

  it('says how often it was handled, when it comes once more', () => {
    const again = JSON.stringify(onceMore(requestBody('event-1'), { attempt: 2 }));
    expect(parseRemediation(again)).toEqual({
      kind: 'requested-action',
      id: 'event-1',
      attempt: 2,
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
      'a version that is not known',
      '{"trailseal":{"version":2,"kind":"requested-action","requestedAction":{"id":"event-1"}}}',
      /of version 2, and this deployment takes version 1/,
    ],
    [
      'a remediation request without a finding',
      '{"trailseal":{"remediation":{"openedAt":null}}}',
      /its remediation request/,
    ],
    [
      'a request without an id',
      JSON.stringify({ trailseal: { requestedAction: { action: 'fix', finding: request.finding } } }),
      /its requested action/,
    ],
  ])('is malformed, with the reason: %s', (_what, body, reason) => {
    const message = parseRemediation(body);
    expect(message.kind === 'malformed' && message.reason).toMatch(reason);
  });
});
