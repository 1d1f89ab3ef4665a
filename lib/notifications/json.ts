/**
 * Notifications as JSON, for machines: queues, functions, webhooks. Public: a change that could break a reader is a new
 * version. Its strings are untrusted words, not escaped and cut where they are overlong; whoever shows them escapes them.
 */
import { cut } from '../core/text.ts';
import { asJson } from './escape.ts';
import { findingLink } from './link.ts';
import type { NotificationGroup, NotificationTrigger } from './trigger.ts';

export const notificationVersion = 1;

/** Maximum number of a group's members in it; fewer where they are large. */
const mostItems = 50;
const mostItemBytes = 80 * 1024;

/**
 * The JSON, of less than 90 KB. It fits into an SNS message of 256 KB also as a string within JSON and beside the text.
 * @param id the notification's.
 * @param link into Security Hub's console, where there is one.
 * @example
 * JSON.parse(jsonOf(id, subject, group, undefined)).items[0].finding; // 'trailseal/kms-key-deletion/…'
 */
export function jsonOf(
  id: string,
  subject: string,
  group: NotificationGroup,
  link: string | undefined,
): string {
  const { kind, severity, account, region, control, action, members } = group;
  const items: unknown[] = [];
  let bytes = 0;
  for (const trigger of members.slice(0, mostItems)) {
    const item = itemOf(trigger);
    bytes += Buffer.byteLength(asJson(item));
    if (bytes > mostItemBytes) break;
    items.push(item);
  }
  return asJson({
    version: notificationVersion,
    id,
    kind,
    subject,
    account: cut(account, 64),
    region: cut(region, 64),
    control: { id: cut(control.id, 128), title: cut(control.title, 512) },
    severity,
    action: action === undefined ? null : cut(action, 128),
    count: members.length,
    items,
    more: members.length - items.length,
    link: link ?? null,
  });
}

function itemOf(trigger: NotificationTrigger): unknown {
  const {
    id,
    finding,
    severity,
    resource,
    summary,
    evidence,
    required,
    actor,
    at,
    openedAt,
    plan,
    skipped,
    due,
  } = trigger;
  const { was, undo, caveats, decision, exemption, account, region } = trigger;
  return {
    event: cut(id, 600),
    finding: cut(finding, 600),
    severity,
    resource: {
      type: cut(resource.type, 64),
      id: cut(resource.id, 512),
      arn: resource.arn === undefined ? null : cut(resource.arn, 1_024),
    },
    summary: cut(summary, 1_000),
    evidence: evidence === undefined ? null : cut(evidence, 1_000),
    required: optional(required),
    actor:
      actor === undefined
        ? null
        : {
            type: cut(actor.type, 64),
            arn: cut(actor.arn, 1_024),
            name: cut(actor.name, 256),
            account: optional(actor.account),
            sourceIp: optional(actor.sourceIp),
            userAgent: optional(actor.userAgent),
          },
    at: at === null ? null : cut(at, 40),
    openedAt: openedAt === null ? null : cut(openedAt, 40),
    plan: plan.slice(0, 20).map(({ what, reason }) => ({ what: cut(what, 300), reason: optional(reason) })),
    skipped: skipped.slice(0, 20).map(({ what, because, reason }) => ({
      what: cut(what, 300),
      because: cut(because, 64),
      reason: cut(reason, 500),
    })),
    due: due === undefined ? null : cut(due, 40),
    was: was.slice(0, 20).map((clause) => cut(clause, 500)),
    undo: undo === undefined ? null : cut(undo, 1_000),
    caveats: caveats.slice(0, 20).map((caveat) => cut(caveat, 1_000)),
    decision:
      decision === undefined
        ? null
        : { by: decision.actor, name: cut(decision.name, 256), why: cut(decision.reason, 500) },
    exemption:
      exemption === null
        ? null
        : {
            ...exemption,
            expires: exemption.expires === null ? null : cut(exemption.expires, 40),
            reason: cut(exemption.reason, 500),
            owner: cut(exemption.owner, 256),
          },
    link: findingLink(cut(finding, 600), { account, region }) ?? null,
  };
}

function optional(words: string | undefined): string | null {
  return words === undefined ? null : cut(words, 500);
}
