import { describe, expect, it } from 'vitest';
import { failure, refusesAnId } from '../../lib/aws/facts/failure.ts';
import { isDenial, reasonOf } from '../../lib/aws/reason.ts';

/** An error as the SDK throws it. */
function thrown(name: string, message: string, metadata: object = { httpStatusCode: 400 }): Error {
  return Object.assign(new Error(message), { name, $metadata: metadata });
}

describe('the reason of an error', () => {
  it.each([
    ['its name and message, without the full stop', 'You may not. ', 'AccessDenied (You may not)'],
    ['its name alone, where it has no message', '', 'AccessDenied'],
    ['one line', 'You may\n  not', 'AccessDenied (You may not)'],
    [
      'what people can read',
      'You may not. Encoded authorization failure message: 4kd-2',
      'AccessDenied (You may not)',
    ],
    [
      'nothing of the SDK’s own objects',
      'Unexpected token. Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.',
      'AccessDenied (Unexpected token)',
    ],
    ['300 characters of a message', 'x'.repeat(301), `AccessDenied (${'x'.repeat(300)}…)`],
  ])('is %s', (_what, message, expected) => {
    expect(reasonOf(thrown('AccessDenied', message))).toBe(expected);
  });

  it('is, of what is no error, its text', () => {
    expect(reasonOf('no')).toBe('no');
  });
});

describe('a denial', () => {
  it.each([
    'UnauthorizedOperation',
    'AccessDenied',
    'AccessDeniedException',
    'AuthFailure',
    'NotAuthorized',
    'OptInRequired',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
  ])('is %s', (name) => {
    expect(isDenial(thrown(name, ''))).toBe(true);
  });

  it.each(['ExpiredToken', 'Blocked', 'CredentialsProviderError', 'Throttling', 'ValidationException'])(
    'is not %s, which no permission would change',
    (name) => {
      expect(isDenial(thrown(name, ''))).toBe(false);
    },
  );
});

describe('a fact that AWS does not tell', () => {
  it.each([
    'UnauthorizedOperation',
    'AccessDenied',
    'AccessDeniedException',
    'AuthFailure',
    'NotAuthorized',
    'OptInRequired',
    'Blocked',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'MissingAuthenticationToken',
    'IncompleteSignature',
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'ExpiredToken',
    'ExpiredTokenException',
    'RequestExpired',
    'CredentialsProviderError',
    'TokenProviderError',
  ])('because of %s was denied', (name) => {
    expect(failure(thrown(name, 'You may not.'), 'kms:DescribeKey')).toMatchObject({
      reason: 'denied',
      detail: 'kms:DescribeKey was denied (You may not)',
    });
  });

  it('was denied also where what is thrown is no Error', () => {
    expect(failure({ name: 'AccessDenied', message: 'No' }, 'kms:DescribeKey')).toMatchObject({
      reason: 'denied',
      detail: 'kms:DescribeKey was denied (No)',
    });
  });

  it.each([
    ['Throttling', {}],
    ['SomeException', { httpStatusCode: 429 }],
  ])('because of %s was throttled', (name, metadata) => {
    expect(failure(thrown(name, '', metadata), 'ec2:DescribeVolumes')).toMatchObject({
      reason: 'throttled',
      detail: 'ec2:DescribeVolumes was throttled for as long as it was tried',
    });
  });

  it('for any other reason of AWS failed, with its name', () => {
    expect(failure(thrown('InternalError', 'Oh. '), 'ec2:DescribeVolumes')).toMatchObject({
      reason: 'failed',
      detail: 'ec2:DescribeVolumes failed with InternalError (Oh)',
    });
  });

  it('is none where the error is not AWS’s', () => {
    const mistake = new TypeError('a mistake of our own');
    expect(() => failure(mistake, 'ec2:DescribeVolumes')).toThrow(mistake);
  });
});

describe('an answer about many ids', () => {
  it.each([
    ['InvalidVolume.NotFound', true],
    ['InvalidInstanceType', true],
    ['ListenerNotFoundException', true],
    ['InvalidClientTokenId', false],
    ['Throttling', false],
  ])('%s is because of one of them: %s', (name, expected) => {
    expect(refusesAnId(thrown(name, 'no'))).toBe(expected);
  });
});
