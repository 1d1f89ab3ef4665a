/** Which call of AWS a request is, for people and for counting. */
import type { IncomingHttpHeaders } from 'node:http';

/** The calls of services whose operations are paths. Source: their API References. */
const byPath: readonly (readonly [RegExp, string])[] = [
  [/^GET \/clusters\/[^/]+$/, 'DescribeCluster'],
  [/^POST \/clusters\/[^/]+\/update-config$/, 'UpdateClusterConfig'],
  [/^GET \/clusters\/[^/]+\/updates\/[^/]+$/, 'DescribeUpdate'],
  [/^POST \/tags\//, 'TagResource'],
  [/^DELETE \/tags\//, 'UntagResource'],
  [/^POST \/findings$/, 'GetFindings'],
  [/^POST \/schedules\/[^/]+$/, 'CreateSchedule'],
];

/** As `kms:EnableKey`. */
export function nameOfCall(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): string {
  // Source: AWS Signature Version 4 (the credential's scope names the service).
  const [, service = 'unsigned'] =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return `${service}:${operationOf(method, path, headers, body)}`;
}

function operationOf(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.slice(target.lastIndexOf('.') + 1);
  const action = new URLSearchParams(body.toString('utf8')).get('Action');
  if (action !== null) return action;
  const line = `${method} ${path.split('?')[0]}`;
  return byPath.find(([pattern]) => pattern.test(line))?.[1] ?? line;
}

const reading = /^(Describe|Get|List|Query|BatchGet|GET )/;

export function isRead(call: string): boolean {
  return reading.test(call.slice(call.indexOf(':') + 1));
}

/** The services that Trailseal itself runs on. */
const own = ['dynamodb', 'events', 'sqs', 'ssm', 'securityhub', 'sts'];

/** Whether it changes a resource, or schedules that one be changed. */
export function isChange(call: string): boolean {
  return !isRead(call) && !own.includes(call.slice(0, call.indexOf(':')));
}
