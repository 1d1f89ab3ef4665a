/**
 * Batches that AWS carries out partly: in three of ten calls with several entries, some entries are refused with a reason, in
 * an answer that is no error.
 */
import { isObject, list, text } from '../../lib/core/json.ts';
import type { PartialCall, RelayedCall } from './relay.ts';

/** A call with several entries, which answers for each. */
interface BatchCall {
  readonly entries: string;
  /** The answer where some are refused, and `answered` is the emulator's answer for the others. */
  answer(entries: readonly unknown[], isRefused: (entry: unknown) => boolean, answered: unknown): unknown;
}

const message = 'The service is too busy for this entry.';

/** Sources: API References of EventBridge ("PutEvents"), SQS ("SendMessageBatch"), Security Hub ("BatchImportFindings"). */
const batchCalls: Readonly<Record<string, BatchCall>> = {
  'events:PutEvents': {
    entries: 'Entries',
    answer(entries, isRefused, answered) {
      const accepted = [...list(answered, 'Entries')];
      const failed = { ErrorCode: 'InternalFailure', ErrorMessage: message };
      return {
        FailedEntryCount: entries.filter(isRefused).length,
        Entries: entries.map((entry) => (isRefused(entry) ? failed : accepted.shift())),
      };
    },
  },
  'sqs:SendMessageBatch': {
    entries: 'Entries',
    answer: (entries, isRefused, answered) => ({
      Successful: list(answered, 'Successful'),
      Failed: entries.filter(isRefused).map((entry) => ({
        Id: text(entry, 'Id'),
        Code: 'InternalError',
        SenderFault: false,
        Message: message,
      })),
    }),
  },
  '/findings/import': {
    entries: 'Findings',
    answer(entries, isRefused, answered) {
      const refused = entries.filter(isRefused);
      return {
        FailedCount: refused.length,
        SuccessCount: entries.length - refused.length,
        FailedFindings: refused.map((entry) => ({
          Id: text(entry, 'Id'),
          ErrorCode: 'InternalFailure',
          ErrorMessage: message,
        })),
        ...(list(answered, 'FailedFindings').length > 0 ? { unexpected: answered } : {}),
      };
    },
  },
};

export interface PartialBatches {
  /** Decides about a call, until `stop`. */
  partly(call: RelayedCall): PartialCall | undefined;
  stop(): void;
  /** How many entries were refused. */
  refused(): number;
}

export function partialBatches(random: () => number = Math.random): PartialBatches {
  let running = true;
  let entriesRefused = 0;
  return {
    partly(call) {
      const batch = batchCalls[call.name] ?? batchCalls[call.path];
      if (batch === undefined || !running || random() > 0.3) return undefined;
      const whole: unknown = JSON.parse(call.body.toString('utf8'));
      const entries = list(whole, batch.entries);
      const first = Math.floor(random() * entries.length);
      const refused = new Set(entries.filter((_, index) => index === first || random() < 0.3));
      const left = entries.filter((entry) => !refused.has(entry));
      entriesRefused += refused.size;
      return {
        ...(left.length === 0 || !isObject(whole)
          ? {}
          : { body: JSON.stringify({ ...whole, [batch.entries]: left }) }),
        answer: (answered) => batch.answer(entries, (entry) => refused.has(entry), answered),
      };
    },
    stop() {
      running = false;
    },
    refused: () => entriesRefused,
  };
}
