/**
 * Batches of which AWS takes a part: of three in ten calls with several entries, some are refused with the reason, in an
 * answer that is no error.
 */
import { isObject, list, text } from '../../lib/core/json.ts';
import type { Call, Cut } from './relay.ts';

/** A call that takes entries, and answers for each. */
interface BatchCall {
  readonly entries: string;
  /** The answer where these are refused, and `told` was answered for the others. */
  answer(entries: readonly unknown[], isRefused: (entry: unknown) => boolean, told: unknown): unknown;
}

const message = 'The service is too busy to take this one.';

/** Sources: API References of EventBridge ("PutEvents"), SQS ("SendMessageBatch"), Security Hub ("BatchImportFindings"). */
const batchCalls: Readonly<Record<string, BatchCall>> = {
  'events:PutEvents': {
    entries: 'Entries',
    answer(entries, isRefused, told) {
      const taken = [...list(told, 'Entries')];
      const failed = { ErrorCode: 'InternalFailure', ErrorMessage: message };
      return {
        FailedEntryCount: entries.filter(isRefused).length,
        Entries: entries.map((entry) => (isRefused(entry) ? failed : taken.shift())),
      };
    },
  },
  'sqs:SendMessageBatch': {
    entries: 'Entries',
    answer: (entries, isRefused, told) => ({
      Successful: list(told, 'Successful'),
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
    answer(entries, isRefused, told) {
      const refused = entries.filter(isRefused);
      return {
        FailedCount: refused.length,
        SuccessCount: entries.length - refused.length,
        FailedFindings: refused.map((entry) => ({
          Id: text(entry, 'Id'),
          ErrorCode: 'InternalFailure',
          ErrorMessage: message,
        })),
        ...(list(told, 'FailedFindings').length > 0 ? { unexpected: told } : {}),
      };
    },
  },
};

export interface Refusals {
  /** As long as it blows. */
  cut(call: Call): Cut | undefined;
  calm(): void;
  /** How many calls were carried out in part, and how many entries of them were not. */
  readonly calls: number;
  readonly entries: number;
}

export function refusals(random: () => number = Math.random): Refusals {
  let blowing = true;
  let calls = 0;
  let entriesRefused = 0;
  return {
    cut(call) {
      const batch = batchCalls[call.name] ?? batchCalls[call.path];
      if (batch === undefined || !blowing || random() > 0.3) return undefined;
      const whole: unknown = JSON.parse(call.body.toString('utf8'));
      const entries = list(whole, batch.entries);
      const first = Math.floor(random() * entries.length);
      const refused = new Set(entries.filter((_, index) => index === first || random() < 0.3));
      const left = entries.filter((entry) => !refused.has(entry));
      calls += 1;
      entriesRefused += refused.size;
      return {
        ...(left.length === 0 || !isObject(whole)
          ? {}
          : { body: JSON.stringify({ ...whole, [batch.entries]: left }) }),
        answer: (told) => batch.answer(entries, (entry) => refused.has(entry), told),
      };
    },
    calm() {
      blowing = false;
    },
    get calls() {
      return calls;
    },
    get entries() {
      return entriesRefused;
    },
  };
}
