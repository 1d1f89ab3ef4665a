import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { loggerOf } from '../../functions/telemetry.ts';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import type { OperatorExemption } from '../../lib/policy/operator-exemption.ts';
import { Operator } from '../../lib/remediation/custom-actions/custom-actions.ts';
import type { CustomActionEvent } from '../../lib/remediation/custom-actions/message.ts';
import { parseOperatorMessage } from '../../lib/remediation/custom-actions/message.ts';
import { type Note, withNews } from '../../lib/remediation/custom-actions/note.ts';
import { parseRemediation } from '../../lib/remediation/message.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { policyOf } from '../policy/fixtures.ts';
import { shareOf } from '../suite.ts';
import { operatorBody, productArn, stage } from './custom-actions.ts';
import { known } from './requests.ts';
import { accountRegion, hostileText } from './values.ts';
import { violationsOfAccountRegion, violationsOfLine } from './violations.ts';

const day = 86_400_000;
const customActions = ['undo', 're-check', 'exempt', ...new Set(controls.flatMap(requestable))];
// Without one key in the settings, fix:associate-encryption can never run.
const oneKey = `{ key: ["arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"] }`;
const policy = policyOf(
  `version: 1
controls: { eks-secrets-encryption: { settings: ${oneKey} } }
operators: { customActions: [${customActions.join(', ')}] }`,
  controls,
);
const entries = new Map(known.map((entry) => [entry.id, entry]));

interface Sent {
  readonly queue: string;
  readonly body: string;
}

/** What came of a message; `customActionEvent` where it was one. */
interface Came {
  readonly customActionEvent: CustomActionEvent | undefined;
  readonly sent: readonly Sent[];
  readonly given: readonly OperatorExemption[];
  readonly notes: readonly { readonly finding: string; readonly text: string }[];
}

async function taken(body: string, before: Note): Promise<Came | string> {
  const message = parseOperatorMessage(body, stage);
  if (message.kind === 'malformed') return message.reason;
  const sent: Sent[] = [];
  const given: OperatorExemption[] = [];
  const notes: { finding: string; text: string }[] = [];
  const operator = new Operator({
    controls,
    policy,
    accountRegion,
    stage,
    stateTable: { read: async (ids) => new Map([...entries].filter(([id]) => ids.includes(id))) },
    exemptions: {
      all: async () => new Map(given.map((exemption) => [exemption.finding, exemption])),
      give: async (exemption) => given.push(exemption) > 0,
    },
    send: async (queue, one) => {
      sent.push({ queue, body: JSON.stringify(one) });
      return true;
    },
    note: async ({ id }, news, author) => {
      const text = withNews(before, news.join(' | '), author);
      if (text !== undefined) notes.push({ finding: id, text });
    },
    productArn,
  });
  if (message.kind === 'answer') {
    await operator.answer([message.answer]);
    return { customActionEvent: undefined, sent, given, notes };
  }
  const customActionEvents = await operator.customActionEvent(message.customActionEvent);
  loggerOf('operator').info('selected', { customActionEvents });
  return { customActionEvent: message.customActionEvent, sent, given, notes };
}

/** Only for what was pressed, and is the deployment's own. */
function faultsOfSending({ customActionEvent, sent, given }: Came): readonly string[] {
  const ids = new Set(
    customActionEvent?.findings
      .filter(({ account }) => account === accountRegion.account)
      .map(({ id }) => id),
  );
  const isOurs = (id: string) => {
    const resource = entries.get(id)?.resource;
    return ids.has(id) && resource !== undefined && violationsOfAccountRegion(resource).length === 0;
  };
  return [
    ...sent.flatMap(({ queue, body }) => {
      if (queue === 'remediate') {
        const order = parseRemediation(body);
        return order.kind === 'order' && isOurs(order.order.finding) ? [] : [`it ordered ${body}`];
      }
      const look = parseBody(body);
      if (look.kind !== 'look') return [`it sent ${body}`];
      return look.looks.flatMap(({ resource }) => violationsOfAccountRegion(resource));
    }),
    ...given.flatMap(({ finding, expires, lifted }) => {
      // A release lets nothing off, whether or not there was an exemption to take back.
      if (lifted !== null) return isOurs(finding) ? [] : [`it releases ${finding}`];
      const until = z.iso.date().safeParse(expires).success ? Date.parse(expires) : Number.NaN;
      const days = (until - Date.parse(customActionEvent?.at ?? '')) / day;
      return isOurs(finding) && days > 0 && days <= 31 ? [] : [`it exempts ${finding} until ${expires}`];
    }),
  ];
}

/** A line of text that Security Hub takes, on nothing but what was pressed. */
function faultsOfNotes({ customActionEvent, notes }: Came): readonly string[] {
  return notes.flatMap(({ finding, text }) => [
    ...(/[\p{Cc}\u2028\u2029]/u.test(text) || text.length < 1 || text.length > 512 || !text.isWellFormed()
      ? [`a note is ${JSON.stringify(text)}`]
      : []),
    ...(customActionEvent === undefined || customActionEvent.findings.some(({ id }) => id === finding)
      ? []
      : [`a note is put on ${finding}, which nobody pressed a custom action for`]),
  ]);
}

describe('hostile messages in the queue of operators', () => {
  it('order nothing but for what was pressed and is the deployment’s own, and are noted and logged as plain text', async () => {
    const tally = { customActions: 0, looks: 0, exemptions: 0, notes: 0, malformed: 0 };
    const lines: string[] = [];
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk: unknown) => {
        lines.push(String(chunk));
        return true;
      }),
    );
    const before = fc.record({ text: hostileText, by: hostileText });
    try {
      await fc.assert(
        fc.asyncProperty(operatorBody, before, async (body, note) => {
          const came = await taken(body, note);
          const logged = lines.splice(0).join('').split('\n').filter(Boolean).flatMap(violationsOfLine);
          if (typeof came === 'string') {
            expect(came).not.toBe('');
            tally.malformed += 1;
            return;
          }
          expect([...faultsOfSending(came), ...faultsOfNotes(came), ...logged]).toEqual([]);
          tally.customActions += came.sent.filter(({ queue }) => queue === 'remediate').length;
          tally.looks += came.sent.filter(({ queue }) => queue !== 'remediate').length;
          tally.exemptions += came.given.length;
          tally.notes += came.notes.length;
        }),
        { numRuns: shareOf(5_000) },
      );
    } finally {
      for (const spy of streams) spy.mockRestore();
    }
    // All ends were met, each many times: else it would say nothing.
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(shareOf(100));
  }, 300_000);
});
