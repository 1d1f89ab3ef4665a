import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loggerOf, Telemetry } from '../../../functions/telemetry.ts';
import type { EvaluatorResult } from '../../../lib/pipeline/live/evaluator.ts';
import type { Scanned } from '../../../lib/pipeline/live/scheduled-scan.ts';

let written: string;

beforeEach(() => {
  written = '';
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'trailseal-dev');
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The lines that were written, as JSON. */
function lines(): readonly Record<string, unknown>[] {
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const evaluation: EvaluatorResult = {
  events: 0,
  results: [],
  ignored: [],
  deadLetters: [],
  again: 0,
  publication: { published: [], refused: [], deferred: [], off: undefined },
  latencies: [],
  canaries: [],
};
const scanned: Scanned = {
  listed: 0,
  entries: 0,
  open: 0,
  rechecks: 0,
  publications: 0,
  reminders: 0,
  continued: false,
  unlisted: [],
};

describe('a log line', () => {
  it('has no control characters, whatever the resource is called', () => {
    const summary = 'The cluster \u001b[31mred\u009b2J\u202e is public.';
    const result = { control: 'eks-endpoint-access', resource: 'é', outcome: 'FAIL' as const, summary };
    const telemetry = new Telemetry('eks', loggerOf('eks'));
    telemetry.evaluated({ done: [{ ...evaluation, results: [result] }], failures: [], left: [] });
    expect(written).not.toMatch(/[^\n\x20-\x7e]/);
    expect(lines().find(({ message }) => message === 'evaluated')).toMatchObject({
      results: [{ summary: String.raw`The cluster \u001b[31mred\u009b2J\u202e is public.` }],
    });
  });

  it('keeps the lines of a stack', () => {
    loggerOf('eks').error('failed', { error: new Error('no') });
    expect(lines()).toMatchObject([{ error: { message: 'no', stack: expect.stringMatching(/no\n +at /) } }]);
  });

  it('is short, however long a resource is called', () => {
    loggerOf('eks').info('evaluated', { resource: 'x'.repeat(100_000) });
    expect(written.length).toBeLessThan(3_000);
  });

  it('says why messages were handled one by one', () => {
    const telemetry = new Telemetry('eks', loggerOf('eks'));
    telemetry.evaluated({ done: [], failures: [], left: [], apart: new Error('the state table is busy') });
    expect(lines()).toMatchObject([{ level: 'WARN', error: { message: 'the state table is busy' } }]);
  });
});

describe('metrics', () => {
  it('that are zero are left out', () => {
    new Telemetry('kms', loggerOf('kms')).flush();
    expect(written).toBe('');
  });

  it('count the events that were evaluated for the first time', () => {
    const telemetry = new Telemetry('kms', loggerOf('kms'));
    telemetry.evaluated({ done: [{ ...evaluation, events: 3, again: 2 }], failures: [], left: [] });
    telemetry.flush();
    expect(lines().at(-1)).toMatchObject({ EventsReceived: 3, ReEvaluations: 2, evaluator: 'kms' });
  });

  it('include open findings also when there are none', () => {
    const telemetry = new Telemetry('scan', loggerOf('scan'));
    telemetry.scanned({ ...scanned, entries: 2, open: 0 });
    telemetry.flush();
    expect(lines().at(-1)).toMatchObject({ OpenFindings: 0, service: 'trailseal-dev' });
  });
});
