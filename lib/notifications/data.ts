/**
 * Messages as JSON, for machines: queues, functions, webhooks. Public: a change that could break whoever reads it is a new
 * version. Strings in it are others' words as they are, cut where they are overlong; whoever shows them escapes them.
 */
import { cut } from '../findings/plain.ts';
import { asJson } from './escape.ts';
import type { Group } from './group.ts';
import { findingLink } from './link.ts';
import type { Occasion } from './occasion.ts';

export const notificationVersion = 1;

/** So many of a group are in it, or fewer where they are large. */
const items = 50;
const itemBytes = 80 * 1024;

/** The JSON, of less than 90 KB: also as a string within JSON, with a text beside it, SNS takes it, which takes 256 KB. */
export function dataOf(id: string, subject: string, group: Group, link: string | undefined): string {
  const { kind, severity, account, region, control, action, members } = group;
  const told: unknown[] = [];
  let bytes = 0;
  for (const occasion of members.slice(0, items)) {
    const item = itemOf(occasion);
    bytes += Buffer.byteLength(asJson(item));
    if (bytes > itemBytes) break;
    told.push(item);
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
    items: told,
    more: members.length - told.length,
    link: link ?? null,
  });
}

function itemOf(occasion: Occasion): unknown {
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
  } = occasion;
  const { undo, decision, exemption, account, region } = occasion;
  return {
    event: cut(id, 600),
    finding: cut(finding, 600),
    severity,
    resource: { type: cut(resource.type, 64), id: cut(resource.id, 512), arn: cut(resource.arn, 1_024) },
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
    undo: optional(undo),
    decision:
      decision === undefined
        ? null
        : { by: decision.by, name: cut(decision.name, 256), why: cut(decision.why, 500) },
    exemption:
      exemption === null
        ? null
        : {
            ...exemption,
            expires: exemption.expires === null ? null : cut(exemption.expires, 40),
            reason: cut(exemption.reason, 500),
            owner: cut(exemption.owner, 256),
          },
    link: findingLink(cut(finding, 600), account, region) ?? null,
  };
}

function optional(words: string | undefined): string | null {
  return words === undefined ? null : cut(words, 500);
}
