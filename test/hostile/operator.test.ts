import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { loggerOf } from '../../functions/telemetry.ts';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import type { OperatorExemption } from '../../lib/policy/operator-exemption.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import {
  type CustomActionDeps,
  handleCustomAction,
  noteActionEvents,
} from '../../lib/remediation/custom-actions/custom-actions.ts';
import {
  type CustomActionEvent,
  parseOperatorMessage,
} from '../../lib/remediation/custom-actions/message.ts';
import { type FindingNote, withNews } from '../../lib/remediation/custom-actions/note-text.ts';
import { parseRemediation, requestBody } from '../../lib/remediation/message.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { broadActions } from '../../lib/services/write-services.ts';
import { policyOf } from '../policy/fixtures.ts';
import { shareOf } from '../suite.ts';
import { operatorBody, productArn, stage } from './custom-actions.ts';
import { known } from './requests.ts';
import { accountRegion, hostileText } from './values.ts';
import { violationsOfAccountRegion, violationsOfLine } from './violations.ts';

const day = 86_400_000;
/** Nobody is made up where AWS names nobody. */
const unnamed = 'an operator whom AWS does not name';
const customActions = ['undo', 're-check', 'exempt', ...new Set(controls.flatMap(requestable))];
// Without one key in the settings, fix:associate-encryption can never run.
const oneKey = `{ key: ["arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"] }`;
const policy = policyOf(
  `version: 1
controls: { eks-secrets-encryption: { settings: ${oneKey} } }
operators: { customActions: [${customActions.join(', ')}] }
actions: { broadPermissions: [${broadActions.join(', ')}] }`,
  controls,
);
const entries = new Map(known.map((entry) => [entry.id, entry]));

interface Sent {
  readonly queue: string;
  readonly body: string;
  /** What was stored for it, where it names a request. */
  readonly request?: ActionRequest;
}

/** What became of a message; `event` where it was that of a custom action. */
interface Handled {
  readonly kind: 'handled';
  readonly event: CustomActionEvent | undefined;
  readonly sent: readonly Sent[];
  readonly given: readonly OperatorExemption[];
  readonly notes: readonly { readonly finding: string; readonly text: string }[];
}

async function handled(
  body: string,
  before: FindingNote,
): Promise<Handled | { readonly kind: 'malformed'; readonly reason: string }> {
  const message = parseOperatorMessage(body, stage, Date.now());
  if (message.kind === 'malformed') return message;
  const sent: Sent[] = [];
  const given: OperatorExemption[] = [];
  const notes: { finding: string; text: string }[] = [];
  const deps: CustomActionDeps = {
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
    request: async (request) => {
      sent.push({ queue: 'remediate', body: JSON.stringify(requestBody(request.id)), request });
      return true;
    },
    inSecurityHub: async () => true,
    note: async ({ id }, news, author) => {
      const text = withNews(before, news.join(' | '), author);
      if (text !== undefined) notes.push({ finding: id, text });
    },
    productArn,
  };
  if (message.kind === 'action-event') {
    await noteActionEvents(deps, [message.event]);
    return { kind: 'handled', event: undefined, sent, given, notes };
  }
  const customActions = await handleCustomAction(deps, message.event);
  loggerOf('operator').info('custom action', { customActions });
  return { kind: 'handled', event: message.event, sent, given, notes };
}

/** Messages and exemptions only for the findings that were selected, and are the deployment's own. */
function faultsOfSending({ event, sent, given }: Handled): readonly string[] {
  const ids = new Set(
    event?.findings.filter(({ account }) => account === accountRegion.account).map(({ id }) => id),
  );
  const isOurs = (id: string) => {
    const resource = entries.get(id)?.resource;
    return ids.has(id) && resource !== undefined && violationsOfAccountRegion(resource).length === 0;
  };
  return [
    ...sent.flatMap(({ queue, body, request }) => {
      if (queue === 'remediate') {
        const message = parseRemediation(body);
        const isNamed = message.kind === 'requested-action' && message.id === request?.id;
        return isNamed && isOurs(request.finding) && request.actor.startsWith(unnamed)
          ? []
          : [`it requested ${body}`];
      }
      const message = parseBody(body);
      if (message.kind !== 're-evaluate') return [`it sent ${body}`];
      return message.resources.flatMap(({ resource }) => violationsOfAccountRegion(resource));
    }),
    ...given.flatMap(({ finding, expires, lifted }) => {
      // The end of an exemption exempts nothing, whether or not there was one.
      if (lifted !== null) return isOurs(finding) ? [] : [`it ends the exemption of ${finding}`];
      const until = z.iso.date().safeParse(expires).success ? Date.parse(expires) : Number.NaN;
      const days = (until - Date.parse(event?.at ?? '')) / day;
      return isOurs(finding) && days > 0 && days <= 31 ? [] : [`it exempts ${finding} until ${expires}`];
    }),
  ];
}

/** A line of text that Security Hub accepts, on the selected findings alone. */
function faultsOfNotes({ event, notes }: Handled): readonly string[] {
  return notes.flatMap(({ finding, text }) => [
    ...(/[\p{Cc}\u2028\u2029]/u.test(text) || text.length < 1 || text.length > 512 || !text.isWellFormed()
      ? [`a note is ${JSON.stringify(text)}`]
      : []),
    ...(event === undefined || event.findings.some(({ id }) => id === finding)
      ? []
      : [`a note is put on ${finding}, which was not selected`]),
  ]);
}

describe('hostile messages in the queue of operators', () => {
  it('request nothing but for selected findings of the deployment’s own, and are noted and logged as plain text', async () => {
    const tally = { customActions: 0, rechecks: 0, exemptions: 0, notes: 0, malformed: 0 };
    const lines: string[] = [];
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk: unknown) => {
        lines.push(String(chunk));
        return true;
      }),
    );
    const before = fc.record({ text: hostileText, author: hostileText });
    try {
      await fc.assert(
        fc.asyncProperty(operatorBody, before, async (body, note) => {
          const result = await handled(body, note);
          const logged = lines.splice(0).join('').split('\n').filter(Boolean).flatMap(violationsOfLine);
          if (result.kind === 'malformed') {
            expect(result.reason).not.toBe('');
            tally.malformed += 1;
            return;
          }
          expect([...faultsOfSending(result), ...faultsOfNotes(result), ...logged]).toEqual([]);
          tally.customActions += result.sent.filter(({ queue }) => queue === 'remediate').length;
          tally.rechecks += result.sent.filter(({ queue }) => queue !== 'remediate').length;
          tally.exemptions += result.given.length;
          tally.notes += result.notes.length;
        }),
        { numRuns: shareOf(5_000) },
      );
    } finally {
      for (const spy of streams) spy.mockRestore();
    }
    // Every result occurred many times: else the test would say nothing.
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(shareOf(100));
  }, 300_000);
});
