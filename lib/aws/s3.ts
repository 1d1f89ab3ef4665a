/** The client for S3. */
import { S3Client } from '@aws-sdk/client-s3';
import { type ClientConfig, settings } from './settings.ts';

/** Milliseconds without an answer, or a byte of one, after which a connection is given up. */
const silence = 30_000;

/**
 * A client that follows to where a bucket is. Source: AWS SDK for JavaScript v3, S3ClientConfig; "Data integrity
 * protections for Amazon S3".
 */
export function s3Client(config: ClientConfig): S3Client {
  // The names of buckets as parts of the host's name: AWS has them, other servers at an endpoint of one's own may not.
  const elsewhere = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  return new S3Client({
    ...settings(config),
    followRegionRedirects: true,
    forcePathStyle: elsewhere !== undefined,
    // Nobody checks beyond what TLS does and gzip's own sum: S3's sums are slow to make in JavaScript.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: silence,
      throwOnRequestTimeout: true,
      socketTimeout: silence,
    },
  });
}
