/** Values that an attacker, or a mistake, could put into an event. */
import fc from 'fast-check';

/** The account and Region of the deployment. */
export const accountRegion = { account: '111122223333', region: 'us-east-1' };

const esc = '\u001b';

/** Names with a meaning to JavaScript, terminals, browsers, chat applications or parsers of ARNs. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  '',
  ' ',
  '\u0000',
  'one\ntwo\r\n{"level":"INFO","message":"forged"}',
  `${esc}[2J${esc}]8;;https://example.com${esc}\\link`,
  '\u009b31m',
  '\u007f\u0085',
  'a\u2028b\u2029c',
  'a\u202eb\u2066c',
  'a\u200bb\ufeffc',
  '\ud800',
  'half \udc00 of a pair',
  '\ufffe\uffff',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<!channel> <https://example.com|click> *bold* `code` @here',
  '[click](https://example.com) ![](https://example.com/x.png)',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text that is hostile.
  '${process.env.AWS_SECRET_ACCESS_KEY}',
  "'; DROP TABLE findings; --",
  '../../../etc/passwd',
  '%2e%2e%2f',
  '%',
  '*',
  'i-*',
  '🙂'.repeat(200),
  'x'.repeat(3_000),
  '\u0001'.repeat(2_000),
  '444455556666',
  '1111222233334',
  '١١١١٢٢٢٢٣٣٣٣',
  '111122223333\n',
  'us-east-1 ',
  'us-gov-west-1',
  'NaN',
  '1e999',
  '-0',
  'null',
  'arn:aws:kms:us-east-1:444455556666:key/1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31',
  'arn:aws:kms:us-east-1:111122223333:key/../alias/x',
  'arn:aws:kms:us-east-1:111122223333:key/a\nb',
  'arn:aws:kms:eu-west-1:111122223333:key/1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31',
  'arn:aws:kms:us-east-1:111122223333 :key/1f0c8a52',
  'аrn:aws:kms:us-east-1:111122223333:key/1f0c8a52',
  'arn:aws:eks:us-east-1:444455556666:cluster/prod',
  'arn:aws:eks:us-east-1:111122223333:cluster/prod/extra',
  'arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0:x',
  'arn:::::',
];

/** Arbitrary UTF-16, unpaired surrogates included. */
const anyUnits = fc
  .array(fc.nat({ max: 0xffff }), { maxLength: 12 })
  .map((units) => String.fromCharCode(...units));

/** Usually short, sometimes far too long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names) },
  { weight: 3, arbitrary: anyUnits },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 40_000 }).map((length) => '\u0007<&'.repeat(length / 3)),
  },
);

/** JSON.parse makes an own member called `__proto__`. */
const polluting: unknown = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}}}',
);

function nested(depth: number, list: boolean): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = list ? [value] : { items: value };
  return value;
}

/** A value of any type. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: hostileText },
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      2 ** 53,
      1e300,
      [],
      {},
      '0x10',
      '12',
      polluting,
      [polluting],
      { items: [] },
      { items: [null, 1, 'x', [], {}] },
      { items: { item: { items: 'x' } } },
      { item: { instanceId: {} } },
      nested(50, true),
      nested(250, false),
      nested(3_000, true),
      Array.from({ length: 300 }, () => ({ key: '__proto__', value: '<b>' })),
      Array.from({ length: 60 }, (_, index) => ({ instanceId: `i-${index}`, volumeId: 7, key: index })),
    ),
  },
  { weight: 3, arbitrary: fc.array(hostileText, { maxLength: 3 }) },
  { weight: 3, arbitrary: fc.dictionary(hostileText, hostileText, { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
