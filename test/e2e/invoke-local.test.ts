/**
 * How a developer runs a function: `sls invoke local`, from the sources and with an event in a file, without a queue. It
 * reads AWS, writes the state table and publishes to Security Hub as the deployed function does.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../lib/core/json.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { controls, evaluatorOf, evaluators } from '../../lib/services/catalogue.ts';
import { env, stack } from './deployed-stack.ts';
import { sls } from './deployment.ts';
import { createVolume } from './resources.ts';
import { event, findingsAbout, required } from './stack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trailseal-event-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The function's answer, which is printed last. */
async function invoke(name: string, file: string): Promise<unknown> {
  const { out } = await sls(['invoke', 'local', '--function', name, '--path', file], env);
  return JSON.parse(out.slice(out.search(/^\[$/m)));
}

/** The path of a sample of an evaluator. */
function sampleOf(evaluator: EvaluatorName): string {
  const control = required(
    controls.find((one) => evaluatorOf(one) === evaluator),
    `a control of ${evaluator}`,
  );
  const [sample] = readdirSync(path.join(import.meta.dirname, '..', '..', 'events', control.id)).sort();
  return `events/${control.id}/${required(sample, 'a sample')}`;
}

describe('sls invoke local', () => {
  it.each(evaluators)(
    'passes a sample to the function %s, which ignores what happened in another account',
    async (name) => {
      expect(await invoke(name, sampleOf(name))).toMatchObject([
        { results: [], ignored: [{ delivery: 'invocation', reason: 'other-account-or-region' }] },
      ]);
    },
  );

  it('prints the result of an event in this account, and publishes the finding', async () => {
    const id = await createVolume(stack, false);
    const { source, detailType, detail } = event(
      'ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot',
      { 'vol-0a1b2c3d4e5f60002': id },
    );
    const file = path.join(folder, 'event.json');
    writeFileSync(file, JSON.stringify({ source, 'detail-type': detailType, detail }));
    const answer = await invoke('ec2', file);
    expect(at(answer, 0, 'results')).toMatchObject([
      { control: 'ec2-volume-encryption', resource: id, outcome: 'FAIL' },
    ]);
    expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']);
  });
});
