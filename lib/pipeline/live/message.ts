/**
 * What the queues hold: events as EventBridge delivers them, and Trailseal's own messages. An own message is a
 * JSON object with a `trailseal` member; all parsing of a message is here.
 */
import type { Control, Resource, ResourceType, TrailEvent } from '../../core/control.ts';
import { at, isObject, list, text } from '../../core/json.ts';
import { isResourceType } from '../../services/catalogue.ts';
import { parseRecord } from '../../trail/parse.ts';

/** The version of Trailseal's own messages. */
export const messageVersion = 1;

export type Message =
  /** A CloudTrail event; `attempt` counts the looks at what it names, from 1. */
  | { readonly kind: 'event'; readonly event: TrailEvent; readonly attempt: number; readonly body: unknown }
  /** Resources that a scheduled scan or an operator wants evaluated now. */
  | { readonly kind: 'look'; readonly looks: readonly Recheck[] }
  /** Findings whose publication is pending publication to Security Hub. */
  | { readonly kind: 'publish'; readonly findings: readonly string[]; readonly attempt: number }
  /** The order to scheduled scan: everything, or one kind of resource from where an earlier scheduled scan of it stopped. */
  | { readonly kind: 'scan'; readonly part: ScheduledScanPart | undefined }
  | { readonly kind: 'malformed'; readonly reason: string };

/** One resource to be evaluated by these controls, or by all that concern its type. */
export interface Recheck {
  readonly resource: Resource;
  readonly controls?: readonly Control['id'][];
}

/** What one message of a scheduled scan covers: the resources of a type as AWS lists them, or the findings in the state table. */
export interface ScheduledScanPart {
  readonly of: ResourceType | 'stateTable';
  /** Where to go on: AWS's or DynamoDB's own token. */
  readonly token?: string;
}

/** What a message's body says; `malformed` also where it is no JSON. */
export function parseBody(body: string): Message {
  try {
    return parseMessage(JSON.parse(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return malformed(`it is no JSON: ${error.message}`);
  }
}

/**
 * @param value the message's body, parsed from JSON.
 * @returns what it says; `malformed`, with a reason for people, for what is neither an event nor Trailseal's own.
 */
export function parseMessage(value: unknown): Message {
  const own = at(value, 'trailseal');
  if (own !== undefined && !isObject(own)) return malformed('its "trailseal" is no object');
  const kind = text(own, 'kind');
  if (own !== undefined && at(own, 'version') !== messageVersion) {
    return malformed(`its version is ${described(at(own, 'version'))}, not ${messageVersion}`);
  }
  switch (kind) {
    case 'look': {
      const looks = list(own, 'looks').map(lookIn);
      return looks.length > 0 && looks.every((look) => look !== undefined)
        ? { kind, looks }
        : malformed('a look names a resource without a known type, id, ARN, account or Region, or none');
    }
    case 'publish': {
      const findings = list(own, 'findings').filter(
        (id): id is string => typeof id === 'string' && id !== '',
      );
      return findings.length > 0
        ? { kind, findings, attempt: attemptIn(own) }
        : malformed('a publication names no finding');
    }
    case 'scan': {
      const of = text(own, 'of');
      const token = text(own, 'token');
      if (of === undefined) return { kind, part: undefined };
      if (of !== 'stateTable' && !isResourceType(of)) {
        return malformed(`a scheduled scan is of ${described(of)}, which is no type of resource`);
      }
      return { kind, part: { of, ...(token === undefined ? {} : { token }) } };
    }
    case undefined:
    case 'again': {
      const parsed = parseRecord(value);
      if (!parsed.ok) return malformed(parsed.reason);
      return {
        kind: 'event',
        event: parsed.event,
        attempt: attemptIn(own),
        body: value,
      };
    }
    default:
      return malformed(`its kind is ${described(kind)}, which is none`);
  }
}

function attemptIn(own: unknown): number {
  const attempt = at(own, 'attempt');
  return typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1;
}

function malformed(reason: string): Message {
  return { kind: 'malformed', reason };
}

/** A value that should not be there, for people: in short, as it may be as large, and as deep, as a message. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const said = JSON.stringify(value) ?? 'missing';
  return said.length > 100 ? `${said.slice(0, 100).toWellFormed()}…` : said;
}

function lookIn(value: unknown): Recheck | undefined {
  const resource = at(value, 'resource');
  const [type, id, arn, account, region, partOf] = ['type', 'id', 'arn', 'account', 'region', 'partOf'].map(
    (field) => text(resource, field),
  );
  if (!type || !isResourceType(type) || !id || !arn || !account || !region) return undefined;
  const controls = at(value, 'controls');
  return {
    resource: {
      type,
      id,
      arn,
      account,
      region,
      ...(partOf === undefined ? {} : { partOf }),
    },
    ...(Array.isArray(controls)
      ? { controls: controls.filter((control) => typeof control === 'string') }
      : {}),
  };
}

/** The body of a message that has resources evaluated. Tags are left out: they are read anew. */
export function recheckBody(looks: readonly Recheck[]): unknown {
  return own({
    kind: 'look',
    looks: looks.map(({ resource: { tags: _tags, ...resource }, controls }) => ({
      resource,
      ...(controls === undefined ? {} : { controls }),
    })),
  });
}

/** The body of a message that has an event's resources looked at again. */
export function againBody(body: unknown, attempt: number): unknown {
  return { ...(isObject(body) ? body : {}), ...own({ kind: 'again', attempt }) };
}

export function publishBody(findings: readonly string[], attempt = 1): unknown {
  return own({ kind: 'publish', findings, attempt });
}

export function scheduledScanBody(part?: ScheduledScanPart): unknown {
  return own({ kind: 'scan', ...part });
}

function own(said: Readonly<Record<string, unknown>>): { readonly trailseal: unknown } {
  return { trailseal: { version: messageVersion, ...said } };
}
